"""`multiprocessing.synchronize`: Lock, RLock, Semaphore, Condition, Event of processes.

A SemLock's methods are copied to each object by `_make_methods`. Under spawn and forkserver the object has a name of
the operating system, from which every process computes the same id; under fork children inherit the id. Calls by the
standard library itself (queues, conditions) pass untraced.
"""

import weakref

from .. import names, objects, recorder
from ..kinds import (
    ACQUIRED, CONDITION_WAIT, CONDITION_WOKEN, EVENT_CLEAR, EVENT_DONE, EVENT_SET, EVENT_WAIT, GAVE_UP, LIMITED,
    NOTIFY, OK, RELEASED, TRIED, WAIT)
from ..patches import Hook, around, like, quietly
from ..recorder import begin_wait, emit, end_wait

_WHAT = {"Lock": "lock", "RLock": "rlock", "Semaphore": "semaphore", "BoundedSemaphore": "semaphore"}
# Objects whose dictionary goes into their pickle must not carry an attribute of ours.
_ids = weakref.WeakKeyDictionary()


def install(synchronize):
    """Patches `multiprocessing.synchronize`."""
    hook = Hook("multiprocessing.Lock")
    around(hook, synchronize.SemLock, "__init__", lambda self, kind, value, maxvalue, **kwargs: (self, value), _made)
    _methods(hook, synchronize.SemLock)
    hook = Hook("multiprocessing.Event")
    around(hook, synchronize.Condition, "__init__", lambda self, *args, **kwargs: (self, "condition"), _whole_made)
    around(hook, synchronize.Event, "__init__", lambda self, *args, **kwargs: (self, "event"), _whole_made)
    _waits(hook, synchronize.Condition, "wait", CONDITION_WAIT, CONDITION_WOKEN)
    _waits(hook, synchronize.Event, "wait", EVENT_WAIT, EVENT_DONE)
    _tells(hook, synchronize.Condition, "notify", NOTIFY, lambda self, n=1: n)
    _tells(hook, synchronize.Event, "set", EVENT_SET, lambda self: 0)
    _tells(hook, synchronize.Event, "clear", EVENT_CLEAR, lambda self: 0)


def _made(state, result, error):
    lock, value = state
    site = objects.made_by(lock) if error is None else None
    if site is not None:
        what = _WHAT.get(type(lock).__name__, "semaphore")
        name = lock._semlock.name
        obj = lock.__dict__[objects.ID] = objects.named_id(name) if name else recorder.new_id()
        objects.describe(obj, what, site, lock, size=value if what == "semaphore" else None)


def _id_of(lock):
    """Returns the id of a lock; in a spawned child that of its name."""
    obj = lock.__dict__.get(objects.ID)
    if obj is None:
        name = lock._semlock.name
        obj = lock.__dict__[objects.ID] = objects.named_id(name) if name else 0
    return obj


def _methods(hook, owner):
    original, enter, leave = (owner.__dict__[name] for name in ("_make_methods", "__enter__", "__exit__"))

    def _make_methods(self):
        original(self)
        take, give = self.acquire, self.release

        def acquire(*args, **kwargs):
            return _acquire(hook, self, take, args, kwargs)

        def release():
            _tell_release(hook, self)
            return give()

        if hook.active:
            self.acquire, self.release = acquire, release

    def __enter__(self):
        return _acquire(hook, self, self._semlock.__enter__, (), {})

    def __exit__(self, *args):
        _tell_release(hook, self)
        return leave(self, *args)

    hook.replace(owner, "_make_methods", like(_make_methods, original))
    hook.replace(owner, "__enter__", like(__enter__, enter))
    hook.replace(owner, "__exit__", like(__exit__, leave))


def _traced_id(hook, lock):
    if not hook.active or not objects.called_by_program():
        return 0
    return quietly(hook, _id_of, lock) or 0


def _limits(block=True, timeout=None):
    return block, timeout


def _acquire(hook, lock, take, args, kwargs):
    obj = _traced_id(hook, lock)
    if not obj:
        return take(*args, **kwargs)
    try:
        block, timeout = _limits(*args, **kwargs)
    except TypeError:
        return take(*args, **kwargs)
    if not block:
        got = take(*args, **kwargs)
        emit(TRIED, obj, 1, LIMITED | OK if got else LIMITED)
        return got
    if lock._semlock.acquire(False):
        emit(ACQUIRED, obj, _depth(lock), OK)
        return True
    flags = 0 if timeout is None else LIMITED
    begin_wait(WAIT, obj, 0, flags)
    got = False
    try:
        got = take(*args, **kwargs)
    finally:
        end_wait(ACQUIRED if got else GAVE_UP, obj, 1, flags | OK if got else flags)
    return got


def _depth(lock):
    return lock._semlock._count() if lock._semlock.kind == 0 else 1


def _tell_release(hook, lock):
    obj = _traced_id(hook, lock)
    if obj and (lock._semlock.kind or lock._semlock._is_mine()):
        emit(RELEASED, obj, lock._semlock._count() - 1 if lock._semlock.kind == 0 else 1, 0)


def _whole_made(state, result, error):
    obj, what = state
    site = objects.made_by(obj) if error is None else None
    if site is not None:
        name = _name_of(obj)
        _ids[obj] = objects.named_id(name + " " + what) if name else recorder.new_id()
        objects.describe(_ids[obj], what, site, obj)


def _name_of(obj):
    semaphore = getattr(obj, "_flag", None) or getattr(obj, "_sleeping_count", None)
    return semaphore._semlock.name


def _whole_id(obj, what):
    if not objects.called_by_program():
        return 0
    number = _ids.get(obj)
    if number is None:
        name = _name_of(obj)
        number = _ids[obj] = objects.named_id(name + " " + what) if name else 0
    return number


def _waits(hook, owner, method, begin, done):
    what = "event" if begin is EVENT_WAIT else "condition"

    def before(self, timeout=None):
        obj = _whole_id(self, what)
        if not obj:
            return None
        flags = 0 if timeout is None else LIMITED
        begin_wait(begin, obj, 0, flags)
        return obj, flags

    def after(state, result, error):
        obj, flags = state
        end_wait(done, obj, 0, flags | OK if error is None and result is not False else flags)

    around(hook, owner, method, before, after)


def _tells(hook, owner, method, kind, amount):
    what = "condition" if kind is NOTIFY else "event"

    def before(self, *args, **kwargs):
        obj = _whole_id(self, what)
        if obj:
            emit(kind, obj, amount(self, *args, **kwargs), 0)

    around(hook, owner, method, before, None)
