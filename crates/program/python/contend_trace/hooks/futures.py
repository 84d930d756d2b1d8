"""`concurrent.futures._base`: waits for results, by the condition that every Future has."""

import threading

from .. import names, objects, recorder
from ..kinds import FUTURE_DONE, FUTURE_WAIT, LIMITED, OK
from ..patches import Hook, around, quietly
from ..recorder import begin_wait, end_wait

_plain_wait = getattr(threading.Condition.wait, "__wrapped__", threading.Condition.wait)
_plain_event_wait = getattr(threading.Event.wait, "__wrapped__", threading.Event.wait)


class FutureCondition(threading.Condition):
    """Condition of a future or job whose id is in its dictionary."""

    def wait(self, timeout=None):
        return wait_for_future(_plain_wait, self, timeout)


class FutureEvent(threading.Event):
    """Event that stands for a job."""

    def wait(self, timeout=None):
        if self._flag:
            return True
        return wait_for_future(_plain_event_wait, self, timeout)


def wait_for_future(wait, waitable, timeout):
    """Waits, and writes for what."""
    obj = waitable.__dict__.get(objects.FUTURE, 0)
    flags = 0 if timeout is None else LIMITED
    begin_wait(FUTURE_WAIT, obj, 0, flags)
    done = False
    try:
        done = wait(waitable, timeout)
    finally:
        end_wait(FUTURE_DONE, obj, 0, flags | OK if done else flags)
    return done


def stand_for(waitable, kind, obj):
    """Turns a condition or event of the standard library into one that stands for a future."""
    waitable.__dict__[objects.FUTURE] = obj
    if type(waitable) in (threading.Condition, threading.Event):
        waitable.__class__ = kind


def identify(future, obj):
    """Gives a future its id; that of the task that computes it."""
    condition = getattr(future, "_condition", None)
    if condition is not None:
        stand_for(condition, FutureCondition, obj)
    future.__dict__[objects.FUTURE] = obj


def define_pool(executor, size, obj=None):
    """Defines an executor as a pool; returns its id and scope."""
    site = objects.made_by(executor)
    number = obj or recorder.new_id()
    if site is None:
        # The default executor of an event loop runs tasks of the program.
        name = getattr(executor, "_thread_name_prefix", None) or "pool"
        recorder.define(ev="obj", id=number, what="pool", name=name, scope="user", size=size)
        return number, "user"
    objects.describe(number, "pool", site, executor, size=size)
    return number, "user" if site.owner is names.USER else "lib"


_functions = {}


def function_id(function):
    """Returns the id of a function that tasks run, defined when it is first seen."""
    while type(function).__name__ == "partial":
        function = function.func
    code = getattr(function, "__code__", None)
    if code is None and type(function).__name__ not in ("builtin_function_or_method", "type"):
        function = type(function)  # A callable object: there may be one for each task.
    known = code or function
    found = _functions.get(id(known))
    if found is not None and found[0] is known:
        return found[1]
    from .threads import described

    number = recorder.new_id()
    site = "%s:%d" % (code.co_filename.rpartition("/")[2], code.co_firstlineno) if code else None
    recorder.define(ev="obj", id=number, what="function", name=described(function), site=site, scope="user")
    if len(_functions) > 10000:
        _functions.clear()
    _functions[id(known)] = known, number
    return number


def install(base):
    """Patches `concurrent.futures.wait` and `as_completed`."""
    for kind, name in ((FutureCondition, "Condition"), (FutureEvent, "Event")):
        kind.__name__ = kind.__qualname__ = name
        kind.__module__ = "threading"
    hook = Hook("concurrent.futures.wait")

    def after(fs, waiter, error):
        if error is None:
            obj = recorder.new_id()
            recorder.define(ev="obj", id=obj, what="future", name="%d futures" % len(fs), scope="user")
            stand_for(waiter.event, FutureEvent, obj)

    around(hook, base, "_create_and_install_waiters", lambda fs, return_when: fs, after)


def quiet_pool(hook, executor):
    """Defines the pool of an executor and notes it there."""
    executor.__dict__[objects.POOL] = quietly(hook, define_pool, executor, executor._max_workers) or (0, "user")
