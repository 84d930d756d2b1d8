"""Two processes add to one shared value under `multiprocessing.Lock`.

contend shows: one lock in two processes, held by one while the other waits, with the same name in both.
"""

import multiprocessing
import time


def add(lock, value):
    for _ in range(50):
        with lock:
            before = value.value
            time.sleep(0.002)
            value.value = before + 1


if __name__ == "__main__":
    lock = multiprocessing.Lock()
    value = multiprocessing.Value("i", 0, lock=False)
    workers = [multiprocessing.Process(target=add, args=(lock, value)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(value.value)
