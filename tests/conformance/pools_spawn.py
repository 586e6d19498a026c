"""multiprocessing by spawn, and a pool of futures."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import shared_memory


def square(number):
    return number * number


def read(name):
    with open(name) as file:
        return file.read()


def touch_memory(name):
    block = shared_memory.SharedMemory(name)
    block.buf[0] = 42
    block.close()


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with open("written", "w") as file:
        file.write("before the spawn")
    with context.Pool(2) as pool:
        print(pool.map(square, range(5)), pool.apply(read, ("written",)))
    queue = context.SimpleQueue()
    process = context.Process(target=queue.put, args=("spawned",))
    process.start()
    print(queue.get())
    process.join()
    print(process.exitcode)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        print(list(pool.map(square, [3, 4])))
    block = shared_memory.SharedMemory(create=True, size=100)
    process = context.Process(target=touch_memory, args=(block.name,))
    process.start()
    process.join()
    print(block.buf[0], process.exitcode)
    block.close()
    block.unlink()
    sys.stdout.flush()
