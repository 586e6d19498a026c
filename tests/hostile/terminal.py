"""Typing into the terminal of the one who runs shannot. Stopped by: TIOCSTI and its kin are
never allowed; /dev/tty is not there; standard streams are pipes or sanitised.
"""

import fcntl
import os
import sys
import termios

sys.path.insert(0, ".")
from attack import attack

TERMINAL = True

TIOCLINUX, TIOCSETD, TIOCCONS, TIOCSCTTY = 0x541C, 0x5423, 0x541D, 0x540E
for number in range(3):
    for name, request in (
        ("TIOCSTI", termios.TIOCSTI),
        ("TIOCLINUX", TIOCLINUX),
        ("TIOCSETD", TIOCSETD),
        ("TIOCCONS", TIOCCONS),
        ("TIOCSCTTY", TIOCSCTTY),
        ("high bits", 0x1_0000_5412),
    ):
        attack(f"{name} on {number}", lambda: fcntl.ioctl(number, request, b"x" * 8))
attack("/dev/tty", os.open, "/dev/tty", os.O_RDWR)
attack("foreground", lambda: os.tcsetpgrp(0, os.getpid()) or "taken")
attack("pts", lambda: [n for n in os.listdir("/dev/pts") if n != "ptmx"])
attack("controlling terminal", lambda: os.open(os.ctermid(), os.O_RDWR))
print("\x1b]0;title\x07\x1b[2J\x1bP+q\x1b\\ SAFE sequences in a pipe are bytes")
