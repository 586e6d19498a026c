"""Other machines: the protocol between two shannots, and how it gets there."""
