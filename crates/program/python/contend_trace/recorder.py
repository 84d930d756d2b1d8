"""Events and definitions of this process: which thread writes where, ids, fork.

`emit` and its siblings never raise an Exception into the program; a failure is written as a fault.
"""

import os
import sys
from _thread import RLock, _local, get_ident, get_native_id
from itertools import count
from time import monotonic_ns, time_ns

from . import kinds, lines
from .ring import DEFINITIONS_LOST, ENDED, Full, RingFile

FIRST_SLOTS, FIRST_RECORDS = 64, 4096
MORE_SLOTS, MORE_RECORDS = 1024, 1024
MAX_FILES = 16
LOOK_INTERVAL_NS = 100_000_000

directory = None
interp = 0
why = "start"
helper = None  # Name of the standard library's helper process that this is.
free_threaded = False
new_id = None  # Makes ids, once the tracer has begun.
local = _local()  # Looked up at each call: `Off` takes its place while nobody reads.
_guard = RLock()
_files = []
_failed = False
# Maps of this process and of those it was forked from. They are never closed: see ring._map.
_kept = []
_faults = set()
# Lanes and slots of threads that ran before the tracer joined, by the number of the thread.
_expected = {}
_look_due = 0
_former = []  # Files of a reader that has left.


def _nothing(kind, obj, arg, flags):
    """Stands for the functions of a thread that got no slot."""


class Off:
    """Stands for the functions of all threads while nobody reads."""

    lane = 0
    mine = None
    write = begin_wait = end_wait = staticmethod(_nothing)


def configure(trace_directory, interpreter):
    """Names the directory; files are made by the first event."""
    global directory, interp, free_threaded
    directory = trace_directory
    interp = interpreter
    free_threaded = not getattr(sys, "_is_gil_enabled", lambda: True)()
    _start_ids()


def is_read():
    """Says whether events go to a reader that is there."""
    return directory is not None and os.path.isdir(directory)


def _is_abandoned():
    """Leaves a process that the tracer has joined if its reader was killed; looks for it ten times a second."""
    global _look_due
    if why != "join" or monotonic_ns() < _look_due:
        return False
    _look_due = monotonic_ns() + LOOK_INTERVAL_NS
    if is_read():
        return False
    from . import joining

    joining.leave()
    return True


def leave():
    """Writes nothing more. What threads are about to write goes to files that nobody reads."""
    global directory, local, _files, _former
    directory, local = None, Off()
    _former, _files = _files + _former, []
    _expected.clear()


def join_again(trace_directory):
    """Defines the objects of before once more, in another directory. Threads write nothing until `write_again`."""
    global directory, _failed, _former, why
    directory, why = trace_directory, "join"
    _failed = False
    _faults.clear()
    former, _former = _former, []
    for file in reversed(former):
        for line in file.definitions():
            if line.startswith(b'{"ev":"obj"'):
                _append(line)


def write_again():
    """Lets threads write again."""
    global local
    local = _local()


def emit(kind, obj, arg=0, flags=0):
    """Writes an event of the current thread."""
    try:
        local.write(kind, obj, arg, flags)
    except AttributeError:
        _first(0, kind, obj, arg, flags)
    except Exception as error:
        fault("event %d" % kind, error)


def begin_wait(kind, obj, arg=0, flags=0):
    """Writes that the current thread now waits, also into the state of its slot."""
    if why == "join":
        _is_abandoned()
    try:
        local.begin_wait(kind, obj, arg, flags)
    except AttributeError:
        _first(1, kind, obj, arg, flags)
    except Exception as error:
        fault("event %d" % kind, error)


def end_wait(kind, obj, arg=0, flags=0):
    """Writes how the wait of the current thread ended."""
    try:
        local.end_wait(kind, obj, arg, flags)
    except AttributeError:
        _first(2, kind, obj, arg, flags)
    except Exception as error:
        fault("event %d" % kind, error)


def _first(which, kind, obj, arg, flags):
    try:
        attach_thread()
        (local.write, local.begin_wait, local.end_wait)[which](kind, obj, arg, flags)
    except Exception as error:
        fault("thread", error)


def guard():
    """Returns the lock of definitions and slots; a fork child has a new one."""
    return _guard


def define(**fields):
    """Appends a definition to the arena."""
    try:
        _append(lines.encode(fields))
    except Exception as error:
        if fields.get("ev") != "fault":
            fault("definition", error)


def fault(hook, error):
    """Writes, once for each hook, that something of the tracer failed; too little stack is the program's fault."""
    if isinstance(error, (RecursionError, MemoryError)):
        return
    if hook not in _faults:
        _faults.add(hook)
        define(ev="fault", hook=hook, error="%s: %s" % (type(error).__name__, error))


def _append(line):
    if directory is None or _is_abandoned():
        return
    with _guard:
        for file in reversed(_files or [_new_file()]):
            if file.append(line):
                return
        if len(_files) < MAX_FILES and _new_file().append(line):
            return
        _files[0].words[DEFINITIONS_LOST] += 1


def _new_file():
    global _failed
    if _failed:
        raise Full(directory)
    slots, records = (MORE_SLOTS, MORE_RECORDS) if _files else (FIRST_SLOTS, FIRST_RECORDS)
    pid = os.getpid()
    try:
        file = RingFile(directory, pid, interp, slots, records, 0 if free_threaded else 1)
    except Exception:
        _failed = True
        raise
    _kept.append((file.map, file.view, file.words))
    _files.append(file)
    if len(_files) == 1:
        file.append(lines.encode(_hello(pid)))
    return file


def _hello(pid):
    return dict(
        cv=1, ev="hello", pid=pid, ppid=os.getppid(), interp=interp, lang="python",
        ver=sys.version.split()[0], clock="mono", t=monotonic_ns(), wall=time_ns(),
        gil=not free_threaded, argv=arguments(), why=why, helper=helper)


def arguments():
    arguments = getattr(sys, "orig_argv", None)
    if arguments is None:
        with open("/proc/self/cmdline", "rb") as file:
            arguments = [part.decode("utf-8", "replace") for part in file.read().split(b"\0")[:-1]]
    return arguments


class _Attachment:
    """Slot of a thread; Python destroys it when the thread ends, however it was started."""

    __slots__ = ("lane", "pid", "write", "give_back", "ended")

    def end(self):
        if not self.ended and os.getpid() == self.pid:
            self.ended = True
            self.write(kinds.END, self.lane, 0, kinds.OK)

    def __del__(self, getpid=os.getpid):
        try:
            if getpid() == self.pid:  # In a fork child this is a slot of the parent.
                self.end()
                self.give_back()
        except Exception:
            pass


def attach_thread(lane=None, **fields):
    """Gives the current thread a lane and a slot."""
    if directory is None or _is_abandoned():
        return 0
    if lane is None and get_ident() in _expected and _take_expected():
        return local.lane
    tid = get_native_id()
    try:
        slot = _take_slot()
    except Exception:
        local.write = local.begin_wait = local.end_wait = _nothing
        local.lane = 0
        raise
    if lane is None:
        lane = new_id()
        fields = _foreign_thread() if not fields else fields
    functions = slot.begin(lane, tid)
    define(ev="lane", id=lane, tid=tid, **fields)
    functions[0](kinds.BEGIN, lane, 0, 0)
    _use(lane, functions)
    return lane


def _use(lane, functions):
    """Makes the functions of a slot those of the current thread."""
    mine = _Attachment()
    write, local.begin_wait, local.end_wait, give_back = functions
    mine.lane, mine.pid, mine.write, mine.give_back, mine.ended = lane, os.getpid(), write, give_back, False
    local.mine, local.lane = mine, lane
    local.write = write


def expect_thread(ident, tid, lane, **fields):
    """Gives a thread that runs already a lane and a slot, which it takes with its first event."""
    functions = _take_slot().begin(lane, tid)
    define(ev="lane", id=lane, tid=tid, silent=True, **fields)
    functions[0](kinds.BEGIN, lane, 0, 0)
    _expected[ident] = tid, lane, functions


def _take_expected():
    """Takes the interest given to the current thread; returns whether it was this one."""
    tid, lane, functions = _expected.pop(get_ident(), (0, 0, None))
    if tid != get_native_id():
        return False  # Another one that has ended had this number.
    _use(lane, functions)
    return True


def _take_slot():
    with _guard:
        for file in _files or [_new_file()]:
            slot = file.take_slot()
            if slot is not None:
                return slot
        if len(_files) < MAX_FILES:
            return _new_file().take_slot()
        raise Full("more than %d threads at once" % ((MAX_FILES - 1) * MORE_SLOTS + FIRST_SLOTS))


def _foreign_thread():
    """Describes a thread that was not started through `threading`."""
    threading = sys.modules.get("threading")
    thread = getattr(threading, "_active", {}).get(get_ident())
    if get_native_id() == os.getpid() and interp == 0:
        if why == "spawn":  # Its name comes with the process object.
            return dict(main=True, daemon=False, scope="user")
        return dict(name=getattr(thread, "name", "MainThread"), main=True, daemon=False, scope="user")
    if interp and getattr(thread, "name", "MainThread") == "MainThread":
        return dict(name="interpreter %d" % interp, daemon=False, scope="user")
    return dict(name=getattr(thread, "name", "thread-%d" % get_native_id()), daemon=True, scope="lib")


def end_thread():
    """Writes the end of the current thread's lane."""
    mine = getattr(local, "mine", None)
    if mine is not None:
        mine.end()


def current_lane():
    """Returns the id of the current thread's lane."""
    if not hasattr(local, "write"):
        attach_thread()
    return local.lane


def attached():
    """Says whether the current thread has a lane."""
    return hasattr(local, "write")


def end_process(code=None):
    """Writes that the process ends by itself."""
    if not _files or _files[0].pid != os.getpid():
        return
    end_thread()
    define(ev="bye") if code is None else define(ev="bye", code=code)
    for file in _files:
        file.words[ENDED] = 1


def _start_ids():
    """Ids are unique in the tree of processes: pid, interpreter, counter."""
    global new_id, process_id
    first = os.getpid() << 40 | (interp & 0xFF) << 32
    process_id = first
    counter = count(first + 1)
    new_id = counter.__next__
    if free_threaded:
        lock = RLock()

        def new_id():
            with lock:
                return next(counter)


def process_object(pid):
    """Returns the id that a process has as an object, from its pid alone."""
    return pid << 40


def after_fork_in_child():
    """Starts anew: the maps of the parent stay mapped, but nothing writes to them."""
    global _guard, _files, why, helper, _failed
    if directory is not None:
        local.__dict__.clear()
    _expected.clear()
    _guard = RLock()
    _files = []
    _failed = False
    why = "fork"
    helper = None
    _faults.clear()
    _start_ids()


def hold(maps=_kept):
    """Registered before fork, so that the interpreter itself holds the maps until its very end."""
