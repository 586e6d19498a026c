"""Run an untrusted script, see what it would change, approve it, have exactly that happen."""

__version__ = "0.4.0"
