"""`asyncio.locks`: Lock, Semaphore, Condition, Event. The waiter is the task of the current step."""

from .. import objects
from ..kinds import (
    ACQUIRED, CONDITION_WAIT, CONDITION_WOKEN, EVENT_CLEAR, EVENT_DONE, EVENT_SET, EVENT_WAIT, GAVE_UP, IN_TASK,
    NOTIFY, OK, RELEASED, WAIT)
from ..patches import Hook, around, like, quietly
from ..recorder import emit
from .conditions import made


def install(locks):
    """Patches `asyncio.locks`."""
    for name, what, size in (("Lock", "lock", None), ("Semaphore", "semaphore", "_value")):
        hook = Hook("asyncio." + name)
        owner = getattr(locks, name)
        made(hook, owner, what, lambda self, size=size: {"size": getattr(self, size)} if size else {})
        _waiting(hook, owner, "acquire", WAIT, ACQUIRED, GAVE_UP, lambda self: not self.locked())
        _telling(hook, owner, "release", RELEASED)
    hook = Hook("asyncio.Event")
    made(hook, locks.Event, "event")
    _waiting(hook, locks.Event, "wait", EVENT_WAIT, EVENT_DONE, EVENT_DONE, lambda self: self.is_set())
    _telling(hook, locks.Event, "set", EVENT_SET)
    _telling(hook, locks.Event, "clear", EVENT_CLEAR)
    hook = Hook("asyncio.Condition")
    made(hook, locks.Condition, "condition")
    _waiting(hook, locks.Condition, "wait", CONDITION_WAIT, CONDITION_WOKEN, CONDITION_WOKEN, lambda self: False)
    _telling(hook, locks.Condition, "notify", NOTIFY)


def _waiting(hook, owner, method, begin, done, gave_up, ready):
    original = owner.__dict__[method]

    async def traced(self):
        obj = quietly(hook, objects.id_of, self) if hook.active else 0
        if not obj:
            return await original(self)
        free = ready(self)
        if not free:
            emit(begin, obj, 0, IN_TASK)
        try:
            result = await original(self)
        except BaseException:
            if not free:
                emit(gave_up, obj, 0, IN_TASK)
            raise
        if done == ACQUIRED or not free:
            emit(done, obj, 0, IN_TASK | OK)
        return result

    hook.replace(owner, method, like(traced, original))


def _telling(hook, owner, method, kind):
    def before(self, n=1):
        obj = objects.id_of(self)
        if obj:
            emit(kind, obj, n if kind == NOTIFY else 0, IN_TASK)

    around(hook, owner, method, before, None)
