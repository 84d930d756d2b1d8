"""`multiprocessing.connection`: what the program sends and receives through pipes, known by their inode."""

import os

from .. import objects, recorder
from ..kinds import OK, RECEIVE, RECEIVE_WAIT, SEND
from ..patches import Hook, around
from ..recorder import begin_wait, emit, end_wait


def install(connection):
    """Patches `multiprocessing.connection`."""
    hook = Hook("multiprocessing.Pipe")
    around(hook, connection, "Pipe", lambda *args, **kwargs: objects.made_by(None), _made)
    for name in ("send", "send_bytes"):
        around(hook, connection._ConnectionBase, name, _send, None)
    for name in ("recv", "recv_bytes", "recv_bytes_into"):
        around(hook, connection._ConnectionBase, name, _receive, _received)


def _inode(end):
    return objects.shared_id(os.fstat(end.fileno()).st_ino)


def _made(site, ends, error):
    if error is None:
        first, second = map(_inode, ends)
        objects.describe(first, "pipe", site)
        if second != first:  # The other end of a socket pair has an inode of its own.
            objects.describe(second, "pipe", site, of=first)


def _send(end, *args, **kwargs):
    if objects.called_by_program():
        emit(SEND, _inode(end), 0, 0)


def _receive(end, *args, **kwargs):
    if not objects.called_by_program():
        return None
    obj = _inode(end)
    begin_wait(RECEIVE_WAIT, obj, 0, 0)
    return obj


def _received(obj, result, error):
    end_wait(RECEIVE, obj, 0, OK if error is None else 0)
