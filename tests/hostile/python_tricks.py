"""Python's own insides: frames, subclasses, code objects, the garbage collector, audit hooks.
Stopped by: nothing of shannot is in this process; there is nothing to find.
"""

import gc
import os
import sys

sys.path.insert(0, ".")
from attack import MARK, SECRET, attack


def frames():
    frame = sys._getframe()
    found = []
    while frame:
        found.append(frame.f_code.co_filename)
        frame = frame.f_back
    return [name for name in found if "shannot/" in name and "tests" not in name]


def opener():
    for kind in object.__subclasses__():
        if kind.__name__ == "_wrap_close":
            return kind.__init__.__globals__["popen"](f"cat {SECRET} 2>&1 | grep CANARY").read()
    return None


attack("frames", frames)
attack("modules", lambda: [name for name in sys.modules if name.split(".")[0] == "shannot"])
attack("objects", lambda: [o for o in gc.get_objects() if type(o).__module__.startswith("shannot")])
attack("subclasses", opener)
attack(
    "strings",
    lambda: (
        [s for s in gc.get_objects() if isinstance(s, (str, bytes)) and MARK.decode() in str(s)]
        and None
    ),
)
attack("io", lambda: __import__("io").FileIO(SECRET).read())
attack("posix", lambda: __import__("posix").open(SECRET, 0))
attack("code", lambda: eval(compile(f"open({SECRET!r}).read()", "x", "eval")))
attack(
    "import", lambda: [sys.path.insert(0, os.path.dirname(SECRET)), __import__("evil_module")][1]
)
attack(
    "loader",
    lambda: (
        __import__("importlib.machinery").machinery.SourceFileLoader("e", SECRET).get_data(SECRET)
    ),
)
attack("linecache", lambda: __import__("linecache").getlines(SECRET))
attack("shannot itself", lambda: __import__("shannot"))
