"""`multiprocessing.pool`: tasks of Pool and ThreadPool, from the sending of the task to the sending of its result.

Workers find the pool's id by the inode of the pipe that tasks come through; a task's id follows from the numbers that
it carries anyway. Nothing is added to pickled data.
"""

import os

from .. import names, objects, recorder
from ..kinds import HAND_OVER_RECEIVED, OK, SUBMIT, TASK_FINISH, TASK_START, WAIT_TO_GET
from ..patches import Hook, around, like, quietly
from ..recorder import emit
from . import futures, handing

_thread_pools = {}


def install(pool):
    """Patches `multiprocessing.pool`."""
    hook = Hook("multiprocessing.Pool")
    around(hook, pool.Pool, "__init__", lambda self, *args, **kwargs: self, _made)
    for owner in (pool.Pool, pool.ThreadPool):
        around(hook, owner, "_setup_queues", lambda self: (hook, self), _queues_made)
    original = pool.worker

    def worker(inqueue, outqueue, *args, **kwargs):
        if hook.active:
            inqueue, outqueue = quietly(hook, _traced_queues, inqueue, outqueue) or (inqueue, outqueue)
        return original(inqueue, outqueue, *args, **kwargs)

    hook.replace(pool, "worker", like(worker, original))
    futures.make_waitables(hook, pool)
    _results(hook, pool)


def _pool_id(inqueue):
    reader = getattr(inqueue, "_reader", None)
    if reader is None:
        return _thread_pools.setdefault(id(inqueue), recorder.new_id())
    return objects.shared_id(os.fstat(reader.fileno()).st_ino)


def _task_id(pool, job, number):
    return pool & ~0xFFFFFF | (job * 4099 + number + 2) & 0xFFFFFF if pool >> 63 else _thread_task(pool, job, number)


def _thread_task(pool, job, number):
    # Thread pools have no pipe: the pool's number takes the place of the inode, beside those of pipes.
    return 5 << 61 | (pool & 0xFFFFFFFF) << 24 | (job * 4099 + number + 2) & 0xFFFFFF


def _queues_made(state, result, error):
    hook, pool = state
    if error is not None:
        return
    obj = pool.__dict__[objects.POOL] = _pool_id(pool._inqueue)
    put = pool._quick_put

    def quick_put(task):
        if task is None or not hook.active:
            return put(task)
        number = _task_id(obj, task[0], task[1] if isinstance(task[1], int) else 0)
        emit(SUBMIT, number, obj, 0)
        with handing.over(task, number):
            return put(task)

    pool._quick_put = quick_put


def _made(pool, result, error):
    if error is not None:
        return
    site = objects.made_by(pool)
    obj = pool.__dict__[objects.POOL]
    if site is None:
        recorder.define(ev="obj", id=obj, what="pool", name="pool", scope="lib", size=pool._processes)
    else:
        objects.describe(obj, "pool", site, pool, size=pool._processes)
    if type(pool).__name__ != "ThreadPool":
        handing.install()


class _Queue:
    """Queue of a worker; everything but `get` or `put` is left to the original."""

    def __init__(self, queue, **functions):
        self.__dict__.update(functions, _queue=queue)

    def __getattr__(self, name):
        return getattr(self._queue, name)


def _traced_queues(inqueue, outqueue):
    pool = _pool_id(inqueue)
    lane = recorder.current_lane()
    recorder.define(ev="name", id=lane, pool=pool)
    fetch, send = inqueue.get, outqueue.put

    def get():
        recorder.begin_wait(WAIT_TO_GET, pool, 0, 0)
        task = fetch()
        if task is None:
            recorder.end_wait(HAND_OVER_RECEIVED, 0, 0, 0)
            return task
        number = _task_id(pool, task[0], task[1] if isinstance(task[1], int) else 0)
        recorder.end_wait(HAND_OVER_RECEIVED, number, 0, OK)
        try:
            emit(TASK_START, number, futures.function_id(_function(task)), 0)
        except Exception as error:
            recorder.fault("multiprocessing.Pool task", error)
        return task

    def put(result):
        try:
            job, number, (ok, _) = result
            emit(TASK_FINISH, _task_id(pool, job, number if isinstance(number, int) else 0), 0, OK if ok else 0)
        except (TypeError, ValueError):
            pass
        return send(result)

    return _Queue(inqueue, get=get), _Queue(outqueue, put=put)


def _function(task):
    """Returns the program's function of a task; `mapstar` and the like carry it in their arguments."""
    function, arguments = task[2], task[3]
    if getattr(function, "__module__", None) == "multiprocessing.pool" and arguments:
        inner = arguments[0]
        while isinstance(inner, tuple) and inner:
            inner = inner[0]
        if callable(inner):
            return inner
        if hasattr(function, "func"):
            return function.func
    return getattr(function, "func", function) if not hasattr(function, "__code__") else function


def _results(hook, pool):
    def after(state, result, error):
        self, whole = state
        if error is None:
            owner = getattr(self, "_pool", None)
            obj = _task_id(getattr(owner, objects.POOL, 0), self._job, -1 if whole else 0)
            waitable = getattr(self, "_event", None) or getattr(self, "_cond", None)
            futures.stand_for(waitable, obj)

    around(hook, pool.ApplyResult, "__init__", lambda self, *args, **kwargs: (self, False), after)
    around(hook, pool.MapResult, "__init__", lambda self, *args, **kwargs: (self, True), after)
    around(hook, pool.IMapIterator, "__init__", lambda self, *args, **kwargs: (self, True), after)
