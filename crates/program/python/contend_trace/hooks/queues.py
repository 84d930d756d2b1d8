"""`queue`: Queue, LifoQueue, PriorityQueue by their conditions, SimpleQueue by a subclass.

`put` notifies `not_empty` exactly once, with the lock held and the item inside, and `get` notifies `not_full`. So the
conditions tell every change of the depth in its true order, and no frame of the tracer is on the way of an exception.
"""

import sys
from _weakref import ref

from .. import names, objects, recorder
from ..kinds import GOT, JOIN, JOINED, LIMITED, OK, PUT, QUEUE_GAVE_UP, WAIT_TO_GET, WAIT_TO_PUT
from ..patches import Hook, like, quietly
from ..recorder import begin_wait, emit, end_wait


def install(queue):
    """Patches `queue`."""
    _install_queue(Hook("queue.Queue"), queue)
    _install_simple(Hook("queue.SimpleQueue"), queue)


def _install_queue(hook, queue):
    original = queue.Queue.__init__
    not_empty, not_full, all_done = _conditions(queue.threading)

    def __init__(self, maxsize=0):
        original(self, maxsize)
        if hook.active:
            quietly(hook, attach, self)

    def attach(self):
        site = objects.made_by(self)
        if site is None:
            return
        obj = objects.define("queue", site, self, size=self.maxsize if self.maxsize > 0 else None)
        for condition, kind in ((self.not_empty, not_empty), (self.not_full, not_full), (self.all_tasks_done, all_done)):
            condition.__dict__[objects.QUEUE] = obj, ref(self)
            condition.__class__ = kind

    hook.replace(queue.Queue, "__init__", like(__init__, original))


def _conditions(threading):
    plain_wait = getattr(threading.Condition.wait, "__wrapped__", threading.Condition.wait)
    plain_notify = getattr(threading.Condition.notify, "__wrapped__", threading.Condition.notify)

    class Traced(threading.Condition):
        """Condition of a queue; `_begin` says what its waiters wait for, `_told` what its notification means."""

        _begin, _done, _told = WAIT_TO_GET, 0, PUT

        def wait(self, timeout=None):
            obj, queue = self.__dict__[objects.QUEUE]
            queue = queue()
            flags = 0 if timeout is None else LIMITED
            begin_wait(self._begin, obj, queue._qsize(), flags)
            woken = False
            try:
                woken = plain_wait(self, timeout)
            finally:
                if not woken or getattr(queue, "is_shutdown", False):
                    end_wait(QUEUE_GAVE_UP, obj, 0, flags)
                elif self._done:
                    end_wait(self._done, obj, 0, flags | OK)
            return woken

        def notify(self, n=1):
            if self._told:
                obj, queue = self.__dict__[objects.QUEUE]
                end_wait(self._told, obj, queue()._qsize(), OK)
            plain_notify(self, n)

        def notify_all(self):
            plain_notify(self, len(self._waiters))

    class NotFull(Traced):
        """Room in a queue."""

        _begin, _told = WAIT_TO_PUT, GOT

    class AllDone(Traced):
        """All tasks of a queue are done."""

        _begin, _done, _told = JOIN, JOINED, 0

    for kind in (Traced, NotFull, AllDone):
        kind.__name__ = kind.__qualname__ = "Condition"
        kind.__module__ = "threading"
    return Traced, NotFull, AllDone


def _install_simple(hook, queue):
    raw = queue.SimpleQueue
    if raw.__module__ != "_queue":
        return

    class Meta(type):
        def __instancecheck__(cls, instance):
            return type.__instancecheck__(cls, instance) or (cls is SimpleQueue and type(instance) is raw)

    class SimpleQueue(raw, metaclass=Meta):
        """Traced `queue.SimpleQueue`; made by the standard library, it is the original."""

        __slots__ = ("_contend_id",)

        def __new__(cls, *args, **kwargs):
            frame = sys._getframe(1)
            if cls is SimpleQueue and (not hook.active or names.owner_of(frame) is names.STANDARD):
                return raw(*args, **kwargs)
            self = raw.__new__(cls, *args, **kwargs)
            self._contend_id = quietly(hook, _define_simple, self) or recorder.new_id()
            return self

        def put(self, item, block=True, timeout=None):
            emit(PUT, self._contend_id, self.qsize() + 1, OK)
            raw.put(self, item, block, timeout)

        def put_nowait(self, item):
            emit(PUT, self._contend_id, self.qsize() + 1, OK)
            raw.put_nowait(self, item)

        def get(self, block=True, timeout=None):
            return _get(raw, self, block, timeout)

        def get_nowait(self):
            return _get(raw, self, False, None)

    SimpleQueue.__module__ = "_queue"
    SimpleQueue.__qualname__ = "SimpleQueue"
    hook.replace(queue, "SimpleQueue", SimpleQueue)


def _define_simple(queue):
    site = objects.made_by(queue)
    return site and objects.define("queue", site, queue)


def _get(raw, queue, block, timeout):
    obj = queue._contend_id
    if not block or timeout is not None and timeout < 0 or not queue.empty():
        item = raw.get(queue, block, timeout)
        emit(GOT, obj, queue.qsize(), OK)
        return item
    flags = 0 if timeout is None else LIMITED
    begin_wait(WAIT_TO_GET, obj, 0, flags)
    try:
        item = raw.get(queue, block, timeout)
    except BaseException:
        end_wait(QUEUE_GAVE_UP, obj, 0, flags)
        raise
    end_wait(GOT, obj, queue.qsize(), flags | OK)
    return item
