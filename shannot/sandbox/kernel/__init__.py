"""The virtual kernel: what each system call does, as plain functions of values."""
