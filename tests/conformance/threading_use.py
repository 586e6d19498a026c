"""Threads, queues, locks, a pool of threads on files."""

import os
import queue
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, ".")
from attempt import content, fill

results = queue.Queue()
lock = threading.Lock()
total = 0


def work(number):
    global total
    name = f"thread_{number}"
    for round_ in range(20):
        fill(name, f"{round_}\n".encode(), "ab")
        os.stat(name)
    with lock:
        total += len(content(name).split())
    results.put(number)


threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(total, sorted(results.get() for _ in threads), threading.active_count())
with ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(lambda n: len(content(f"many/f{n:03}")), range(60))))
    print(
        sorted(pool.map(lambda n: os.rename(f"many/f{n:03}", f"many/g{n:03}") or n, range(60)))[-1]
    )
print(len([n for n in os.listdir("many") if n.startswith("g")]))
event = threading.Event()
timer = threading.Timer(0.01, event.set)
timer.start()
print(event.wait(10))
print(threading.get_native_id() == os.getpid(), threading.main_thread().is_alive())
names = []


def racing_mkdir():
    try:
        os.mkdir("contested")
        names.append(1)
    except FileExistsError:
        names.append(0)


threads = [threading.Thread(target=racing_mkdir) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print(sum(names), len(names))
