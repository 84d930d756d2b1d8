"""Cost of the Python tracer: `python3 benches/python_tracer.py`. Exits with 1 if a limit is exceeded.

Every figure is CPU time, the best of several runs, bare and traced by turns, so that other load moves it little.
"""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TRACER = os.path.join(os.path.dirname(HERE), "crates", "program", "python")
# What may be added to each operation.
LIMITS = {"lock pair": 2500, "pool task": 15000, "process start": 25_000_000}
PLAIN_PERCENT = 3.0
ROUNDS = 7

WORK = """
import threading, time
from concurrent.futures import ThreadPoolExecutor

def best(function, count, clock):
    figures = []
    for _ in range(5):
        start = clock()
        function(count)
        figures.append((clock() - start) / count)
    return min(figures)

lock = threading.Lock()
def pairs(count):
    for _ in range(count):
        with lock:
            pass
def tasks(count):
    with ThreadPoolExecutor(1) as executor:
        for _ in range(count):
            executor.submit(len, "").result()
def plain(count):
    for _ in range(count):
        sum(range(200))

for name, figure in (("lock pair", best(pairs, 20000, time.thread_time_ns)),
                     ("pool task", best(tasks, 1000, time.process_time_ns)),
                     ("plain code", best(plain, 20000, time.thread_time_ns))):
    print(name, figure, sep="=")
"""
START = "import resource; u = resource.getrusage(resource.RUSAGE_SELF); print((u.ru_utime + u.ru_stime) * 1e9)"


def run(code, directory):
    """Runs a program, traced if a directory is named."""
    env = dict(os.environ)
    env.pop("PYTHONPATH", None)
    if directory:
        env.update(PYTHONPATH=TRACER, CONTEND_TRACE=directory)
    return subprocess.check_output([sys.executable, "-c", code], env=env, universal_newlines=True)


def measure(directory):
    """Returns the best figure of each operation, bare and traced."""
    bare, traced = {}, {}
    for _ in range(ROUNDS):
        for figures, place in ((bare, None), (traced, directory)):
            lines = [line.split("=") for line in run(WORK, place).splitlines()]
            lines.append(("process start", run(START, place)))
            for name, figure in lines:
                figures[name] = min(float(figure), figures.get(name, float("inf")))
    return bare, traced


def main():
    """Prints the figures; returns the exit code."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as directory:
        bare, traced = measure(directory)
    print("Python %s" % sys.version.split()[0])
    good = True
    for name, before in bare.items():
        after = traced[name]
        if name == "plain code":
            percent = (after - before) / before * 100
            held, limit = percent <= PLAIN_PERCENT, "%.1f %%, limit %.0f %%" % (percent, PLAIN_PERCENT)
        else:
            held, limit = after - before <= LIMITS[name], "limit %.1f us" % (LIMITS[name] / 1000)
        good = good and held
        print("%-14s %10.2f us bare, %10.2f us traced, %+9.2f us (%s)%s" % (
            name, before / 1000, after / 1000, (after - before) / 1000, limit, "" if held else "  EXCEEDED"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
