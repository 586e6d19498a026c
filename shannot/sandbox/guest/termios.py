"""`termios` where nothing can be a terminal: every call fails as on a file."""

import errno
import os

# asm-generic/termbits.h
TCSANOW, TCSADRAIN, TCSAFLUSH = 0, 1, 2
TCIFLUSH, TCOFLUSH, TCIOFLUSH = 0, 1, 2
TCOOFF, TCOON, TCIOFF, TCION = 0, 1, 2, 3
BRKINT, ICRNL, IGNBRK, IGNCR, IGNPAR, INLCR = 2, 256, 1, 128, 4, 64
INPCK, ISTRIP, IXANY, IXOFF, IXON, PARMRK = 16, 32, 2048, 4096, 1024, 8
OPOST, ONLCR, OCRNL = 1, 4, 8
CSIZE, CS5, CS6, CS7, CS8 = 48, 0, 16, 32, 48
CREAD, CLOCAL, CSTOPB, HUPCL, PARENB, PARODD = 128, 2048, 64, 1024, 256, 512
ECHO, ECHOE, ECHOK, ECHONL, ICANON, IEXTEN, ISIG, NOFLSH, TOSTOP = (
    8, 16, 32, 64, 2, 32768, 1, 128, 256
)  # fmt: skip
VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN = range(7)
VSTART, VSTOP, VSUSP, VEOL = 8, 9, 10, 11
B0, B9600, B19200, B38400, B115200 = 0, 13, 14, 15, 4098
NCCS = 32
TIOCGWINSZ, TIOCSWINSZ, TIOCSTI, FIONREAD = 0x5413, 0x5414, 0x5412, 0x541B


class error(Exception):
    """A call that is for terminals only."""

    __module__ = "termios"


def _refuse(fd, *more):
    raise error(errno.ENOTTY, os.strerror(errno.ENOTTY))


tcgetattr = tcsetattr = tcsendbreak = tcdrain = tcflush = tcflow = _refuse
