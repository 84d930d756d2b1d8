"""What runs on a worker of the cluster: one task of a pool. Sent there by value; imports only what Python has."""

import contextlib
import io
import pickle
import sys
import threading


class _Output(io.TextIOBase):
    """Standard output of a worker: what the thread of a task prints is kept for it, the rest goes on as before."""

    def __init__(self, plain):
        self.plain = plain
        self.kept = threading.local()

    def write(self, text):
        buffer = getattr(self.kept, "buffer", None)
        return buffer.write(text) if buffer is not None else self.plain.write(text)

    def flush(self):
        self.plain.flush()

    def writable(self):
        return True


@contextlib.contextmanager
def _kept_output():
    # Functions that are sent by value bring their globals along, and a lock cannot be sent: it is kept in `sys`.
    with sys.__dict__.setdefault("_contend_output_lock", threading.Lock()):
        if type(sys.stdout).__name__ != "_Output":
            sys.stdout = _Output(sys.stdout)
        output = sys.stdout
    output.kept.buffer = io.StringIO()
    try:
        yield output.kept.buffer
    finally:
        output.kept.buffer = None


def run(payload):
    """Runs `(function, arguments, keywords)` from its pickle. Returns `(result, what it printed)`.

    Raises what the function raises; that exception carries the printed text as `contend_output`.
    """
    function, arguments, keywords = pickle.loads(payload)
    with _kept_output() as printed:
        try:
            return function(*arguments, **keywords), printed.getvalue()
        except BaseException as error:
            with contextlib.suppress(Exception):
                error.contend_output = printed.getvalue()
            raise


def run_chunk(payload):
    """Runs a function for each of several tuples of arguments: `(function, [arguments, ...])`. See `run`."""
    function, several = pickle.loads(payload)
    with _kept_output() as printed:
        try:
            return [function(*arguments) for arguments in several], printed.getvalue()
        except BaseException as error:
            with contextlib.suppress(Exception):
                error.contend_output = printed.getvalue()
            raise
