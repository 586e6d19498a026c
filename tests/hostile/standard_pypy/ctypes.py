"""In the place of `ctypes`, which this Python has not: whoever calls it gets nothing."""

create_string_buffer = bytes
