"""What a script wants to change: pure data, its order, its digest, and how it differs from now."""
