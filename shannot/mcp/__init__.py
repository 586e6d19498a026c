"""The Model Context Protocol face: an agent proposes, looks and waits; it never approves."""
