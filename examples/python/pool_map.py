"""Squares by `multiprocessing.Pool.map`: four worker processes, one pool.

contend shows: 40 tasks from submission to end, each split into pickling, pipe and work; the results in order.
"""

import multiprocessing
import time


def square(x):
    time.sleep(0.02)
    return x * x


if __name__ == "__main__":
    with multiprocessing.Pool(4) as pool:
        print(pool.map(square, range(40), chunksize=1))
