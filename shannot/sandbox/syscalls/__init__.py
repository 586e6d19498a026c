"""What a call means: numbers, argument kinds, rows. The only place where addresses meet values."""
