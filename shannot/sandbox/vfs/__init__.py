"""The virtual filesystem: read-only host directories, a writable layer above them, synthetic files."""
