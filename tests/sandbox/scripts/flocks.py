import fcntl
import os
import signal
import sqlite3
import time


def child(body):
    pid = os.fork()
    if pid == 0:
        body()
        os._exit(0)
    return pid


open("locked", "w").close()
mine = open("locked", "r+")
fcntl.flock(mine, fcntl.LOCK_EX)
reader, writer = os.pipe()


def wait_for_lock():
    other = open("locked", "r+")
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.write(writer, b"blocked ")
    fcntl.flock(other, fcntl.LOCK_EX)
    os.write(writer, b"locked ")


waiting = child(wait_for_lock)
time.sleep(0.3)
os.write(writer, b"released ")
fcntl.flock(mine, fcntl.LOCK_UN)
os.waitpid(waiting, 0)
print(os.read(reader, 100))

fcntl.flock(mine, fcntl.LOCK_SH)
doomed = child(lambda: fcntl.flock(open("locked", "r+"), fcntl.LOCK_EX))
time.sleep(0.2)
os.kill(doomed, signal.SIGKILL)
print("killed while waiting", os.waitpid(doomed, 0)[1])


def interrupted():
    class Late(Exception):
        pass

    def ring(*_):
        raise Late

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        fcntl.flock(open("locked", "r+"), fcntl.LOCK_EX)
    except Late:
        os.write(writer, b"interrupted")


os.waitpid(child(interrupted), 0)
print(os.read(reader, 100))


def wait_for_record():
    other = open("locked", "r+")
    try:
        fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.write(writer, b"blocked ")
    fcntl.lockf(other, fcntl.LOCK_EX)
    os.write(writer, b"locked ")


fcntl.lockf(mine, fcntl.LOCK_EX)
waiting = child(wait_for_record)
time.sleep(0.3)
os.write(writer, b"released ")
fcntl.lockf(mine, fcntl.LOCK_UN)
os.waitpid(waiting, 0)
print(os.read(reader, 100))

for mode in ("DELETE", "WAL"):
    name = f"data-{mode}"
    base = sqlite3.connect(name, timeout=20)
    print(base.execute(f"PRAGMA journal_mode={mode}").fetchone())
    base.execute("CREATE TABLE t (n)")
    base.commit()

    def insert():
        own = sqlite3.connect(name, timeout=20)
        for n in range(20):
            with own:
                own.execute("INSERT INTO t VALUES (?)", (n,))

    base.close()
    for pid in [child(insert) for _ in range(3)]:
        print(os.waitpid(pid, 0)[1])
    print(sqlite3.connect(name).execute("SELECT count(*), sum(n) FROM t").fetchone())
