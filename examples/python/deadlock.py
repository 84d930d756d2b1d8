"""Two threads take two locks in opposite order and deadlock: `deadlock.py [--timeout]`.

contend shows: the verdict deadlock, with both threads, both locks and both lines. With --timeout the second lock is
waited for at most 0.2 s, and there is no verdict: that wait ends by itself.
"""

import sys
import threading

first = threading.Lock()
second = threading.Lock()
both_hold_one = threading.Barrier(2)


def transfer(one, other, limit):
    with one:
        both_hold_one.wait()
        if other.acquire(timeout=limit):
            other.release()


if __name__ == "__main__":
    limit = 0.2 if "--timeout" in sys.argv else -1
    orders = ((first, second), (second, first))
    pair = [threading.Thread(target=transfer, args=order + (limit,)) for order in orders]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()
    print("both gave up or went on")
