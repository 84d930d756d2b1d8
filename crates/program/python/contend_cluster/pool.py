"""`multiprocessing.Pool` on the cluster."""

import itertools
import multiprocessing
import threading
import time

from contend_cluster import sending
from contend_cluster.executor import ClusterExecutor


class _Result:
    """`multiprocessing.pool.AsyncResult` over one or several futures of a `ClusterExecutor`."""

    def __init__(self, futures, join, callback=None, error_callback=None):
        self._futures, self._join = futures, join
        if callback or error_callback:
            self._left = len(futures)
            self._lock = threading.Lock()
            self._callbacks = (callback, error_callback)
            for future in futures:
                future.add_done_callback(self._one_done)

    def _one_done(self, _):
        with self._lock:
            self._left -= 1
            if self._left:
                return
        callback, error_callback = self._callbacks
        error = next((f.exception() for f in self._futures if f.exception() is not None), None)
        if error is None and callback:
            callback(self.get())
        elif error is not None and error_callback:
            error_callback(error)

    def wait(self, timeout=None):
        import concurrent.futures

        concurrent.futures.wait(self._futures, timeout)

    def ready(self):
        return all(future.done() for future in self._futures)

    def successful(self):
        if not self.ready():
            raise ValueError(f"{self!r} not ready")
        return all(future.exception() is None for future in self._futures)

    def get(self, timeout=None):
        import concurrent.futures

        until = None if timeout is None else time.monotonic() + timeout
        results = []
        for future in self._futures:
            try:
                left = None if until is None else max(0.0, until - time.monotonic())
                results.append(future.result(left))
            except concurrent.futures.TimeoutError:
                if future.done():
                    raise
                raise multiprocessing.TimeoutError from None
        return self._join(results)


def _flat(chunks):
    return list(itertools.chain.from_iterable(chunks))


class ClusterPool:
    """Has the interface of `multiprocessing.Pool`; its tasks run on the cluster's workers."""

    def __init__(self, processes=None, initializer=None, initargs=(), maxtasksperchild=None, context=None):
        if processes is not None and processes < 1:
            raise ValueError("Number of processes must be at least 1")
        if initializer is not None:
            raise sending.CannotRunOnCluster(
                "Pool(initializer=...) prepares processes of this machine; workers of a cluster are there already. "
                "Run this script without --on, or do the preparation inside the task.")
        self._processes = processes or multiprocessing.cpu_count()
        self._executor = ClusterExecutor(self._processes)
        self._closed = False

    def _check_running(self):
        if self._closed:
            raise ValueError("Pool not running")

    def _chunks(self, function, several, chunksize):
        self._check_running()
        several = list(several)
        if chunksize is None:
            chunksize = max(1, -(-len(several) // (4 * self._processes)))
        return [self._executor._follow(sending.submit_chunk(function, several[start:start + chunksize]))
                for start in range(0, len(several), chunksize)]

    def apply(self, func, args=(), kwds={}):
        return self.apply_async(func, args, kwds).get()

    def apply_async(self, func, args=(), kwds={}, callback=None, error_callback=None):
        self._check_running()
        future = self._executor.submit(func, *args, **kwds)
        return _Result([future], lambda results: results[0], callback, error_callback)

    def map(self, func, iterable, chunksize=None):
        return self.map_async(func, iterable, chunksize).get()

    def map_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        return self.starmap_async(func, ((item,) for item in iterable), chunksize, callback, error_callback)

    def starmap(self, func, iterable, chunksize=None):
        return self.starmap_async(func, iterable, chunksize).get()

    def starmap_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        return _Result(self._chunks(func, iterable, chunksize), _flat, callback, error_callback)

    def imap(self, func, iterable, chunksize=1):
        for future in self._chunks(func, ((item,) for item in iterable), chunksize):
            yield from future.result()

    def imap_unordered(self, func, iterable, chunksize=1):
        import concurrent.futures

        for future in concurrent.futures.as_completed(self._chunks(func, ((item,) for item in iterable), chunksize)):
            yield from future.result()

    def close(self):
        self._closed = True

    def terminate(self):
        self._closed = True
        with self._executor._lock:
            left = list(self._executor._open)
        for future in left:
            future.cancel()

    def join(self):
        if not self._closed:
            raise ValueError("Pool is still running")
        self._executor.shutdown(wait=True)

    def __enter__(self):
        self._check_running()
        return self

    def __exit__(self, *_):
        self.terminate()
