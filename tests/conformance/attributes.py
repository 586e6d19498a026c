"""Extended attributes: a clear OSError or an honest result, never a crash."""

import os
import sys

sys.path.insert(0, ".")


def clear(action, *arguments):
    try:
        action(*arguments)
        return True
    except OSError as error:
        return error.errno > 0


print(clear(os.setxattr, "hello.txt", "user.note", b"x"))
print(clear(os.getxattr, "hello.txt", "user.none"), clear(os.getxattr, "missing", "user.note"))
print(clear(os.listxattr, "hello.txt"), clear(os.removexattr, "hello.txt", "user.note"))
descriptor = os.open("hello.txt", os.O_RDWR)
print(clear(os.setxattr, descriptor, "user.note", b"x"), clear(os.listxattr, descriptor))
print(
    clear(os.setxattr, "hello.txt", "security.capability", b"x"),
    clear(os.setxattr, "hello.txt", "bad", b"x"),
)
with open("hello.txt") as file:
    print(file.read())
