"""When a scenario's tasks are due, and their way to the cluster."""

import math
import threading
import time

from contend_cluster.formulas import Values, evaluate

#: The longest sleep, after which a changed knob takes effect.
LONGEST_SLEEP = 0.1


class Feeder(threading.Thread):
    """Submits the tasks of one pool: `submit(numbers, due)` takes them to the cluster.

    `tell(handle name, t, *arguments)` reports what the feeder does. `ended` is set after the last task.
    """

    def __init__(self, pool, knobs, total, submit, tell):
        super().__init__(daemon=True, name="feeder")
        self._pool, self._knobs, self._total = pool, knobs, total
        self._submit, self._tell = submit, tell
        self._room = threading.Condition()
        self._unstarted = 0
        self._halt = threading.Event()
        self.ended = threading.Event()
        self._chunk = max(1, int(self._value(pool["chunk"])))

    def _value(self, formula, task=0):
        return evaluate(formula, Values(self._knobs, task=task))

    def started(self, tasks=1):
        """Tasks have begun, or never will: there is room for as many more."""
        with self._room:
            self._unstarted -= tasks
            self._room.notify()

    def stop(self):
        self._halt.set()
        with self._room:
            self._room.notify()

    def run(self):
        self._tell("feeder", time.monotonic_ns(), "begin")
        number = 0
        for due in self._due_times():
            numbers = list(range(number, number + self._chunk_of(number)))
            if not self._accept(numbers, due):
                break
            number = numbers[-1] + 1
        now = time.monotonic_ns()
        self._tell("feeder", now, "close")
        self._tell("feeder", now, "end")
        self.ended.set()

    def _chunk_of(self, number):
        return self._chunk if self._total is None else min(self._chunk, max(1, self._total - number))

    def _accept(self, numbers, due):
        """Waits for room or rejects, as the pool says. Returns whether more tasks may come."""
        capacity = max(1, int(self._value(self._pool["queue_capacity"])))
        with self._room:
            if self._unstarted >= capacity and self._pool["overflow"] == "Reject":
                for _ in numbers:
                    self._tell("reject", time.monotonic_ns())
                return not self._halt.is_set()
            if self._unstarted >= capacity:
                self._tell("feeder", time.monotonic_ns(), "full")
                while self._unstarted >= capacity and not self._halt.is_set():
                    self._room.wait(LONGEST_SLEEP)
                self._tell("feeder", time.monotonic_ns(), "run")
            if self._halt.is_set():
                return False
            self._unstarted += len(numbers)
        for number in numbers:
            self._tell("put", time.monotonic_ns(), number, due or time.monotonic_ns())
        self._submit(numbers)
        return True

    def _due_times(self):
        """The time at which each chunk is due; None for "now"."""
        feed = self._pool["feed"]
        (kind, parts), = feed.items()
        left = math.inf if self._total is None else math.ceil(self._total / self._chunk)
        if kind == "OpenLoop":
            times = self._arrivals(parts["rate"], parts)
        elif isinstance(self._pool["pace"], dict):
            times = self._arrivals(self._pool["pace"]["Rate"], None)
        else:
            times = iter(lambda: None, 0)
        while left > 0 and not self._halt.is_set():
            left -= 1
            yield next(times)

    def _arrivals(self, rate_formula, arrivals):
        """Due times at a rate: equal distances, or independent of each other; in bursts of equal times."""
        due = float(time.monotonic_ns())
        while not self._halt.is_set():
            rate = self._value(rate_formula)
            if rate <= 0.0:
                due = float(time.monotonic_ns())  # nothing is due while the rate is 0
                self._sleep(LONGEST_SLEEP)
                continue
            burst = max(1, int(self._value(arrivals["burst"]))) if arrivals else 1
            due += burst * self._chunk * self._spacing(arrivals) * 1e9 / rate
            while (left := due - time.monotonic_ns()) > 0 and not self._halt.is_set():
                self._sleep(min(left / 1e9, LONGEST_SLEEP))
            for _ in range(burst):
                yield int(due)
        yield int(due)

    def _spacing(self, arrivals):
        spacing = arrivals["spacing"] if arrivals else {"Fixed": "Steady"}
        (kind, parts), = spacing.items()
        word = parts if kind == "Fixed" else parts[1][int(self._knobs[parts[0]])]
        return -math.log(1.0 - Values([]).draw()) if word == "Poisson" else 1.0

    def _sleep(self, seconds):
        self._tell("feeder", time.monotonic_ns(), "sleep")
        self._halt.wait(seconds)
        self._tell("feeder", time.monotonic_ns(), "run")
