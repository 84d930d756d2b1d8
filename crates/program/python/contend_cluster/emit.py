"""Writes events as lines of JSON to a Unix socket or to standard output.

A slow reader never slows the cluster: what does not fit is counted, and the count is sent when there is room again.
"""

import json
import os
import socket
import time

BUFFER_LIMIT = 16 << 20  # bytes that may wait for the reader


class Emitter:
    """Lines of JSON to the reader at `path` (a Unix stream socket), or to descriptor 1 if there is none."""

    def __init__(self, path=None):
        self._buffer = bytearray()
        self._dropped = 0
        self._first_dropped = None
        if path:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.connect(path)
            self._descriptor = self._socket.fileno()
        else:
            self._descriptor = 1
        os.set_blocking(self._descriptor, False)

    def send(self, event):
        """Sends one event, a dictionary that JSON can hold. Definitions are never dropped, events may be."""
        if len(self._buffer) > BUFFER_LIMIT and "k" in event:
            self._dropped += 1
            self._first_dropped = self._first_dropped or event.get("t")
            return
        if self._dropped and len(self._buffer) <= BUFFER_LIMIT:
            self._append({"ev": "drop", "n": self._dropped, "from": self._first_dropped, "to": time.monotonic_ns()})
            self._dropped, self._first_dropped = 0, None
        self._append(event)

    def _append(self, event):
        self._buffer += json.dumps(event, separators=(",", ":")).encode("utf-8", "replace") + b"\n"

    def flush(self):
        """Writes what the reader takes now.

        Raises `BrokenPipeError` or `ConnectionResetError` when the reader is gone.
        """
        while self._buffer:
            try:
                written = os.write(self._descriptor, self._buffer[: 1 << 16])
            except BlockingIOError:
                return
            del self._buffer[:written]

    def drain(self, seconds):
        """Writes all that is left, for at most `seconds`."""
        until = time.monotonic() + seconds
        while self._buffer and time.monotonic() < until:
            self.flush()
            if self._buffer:
                time.sleep(0.005)
