"""`asyncio.queues`: Queue, PriorityQueue, LifoQueue. The waiter is the task of the current step."""

from .. import objects
from ..kinds import GOT, IN_TASK, OK, PUT, QUEUE_GAVE_UP, WAIT_TO_GET, WAIT_TO_PUT
from ..patches import Hook, around, like, quietly
from ..recorder import emit
from .conditions import made


def install(queues):
    """Patches `asyncio.queues.Queue`."""
    hook = Hook("asyncio.Queue")
    owner = queues.Queue
    made(hook, owner, "queue", lambda self: {"size": self.maxsize if self.maxsize > 0 else None})
    _waiting(hook, owner, "get", WAIT_TO_GET, lambda self: self.empty())
    _waiting(hook, owner, "put", WAIT_TO_PUT, lambda self: self.full())
    for name, kind in (("get_nowait", GOT), ("put_nowait", PUT)):
        around(hook, owner, name, lambda self, *args: (self, objects.id_of(self)), _after(kind))


def _after(kind):
    def after(state, result, error):
        queue, obj = state
        if obj and error is None:
            emit(kind, obj, queue.qsize(), IN_TASK | OK)

    return after


def _waiting(hook, owner, method, begin, blocked):
    original = owner.__dict__[method]

    async def traced(self, *args, **kwargs):
        obj = quietly(hook, objects.id_of, self) if hook.active else 0
        if not obj or not blocked(self):
            return await original(self, *args, **kwargs)
        emit(begin, obj, self.qsize(), IN_TASK)
        try:
            return await original(self, *args, **kwargs)
        except BaseException:
            emit(QUEUE_GAVE_UP, obj, self.qsize(), IN_TASK)
            raise

    hook.replace(owner, method, like(traced, original))
