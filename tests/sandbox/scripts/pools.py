import multiprocessing as mp, os, sys, time
from multiprocessing import shared_memory
from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor


def sq(x):
    return x * x


def worker(q, l, v):
    for _ in range(100):
        with l:
            v.value += 1
    q.put(os.getppid() != 0)


def shm(name):
    s = shared_memory.SharedMemory(name=name)
    s.buf[0] = 42
    s.close()


if __name__ == "__main__":
    for m in ("fork", "spawn"):
        c = mp.get_context(m)
        with c.Pool(3) as pool:
            print(m, pool.map(sq, range(10)))
        q = c.Queue()
        l = c.Lock()
        v = c.Value("i", 0)
        ps = [c.Process(target=worker, args=(q, l, v)) for _ in range(3)]
        [p.start() for p in ps]
        [p.join() for p in ps]
        print(v.value, [q.get() for _ in ps], [p.exitcode for p in ps])
        a, b = c.Pipe()
        a.send({"x": 1})
        print(b.recv())
        s = shared_memory.SharedMemory(create=True, size=100)
        p = c.Process(target=shm, args=(s.name,))
        p.start()
        p.join()
        print(s.buf[0])
        s.close()
        s.unlink()
        e = c.Event()
        sem = c.Semaphore(2)
        print(sem.acquire(), sem.get_value() if m else 0)
        with ProcessPoolExecutor(2, mp_context=c) as ex:
            print(list(ex.map(sq, range(5))))
        p = c.Process(target=time.sleep, args=(20,))
        p.start()
        p.terminate()
        p.join()
        print(p.exitcode)
    with ThreadPoolExecutor(4) as ex:
        print(list(ex.map(sq, range(5))))
