"""`multiprocessing.queues`: Queue, JoinableQueue, SimpleQueue, known in all processes by the inode of their pipe."""

import os

from .. import objects, recorder
from ..kinds import GOT, JOIN, JOINED, LIMITED, OK, PUT, QUEUE_GAVE_UP, WAIT_TO_GET, WAIT_TO_PUT
from ..patches import Hook, around
from ..recorder import begin_wait, emit, end_wait


def install(queues):
    """Patches `multiprocessing.queues`."""
    hook = Hook("multiprocessing.Queue")
    for owner in (queues.Queue, queues.SimpleQueue):
        around(hook, owner, "__init__", lambda self, *args, **kwargs: self, _made)
        around(hook, owner, "put", _before_put, _after_put)
        around(hook, owner, "get", _before_get, _after_get)
    around(hook, queues.JoinableQueue, "put", _before_put, _after_put)
    around(hook, queues.JoinableQueue, "join", _before_join, _after_join)


def _made(queue, result, error):
    site = objects.made_by(queue) if error is None else None
    if site is not None and objects.ID not in queue.__dict__:
        obj = queue.__dict__[objects.ID] = objects.shared_id(os.fstat(queue._reader.fileno()).st_ino)
        size = getattr(queue, "_maxsize", None)
        objects.describe(obj, "queue", site, queue, size=size if size and size < 1 << 30 else None)


def _id_of(queue):
    if not objects.called_by_program():
        return 0
    obj = queue.__dict__.get(objects.ID)
    if obj is None:
        obj = queue.__dict__[objects.ID] = objects.shared_id(os.fstat(queue._reader.fileno()).st_ino)
    return obj


def _depth(queue):
    """Returns how many items are in a queue, 0 if it does not count them."""
    try:
        return max(0, queue.qsize())
    except (AttributeError, NotImplementedError, OSError):
        return 0


def _before_put(queue, obj, block=True, timeout=None):
    number = _id_of(queue)
    if not number:
        return None
    depth = _depth(queue)
    flags = 0 if block and timeout is None else LIMITED
    waits = bool(block) and depth >= getattr(queue, "_maxsize", 1 << 31)
    if waits:
        begin_wait(WAIT_TO_PUT, number, depth, flags)
    else:  # Written before the item can be taken.
        emit(PUT, number, depth + 1, flags | OK)
    return queue, number, flags, waits


def _after_put(state, result, error):
    queue, number, flags, waits = state
    if waits:
        end_wait(PUT if error is None else QUEUE_GAVE_UP, number, _depth(queue), flags)
    elif error is not None:
        emit(QUEUE_GAVE_UP, number, _depth(queue), flags)


def _before_get(queue, block=True, timeout=None):
    number = _id_of(queue)
    if not number:
        return None
    flags = 0 if block and timeout is None else LIMITED
    if block and queue.empty():
        begin_wait(WAIT_TO_GET, number, 0, flags)
    return queue, number, flags


def _after_get(state, result, error):
    queue, number, flags = state
    end_wait(GOT if error is None else QUEUE_GAVE_UP, number, _depth(queue), flags | OK if error is None else flags)


def _before_join(queue):
    number = _id_of(queue)
    if number:
        begin_wait(JOIN, number, 0, 0)
    return number or None


def _after_join(number, result, error):
    end_wait(JOINED, number, 0, OK if error is None else 0)
