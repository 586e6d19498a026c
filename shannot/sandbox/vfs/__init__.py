"""The virtual filesystem: the host read-only, a writable layer over it, synthetic files."""
