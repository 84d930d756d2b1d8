"""Joining a program that runs already, and leaving it. The script of `sys.remote_exec` calls both, in the main thread.

After `leave`, the names of the standard library are the originals again. Objects that were made meanwhile keep the
methods of the tracer, which write nothing.
"""

import os
import sys

from . import imports, names, objects, patches, recorder, start

_version = None  # Of the contend that this tracer is from.


def answer(tracer, directory, path, version):
    """Joins and writes what became of it into a file."""
    try:
        said = join(directory, tracer, version)
    except Exception as error:
        leave()
        said = "the tracer failed: %s: %s" % (type(error).__name__, error)
    with open(path + ".new", "w") as file:
        file.write(said)
    os.rename(path + ".new", path)


def join(directory, tracer, version=None):
    """Begins to trace into a directory; returns what became of it. The tracer's files are in `tracer`."""
    global _version
    if recorder.is_read():
        return "busy"
    leave()
    if _version not in (None, version):
        return "another version of contend has joined this process before"
    _version = version
    if recorder.new_id is None:
        start.begin(directory, "join")
    else:
        _look_in(os.path.join(tracer, "contend_trace"))
        recorder.join_again(directory)
        expect_threads()
        recorder.write_again()
        recorder.current_lane()
        patches.resume()
        imports.start()
    return "joined"


def leave():
    """Takes the tracer out."""
    if recorder.directory is not None:
        recorder.leave()
        patches.suspend()
        imports.stop()


def _look_in(home):
    """Lets hooks that are needed later come from another directory."""
    for name in ("contend_trace", "contend_trace.hooks"):
        module = sys.modules.get(name)
        if module is not None:
            module.__path__ = [home if name == "contend_trace" else os.path.join(home, "hooks")]
    names.add_tracer(home)


def expect_threads():
    """Gives the threads that run already their lanes, and the executors that they work for their pools."""
    threading = sys.modules.get("threading")
    if threading is None:
        return
    from .hooks import threads

    current = threading.get_ident()
    for ident, thread in list(threading._active.items()):
        if ident != current and thread.native_id:
            pool = _adopt_pool(threads.executor_of(thread))
            lane, _ = thread.__dict__.setdefault(threads.LANE, (recorder.new_id(), names.USER))
            recorder.expect_thread(
                ident, thread.native_id, lane, name=thread.name, daemon=thread.daemon, target=threads.target_of(thread),
                pool=pool, scope="user")


def _adopt_pool(executor):
    """Returns the id of an executor, which gets one if it was made before."""
    known = getattr(executor, objects.POOL, None)
    if known is not None or not hasattr(executor, "_max_workers"):
        return known and known[0]
    number = recorder.new_id()
    name = getattr(executor, "_thread_name_prefix", None) or "pool"
    recorder.define(ev="obj", id=number, what="pool", name=name, scope="user", size=executor._max_workers)
    executor.__dict__[objects.POOL] = number, "user"
    return number
