"""`concurrent.futures.ProcessPoolExecutor` on the cluster."""

import itertools
import os
import threading
from concurrent.futures import Executor, Future

from contend_cluster import sending


class ClusterExecutor(Executor):
    """Has the interface of `ProcessPoolExecutor`; its tasks run on the cluster's workers."""

    def __init__(self, max_workers=None, mp_context=None, initializer=None, initargs=(), *, max_tasks_per_child=None):
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None:
            raise sending.CannotRunOnCluster(
                "ProcessPoolExecutor(initializer=...) prepares processes of this machine; workers of a cluster are "
                "there already. Run this script without --on, or do the preparation inside the task.")
        self._max_workers = max_workers or os.cpu_count() or 1
        self._lock = threading.Lock()
        self._open = set()
        self._shut = False

    def submit(self, fn, /, *args, **kwargs):
        with self._lock:
            if self._shut:
                raise RuntimeError("cannot schedule new futures after shutdown")
        return self._follow(sending.submit(fn, args, kwargs))

    def _follow(self, remote_future):
        future = Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            self._open.add(future)
        remote_future.add_done_callback(lambda done: self._finish(future, done))
        return future

    def _finish(self, future, done):
        try:
            result, text = done.result()
            sending.print_output(text)
            future.set_result(result)
        except BaseException as error:
            sending.print_output(getattr(error, "contend_output", ""))
            future.set_exception(error)
        finally:
            with self._lock:
                self._open.discard(future)

    def map(self, fn, *iterables, timeout=None, chunksize=1, buffersize=None):
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        calls = zip(*iterables)
        chunks = iter(lambda: list(itertools.islice(calls, chunksize)), [])
        futures = [self._follow(sending.submit_chunk(fn, chunk)) for chunk in chunks]
        return self._results(futures, timeout)

    @staticmethod
    def _results(futures, timeout):
        import time

        until = None if timeout is None else time.monotonic() + timeout
        for future in futures:
            yield from future.result(None if until is None else max(0.0, until - time.monotonic()))

    def shutdown(self, wait=True, *, cancel_futures=False):
        with self._lock:
            self._shut = True
            left = list(self._open)
        if wait:
            for future in left:
                future.exception()
