"""`threading`: Condition, Semaphore, BoundedSemaphore, Event, Barrier. Their methods are wrapped."""

from .. import objects
from ..kinds import (
    ACQUIRED, BARRIER_DONE, BARRIER_WAIT, CONDITION_WAIT, CONDITION_WOKEN, EVENT_CLEAR, EVENT_DONE, EVENT_SET,
    EVENT_WAIT, GAVE_UP, LIMITED, NOTIFY, OK, RELEASED, TRIED, WAIT)
from ..objects import id_of
from ..patches import Hook, around, like, quietly
from ..recorder import begin_wait, emit, end_wait
from . import locks


def install(threading):
    """Patches the classes; each has a hook of its own."""
    _condition(Hook("threading.Condition"), threading)
    _semaphore(Hook("threading.Semaphore"), threading)
    _event(Hook("threading.Event"), threading)
    _barrier(Hook("threading.Barrier"), threading)


def made(hook, owner, what, fields=None):
    """Wraps a constructor: objects of the program get a site, and their id when they are used."""

    def before(self, *args, **kwargs):
        site = None if objects.ID in self.__dict__ else objects.made_by(self)
        return None if site is None else (self, site)

    def after(state, result, error):
        self, site = state
        if error is None:
            objects.remember(self, what, site, fields)

    around(hook, owner, "__init__", before, after)


def waiting(hook, owner, method, kinds, ready=lambda self: False):
    """Wraps a method with a time limit as its only argument that returns False when the time is over."""
    begin, done = kinds

    def before(self, timeout=None):
        obj = id_of(self)
        if not obj or ready(self):
            return None
        flags = 0 if timeout is None else LIMITED
        begin_wait(begin, obj, 0, flags)
        return obj, flags

    def after(state, result, error):
        obj, flags = state
        end_wait(done, obj, 0, flags | OK if error is None and result is not False else flags)

    around(hook, owner, method, before, after)


def telling(hook, owner, method, kind, amount=lambda *args: 0):
    """Wraps a method whose call is an event by itself."""

    def before(self, *args, **kwargs):
        obj = id_of(self)
        if obj:
            emit(kind, obj, amount(*args, **kwargs), 0)

    around(hook, owner, method, before, None)


def _condition(hook, threading):
    original = threading.Condition.__init__

    def __init__(self, lock=None):
        site = quietly(hook, objects.made_by, self) if hook.active else None
        if site is not None and lock is None:
            lock = quietly(hook, lambda: locks.traced_rlock(objects.made_by(self, "'s lock")))
        original(self, lock)
        if site is not None:
            objects.remember(self, "condition", site, _lock_of)

    hook.replace(threading.Condition, "__init__", like(__init__, original))
    waiting(hook, threading.Condition, "wait", (CONDITION_WAIT, CONDITION_WOKEN))
    telling(hook, threading.Condition, "notify", NOTIFY, lambda n=1: max(0, n))


def _lock_of(condition):
    return {"of": locks.id_of(condition._lock)}


def _semaphore(hook, threading):
    plain, bounded = threading.Semaphore, threading.BoundedSemaphore
    made(hook, plain, "semaphore", lambda self: {"size": getattr(self, "_value", None)})
    acquire = _acquire(hook, plain.__dict__["acquire"])
    hook.replace(plain, "acquire", acquire)
    hook.replace(plain, "__enter__", acquire)
    for owner in (plain, bounded):
        hook.replace(owner, "release", _release(hook, owner.__dict__["release"]))


def _acquire(hook, original):
    def acquire(self, blocking=True, timeout=None):
        obj = quietly(hook, id_of, self) if hook.active else 0
        if not obj:
            return original(self, blocking, timeout)
        if not blocking:
            got = original(self, blocking, timeout)
            emit(TRIED, obj, 1, LIMITED | OK if got else LIMITED)
            return got
        if original(self, False):
            emit(ACQUIRED, obj, 1, OK)
            return True
        flags = 0 if timeout is None else LIMITED
        begin_wait(WAIT, obj, 1, flags)
        got = False
        try:
            got = original(self, True, timeout)
        finally:
            end_wait(ACQUIRED if got else GAVE_UP, obj, 1, flags | OK if got else flags)
        return got

    return like(acquire, original)


def _release(hook, original):
    def release(self, n=1):
        obj = quietly(hook, id_of, self) if hook.active else 0
        full = obj and getattr(self, "_initial_value", None) is not None and self._value + n > self._initial_value
        if obj and not full:
            emit(RELEASED, obj, n if n > 0 else 0, 0)
        return original(self) if n == 1 else original(self, n)

    def release_one(self):
        return release(self)

    return like(release if original.__code__.co_argcount > 1 else release_one, original)


def _event(hook, threading):
    made(hook, threading.Event, "event")
    waiting(hook, threading.Event, "wait", (EVENT_WAIT, EVENT_DONE), lambda self: self._flag)
    telling(hook, threading.Event, "set", EVENT_SET)
    telling(hook, threading.Event, "clear", EVENT_CLEAR)


def _barrier(hook, threading):
    made(hook, threading.Barrier, "barrier", lambda self: {"size": getattr(self, "_parties", None)})
    waiting(hook, threading.Barrier, "wait", (BARRIER_WAIT, BARRIER_DONE))
