"""`threading`: lanes of threads, join, and the hooks of locks and conditions."""

from .. import names, objects, recorder
from ..kinds import JOIN, JOINED, LIMITED, OK
from ..patches import Hook, around, quietly
from . import conditions, locks

LANE = "_contend_lane"


def install(threading):
    """Patches `threading`."""
    locks.install(threading, Hook("threading.Lock"))
    conditions.install(threading)
    hook = Hook("threading.Thread")
    _start(hook, threading)
    _bootstrap(hook, threading)
    _join(hook, threading)
    _rename(hook, threading)


def _start(hook, threading):
    def before(thread):
        lane = recorder.new_id()
        frame = names.caller()
        while frame.f_back is not None and frame.f_globals.get("__name__") == "threading":
            frame = frame.f_back
        owner = names.owner_of(frame)
        thread.__dict__[LANE] = lane, owner
        return None

    around(hook, threading.Thread, "start", before, None)


def _bootstrap(hook, threading):
    original = threading.Thread.__dict__.get("_bootstrap")

    def _bootstrap(self):
        quietly(hook, _begin, self)
        try:
            return original(self)
        finally:
            quietly(hook, recorder.end_thread)

    hook.replace(threading.Thread, "_bootstrap", _bootstrap)


def _begin(thread):
    lane, owner = thread.__dict__.get(LANE, (recorder.new_id(), names.STANDARD))
    pool, pool_scope = _pool_of(thread)
    scope = pool_scope or ("user" if owner is names.USER else "lib")
    recorder.attach_thread(
        lane, name=thread.name, daemon=thread.daemon, target=target_of(thread), pool=pool, scope=scope)


def target_of(thread):
    """Returns the name of what a thread runs."""
    target = getattr(thread, "_target", None)
    if target is None:
        run = type(thread).run
        return "%s.%s" % (run.__module__, run.__qualname__)
    return described(target)


def described(function):
    """Returns the name of a callable, also of a partial or of an object."""
    inner = getattr(function, "func", None)
    if callable(inner):
        return described(inner)
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return "%s.%s" % (getattr(function, "__module__", None) or "?", name)


def executor_of(thread):
    """Returns the executor that a worker thread belongs to."""
    arguments = getattr(thread, "_args", None) or ()
    reference = arguments[0] if arguments else None
    return reference() if type(reference).__name__ in ("ReferenceType", "weakref") else None


def _pool_of(thread):
    """Returns the id and scope of the executor that a worker thread belongs to."""
    return getattr(executor_of(thread), objects.POOL, (None, None))


def _join(hook, threading):
    def before(thread, timeout=None):
        lane = thread.__dict__.get(LANE)
        if lane is None or not thread.is_alive():
            return None
        flags = 0 if timeout is None else LIMITED
        recorder.begin_wait(JOIN, lane[0], 0, flags)
        return thread, lane[0], flags

    def after(state, result, error):
        thread, lane, flags = state
        ended = error is None and not thread.is_alive()
        recorder.end_wait(JOINED, lane, 0, flags | OK if ended else flags)

    around(hook, threading.Thread, "join", before, after)


def _rename(hook, threading):
    original = threading.Thread.__dict__.get("name")
    if not isinstance(original, property):
        return

    def set_name(thread, name):
        original.fset(thread, name)
        lane = thread.__dict__.get(LANE)
        if lane is not None:
            recorder.define(ev="name", id=lane[0], name=thread.name)

    hook.replace(threading.Thread, "name", property(original.fget, set_name, original.fdel, original.__doc__))
