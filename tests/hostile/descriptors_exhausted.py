"""All descriptors taken, of files, directories and pipes, in several processes. Stopped by: the
child's limit; the mediator holds none for an open file that the child holds.
"""

import os
import sys

sys.path.insert(0, ".")
from attack import errno


def exhaust(action):
    count = 0
    try:
        while count < 100_000:
            action()
            count += 1
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


for action in (
    lambda: os.open("hello.txt", os.O_RDONLY),
    lambda: os.open("sub", os.O_RDONLY),
    lambda: os.open("new", os.O_CREAT | os.O_RDWR),
    lambda: os.open("sub", os.O_PATH),
    os.pipe,
):
    result = exhaust(action)
    print("SAFE" if result == "EMFILE" else "ESCAPED", "exhausted:", result)
    os.closerange(3, 1 << 16)
children = []
for _ in range(6):
    child = os.fork()
    if child == 0:
        exhaust(lambda: os.open("hello.txt", os.O_RDONLY))
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
print("SAFE" if open("hello.txt").read() == "hello\nworld\n" else "ESCAPED", "afterwards")
