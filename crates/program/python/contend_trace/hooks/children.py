"""`subprocess`: children and waits for them."""

import os

from .. import recorder
from ..kinds import JOIN, JOINED, LIMITED, OK, PROCESS_SPAWN
from ..patches import Hook, around
from ..objects import tell_exit


def install(subprocess):
    """Patches `subprocess.Popen`."""
    hook = Hook("subprocess.Popen")
    around(hook, subprocess.Popen, "__init__", lambda self, args, *rest, **kwargs: (self, args), _started)
    around(hook, subprocess.Popen, "_wait", _before, _after)
    around(hook, subprocess.Popen, "_communicate", lambda self, *args, **kwargs: _before(self, args[-1] if len(
        args) == 3 else kwargs.get("timeout")), _after)


def _started(state, result, error):
    popen, args = state
    if error is None:
        first = args if isinstance(args, (str, bytes)) or hasattr(args, "__fspath__") else next(iter(args), "?")
        name = os.path.basename(os.fsdecode(first).split(" ")[0])
        obj = recorder.process_object(popen.pid)
        recorder.define(ev="obj", id=obj, what="process", name=name, pid=popen.pid, scope="user")
        recorder.emit(PROCESS_SPAWN, obj, popen.pid, 0)


def _before(popen, timeout=None):
    if popen.returncode is not None or getattr(recorder.local, "joins", None) == popen.pid:
        return None
    obj = recorder.process_object(popen.pid)
    flags = 0 if timeout is None else LIMITED
    recorder.begin_wait(JOIN, obj, 0, flags)
    recorder.local.joins = popen.pid
    return popen, obj, flags


def _after(state, result, error):
    popen, obj, flags = state
    recorder.local.joins = None
    recorder.end_wait(JOINED, obj, 0, flags if popen.returncode is None else flags | OK)
    if popen.returncode is not None:
        tell_exit(obj, popen.returncode)
