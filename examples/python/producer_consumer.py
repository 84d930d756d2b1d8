"""A producer is quicker than its consumer; None says that nothing more comes.

contend shows: the queue `items` fills to its size of 5, then the producer waits to put; the consumer never waits.
"""

import queue
import threading
import time


def produce(items):
    for number in range(60):
        items.put(number)
    items.put(None)


def consume(items, total):
    while True:
        number = items.get()
        if number is None:
            return
        time.sleep(0.01)
        total.append(number)


if __name__ == "__main__":
    items, total = queue.Queue(maxsize=5), []
    pair = [threading.Thread(target=produce, args=(items,)), threading.Thread(target=consume, args=(items, total))]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()
    print("sum:", sum(total))
