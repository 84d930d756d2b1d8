"""Counts primes with four threads, then with four processes: `primes.py [--threads | --processes]`.

contend shows: the threads share one interpreter lock and spend most of their time waiting for it (state GIL), so four
threads use one core; the processes use all cores.
"""

import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def count_primes(bounds):
    low, high = bounds
    return sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(max(2, low), high))


def run(executor):
    parts = [(n * 10000, (n + 1) * 10000) for n in range(8)]
    return sum(executor.map(count_primes, parts))


if __name__ == "__main__":
    if "--processes" not in sys.argv:
        with ThreadPoolExecutor(max_workers=4) as executor:
            print("threads:", run(executor))
    if "--threads" not in sys.argv:
        with ProcessPoolExecutor(max_workers=4) as executor:
            print("processes:", run(executor))
