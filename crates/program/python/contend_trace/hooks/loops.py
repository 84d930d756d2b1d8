"""`asyncio`: steps of tasks in the thread of their loop, and steps that block the loop."""

from time import monotonic_ns

from .. import names, objects, recorder
from ..kinds import BLOCKING_CALL, STEP_BEGIN, STEP_END
from ..patches import Hook, like, quietly
from ..recorder import emit
from .threads import described

# A step that takes longer keeps every other task of its loop waiting.
BLOCKING_NS = 50_000_000


def install(events):
    """Patches `asyncio.events.Handle`."""
    hook = Hook("asyncio.Handle")
    original = events.Handle.__dict__["_run"]

    def _run(self):
        if not hook.active:
            return original(self)
        task = quietly(hook, _task_of, self)
        if task:
            emit(STEP_BEGIN, task, 0, 0)
        start = monotonic_ns()
        try:
            return original(self)
        finally:
            took = monotonic_ns() - start
            if took > BLOCKING_NS:
                quietly(hook, _blocked, self, task, took)
            if task:
                emit(STEP_END, task, took, 0)

    hook.replace(events.Handle, "_run", like(_run, original))


def _task_of(handle):
    """Returns the id of the task whose step a handle runs, 0 for another callback."""
    task = getattr(handle._callback, "__self__", None)
    if task is None or not hasattr(task, "get_coro"):
        return 0
    known = getattr(task, objects.ID, None)
    return known if known is not None else _define(task)


def _define(task):
    coroutine = task.get_coro()
    code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
    number = recorder.new_id()
    setattr(task, objects.ID, number)
    recorder.define(
        ev="obj", id=number, what="task", name=task.get_name(), fn=getattr(coroutine, "__qualname__", "?"),
        site="%s:%d" % (code.co_filename.rpartition("/")[2], code.co_firstlineno) if code else None,
        scope="user" if code is None or names.is_user_file(code.co_filename) else "lib")
    return number


def _blocked(handle, task, took):
    if not task:
        task = recorder.new_id()
        recorder.define(ev="obj", id=task, what="task", name=described(handle._callback), scope="user")
    emit(BLOCKING_CALL, task, took, 0)
