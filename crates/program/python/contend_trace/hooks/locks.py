"""`threading.Lock` and `threading.RLock`: the C types cannot be patched, so their names are replaced.

Only objects that the program makes are traced; those of the standard library stay as they are. A wait is written only
when the lock is not free; a release is written before it happens, so that the intervals of two owners never overlap.
"""

import functools
import sys
from _thread import TIMEOUT_MAX

from .. import names, objects, recorder
from ..kinds import ACQUIRED, GAVE_UP, LIMITED, OK, RELEASED, TRIED, WAIT
from ..recorder import begin_wait, emit, end_wait

_getframe = sys._getframe


class _Traced:
    """What Lock and RLock share: identity, and everything that is left to the original."""

    __slots__ = ("_raw", "_id", "_site", "__weakref__")

    # isinstance() with the original type holds for traced locks too.
    __class__ = property(lambda self: type(self._raw))

    def __getattr__(self, name):
        return getattr(self._raw, name)

    def __repr__(self):
        return repr(self._raw)

    def __reduce_ex__(self, protocol):
        return self._raw.__reduce_ex__(protocol)


def id_of(lock):
    """Returns the id of a traced lock, None for another."""
    return (lock._id or _identify(lock)) if type(lock) in (Lock, TracedRLock) else None


def _identify(lock):
    """Defines a lock when it is used for the first time; several threads may do so at once."""
    try:
        with recorder.guard():
            if not lock._id:
                lock._id = objects.define("lock" if type(lock) is Lock else "rlock", lock._site, lock)
    except Exception as error:
        recorder.fault("threading.Lock", error)
        lock._id = recorder.new_id()
    return lock._id


def _recover(error, lock, kind, depth=0):
    """Handles what a write in the fast path has raised: the first event of a thread, a failure, or Ctrl-C."""
    if isinstance(error, AttributeError):
        emit(kind, lock._id or _identify(lock), depth, OK if kind == ACQUIRED else 0)
    elif isinstance(error, Exception):
        recorder.fault("threading.Lock", error)
    else:
        lock._raw.release()
        raise error


def _wait(lock, raw, timeout, depth=None):
    obj = lock._id or _identify(lock)
    flags = 0 if timeout == -1 else LIMITED
    begin_wait(WAIT, obj, 0, flags)
    got = False
    try:
        got = raw.acquire(True, timeout)
    finally:
        if got:
            if depth is not None:
                lock._depth = 1
            _acquired_after_wait(raw, obj, depth, flags)
        else:
            end_wait(GAVE_UP, obj, 0, flags)
    return got


def _acquired_after_wait(raw, obj, depth, flags):
    try:
        end_wait(ACQUIRED, obj, 0 if depth is None else 1, flags | OK)
    except BaseException:
        raw.release()
        raise


def _acquire_limited(lock, raw, blocking, timeout, depth=None):
    """Acquires with arguments other than the defaults; the original says which are allowed."""
    if blocking and isinstance(timeout, (int, float)) and (timeout == -1 or 0 < timeout <= TIMEOUT_MAX):
        if not raw.acquire(False):
            return _wait(lock, raw, timeout, depth)
        got = True
    else:
        got = raw.acquire(blocking, timeout)
    if got and depth is not None:
        depth = lock._depth = lock._depth + 1
    emit(TRIED, lock._id or _identify(lock), depth or 0, LIMITED | OK if got else LIMITED)
    return got


class _LockMeta(type):
    def __instancecheck__(cls, instance):
        return type(instance) is cls or isinstance(instance, cls._original)

    def __subclasscheck__(cls, subclass):
        return subclass is cls or subclass is cls._original


class Lock(_Traced, metaclass=_LockMeta):
    """Traced `threading.Lock`; made by the standard library, it is the original."""

    __slots__ = ()

    def __new__(cls, *args, **kwargs):
        if not isinstance(_make_lock, type):
            raise TypeError("cannot create '_thread.lock' instances")
        return _traced_lock(_make_lock(*args, **kwargs), _getframe(1))

    def __init_subclass__(cls):
        raise TypeError("type '_thread.lock' is not an acceptable base type")

    def acquire(self, blocking=True, timeout=-1):
        raw = self._raw
        if blocking is not True or timeout != -1:
            return _acquire_limited(self, raw, blocking, timeout)
        if not raw.acquire(False):
            return _wait(self, raw, -1)
        try:
            recorder.local.write(ACQUIRED, self._id or _identify(self), 0, OK)
        except BaseException as error:
            _recover(error, self, ACQUIRED)
        return True

    def __enter__(self):
        raw = self._raw
        if not raw.acquire(False):
            return _wait(self, raw, -1)
        try:
            recorder.local.write(ACQUIRED, self._id or _identify(self), 0, OK)
        except BaseException as error:
            _recover(error, self, ACQUIRED)
        return True

    def release(self):
        try:
            recorder.local.write(RELEASED, self._id or _identify(self), 0, 0)
        except Exception as error:
            _recover(error, self, RELEASED)
        self._raw.release()

    def __exit__(self, kind, value, traceback):
        try:
            recorder.local.write(RELEASED, self._id or _identify(self), 0, 0)
        except Exception as error:
            _recover(error, self, RELEASED)
        self._raw.release()

    acquire_lock = acquire
    release_lock = release

    def _is_owned(self):
        """Spares Condition its own way to find out, which would try to acquire."""
        return self._raw.locked()


class TracedRLock(_Traced):
    """Traced `threading.RLock`. `_depth` is written only by the thread that owns the lock."""

    __slots__ = ("_depth",)

    def acquire(self, blocking=True, timeout=-1):
        raw = self._raw
        if blocking is not True or timeout != -1:
            return _acquire_limited(self, raw, blocking, timeout, 0)
        if not raw.acquire(False):
            return _wait(self, raw, -1, 1)
        depth = self._depth = self._depth + 1
        try:
            recorder.local.write(ACQUIRED, self._id or _identify(self), depth, OK)
        except BaseException as error:
            if not isinstance(error, Exception):
                self._depth = depth - 1
            _recover(error, self, ACQUIRED, depth)
        return True

    __enter__ = acquire

    def release(self):
        raw = self._raw
        if raw._is_owned():
            depth = self._depth = self._depth - 1
            emit(RELEASED, self._id or _identify(self), depth, 0)
        raw.release()

    def __exit__(self, kind, value, traceback):
        self.release()

    def _release_save(self):
        raw = self._raw
        if raw._is_owned():
            self._depth = 0
            emit(RELEASED, self._id or _identify(self), 0, 0)
        return raw._release_save()

    def _acquire_restore(self, state):
        raw = self._raw
        obj = self._id or _identify(self)
        depth = state[0] if isinstance(state, tuple) else 1
        if raw.acquire(False):
            for _ in range(depth - 1):
                raw.acquire()
            emit(ACQUIRED, obj, depth, OK)
        else:
            begin_wait(WAIT, obj, 0, 0)
            raw._acquire_restore(state)
            end_wait(ACQUIRED, obj, depth, OK)
        self._depth = depth

    def _at_fork_reinit(self):
        self._depth = 0
        self._raw._at_fork_reinit()


_make_lock = None
_make_rlock = None


def _traced_lock(raw, frame):
    try:
        if names.owner_of(frame) is names.STANDARD:
            return raw
        self = object.__new__(Lock)
        self._raw = raw
        self._id = 0
        self._site = names.site(frame)
        return self
    except Exception as error:
        recorder.fault("threading.Lock", error)
        return raw


def _lock_factory(original):
    """Makes what `threading.Lock` is before 3.13: a function."""

    def allocate_lock(*args, **kwargs):
        return _traced_lock(original(*args, **kwargs), _getframe(1))

    # A pickle of the function, as a manager makes it, names the original.
    allocate_lock.__module__ = "threading"
    allocate_lock.__qualname__ = "Lock"
    allocate_lock.__doc__ = original.__doc__
    return allocate_lock


def traced_rlock(site):
    """Makes a traced RLock of a site."""
    self = object.__new__(TracedRLock)
    self._raw = _make_rlock()
    self._id = self._depth = 0
    self._site = site
    return self


def _rlock_factory(hook, original):
    @functools.wraps(original, updated=())
    def RLock(*args, **kwargs):
        if args or kwargs or not hook.active:
            return original(*args, **kwargs)
        try:
            frame = _getframe(1)
            if names.owner_of(frame) is names.STANDARD:
                return original()
            return traced_rlock(names.site(frame))
        except Exception as error:
            hook.fail(error)
            return original()

    return RLock


def install(threading, hook):
    """Replaces both names in `threading`."""
    global _make_lock, _make_rlock
    _make_lock, _make_rlock = threading.Lock, threading.RLock
    _LockMeta._original = type(_make_lock())
    is_class = isinstance(_make_lock, type)
    Lock.__module__ = "threading"
    TracedRLock.__module__ = "_thread"
    Lock.__name__ = type(_make_lock()).__name__
    Lock.__doc__ = _make_lock.__doc__
    TracedRLock.__name__ = TracedRLock.__qualname__ = "RLock"
    hook.replace(threading, "Lock", Lock if is_class else _lock_factory(_make_lock))
    hook.replace(threading, "RLock", _rlock_factory(hook, _make_rlock))
