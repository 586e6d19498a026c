"""Run a script and answer its system calls: a library that knows no configuration, no terminal."""
