"""What every test finds, however the suite was started."""

from __future__ import annotations

import signal

for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    # A job in the background, or under nohup(1), ignores them, and so would every program that a
    # test starts: one that presses Ctrl-C would wait for ever.
    if signal.getsignal(number) == signal.SIG_IGN:
        default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, default)
