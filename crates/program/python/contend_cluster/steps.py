"""The steps of a scenario's task on a worker of the cluster: the twins of those that contend runs itself.

Sent to the workers by value, with `formulas`: a worker needs nothing of contend installed. What a task does is
reported by `StepReports` on Dask's own connections: `["begin", number, time, thread]`, `["state", number, time, state]`
and `["end", number, time, ok, error]`, times in nanoseconds of the worker's monotonic clock. `["moved", 0, time, source,
bytes]` tells that a result of another worker has come.
"""

import hashlib
import os
import random
import signal
import threading
import time

from distributed.diagnostics.plugin import WorkerPlugin

from contend_cluster import formulas

PLUGIN = "contend-steps"
BATCH_SECONDS = 0.004
PIECE = b"\x5a" * (64 << 10)
#: A wait that is shorter is not reported: the report would cost as much.
SHORTEST_WAIT = 200_000


class TaskFailed(Exception):
    """The step `fail` of a scenario, or a step that cannot be done here."""


class StepReports(WorkerPlugin):
    """Sends what tasks report, in batches of a few milliseconds; and when data of other workers come."""

    name = PLUGIN

    def __init__(self, topic, block, files):
        self._topic, self._block, self._files = topic, block, files

    def setup(self, worker):
        self._worker = worker
        self._reports = []
        self._lock = threading.Lock()
        self._fetching = {}  # key -> address of the worker that has it
        self.add(["here", 0, time.monotonic_ns(), os.getpid(), worker.address])

    def add(self, report):
        """Takes a report from any thread."""
        with self._lock:
            self._reports.append(report)
            if len(self._reports) > 1:
                return
        self._worker.loop.add_callback(self._worker.loop.call_later, BATCH_SECONDS, self._send)

    def _send(self):
        with self._lock:
            reports, self._reports = self._reports, []
        if reports:
            self._worker.log_event(self._topic, {"who": self._worker.name, "reports": reports})

    def leave(self):
        """Sends the remaining events, for a task that is about to end its process."""
        self._worker.loop.add_callback(self._send)
        time.sleep(0.05)

    def transition(self, key, start, finish, **rest):
        try:
            if finish == "flight":
                if not self._fetching:
                    self.add(["fetch", 0, time.monotonic_ns()])
                self._fetching[key] = self._worker.state.tasks[key].coming_from
            elif key in self._fetching and start == "flight":
                source = self._fetching.pop(key)
                if finish == "memory":
                    size = int(self._worker.state.tasks[key].nbytes or 0)
                    self.add(["moved", 0, time.monotonic_ns(), source, size])
                if not self._fetching:
                    self.add(["fetched", 0, time.monotonic_ns()])
        except Exception:  # a hook of ours must never harm the worker
            pass

    def run_tasks(self, numbers, knobs, size, payload):
        """Runs tasks one after the other. Returns `payload` bytes: what other tasks may need.

        A task that fails does not stop the others.
        """
        index = slot_of(self._worker.name)
        for number in numbers:
            self.add(["begin", number, time.monotonic_ns(), threading.get_native_id()])
            file = self._files[number % len(self._files)] if self._files else None
            run = Run(number, formulas.Values(knobs, index, size, number), file, self)
            try:
                run.steps(self._block)
            except Exception as error:
                self.add(["end", number, time.monotonic_ns(), False, f"{type(error).__name__}: {error}"[:200]])
            else:
                self.add(["end", number, time.monotonic_ns(), True, ""])
        return os.urandom(1) * payload


class Run:
    """One task while its steps run."""

    def __init__(self, number, values, file, sink):
        self.number, self.values, self.file = number, values, file
        self._sink = sink

    def value(self, formula):
        return formulas.evaluate(formula, self.values)

    def wait(self, nanos, state):
        """Waits in a state, and reports it unless that is short."""
        if nanos < SHORTEST_WAIT:
            time.sleep(max(0.0, nanos / 1e9))
            return
        self._sink.add(["state", self.number, time.monotonic_ns(), state])
        time.sleep(nanos / 1e9)
        self._sink.add(["state", self.number, time.monotonic_ns(), "run"])

    def steps(self, block):
        for step in block:
            if isinstance(step, str):
                step = {step: None}
            (word, parts), = step.items()
            STEPS[word](self, parts)

    def leave(self):
        self._sink.leave()


def _compute(run, time_formula):
    until = time.thread_time_ns() + run.value(time_formula)
    value = 1
    while time.thread_time_ns() < until:
        for _ in range(200):
            value = value * 0x9e3779b97f4a7c15 & 0xffffffffffffffff ^ value >> 29


def _hash(run, length):
    if length is None:
        with open(_file(run, "hash"), "rb") as opened:
            hashlib.sha256(opened.read()).hexdigest()
        return
    left, digest = int(run.value(length)), hashlib.sha256()
    while left > 0:
        digest.update(PIECE[:left])
        left -= len(PIECE)
    digest.hexdigest()


def count_primes(up_to):
    """Number of primes up to and including a number: a sieve over the odd ones."""
    if up_to < 2:
        return 0
    odd = bytearray([1]) * ((up_to + 1) // 2)
    for at in range(1, (int(up_to ** 0.5) - 1) // 2 + 1):
        if odd[at]:
            step = 2 * at + 1
            first = (step * step - 1) // 2
            odd[first::step] = bytes(len(range(first, len(odd), step)))
    return sum(odd)


def _real_work(run, work):
    (word, parts), = (work if isinstance(work, dict) else {work: None}).items()
    if word == "Primes":
        count_primes(int(run.value(parts)))
    elif word == "Hash":
        _hash(run, parts)
    else:
        raise TaskFailed(f"`{word}` has no twin on Dask")


def _thumbnail(run, parts):
    from PIL import Image

    path = _file(run, "thumbnail")
    for size in parts["sizes"]:
        with Image.open(path) as picture:
            picture.thumbnail((size, size))
            stem, ending = os.path.splitext(path)
            partial = f"{stem}-{size}.{os.getpid()}.part"
            picture.save(partial, picture.format or "PNG")
            os.replace(partial, f"{stem}-{size}{ending}")


def _file(run, word):
    if run.file is None:
        raise TaskFailed(f"this task has no file: `{word}` needs a pool that is fed with files")
    return run.file


def _choose(run, branches):
    weights = [max(0.0, run.value(branch["weight"])) for branch in branches]
    if sum(weights) > 0:
        run.steps(random.choices(branches, weights)[0]["steps"])


def _repeat(run, parts):
    for _ in range(int(run.value(parts["times"]))):
        run.steps(parts["body"])


def _when(run, parts):
    is_so = abs(run.values.knobs[parts["knob"]] - parts["value"]) < 1e-9 * max(1.0, abs(parts["value"]))
    run.steps(parts["body"] if is_so else parts["otherwise"])


def _if(run, parts):
    question = parts["question"]
    left, right = run.value(question["operand"]["Number"]), run.value(question["value"])
    is_so = {"Above": left > right, "Below": left < right, "Equals": abs(left - right) < 0.5}[question["compare"]]
    run.steps(parts["body"] if is_so else parts["otherwise"])


def _allocate(run, parts):
    held = bytearray(int(run.value(parts["bytes"])))
    run.steps(parts["body"])
    del held


def _fail(run, message):
    raise TaskFailed(message)


def _abort(run, _):
    run.leave()
    os.kill(os.getpid(), signal.SIGKILL)


def _exit(run, code):
    run.leave()
    os._exit(code)


STEPS = {
    "Compute": _compute,
    "Sleep": lambda run, formula: run.wait(run.value(formula), "sleep"),
    "Io": lambda run, formula: run.wait(run.value(formula), "io"),
    "RealWork": _real_work,
    "Thumbnail": _thumbnail,
    "Choose": _choose,
    "Repeat": _repeat,
    "When": _when,
    "If": _if,
    "Allocate": _allocate,
    "Fail": _fail,
    "Abort": _abort,
    "Exit": _exit,
}


def slot_of(name):
    """Place of a worker in its pool, from its name `worker-3` or `worker-3.2`: its second life."""
    return int(str(name).split("-")[-1].split(".")[0]) - 1


def call(numbers, knobs, size, payload, *needed):
    """What Dask calls on a worker: small, since it is sent with each task. The plugin has everything else."""
    from distributed import get_worker

    return get_worker().plugins["contend-steps"].run_tasks(numbers, knobs, size, payload)


# Dask sends functions of `__main__` by value, wherever they lie in its graph; those of modules only at its top.
call.__module__ = "__main__"
