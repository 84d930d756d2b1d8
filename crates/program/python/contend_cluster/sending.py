"""Sends functions with their arguments to the cluster, and refuses what cannot work there with the reason."""

import io
import os
import sys
import threading
import uuid

import cloudpickle

from contend_cluster import remote

_client = None
_client_lock = threading.Lock()


class CannotRunOnCluster(RuntimeError):
    """Something that only processes of one machine can share."""


def client():
    """The connection to the cluster at `CONTEND_DASK`, made at first use."""
    global _client
    with _client_lock:
        if _client is None:
            from distributed import Client

            cloudpickle.register_pickle_by_value(remote)
            _client = Client(os.environ["CONTEND_DASK"], set_as_default=True, timeout=20)
        return _client


def workers():
    """Number of threads of all workers: how many tasks run at once."""
    return sum(client().nthreads().values()) or 1


def _shared_kind(value):
    """Name of a thing that only processes of one machine can share, or None."""
    module = type(value).__module__
    if not module.startswith("multiprocessing"):
        return None
    names = [kind.__name__ for kind in type(value).__mro__]
    for name in ("SemLock", "Condition", "Event", "Barrier", "Queue", "SimpleQueue", "SynchronizedBase",
                 "Synchronized", "BaseProxy", "BaseManager", "Connection", "SharedMemory"):
        if name in names:
            return names[0]
    return None


class _Pickler(cloudpickle.Pickler):
    """Pickles for the cluster; stops at the first thing that is shared within one machine."""

    def reducer_override(self, value):
        kind = _shared_kind(value)
        if kind is not None:
            raise CannotRunOnCluster(
                f"a task uses a multiprocessing {kind}, which only processes of one machine can share; "
                "it cannot run on a cluster. Run this script without --on, or let tasks return their results instead.")
        return super().reducer_override(value)


def _own_modules_by_value(function):
    """Modules beside the script are unknown on other machines: send them along."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    file = getattr(module, "__file__", None)
    if module is None or file is None or module.__name__ == "__main__":
        return
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    here = os.path.dirname(os.path.abspath(script)) if script else os.getcwd()
    if os.path.abspath(file).startswith(here + os.sep) and "site-packages" not in file:
        cloudpickle.register_pickle_by_value(module)


def _pickled(function, what):
    _own_modules_by_value(function)
    target = io.BytesIO()
    _Pickler(target).dump(what)
    return target.getvalue()


def name_of(function):
    """Name of a function for people, also of a `functools.partial`."""
    inner = getattr(function, "func", function)
    return getattr(inner, "__name__", type(inner).__name__).replace("<lambda>", "lambda")


class _ByValue:
    """A function of `remote` that arrives as itself. Dask sends by name what `pickle` finds here: a function of a module
    that the cluster does not have."""

    def __init__(self, function):
        self._function = function

    def __call__(self, *arguments):
        return self._function(*arguments)

    def __reduce__(self):
        return cloudpickle.loads, (cloudpickle.dumps(self._function),)


def _submit(run, function, payload):
    key = f"{name_of(function)}-{uuid.uuid4().hex}"
    return client().submit(_ByValue(run), payload, key=key, pure=False)


def submit(function, arguments, keywords):
    """Starts one task. Returns Dask's future, whose result is `(result, what it printed)`.

    Raises `CannotRunOnCluster`, and what pickling raises.
    """
    return _submit(remote.run, function, _pickled(function, (function, arguments, keywords)))


def submit_chunk(function, several):
    """Starts one task that calls `function` with each tuple of `several`."""
    return _submit(remote.run_chunk, function, _pickled(function, (function, several)))


def print_output(text):
    """Prints on this side what a task has printed on its worker."""
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()
