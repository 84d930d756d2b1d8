"""Time that pickling a task takes, measured where the feeder thread pickles it."""

import sys
from time import monotonic_ns

from ..kinds import HANDED_OVER
from ..patches import Hook
from ..recorder import emit

# id of the object that is about to be pickled: id of the task.
_pending = {}
_hook = None


class over:
    """Says that a value, which the current thread pickles now, is a task."""

    __slots__ = ("key",)

    def __init__(self, value, number):
        self.key = id(value)
        _pending[self.key] = number

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        _pending.pop(self.key, None)


def expect(value, number):
    """Says that a value, which a feeder thread pickles later, is a task."""
    _pending[id(value)] = number


def install():
    """Wraps `ForkingPickler.dumps`."""
    global _hook
    reduction = sys.modules.get("multiprocessing.reduction")
    if _hook is not None or reduction is None:
        return
    _hook = hook = Hook("multiprocessing.reduction.ForkingPickler")
    original = reduction.ForkingPickler.__dict__["dumps"].__func__

    def dumps(cls, obj, protocol=None):
        number = _pending.pop(id(obj), None) if _pending else None
        if number is None:
            return original(cls, obj, protocol)
        start = monotonic_ns()
        data = original(cls, obj, protocol)
        emit(HANDED_OVER, number, monotonic_ns() - start, 0)
        return data

    hook.replace(reduction.ForkingPickler, "dumps", classmethod(dumps))
