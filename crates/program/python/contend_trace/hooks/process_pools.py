"""`concurrent.futures.process`: tasks of ProcessPoolExecutor in the parent and in the workers."""

import os
from _weakref import ref

from .. import objects, recorder
from ..kinds import HAND_OVER_RECEIVED, OK, SUBMIT, TASK_FINISH, TASK_START, WAIT_TO_GET
from ..patches import Hook, around, like, quietly
from ..recorder import emit
from . import futures, handing
from .pools import _Queue as Proxy


def install(process):
    """Patches `concurrent.futures.process`."""
    hook = Hook("concurrent.futures.ProcessPoolExecutor")
    around(hook, process.ProcessPoolExecutor, "__init__", lambda self, *args, **kwargs: (hook, self), _made)
    original = process._process_worker

    def _process_worker(call_queue, result_queue, *args, **kwargs):
        if hook.active:
            call_queue, result_queue = quietly(hook, _traced_queues, call_queue, result_queue) or (
                call_queue, result_queue)
        return original(call_queue, result_queue, *args, **kwargs)

    hook.replace(process, "_process_worker", like(_process_worker, original))


def _pool_id(call_queue):
    return objects.shared_id(os.fstat(call_queue._reader.fileno()).st_ino)


def _made(state, result, error):
    hook, executor = state
    if error is not None:
        return
    pool = _pool_id(executor._call_queue)
    executor.__dict__[objects.POOL] = futures.define_pool(executor, executor._max_workers, pool)
    handing.install()
    pending = executor._pending_work_items
    put_id, put_call = _without_cycle(executor._work_ids), _without_cycle(executor._call_queue)

    def put_work_id(work_id, *args, **kwargs):
        item = pending.get(work_id)
        if item is not None and hook.active:
            number = pool + work_id % 0xFFFFFF + 1
            futures.identify(item.future, number)
            emit(SUBMIT, number, pool, 0)
        return put_id(work_id, *args, **kwargs)

    def put_call_item(item, *args, **kwargs):
        if item is not None and hook.active:
            handing.expect(item, pool + item.work_id % 0xFFFFFF + 1)
        return put_call(item, *args, **kwargs)

    executor._work_ids.put = put_work_id
    executor._call_queue.put = put_call_item


def _without_cycle(queue):
    plain, queue = type(queue).put, ref(queue)
    return lambda *args, **kwargs: plain(queue(), *args, **kwargs)


def _traced_queues(call_queue, result_queue):
    pool = _pool_id(call_queue)
    recorder.define(ev="name", id=recorder.current_lane(), pool=pool)
    fetch, send = call_queue.get, result_queue.put

    def get(*args, **kwargs):
        recorder.begin_wait(WAIT_TO_GET, pool, 0, 0)
        item = fetch(*args, **kwargs)
        if item is None:
            recorder.end_wait(HAND_OVER_RECEIVED, 0, 0, 0)
            return item
        number = pool + item.work_id % 0xFFFFFF + 1
        recorder.end_wait(HAND_OVER_RECEIVED, number, 0, OK)
        try:
            emit(TASK_START, number, futures.function_id(_function(item)), 0)
        except Exception as error:
            recorder.fault("concurrent.futures.ProcessPoolExecutor task", error)
        return item

    def put(item, *args, **kwargs):
        work_id = getattr(item, "work_id", None)
        if isinstance(work_id, int):
            failed = getattr(item, "exception", None) is not None
            emit(TASK_FINISH, pool + work_id % 0xFFFFFF + 1, 0, 0 if failed else OK)
        return send(item, *args, **kwargs)

    return Proxy(call_queue, get=get), Proxy(result_queue, put=put)


def _function(item):
    function = item.fn
    # `map` sends chunks: a partial of _process_chunk with the program's function.
    inner = getattr(function, "args", ())
    if getattr(getattr(function, "func", None), "__name__", "") == "_process_chunk" and inner:
        return inner[0]
    return function
