"""What happens in a scenario's pool, as lines for contend: who has which task, how many wait, who is lost.

Reports come from several processes, each in its own order. They are held for a moment, sorted by time and turned into
the events of lanes here. A lane is a worker by its place in the pool, from 0.
"""

import heapq
import itertools


class Sorter:
    """Holds reports until all that are older have come, so that they are handled in the order of their times."""

    def __init__(self):
        self._held = []
        self._arrived = itertools.count()

    def add(self, t, handle, *arguments):
        """Plans `handle(t, *arguments)`; `t` in nanoseconds."""
        heapq.heappush(self._held, (t, next(self._arrived), handle, arguments))

    def run(self, until):
        """Handles everything up to this time."""
        while self._held and self._held[0][0] <= until:
            t, _, handle, arguments = heapq.heappop(self._held)
            handle(t, *arguments)


class PoolEvents:
    """The tasks and lanes of one pool; `send` gets each event, a dictionary."""

    def __init__(self, send):
        self._send = send
        self._waiting = {}  # number -> when it was due, of tasks that are submitted and not begun
        self._running = {}  # number -> lane
        self._lost = {}  # number -> lane that died with it, until it begins again or is given up
        self._finished = set()  # numbers of running tasks whose results are there already
        self._given_up = {}  # number -> why, of tasks whose worker is not known to be gone yet
        self._due = {}  # number -> when it was due, of tasks that began
        self._alive = set()
        self._put = self._taken = 0

    def is_idle(self):
        """Whether all tasks so far have ended."""
        return not (self._waiting or self._running or self._lost)

    def put(self, t, number, due):
        self._waiting[number] = due
        self._put += 1
        self._send({"k": "put", "t": t, "depth": len(self._waiting), "nth": self._put})

    def reject(self, t):
        self._send({"k": "reject", "t": t})

    def feeder(self, t, state):
        """What the feeder does from now on: `begin`, `run`, `sleep`, `full`, `close` or `end`."""
        self._send({"k": "feeder", "t": t, "state": state})

    def here(self, t, lane, pid):
        if lane not in self._alive:
            self._alive.add(lane)
            self._send({"k": "here", "t": t, "w": lane, "pid": pid})

    def begin(self, t, lane, number, thread):
        if lane not in self._alive:
            return  # reported after its end was seen
        if number in self._lost:
            self._retry(t, self._lost.pop(number), number)
        elif number not in self._waiting:
            self._retry(t, lane, number)  # it had ended, but the others of its chunk had not
        due = self._waiting.pop(number)
        self._finished.discard(number)
        self._running[number] = lane
        self._due[number] = due
        self._taken += 1
        self._send({"k": "begin", "t": t, "w": lane, "depth": len(self._waiting), "nth": self._taken,
                    "waited": max(0, t - due), "tid": thread})

    def _retry(self, t, lane, number):
        self._waiting[number] = self._due.get(number, t)
        self._put += 1
        self._send({"k": "retried", "t": t, "w": lane})

    def state(self, t, lane, number, state):
        if self._running.get(number) == lane:
            self._send({"k": "state", "t": t, "w": lane, "state": state})

    def end(self, t, lane, number, ok, error):
        if self._running.get(number) == lane:
            del self._running[number]
            self._due.pop(number, None)
            self._finished.discard(number)
            self._send({"k": "end", "t": t, "w": lane, "ok": ok, "error": error})

    def fetch(self, t, lane, is_fetching):
        if lane in self._alive and lane not in self._running.values():
            self._send({"k": "state", "t": t, "w": lane, "state": "handover" if is_fetching else "empty"})

    def moved(self, t, lane, source, size):
        """Data of the worker `source` have come to another one."""
        if lane in self._alive:
            self._send({"k": "moved", "t": t, "w": lane, "from": source, "bytes": size})

    def gone(self, t, lane, code):
        """The process of a lane ended: with an exit code, by a signal (negative), or as it was asked to (`None`)."""
        if lane not in self._alive:
            return
        for number in [number for number in self._finished if self._running.get(number) == lane]:
            self.end(t, lane, number, True, "")
        self._alive.discard(lane)
        self._send({"k": "gone", "t": t, "w": lane, "code": code})
        for number in [number for number, at in self._running.items() if at == lane]:
            self._lost[number] = self._running.pop(number)
            if number in self._given_up:
                self.given_up(t, number, self._given_up.pop(number))

    def finished(self, t, number):
        """The result of a task is there. Its worker may have died with the report of the end."""
        if number in self._running:
            self._finished.add(number)
        elif number in self._lost:
            self.given_up(t, number, "the result came after the end of its worker was seen")

    def given_up(self, t, number, error):
        """Dask repeats a task no more, since too many workers died with it."""
        if number in self._running:
            self._given_up[number] = error  # the scheduler saw the end of its worker before the driver did
            return
        if number in self._lost:
            self._send({"k": "abandoned", "t": t, "w": self._lost.pop(number), "error": error})
        elif self._waiting.pop(number, None) is not None:
            self._taken += 1
            self._send({"k": "dropped", "t": t, "depth": len(self._waiting), "nth": self._taken, "error": error})
        self._due.pop(number, None)

    def resized(self, t, workers):
        self._send({"k": "resized", "t": t, "workers": workers})
