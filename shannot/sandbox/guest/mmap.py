"""`mmap` where no file can be mapped: the name can be imported, and mapping fails."""

import errno

ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, ACCESS_COPY = 0, 1, 2, 3
MAP_SHARED, MAP_PRIVATE, MAP_ANON, MAP_ANONYMOUS = 1, 2, 32, 32
PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
PAGESIZE = ALLOCATIONGRANULARITY = 4096
error = OSError


class mmap:
    """Cannot be made."""

    def __init__(self, *args, **named):
        raise OSError(errno.ENOSYS, "this Python cannot map memory; read the file instead")
