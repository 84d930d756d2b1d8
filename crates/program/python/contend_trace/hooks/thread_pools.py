"""`concurrent.futures.thread`: pools of threads (and of interpreters), tasks from submission to end."""

from .. import objects, recorder
from ..kinds import OK, SUBMIT, TASK_FINISH, TASK_START
from ..patches import Hook, around, like, quietly
from ..recorder import emit
from . import futures


def install(thread):
    """Patches `concurrent.futures.thread`."""
    hook = Hook("concurrent.futures.ThreadPoolExecutor")
    executor = thread.ThreadPoolExecutor
    around(hook, executor, "__init__", lambda self, *args, **kwargs: self,
           lambda self, result, error: error or futures.quiet_pool(hook, self))
    _wrap_submit(hook, executor)
    _wrap_work_item(hook, thread._WorkItem)


def _wrap_submit(hook, executor):
    original = executor.__dict__["submit"]

    def submit(*args, **kwargs):
        try:
            recorder.local.pool = args[0].__dict__[objects.POOL][0]
        except (AttributeError, IndexError, KeyError):
            pass  # Not an executor of ours, or a wrong call, of which the original tells.
        return original(*args, **kwargs)

    hook.replace(executor, "submit", like(submit, original))


def _wrap_work_item(hook, item):
    initialize, run = item.__dict__["__init__"], item.__dict__["run"]

    def __init__(self, *args, **kwargs):
        initialize(self, *args, **kwargs)
        if hook.active:
            quietly(hook, _submitted, self)

    def traced_run(self, *args, **kwargs):
        future = self.future
        obj = future.__dict__.get(objects.FUTURE)
        if obj is None or not hook.active:
            return run(self, *args, **kwargs)
        emit(TASK_START, obj, quietly(hook, _function, self) or 0, 0)
        try:
            return run(self, *args, **kwargs)
        finally:
            emit(TASK_FINISH, obj, 0, OK if future._exception is None else 0)

    hook.replace(item, "__init__", like(__init__, initialize))
    hook.replace(item, "run", like(traced_run, run))


def _submitted(item):
    obj = recorder.new_id()
    futures.identify(item.future, obj)
    emit(SUBMIT, obj, getattr(recorder.local, "pool", 0), 0)


def _function(item):
    function = getattr(item, "fn", None)
    if function is None:  # Since 3.14 the context keeps the task.
        task = getattr(item, "task", None)
        function = task[0] if isinstance(task, tuple) and task else None
    if type(function).__name__ == "partial" and getattr(function.func, "__qualname__", "") == "Context.run":
        function = function.args[0] if function.args else function
    return futures.function_id(function) if function is not None else 0
