"""asyncio without a network: timers, threads, subprocesses, pipes, signals."""

import asyncio
import os
import signal
import sys

sys.path.insert(0, ".")
from attempt import content


async def main():
    order = []

    async def step(name, delay):
        await asyncio.sleep(delay)
        order.append(name)
        return name

    print(await asyncio.gather(step("slow", 0.06), step("fast", 0.01)), order)
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.01)
    except TimeoutError:
        print("timeout")
    print(await asyncio.to_thread(content, "hello.txt"))
    process = await asyncio.create_subprocess_exec(
        "sort", "-r", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    print(await process.communicate(b"a\nc\nb\n"), process.returncode)
    process = await asyncio.create_subprocess_shell(
        "echo shell; exit 4", stdout=asyncio.subprocess.PIPE
    )
    print(await process.stdout.readline(), await process.wait())
    several = await asyncio.gather(
        *[asyncio.create_subprocess_exec("sh", "-c", f"exit {n}") for n in range(5)]
    )
    print([await process.wait() for process in several])
    process = await asyncio.create_subprocess_exec("sleep", "30")
    process.kill()
    print(await process.wait())
    try:
        await asyncio.create_subprocess_exec("no-such-program")
    except FileNotFoundError as error:
        print(error)
    loop = asyncio.get_running_loop()
    read, write = os.pipe()
    future = loop.create_future()
    loop.add_reader(read, lambda: future.done() or future.set_result(os.read(read, 10)))
    loop.call_later(0.01, os.write, write, b"piped")
    print(await future)
    loop.remove_reader(read)
    event = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, event.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await event.wait()
    print("signal", type(loop).__name__)


asyncio.run(main())
