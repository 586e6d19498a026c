"""The `cpython` runtime at work: calls in, answers out, and what watches over it."""
