"""multiprocessing by fork: pool, queue, lock, shared values."""

import multiprocessing
import os
import sys

sys.path.insert(0, ".")
from attempt import content, fill


def square(number):
    return number * number


def put(queue, number):
    queue.put((number, len(content("hello.txt"))))


def add(value, lock):
    for _ in range(50):
        with lock:
            value.value += 1


def write(name):
    fill(name, name.encode())
    return os.path.exists(name)


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with context.Pool(3) as pool:
        print(pool.map(square, range(10)))
        print(pool.map(write, [f"by_pool_{n}" for n in range(6)]))
        print(pool.apply_async(square, (12,)).get(30))
    print(sorted(n for n in os.listdir(".") if n.startswith("by_pool")), content("by_pool_3"))
    queue = context.Queue()
    processes = [context.Process(target=put, args=(queue, n)) for n in range(3)]
    for process in processes:
        process.start()
    print(sorted(queue.get(timeout=30) for _ in processes))
    for process in processes:
        process.join()
    print([process.exitcode for process in processes])
    value, lock = context.Value("i", 0), context.Lock()
    processes = [context.Process(target=add, args=(value, lock)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    print(value.value)
    here, there = context.Pipe()
    process = context.Process(target=there.send, args=({"from": "child"},))
    process.start()
    print(here.recv())
    process.join()
    process = context.Process(target=sys.exit, args=(7,))
    process.start()
    process.join()
    print(process.exitcode)
    array = context.Array("d", [1.0, 2.0])
    print(array[:])
