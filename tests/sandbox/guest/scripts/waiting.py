"""`select` and what stands on it: prints the same with the standard library's and the guest's."""

import os
import select
import selectors
import time


def attempt(name, call, *args):
    try:
        result = call(*args)
    except Exception as error:
        result = "%s %s" % (type(error).__name__, getattr(error, "errno", error))
    print(name, result)


class Holder:
    def __init__(self, number):
        self.number = number

    def fileno(self):
        return self.number


reader, writer = os.pipe()
print(select.POLLIN, select.POLLOUT, select.POLLHUP, select.POLLNVAL, select.PIPE_BUF)
print(select.error is OSError)
attempt("nothing", lambda: select.select([reader], [], [], 0))
attempt("writable", lambda: select.select([reader], [writer], [], 1)[1] == [writer])
os.write(writer, b"x")
attempt("readable", lambda: select.select([reader], [], [], None)[0] == [reader])
held = Holder(reader)
attempt("an object", lambda: select.select([held], [], [])[0] == [held])
attempt("below 0", select.select, [], [], [], -1)
gone = os.dup(reader)
os.close(gone)
attempt("closed", select.select, [gone], [], [], 0)
attempt("no number", select.select, ["x"], [], [], 0)
attempt("negative", select.select, [-1], [], [], 0)
waiting = select.poll()
waiting.register(reader, select.POLLIN)
waiting.register(writer)
attempt("poll", lambda: sorted(waiting.poll()) == sorted([(reader, 1), (writer, 4)]))
waiting.unregister(writer)
attempt("gone", waiting.unregister, writer)
attempt("unknown", waiting.modify, writer, 1)
waiting.modify(reader, select.POLLOUT)
attempt("modified", waiting.poll, 0)
before = time.monotonic()
attempt("time", waiting.poll, 30)
print(time.monotonic() - before >= 0.03)
before = time.monotonic()
attempt("time", select.select, [], [], [], 0.03)
print(time.monotonic() - before >= 0.03)
os.close(writer)
os.read(reader, 1)
waiting.modify(reader, select.POLLIN)
attempt("hung up", lambda: waiting.poll(1000) == [(reader, select.POLLHUP)])
with selectors.PollSelector() as selector:
    selector.register(reader, selectors.EVENT_READ, "data")
    print([(key.data, events) for key, events in selector.select()])
with selectors.SelectSelector() as selector:
    selector.register(reader, selectors.EVENT_READ, "data")
    print([(key.data, events) for key, events in selector.select(1)])
