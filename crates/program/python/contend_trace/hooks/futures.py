"""`concurrent.futures._base`: waits for results, by the condition that every Future has."""

import threading
from _thread import RLock

from .. import names, objects, recorder
from ..kinds import FUTURE_DONE, FUTURE_WAIT, LIMITED, OK
from ..patches import Hook, around, quietly
from ..recorder import begin_wait, end_wait


def _plain(function):
    return getattr(function, "__wrapped__", function)


_plain_condition, _plain_wait = _plain(threading.Condition.__init__), _plain(threading.Condition.wait)
_plain_event, _plain_event_wait = _plain(threading.Event.__init__), _plain(threading.Event.wait)


class FutureCondition(threading.Condition):
    """Condition of a future or job, whose id may be in its dictionary."""

    def __init__(self, lock=None):
        _plain_condition(self, RLock() if lock is None else lock)

    def wait(self, timeout=None):
        return wait_for_future(_plain_wait, self, timeout)


class FutureEvent(threading.Event):
    """Event of a job, whose id may be in its dictionary."""

    def __init__(self):
        _plain_event(self)

    def wait(self, timeout=None):
        if self._flag:
            return True
        return wait_for_future(_plain_event_wait, self, timeout)


def wait_for_future(wait, waitable, timeout):
    """Waits, and writes for what."""
    obj = waitable.__dict__.get(objects.FUTURE)
    if obj is None:
        return wait(waitable, timeout)
    flags = 0 if timeout is None else LIMITED
    begin_wait(FUTURE_WAIT, obj, 0, flags)
    done = False
    try:
        done = wait(waitable, timeout)
    finally:
        end_wait(FUTURE_DONE, obj, 0, flags | OK if done else flags)
    return done


class _Threading:
    """The module `threading` as a module of the standard library sees it: with conditions and events of futures.

    A change of an object's class later would stop all threads of a free-threaded Python.
    """

    Condition, Event = FutureCondition, FutureEvent

    def __getattr__(self, name):
        return getattr(threading, name)


def make_waitables(hook, module):
    """Makes a module of the standard library use conditions and events that can stand for futures."""
    hook.replace(module, "threading", _Threading())


def stand_for(waitable, obj):
    """Says for which future a condition or event stands."""
    waitable.__dict__[objects.FUTURE] = obj


def identify(future, obj):
    """Gives a future its id; that of the task that computes it."""
    condition = getattr(future, "_condition", None)
    if condition is not None:
        stand_for(condition, obj)
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
    make_waitables(hook, base)

    def after(fs, waiter, error):
        if error is None:
            obj = recorder.new_id()
            recorder.define(ev="obj", id=obj, what="future", name="%d futures" % len(fs), scope="user")
            stand_for(waiter.event, obj)

    around(hook, base, "_create_and_install_waiters", lambda fs, return_when: fs, after)


def quiet_pool(hook, executor):
    """Defines the pool of an executor and notes it there."""
    executor.__dict__[objects.POOL] = quietly(hook, define_pool, executor, executor._max_workers) or (0, "user")
