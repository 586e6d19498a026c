"""The interpreter itself crashes. Stopped by: it is only the child that dies; 128 + SIGSEGV."""

import ctypes

STATUS = {139}

print("SAFE begins", flush=True)
ctypes.string_at(0)
