"""Turns reports of the plugins into events of contend: lanes, tasks, the queue, data that move.

A lane is one thread of one worker. Which thread runs a task is known only when it has ended, so running tasks take
the lowest free place of their worker: as many places as it has threads.
"""

WAITING, QUEUED, SENT = "waiting", "queued", "sent"
#: Scheduler's states that mean: it waits for other tasks, for a free worker, or is on its way to one.
STATES = {"waiting": WAITING, "queued": QUEUED, "no-worker": QUEUED, "processing": SENT}
POOL = "dask"
SCHEDULER = "scheduler"


def short_name(key):
    """Name of a task for people: `square` of `square-1f2e...` or of `('square-1f2e...', 3)`.

    >>> short_name("square-0123456789abcdef0123456789abcdef")
    'square'
    >>> short_name("('sum-0123456789abcdef0123456789abcdef', 3)")
    'sum 3'
    """
    text = key.strip("()'\" ")
    parts = [part.strip("'\" ") for part in text.split(",")]
    head = parts[0]
    stem, _, tail = head.rpartition("-")
    if stem and len(tail) >= 8 and all(c in "0123456789abcdef" for c in tail):
        head = stem
    while True:  # a UUID has several parts
        stem, _, tail = head.rpartition("-")
        if stem and len(tail) in (4, 8) and all(c in "0123456789abcdef" for c in tail):
            head = stem
        else:
            break
    return " ".join([head] + parts[1:])[:60]


class Worker:
    """One worker and the tasks that run on its places."""

    def __init__(self, address, name, host, threads):
        self.address, self.name, self.host = address, name, host
        self.places = [None] * max(1, threads)
        self.gone = False

    def lane(self, place):
        return f"{self.address}#{place}"

    def take(self, key):
        """Lowest free place for a task. More tasks than threads (detached ones) get places of their own."""
        for place, running in enumerate(self.places):
            if running is None:
                self.places[place] = key
                return place, False
        self.places.append(key)
        return len(self.places) - 1, True

    def give_back(self, key):
        for place, running in enumerate(self.places):
            if running == key:
                self.places[place] = None
                return place
        return None


class Task:
    """A task by a number, since Dask's keys can be long."""

    def __init__(self, number):
        self.number = number
        self.submits = 0
        self.starts = 0
        self.ahead = 0  # starts that were reported before the scheduler's own word


class Translator:
    """Keeps the known state of the cluster; `send` gets each event, a dictionary."""

    def __init__(self, send, clocks):
        self._send = send
        self._clocks = clocks
        self._workers = {}
        self._states = {}  # key -> WAITING, QUEUED or SENT, until it runs
        self._counts = {WAITING: 0, QUEUED: 0, SENT: 0}
        self._tasks = {}  # key -> Task
        self._next_task = 1
        self._last = {}  # lane -> time of its last event: lines of one lane never go back
        self._last_change = 0  # when the queue of tasks that have not started became longer or shorter

    def begin(self, now):
        self._send({"ev": "obj", "id": POOL, "what": "pool", "name": "dask", "scope": "user", "size": 0})
        for state, name in ((WAITING, "wait for other tasks"), (QUEUED, "wait for a worker"),
                            (SENT, "sent, not started")):
            self._send({"ev": "obj", "id": f"{POOL}.{state}", "what": "count", "name": name, "scope": "user"})
        self._send({"ev": "obj", "id": f"{POOL}.queue", "what": "queue", "name": "tasks not started",
                    "scope": "user"})
        self._send({"ev": "lane", "id": SCHEDULER, "name": "scheduler", "group": "dask", "service": True})
        self._event(now, SCHEDULER, "begin")

    def take(self, messages):
        """Takes messages of the plugins: `{"who": address, "reports": [...]}`, in the order of their reports' times.

        `"arrived"` is when a message came: the time of reports whose clock is not known yet.
        """
        reports = [(message.get("who"), report, message.get("arrived"))
                   for message in messages for report in message.get("reports", ())]
        # Who is there and which clock it has must be known before the rest is put in order.
        for who, report, _ in reports:
            if report.get("is") in ("scheduler", "clock"):
                self._handle(who, report)
        rest = [each for each in reports if each[1].get("is") not in ("scheduler", "clock")]
        rest = [(who, dict(report, t=self._time(who, report.get("t", 0), arrived))) for who, report, arrived in rest]
        rest.sort(key=lambda each: each[1]["t"])
        for who, report in rest:
            self._handle(who, report)

    def _handle(self, who, report):
        handler = getattr(self, "_on_" + str(report.get("is")), None)
        if handler is not None:
            handler(who, report)

    # Time

    def _time(self, who, theirs, arrived):
        """Time of our clock for a time of theirs. A clock that is not known yet says nothing."""
        ours = self._clocks.ours(who, theirs)
        if ours is not None:
            return ours
        return theirs if arrived is None else arrived

    def _task(self, key):
        if key not in self._tasks:
            self._tasks[key] = Task(self._next_task)
            self._next_task += 1
        return self._tasks[key]

    def _event(self, t, lane, kind, **more):
        t = max(t, self._last.get(lane, 0))
        if kind in ("put", "get"):
            # Clocks of two machines cannot order what is closer than their error; here it is known by its cause.
            t = self._last_change = max(t, self._last_change)
        self._last[lane] = t
        self._send({"t": t, "l": lane, "k": kind, **more})

    # The scheduler's reports

    def _on_scheduler(self, who, report):
        self._clocks.same_machine(SCHEDULER, report.get("boot"))

    def _on_worker(self, who, report):
        address = report["worker"]
        known = self._workers.get(address)
        if known is not None and not known.gone:
            return
        worker = Worker(address, report.get("name") or address, report.get("host") or "", report.get("threads") or 1)
        self._workers[address] = worker
        for place in range(len(worker.places)):
            self._declare_lane(worker, place, report["t"])

    def _declare_lane(self, worker, place, now):
        lane = worker.lane(place)
        name = worker.name if worker.name != worker.address else worker.address.split("//")[-1]
        self._send({"ev": "lane", "id": lane, "name": f"{name}/{place + 1}", "group": worker.host, "pool": POOL,
                    "process": worker.address})
        self._event(now, lane, "begin")

    def _on_gone(self, who, report):
        worker = self._workers.get(report["worker"])
        if worker is None or worker.gone:
            return
        worker.gone = True
        now = report["t"]
        for place, key in enumerate(worker.places):
            lane = worker.lane(place)
            if key is not None:
                self._event(now, lane, "finish", o=self._task(key).number, c=POOL, ok=False, err="worker lost")
            self._event(now, lane, "end", ok=report.get("expected", False),
                        **({} if report.get("expected") else {"err": "worker lost"}))

    def _on_task(self, who, report):
        key, now = report["key"], report["t"]
        state = STATES.get(report["to"])
        if state is None and report["to"] not in ("erred", "forgotten", "memory", "released"):
            return
        task = self._task(key)
        if state is not None and key not in self._states:
            if report["from"] != "released" or task.ahead:
                task.ahead -= bool(task.ahead) and report["from"] == "released"
                return  # the worker's word came first
            self._submit(now, key, task)
        self._set_state(now, key, state, SCHEDULER)
        if report["to"] == "erred" and not self._running(key) and not task.starts:
            self._event(now, SCHEDULER, "erred", o=task.number, c=POOL, err=report.get("error", ""))
        if report["to"] == "forgotten":
            self._tasks.pop(key, None)

    def _submit(self, now, key, task):
        if task.submits == task.starts:  # else it was taken back from a worker before it started there
            task.submits += 1
            again = {"again": task.starts} if task.starts else {}
            self._event(now, SCHEDULER, "submit", o=task.number, c=POOL, n=short_name(key), **again)
        self._event(now, SCHEDULER, "put", o=f"{POOL}.queue", d=len(self._states) + 1)

    def _set_state(self, now, key, state, lane):
        before = self._states.pop(key, None)
        if state is not None:
            self._states[key] = state
        if before == state:
            return
        for changed, step in ((before, -1), (state, 1)):
            if changed is not None:
                self._counts[changed] += step
                self._event(now, SCHEDULER, "count", o=f"{POOL}.{changed}", v=self._counts[changed])
        if state is None:
            self._event(now, lane, "get", o=f"{POOL}.queue", d=len(self._states))

    def _running(self, key):
        return any(key in worker.places for worker in self._workers.values())

    # The workers' reports

    def _on_clock(self, who, report):
        self._clocks.same_machine(who, report.get("boot"))

    def _on_run(self, who, report):
        worker = self._workers.get(who)
        if worker is None or worker.gone:
            return
        key, now = report["key"], report["t"]
        place, is_new = worker.take(key)
        if is_new:
            self._declare_lane(worker, place, now)
        task = self._task(key)
        if key not in self._states:
            task.ahead += 1
            self._submit(now, key, task)
            self._states[key] = SENT
            self._counts[SENT] += 1
        self._set_state(now, key, None, worker.lane(place))
        task.starts += 1
        self._event(now, worker.lane(place), "start", o=task.number, c=POOL, n=short_name(key))

    def _on_ran(self, who, report):
        worker = self._workers.get(who)
        if worker is None or worker.gone:
            return
        place = worker.give_back(report["key"])
        if place is not None:
            error = {} if report.get("ok") else {"err": report.get("state", "erred")}
            self._event(report["t"], worker.lane(place), "finish", o=self._task(report["key"]).number, c=POOL,
                        ok=bool(report.get("ok")), **error)

    _on_detached = _on_ran

    def _on_fetch(self, who, report):
        self._fetch_event(who, report, "fetch")

    def _on_fetched(self, who, report):
        self._fetch_event(who, report, "fetched")

    def _fetch_event(self, who, report, kind):
        worker, source = self._workers.get(who), self._workers.get(report.get("source"))
        if worker is None or worker.gone:
            return
        more = {"bytes": report["bytes"]} if "bytes" in report else {}
        self._event(report["t"], worker.lane(0), kind, o=self._task(report["key"]).number,
                    **{"from": source.lane(0) if source else str(report.get("source"))}, **more)

    # Trouble

    def _on_lost(self, who, report):
        self._send({"ev": "drop", "n": report["n"], "l": who})

    def _on_fault(self, who, report):
        self._send({"ev": "fault", "hook": report["hook"], "error": report["error"]})

    def workers(self):
        """Addresses of the workers that are there."""
        return [address for address, worker in self._workers.items() if not worker.gone]
