"""`multiprocessing.process`: start, join and end of processes; names of their main lanes."""

import weakref

from .. import names, objects, recorder
from ..kinds import JOIN, JOINED, LIMITED, OK, PROCESS_SPAWN
from ..patches import Hook, around, quietly
from .threads import described

_sites = weakref.WeakKeyDictionary()


def install(process):
    """Patches `multiprocessing.process.BaseProcess`."""
    hook = Hook("multiprocessing.Process")
    base = process.BaseProcess
    around(hook, base, "__init__", _made, None)
    around(hook, base, "start", lambda self: (self, _target(self)), _started)
    around(hook, base, "join", _join, _joined)
    _bootstrap(hook, base)


def _made(process, *args, **kwargs):
    frame = names.maker(process)
    _sites[process] = names.owner_of(frame)


def _target(process):
    # `start` forgets the target.
    target = getattr(process, "_target", None)
    return described(target) if target is not None else None


def _started(state, result, error):
    process, target = state
    if error is None:
        obj = recorder.process_object(process.pid)
        scope = "user" if _sites.get(process) is names.USER else "lib"
        recorder.define(ev="obj", id=obj, what="process", name=process.name, pid=process.pid, scope=scope,
                        target=target)
        recorder.emit(PROCESS_SPAWN, obj, process.pid, 0)


def _join(process, timeout=None):
    if process.pid is None or process._popen is None or process._popen.returncode is not None:
        return None
    obj = recorder.process_object(process.pid)
    flags = 0 if timeout is None else LIMITED
    recorder.begin_wait(JOIN, obj, 0, flags)
    return process, obj, flags


def _joined(state, result, error):
    process, obj, flags = state
    code = getattr(process._popen, "returncode", None)
    recorder.end_wait(JOINED, obj, 0, flags if code is None else flags | OK)
    if code is not None:
        objects.tell_exit(obj, code)


def _bootstrap(hook, base):
    original = base.__dict__["_bootstrap"]

    def _bootstrap(self, *args, **kwargs):
        quietly(hook, _begin, self)
        code = original(self, *args, **kwargs)
        quietly(hook, _end, code)
        return code

    hook.replace(base, "_bootstrap", _bootstrap)


def _begin(process):
    fields = dict(name=process.name, target=_target(process))
    if recorder.attached():
        recorder.define(ev="name", id=recorder.current_lane(), **fields)
    else:
        recorder.attach_thread(None, main=True, daemon=process.daemon, scope="user", **fields)


def _end(code):
    objects.tell_exit(recorder.process_id, code if isinstance(code, int) else 0)
    recorder.end_process(code if isinstance(code, int) else 0)
