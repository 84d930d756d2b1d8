"""What the scheduler and the workers of Dask report: each change of a task's state, workers that come and go.

Both plugins are sent to the cluster by value, so a worker needs nothing of contend installed. Their reports travel
on Dask's own connections, through `log_event`, in batches of a few milliseconds: no further port is opened. Each
viewer has plugins and a topic of its own, by name: several can watch one cluster, and each takes away only its own.
"""

import time

from distributed.diagnostics.plugin import SchedulerPlugin, WorkerPlugin

BATCH_SECONDS = 0.004
BATCH_LIMIT = 50_000  # reports kept while an event loop is busy, as with a graph of thousands of tasks; more are counted


def boot_id():
    """Names this machine since its start: monotonic clocks of equal names are one clock."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


class Batch:
    """Reports that wait to be sent together."""

    def __init__(self, send, call_later):
        self._send = send
        self._call_later = call_later
        self._reports = []
        self._lost = 0
        self._planned = False

    def add(self, report):
        if len(self._reports) >= BATCH_LIMIT:
            self._lost += 1
            return
        self._reports.append(report)
        if not self._planned:
            self._planned = True
            self._call_later(BATCH_SECONDS, self.flush)

    def flush(self):
        self._planned = False
        reports, self._reports = self._reports, []
        if self._lost:
            reports.append({"is": "lost", "n": self._lost})
            self._lost = 0
        if reports:
            self._send(reports)


class ReportScheduler(SchedulerPlugin):
    """Reports the states that the scheduler gives to tasks, and its workers."""

    def __init__(self, topic):
        self.name = topic + "-scheduler"
        self._topic = topic
        self._scheduler = None

    async def start(self, scheduler):
        self._scheduler = scheduler
        self._batch = Batch(self._send, scheduler.loop.call_later)
        self._report({"is": "scheduler", "boot": boot_id(), "address": scheduler.address})
        for address in list(scheduler.workers):
            self.add_worker(scheduler, address)

    def _send(self, reports):
        self._scheduler.log_event(self._topic, {"who": "scheduler", "reports": reports})

    def _report(self, report):
        report["t"] = time.monotonic_ns()
        self._batch.add(report)

    def add_worker(self, scheduler, worker):
        try:
            state = scheduler.workers[worker]
            self._report({"is": "worker", "worker": worker, "name": str(state.name), "host": state.host,
                          "threads": state.nthreads, "pid": state.pid if hasattr(state, "pid") else 0})
        except Exception as error:  # a hook of ours must never harm the scheduler
            self._fault("add_worker", error)

    def remove_worker(self, scheduler, worker, **rest):
        try:
            expected = bool(rest.get("expected", False))
            self._report({"is": "gone", "worker": worker, "expected": expected})
            self._batch.flush()
        except Exception as error:
            self._fault("remove_worker", error)

    def transition(self, key, start, finish, *args, **rest):
        try:
            report = {"is": "task", "key": str(key), "from": start, "to": finish}
            worker = rest.get("worker")
            if finish == "processing":
                task = self._scheduler.tasks.get(key)
                if task is not None and task.processing_on is not None:
                    worker = task.processing_on.address
            if worker:
                report["worker"] = worker
            if finish == "memory" and rest.get("nbytes"):
                report["bytes"] = int(rest["nbytes"])
            if finish == "erred":
                exception = rest.get("exception_text") or ""
                report["error"] = str(exception)[:200]
            self._report(report)
        except Exception as error:
            self._fault("transition", error)

    def _fault(self, hook, error):
        try:
            self._batch.add({"is": "fault", "hook": hook, "error": repr(error)[:200], "t": time.monotonic_ns()})
        except Exception:
            pass

    def say_last_report(self):
        self._report({"is": "left"})
        self._batch.flush()

    async def close(self):
        self._batch.flush()


def say_last_report(name, dask_scheduler):
    """Runs on the scheduler: its plugin of this name sends what it still has."""
    dask_scheduler.plugins[name].say_last_report()


class ReportWorker(WorkerPlugin):
    """Reports when a task really starts and ends on a worker, and which data come from which other worker."""

    def __init__(self, topic):
        self.name = topic + "-worker"
        self._topic = topic

    def setup(self, worker):
        self._worker = worker
        self._batch = Batch(self._send, worker.loop.call_later)
        self._fetched = {}
        self._report({"is": "clock", "boot": boot_id(), "wall": time.time_ns(), "pid": self._pid()})

    def teardown(self, worker):
        try:
            self._report({"is": "left"})
            self._batch.flush()
        except Exception:
            pass

    @staticmethod
    def _pid():
        import os
        return os.getpid()

    def _send(self, reports):
        self._worker.log_event(self._topic, {"who": self._worker.address, "reports": reports})

    def _report(self, report):
        report["t"] = time.monotonic_ns()
        self._batch.add(report)

    def transition(self, key, start, finish, **rest):
        try:
            if finish == "executing" or start == "executing" and finish in ("long-running",):
                self._report({"is": "run" if finish == "executing" else "detached", "key": str(key)})
            elif start in ("executing", "long-running"):
                self._ended(key, start, finish)
            elif finish == "flight":
                self._fetch(key)
            elif start == "flight":
                self._fetched_from(key, finish)
        except Exception as error:  # a hook of ours must never harm the worker
            self._batch.add({"is": "fault", "hook": "transition", "error": repr(error)[:200],
                             "t": time.monotonic_ns()})

    def _ended(self, key, start, finish):
        task = self._worker.state.tasks.get(key)
        report = {"is": "ran", "key": str(key), "ok": finish == "memory", "state": finish}
        thread = self._worker.threads.get(key)
        if thread is not None:
            report["thread"] = thread
        compute = next((s for s in (task.startstops if task else ()) if s.get("action") == "compute"), None)
        if compute:
            shift = getattr(self._worker, "scheduler_delay", 0) or 0
            report["seconds"] = [compute["start"] - shift, compute["stop"] - shift]
            report["wall"] = time.time_ns()
        self._report(report)

    def _fetch(self, key):
        task = self._worker.state.tasks.get(key)
        source = getattr(task, "coming_from", None)
        if source:
            self._fetched[key] = source
            self._report({"is": "fetch", "key": str(key), "source": source})

    def _fetched_from(self, key, finish):
        source = self._fetched.pop(key, None)
        if source:
            task = self._worker.state.tasks.get(key)
            self._report({"is": "fetched", "key": str(key), "source": source, "ok": finish == "memory",
                          "bytes": int(getattr(task, "nbytes", 0) or 0)})
