"""Runs the pool of a scenario on a cluster of Dask, and tells contend what happens there.

    workload.py SOCKET      talks over a Unix socket; without one, over standard input and output

Reads the job, one line of JSON: the pool as contend checked it, its knobs, its workers at most, how many tasks there
are, their files. Further lines set a knob (`{"knob": 0, "value": 2}`) or kill a worker (`{"kill": 0}`). Writes lines of
JSON: first `{"k": "ready", "t": ...}` when all workers are there, then events, and after each group of them
`{"k": "mark", "t": ...}`: all that is older has been written. Ends when its input ends, or after the last task; the
cluster ends with it.
"""

import functools
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
import uuid

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from contend_cluster.local import NO_DISTRIBUTED, READY_SECONDS, LocalCluster
from contend_cluster.subscription import subscribe

TICK_SECONDS = 0.005
HOLD_NANOS = 25_000_000  # reports of several processes are put in order for so long
LAST_RESULTS_NANOS = 100_000_000  # results of a worker that died are on their way for so long at most
#: Tasks of one generation for each worker, in a pool whose tasks need data of the generation before.
TASKS_PER_GENERATION = 4


class Workload:
    """The cluster, its client, and the pool that runs there."""

    def __init__(self, job, write):
        import cloudpickle
        from distributed import Client

        from contend_cluster import feed, formulas, pool_events, steps

        self._pool, self._knobs, self._most = job["pool"], list(job["knobs"]), job["most"]
        self._needs = job["needs"]
        self._write = write
        self._steps = steps
        self._values = lambda: formulas.Values(self._knobs)
        self._evaluate = formulas.evaluate
        self._incoming = queue.SimpleQueue()
        self._sorter, self._events = pool_events.Sorter(), pool_events.PoolEvents(write)
        self._lives, self._processes, self._leaving = {}, {}, set()
        self._lanes = {}  # address of a worker's process -> lane
        self._futures, self._generations = {}, [[], []]
        self._lock = threading.Lock()
        self._stop = threading.Event()
        retries = int(min(self._evaluate(self._pool["retries"], self._values()), 1_000_000))
        self._cluster = LocalCluster(0, 1, {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(retries)},
                                     job.get("directory"))
        self._size = self._wanted()
        for lane in range(self._size):
            self._start(lane)
        for module in (formulas, steps):
            cloudpickle.register_pickle_by_value(module)
        self._topic = "contend-" + uuid.uuid4().hex
        self._client = Client(self._cluster.address, set_as_default=False, timeout=READY_SECONDS, name="contend")
        self._client.wait_for_workers(self._size, timeout=READY_SECONDS)
        subscribe(self._client, self._topic, self._take)
        self._client.register_plugin(steps.StepReports(self._topic, self._pool["task"], job["files"]))
        self._feeder = feed.Feeder(self._pool, self._knobs, job["total"], self._submit, self._tell)

    def _wanted(self):
        wanted = int(self._evaluate(self._pool["workers"], self._values()))
        return max(1, min(wanted, self._most))

    # Workers

    def _start(self, lane):
        life = self._lives[lane] = self._lives.get(lane, 0) + 1
        name = f"worker-{lane + 1}" + (f".{life}" if life > 1 else "")
        self._processes[lane] = self._cluster.add_worker(name)

    def _watch_processes(self):
        """Sees which workers have ended, and replaces those that were not asked to."""
        for lane, process in list(self._processes.items()):
            code = process.poll()
            if code is None:
                continue
            del self._processes[lane]
            expected = lane in self._leaving
            self._leaving.discard(lane)
            last = 0 if expected else LAST_RESULTS_NANOS
            self._tell("gone", time.monotonic_ns() + last, lane, None if expected else code)
            if lane < self._size and not self._stop.is_set():
                self._start(lane)

    def resize(self):
        """Starts or retires workers, if a knob has changed their number."""
        size, before = self._wanted(), self._size
        if size == before:
            return
        self._size = size
        self._tell("resized", time.monotonic_ns(), size)
        for lane in range(before, size):
            if lane not in self._processes:
                self._start(lane)
        leaving = [lane for lane in range(size, before) if lane in self._processes]
        self._leaving.update(leaving)
        names = [f"worker-{lane + 1}" + (f".{self._lives[lane]}" if self._lives[lane] > 1 else "") for lane in leaving]
        if names:
            retire = functools.partial(self._client.retire_workers, names=names)
            threading.Thread(target=_quietly, args=(retire,), daemon=True).start()

    def request(self, line):
        """Takes a line of contend, from any thread."""
        self._incoming.put(("request", json.loads(line)))

    def _handle_request(self, request):
        if "knob" in request and 0 <= request["knob"] < len(self._knobs):
            self._knobs[request["knob"]] = request["value"]
            self.resize()
        elif request.get("kill") in self._processes:
            self._processes[request["kill"]].send_signal(signal.SIGKILL)

    # Tasks

    def _submit(self, numbers):
        key = f"task-{numbers[0]}-{self._topic}"
        values = self._values()
        payload = int(self._evaluate(self._pool["payload"], values))
        needs = int(self._evaluate(self._needs, values))
        sent = [os.urandom(1) * payload] if payload and not needs else []
        needed = self._needed(numbers[0], needs)
        future = self._client.submit(self._steps.call, numbers, list(self._knobs), self._size, payload, *sent, *needed,
                                     key=key, pure=False)
        with self._lock:
            self._futures[key] = (future, numbers)
            if needs:
                self._generations[1].append(future)
        future.add_done_callback(functools.partial(self._done, key, bool(payload and not needs)))

    def _needed(self, number, needs):
        """Results of the generation before: of the task at the same place, and of its neighbours."""
        width = TASKS_PER_GENERATION * self._size
        with self._lock:
            if len(self._generations[1]) >= width:
                self._generations = [self._generations[1], []]
            before, place = self._generations[0], len(self._generations[1])
        return [before[(place + neighbour) % len(before)] for neighbour in range(needs)] if before else []

    def _done(self, key, is_fetched, future):
        with self._lock:
            _, numbers = self._futures.pop(key)
        if future.status != "finished":
            self._tell("given_up", time.monotonic_ns(), numbers, _why(future))
            return
        self._tell("finished", time.monotonic_ns(), numbers)
        if is_fetched:
            _quietly(future.result)

    # Reports

    def _take(self, message):
        self._incoming.put(("report", message))

    def _tell(self, what, t, *arguments):
        self._incoming.put((what, t, *arguments))

    def _receive(self):
        while True:
            try:
                item = self._incoming.get_nowait()
            except queue.Empty:
                return
            if item[0] == "report":
                self._receive_reports(item[1])
            elif item[0] == "request":
                self._handle_request(item[1])
            elif item[0] in ("given_up", "finished"):
                what, t, numbers, *why = item
                for number in numbers:
                    self._sorter.add(t, getattr(self._events, what), number, *why)
            else:
                self._sorter.add(item[1], getattr(self._events, item[0]), *item[2:])

    def _receive_reports(self, message):
        lane = self._steps.slot_of(message["who"])
        for what, number, t, *rest in message["reports"]:
            if what == "begin":
                self._feeder.started()
            handle = {
                "here": self._here,
                "fetch": lambda t, lane, number: self._events.fetch(t, lane, True),
                "fetched": lambda t, lane, number: self._events.fetch(t, lane, False),
                "moved": self._moved,
                "begin": self._events.begin,
                "state": self._events.state,
                "end": self._events.end,
            }[what]
            self._sorter.add(t, handle, lane, number, *rest)

    def _here(self, t, lane, number, pid, address):
        self._lanes[address] = lane
        process = self._processes.get(lane)
        if process is not None and process.pid == pid:
            self._events.here(t, lane, pid)

    def _moved(self, t, lane, number, source, size):
        if source in self._lanes:
            self._events.moved(t, lane, self._lanes[source], size)

    def run(self):
        """Runs until the last task has ended, or the input."""
        self._write({"k": "ready", "t": time.monotonic_ns(), "pids": self._cluster.pids()})
        self._feeder.start()
        while not self._stop.wait(TICK_SECONDS):
            self._watch_processes()
            until = time.monotonic_ns() - HOLD_NANOS
            self._receive()
            self._sorter.run(until)
            self._write({"k": "mark", "t": until})
            with self._lock:
                is_over = self._feeder.ended.is_set() and not self._futures
            if is_over and self._events.is_idle():
                self._write({"k": "done", "t": time.monotonic_ns()})
                return

        time.sleep(HOLD_NANOS / 1e9)  # what happened until now is still reported
        until = time.monotonic_ns()
        self._receive()
        self._sorter.run(until)
        self._write({"k": "mark", "t": until})

    def stop(self):
        self._stop.set()
        self._feeder.stop()

    def close(self):
        self._cluster.stop(patience=0.0)


def _quietly(call):
    try:
        call()
    except Exception:
        pass


def _why(future):
    """Why Dask gave up a task."""
    try:
        error = future.exception(timeout=1)
    except Exception as failure:
        error = failure
    if type(error).__name__ == "KilledWorker":
        return "too many workers died with it"
    return f"{type(error).__name__}: {error}"[:200]


def writer(file):
    """Returns a function that writes a dictionary as a line; whole groups of them at a time, at each mark."""
    lines = []

    def write(event):
        lines.append(json.dumps(event, separators=(",", ":")))
        if event["k"] in ("mark", "ready", "done", "failed"):
            file.write("\n".join(lines) + "\n")
            file.flush()
            lines.clear()

    return write


def follow_input(lines, workload):
    """Follows the lines of contend until they end."""
    try:
        for line in lines:
            workload.request(line)
    except OSError:
        pass
    workload.stop()


def open_channel(arguments):
    """Returns what to read lines from and what to write them to."""
    if not arguments:
        return sys.stdin, sys.stdout
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(arguments[0])
    return connection.makefile("r"), connection.makefile("w")


def main(arguments):
    lines, to = open_channel(arguments)
    write = writer(to)
    job = json.loads(lines.readline() or "null")
    if job is None:
        return 0
    workload = None
    try:
        workload = Workload(job, write)
        threading.Thread(target=follow_input, args=(lines, workload), daemon=True).start()
        workload.run()
    except ImportError:
        write({"k": "failed", "why": NO_DISTRIBUTED})
        return 3
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # the reader is gone
    except Exception as error:
        write({"k": "failed", "why": str(error)[:400] or type(error).__name__})
        return 1
    finally:
        if workload is not None:
            workload.close()
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # threads of Dask would keep the process for seconds
