"""Start of the tracer in a process or sub-interpreter."""

import os
import sys


def start():
    """Starts the tracer if contend has named a directory for it."""
    directory = os.environ.get("CONTEND_TRACE")
    if directory and os.path.isdir(directory) and sys.version_info >= (3, 8):
        begin(directory)


def begin(directory, why=None):
    """Starts the tracer; `why` says that the process runs already."""
    from . import imports, recorder

    recorder.configure(directory, interpreter())
    if why:
        recorder.why = why
    elif recorder.interp:
        recorder.why = "interp"
    else:
        arguments = recorder.arguments()
        if "--multiprocessing-fork" in arguments:
            recorder.why = "spawn"
        recorder.helper = next((name for name in ("resource_tracker", "forkserver") if any(
            "multiprocessing.%s import main" % name in part for part in arguments)), None)
    os.register_at_fork(before=recorder.hold, after_in_child=recorder.after_fork_in_child)
    recorder.current_lane()
    if why:
        from . import joining

        joining.expect_threads()
    imports.start()
    import atexit

    atexit.register(recorder.end_process)


def interpreter():
    """Returns the number of the current interpreter; 0 is the main one."""
    try:
        if sys.version_info >= (3, 13):
            import _interpreters

            return int(_interpreters.get_current()[0])
        import _xxsubinterpreters

        return int(_xxsubinterpreters.get_current())
    except Exception:
        return 0
