"""The review screen: what waits, what it would do, and a person's decision about it."""
