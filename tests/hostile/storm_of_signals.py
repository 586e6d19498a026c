"""A timer of 2 kHz during 2,000 mkdirs: a call must not happen twice. Stopped by: WAIT_KILLABLE,
so that a signal does not restart a call that the mediator is doing.
"""

import os
import signal
import sys

sys.path.insert(0, ".")
import attack

hits = []
signal.signal(signal.SIGALRM, lambda number, frame: hits.append(1))
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
doubled = 0
os.mkdir("storm")
for number in range(2000):
    try:
        os.mkdir(f"storm/{number}")
    except FileExistsError:
        doubled += 1
signal.setitimer(signal.ITIMER_REAL, 0)
made = len(os.listdir("storm"))
print(
    f"{'ESCAPED' if doubled or made != 2000 else 'SAFE'} {doubled} doubled, {made} made, {attack.X86 is not None}"
)
