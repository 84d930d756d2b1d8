"""Worker processes load batches into a short queue ahead of a trainer, as a data loader does.

contend shows: the queue `batches` is full most of the time and the loaders wait to put: two loaders are enough.
"""

import multiprocessing
import time

BATCHES = 15


def load(batches, worker):
    for number in range(BATCHES):
        time.sleep(0.005)
        batches.put((worker, number, bytes(20000)))
    batches.put(None)


if __name__ == "__main__":
    batches = multiprocessing.Queue(maxsize=4)
    loaders = [multiprocessing.Process(target=load, args=(batches, n), name="loader-%d" % n) for n in range(2)]
    for loader in loaders:
        loader.start()
    seen, open_loaders = [], len(loaders)
    while open_loaders:
        batch = batches.get()
        if batch is None:
            open_loaders -= 1
            continue
        time.sleep(0.02)
        seen.append(batch[:2])
    for loader in loaders:
        loader.join()
    print(len(seen), "batches, each once:", len(set(seen)) == 2 * BATCHES)
