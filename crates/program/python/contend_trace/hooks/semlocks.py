"""`multiprocessing.synchronize`: Lock, RLock, Semaphore, Condition, Event, Barrier of processes, locks of Value, Array.

A SemLock's methods are copied to each object by `_make_methods`. Under spawn and forkserver the object has a name of
the operating system, from which every process computes the same id; under fork children inherit the id. Calls by the
standard library itself (queues, events) pass untraced; those that it makes for the program on the lock of a condition
or a shared value do not.
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
    around(hook, synchronize.Condition, "__init__", lambda self, lock=None, **kwargs: (self, lock), _condition_made)
    around(hook, synchronize.Event, "__init__", lambda self, *args, **kwargs: (self, "event"), _whole_made)
    _waits_for_condition(hook, synchronize.Condition)
    _waits_for_event(hook, synchronize.Event)
    _tells(hook, synchronize.Condition, "notify", NOTIFY, lambda self, n=1: n)
    _tells(hook, synchronize.Event, "set", EVENT_SET, lambda self: 0)
    _tells(hook, synchronize.Event, "clear", EVENT_CLEAR, lambda self: 0)
    _barriers(Hook("multiprocessing.Barrier"), synchronize.Barrier)


class _State:
    """What the traced methods of a SemLock know; they must not keep the SemLock itself alive."""

    __slots__ = ("semlock", "obj")

    def __init__(self, semlock):
        self.semlock = semlock
        # In a spawned child: the id of its name. Else that of its definition, if the program has made it.
        self.obj = objects.named_id(semlock.name) if semlock.name else 0

    def traced_id(self, hook):
        return self.obj if hook.active and self.obj and objects.used_by_program() else 0

    def depth(self):
        return self.semlock._count() if self.semlock.kind == 0 else 1


def _made(state, result, error):
    lock, value = state
    site = objects.made_by(lock) if error is None else None
    if site is not None:
        what = _WHAT.get(type(lock).__name__, "semaphore")
        state = lock.__dict__[objects.ID]
        state.obj = state.obj or recorder.new_id()
        objects.describe(state.obj, what, site, lock, size=value if what == "semaphore" else None)


def _methods(hook, owner):
    original, enter, leave = (owner.__dict__[name] for name in ("_make_methods", "__enter__", "__exit__"))

    def _make_methods(self):
        original(self)
        if hook.active:
            quietly(hook, _replace_methods, hook, self)

    def __enter__(self):
        return _acquire(hook, self.__dict__[objects.ID], self._semlock.__enter__, (), {})

    def __exit__(self, *args):
        _tell_release(hook, self.__dict__[objects.ID])
        return leave(self, *args)

    hook.replace(owner, "_make_methods", like(_make_methods, original))
    hook.replace(owner, "__enter__", like(__enter__, enter))
    hook.replace(owner, "__exit__", like(__exit__, leave))


def _replace_methods(hook, lock):
    state = lock.__dict__[objects.ID] = _State(lock._semlock)
    take, give = lock.acquire, lock.release

    def acquire(*args, **kwargs):
        return _acquire(hook, state, take, args, kwargs)

    def release():
        _tell_release(hook, state)
        return give()

    lock.acquire, lock.release = acquire, release


def _limits(block=True, timeout=None):
    return block, timeout


def _acquire(hook, state, take, args, kwargs):
    obj = state.traced_id(hook)
    if not obj:
        return take(*args, **kwargs)
    try:
        block, timeout = _limits(*args, **kwargs)
    except TypeError:
        return take(*args, **kwargs)
    if not block or not isinstance(timeout, (int, float, type(None))):
        got = take(*args, **kwargs)
        emit(TRIED, obj, 1, LIMITED | OK if got else LIMITED)
        return got
    if state.semlock.acquire(False):
        emit(ACQUIRED, obj, state.depth(), OK)
        return True
    flags = 0 if timeout is None else LIMITED
    begin_wait(WAIT, obj, 0, flags)
    got = False
    try:
        got = take(*args, **kwargs)
    finally:
        end_wait(ACQUIRED if got else GAVE_UP, obj, 1, flags | OK if got else flags)
    return got


def _tell_release(hook, state):
    obj = state.traced_id(hook)
    if obj and (state.semlock.kind or state.semlock._is_mine()):
        emit(RELEASED, obj, state.depth() - 1 if state.semlock.kind == 0 else 1, 0)


def _whole_made(state, result, error, **fields):
    obj, what = state
    site = objects.made_by(obj) if error is None else None
    if site is not None:
        _ids[obj] = _shared_id(obj, what) or recorder.new_id()
        objects.describe(_ids[obj], what, site, obj, **fields)


def _condition_made(state, result, error):
    condition, lock = state
    site = objects.made_by(condition, "'s lock") if error is None else None
    if site is None:
        return
    known = condition._lock.__dict__.get(objects.ID)
    if lock is None and known is not None:
        known.obj = known.obj or recorder.new_id()
        objects.describe(known.obj, "rlock", site)
    _whole_made((condition, "condition"), result, error, of=getattr(known, "obj", None))


def _shared_id(obj, what):
    """Returns the id that all processes compute, 0 under fork."""
    name = _name_of(obj)
    return objects.named_id(name + " " + what) if name else 0


def _name_of(obj):
    semaphore = getattr(obj, "_flag", None) or getattr(obj, "_sleeping_count", None)
    return semaphore._semlock.name


def _whole_id(obj, what):
    if not objects.used_by_program():
        return 0
    number = _ids.get(obj)
    if number is None:
        number = _ids[obj] = _shared_id(obj, what)
    return number


def _waits_for_condition(hook, owner):
    """Wraps the wait for a condition, which gives its lock up meanwhile."""

    def before(self, timeout=None):
        obj = _whole_id(self, "condition")
        if not obj:
            return None
        flags = 0 if timeout is None else LIMITED
        lock = self._lock.__dict__.get(objects.ID)
        lock = lock if lock is not None and lock.obj and lock.semlock._is_mine() else None
        begin_wait(CONDITION_WAIT, obj, 0, flags)
        if lock is not None:
            emit(RELEASED, lock.obj, 0, 0)
        return obj, flags, lock

    def after(state, result, error):
        obj, flags, lock = state
        if lock is not None and lock.semlock._is_mine():
            emit(ACQUIRED, lock.obj, lock.depth(), OK)
        end_wait(CONDITION_WOKEN, obj, 0, flags | OK if error is None and result is not False else flags)

    around(hook, owner, "wait", before, after)


def _barriers(hook, owner):
    """Gives barriers the attribute by which `threading.Barrier.wait` finds their id; it is in no pickle of theirs."""

    def set_up(barrier, result, error):
        if error is None and objects.ID not in barrier.__dict__:
            barrier.__dict__[objects.ID] = _shared_id(barrier._cond, "barrier")

    def made(barrier, result, error):
        site = objects.made_by(barrier) if error is None else None
        if site is not None:
            obj = barrier.__dict__[objects.ID] = barrier.__dict__.get(objects.ID) or recorder.new_id()
            objects.describe(obj, "barrier", site, barrier, size=barrier._parties)

    around(hook, owner, "__setstate__", lambda self, state: self, set_up)
    around(hook, owner, "__init__", lambda self, *args, **kwargs: self, made)


def _waits_for_event(hook, owner):
    def before(self, timeout=None):
        obj = _whole_id(self, "event")
        if not obj:
            return None
        flags = 0 if timeout is None else LIMITED
        begin_wait(EVENT_WAIT, obj, 0, flags)
        return obj, flags

    def after(state, result, error):
        obj, flags = state
        end_wait(EVENT_DONE, obj, 0, flags | OK if error is None and result is not False else flags)

    around(hook, owner, "wait", before, after)


def _tells(hook, owner, method, kind, amount):
    what = "condition" if kind is NOTIFY else "event"

    def before(self, *args, **kwargs):
        obj = _whole_id(self, what)
        if obj:
            emit(kind, obj, amount(self, *args, **kwargs), 0)

    around(hook, owner, method, before, None)
