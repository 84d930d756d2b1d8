"""Watches a cluster of Dask: a client with two plugins, whose reports become events of contend."""

import os
import sys
import threading
import time
import uuid

import cloudpickle
import distributed

from contend_cluster import clocks as clocks_module
from contend_cluster import plugins
from contend_cluster.local import READY_SECONDS
from contend_cluster.subscription import subscribe
from contend_cluster.translate import Translator

POLL_SECONDS = 0.005
CONNECT_SECONDS = 20
CLOCK_SECONDS = 0.2  # how often is looked whether a clock is to be asked
LAST_REPORTS_SECONDS = 2.0  # of workers that may have died meanwhile
HOLD_SECONDS = 0.015  # reports of several processes are put in order for so long


class Watch:
    """A client of the cluster, its two plugins, and the translation of what they report."""

    def __init__(self, address, emitter):
        cloudpickle.register_pickle_by_value(plugins)
        cloudpickle.register_pickle_by_value(clocks_module)
        self._emitter = emitter
        self._lock = threading.Lock()
        self._held = []
        self._clocks = clocks_module.Clocks()
        self._translator = Translator(self._emitter.send, self._clocks)
        self._client = distributed.Client(address, set_as_default=False, timeout=CONNECT_SECONDS, name="contend",
                                          heartbeat_interval=1000)
        self._is_closing = threading.Event()
        self._hello()
        self._ask_clocks()
        threading.Thread(target=self._keep_asking, daemon=True, name="clocks").start()
        self._topic = "contend-" + uuid.uuid4().hex
        self._plugins = [plugins.ReportScheduler(self._topic), plugins.ReportWorker(self._topic)]
        self._left = set()
        subscribe(self._client, self._topic, self._take)
        for plugin in self._plugins:
            self._client.register_plugin(plugin)

    def _hello(self):
        with self._lock:
            self._emitter.send({"cv": 1, "ev": "hello", "pid": 0, "host": os.uname().nodename,
                                "boot": plugins.boot_id(), "lang": "dask", "ver": distributed.__version__,
                                "clock": "mono", "t": time.monotonic_ns(), "wall": time.time_ns(), "why": "start"})
            self._translator.begin(time.monotonic_ns())

    def _take(self, message):
        message["arrived"] = time.monotonic_ns()
        with self._lock:
            if any(report.get("is") == "left" for report in message.get("reports", ())):
                self._left.add(message.get("who"))
            self._held.append((time.monotonic() + HOLD_SECONDS, message))

    def _translate(self, until):
        """Translates the events that were held long enough, in the order of their times."""
        due = 0
        while due < len(self._held) and self._held[due][0] <= until:
            due += 1
        messages = [message for _, message in self._held[:due]]
        del self._held[:due]
        self._translator.take(messages)

    def tick(self):
        """Writes what came. Raises `OSError` when the reader is gone."""
        with self._lock:
            self._translate(time.monotonic())
            self._emitter.flush()

    def _ask_clocks(self):
        """Asks the clocks of other machines that are due, and tells their errors."""
        with self._lock:
            unknown = self._clocks.unknown([clocks_module.SCHEDULER, *self._translator.workers()])
        if not unknown:
            return
        clocks_module.ask(self._client, self._clocks, unknown)
        with self._lock:
            for address in unknown:
                error = self._clocks.error(address)
                if error:
                    self._emitter.send({"ev": "clock", "process": address, "error": error})

    def _keep_asking(self):
        while not self._is_closing.wait(CLOCK_SECONDS):
            try:
                self._ask_clocks()
            except Exception as error:  # a worker that has just died; it is asked again if it lives
                if not self._is_closing.is_set():
                    print(f"contend: clocks could not be asked: {error}", file=sys.stderr)

    def wait_for_workers(self, count):
        """Waits until so many workers have joined, as Dask's own `LocalCluster` does."""
        try:
            self._client.wait_for_workers(count, timeout=READY_SECONDS)
        except Exception as error:
            print(f"contend: the cluster begins with fewer workers: {error}", file=sys.stderr)

    def _wait_for_last_reports(self, senders):
        """Waits until the plugins' last reports came: they take another way than the answers to requests."""
        deadline = time.monotonic() + LAST_REPORTS_SECONDS
        while time.monotonic() < deadline:
            with self._lock:
                if self._left.issuperset(senders):
                    return
            time.sleep(POLL_SECONDS)

    def close(self):
        """Takes the plugins away, so that the cluster is as it was."""
        self._is_closing.set()
        try:
            on_scheduler, on_workers = self._plugins
            leaving = self._client.unregister_worker_plugin(on_workers.name)
            self._client.run_on_scheduler(plugins.say_last_report, on_scheduler.name)
            self._wait_for_last_reports({clocks_module.SCHEDULER, *leaving})
            self._client.unregister_scheduler_plugin(on_scheduler.name)
            self._client.unsubscribe_topic(self._topic)
        except Exception as error:
            print(f"contend: the plugins could not be taken away: {error}", file=sys.stderr)
        with self._lock:
            self._translate(float("inf"))
            self._emitter.send({"ev": "bye", "code": 0})
            self._emitter.drain(1.0)
        self._client.close(timeout=2)
