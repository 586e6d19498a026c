"""Which interpreter is the child, and how it is confined."""
