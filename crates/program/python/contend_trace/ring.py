"""Mapped file with one ring of events for each thread and one arena of definitions.

Nothing is buffered and no system call is made for an event, so the last event survives SIGKILL. Heads are published
by one aligned store of 8 bytes through a memoryview of format Q; `struct.pack_into` would store them byte by byte.
"""

import mmap
import os
from struct import Struct
from time import monotonic_ns

MAGIC = b"contend1"
HEADER = 4096
SLOT_HEADER = 64
RECORD = 32
ARENA = 4 << 20
# Words (of 8 bytes) of the header.
ARENA_HEAD, DEFINITIONS_LOST, ENDED = 7, 8, 9
# Words of a slot, counted from its start.
HEAD, LANE, TID_AND_REUSE, WAIT_OBJECT, WAIT_KIND, WAIT_SINCE = range(6)

_header = Struct("=8sIIIIIIIIQQ")
_record = Struct("=QQQHHI").pack_into
_tid_and_reuse = Struct("=II").pack_into


class Full(Exception):
    """No room for the file, or none in it."""


class RingFile:
    """One mapped file: `slots` rings of `records` records each, then the arena."""

    def __init__(self, directory, pid, interp, slots, records, gil):
        self.pid = pid
        self.records = records
        self.stride = SLOT_HEADER + records * RECORD
        self.arena = HEADER + slots * self.stride
        self.arena_head = 0
        size = self.arena + ARENA
        self.map = _create(directory, "%d-%d" % (pid, interp), size, lambda: _header.pack(
            MAGIC, 1, 0x01020304, pid, os.getppid(), interp, slots, records, gil, self.arena, ARENA), interp)
        self.view = memoryview(self.map)
        self.words = self.view.cast("Q")
        self.unused = slots
        self.free = []

    def take_slot(self):
        """Returns a slot that no thread uses, or None."""
        try:
            return self.free.pop()
        except IndexError:
            if not self.unused:
                return None
            self.unused -= 1
            return Slot(self, HEADER + self.unused * self.stride)

    def definitions(self):
        """Returns all lines."""
        return bytes(self.view[self.arena : self.arena + self.arena_head]).splitlines(True)

    def append(self, line):
        """Appends one definition; returns whether there was room."""
        start = self.arena_head
        end = start + len(line)
        if end > ARENA:
            return False
        # A signal handler that defines something in between takes the bytes that follow.
        self.arena_head = end
        self.view[self.arena + start : self.arena + end] = line
        self.words[ARENA_HEAD] = self.arena_head
        return True


class Slot:
    """Ring of one thread at a time. Its head only grows, through all threads that use it one after the other."""

    __slots__ = ("file", "offset", "next", "reuse")

    def __init__(self, file, offset):
        self.file = file
        self.offset = offset
        self.next = 0
        self.reuse = 0

    def begin(self, lane, tid):
        """Gives the slot to a lane and returns its functions: write, begin_wait, end_wait and give_back."""
        words = self.file.words
        word = self.offset >> 3
        words[word + WAIT_OBJECT] = 0
        words[word + LANE] = lane
        _tid_and_reuse(self.file.view, self.offset + TID_AND_REUSE * 8, tid, self.reuse)
        self.reuse += 1
        return _functions(self, self.file.view, words, word, self.offset + SLOT_HEADER, self.file.records - 1)


def _functions(slot, view, words, word, base, mask, pack=_record, now=monotonic_ns):
    head = slot.next
    waits_for = word + WAIT_OBJECT

    def write(kind, obj, arg, flags):
        nonlocal head
        # The index is taken first: a signal handler that writes in between takes the next one.
        index = head
        head = index + 1
        pack(view, base + ((index & mask) << 5), now(), obj, arg, kind, flags, index & 0xFFFFFFFF)
        words[word] = head

    def begin_wait(kind, obj, arg, flags):
        write(kind, obj, arg, flags)
        words[word + WAIT_KIND] = kind | flags << 16
        words[word + WAIT_SINCE] = now()
        words[waits_for] = obj

    def end_wait(kind, obj, arg, flags):
        words[waits_for] = 0
        write(kind, obj, arg, flags)

    def give_back():
        words[word + LANE] = 0
        slot.next = head
        slot.file.free.append(slot)

    return write, begin_wait, end_wait, give_back


def _create(directory, stem, size, header, interp):
    """Maps a new file; it gets its final name when its header is complete."""
    room = os.statvfs(directory)
    if room.f_bavail * room.f_frsize < 2 * size:
        raise Full(directory)  # A store into a full file system would kill the program.
    number = 0
    while os.path.exists(_path(directory, stem, number)):
        number += 1
    path = _path(directory, stem, number)
    fd = os.open(path + ".tmp", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(fd, size)
        mapped = _map(fd, size, interp)
    finally:
        os.close(fd)
    mapped[: _header.size] = header()
    os.rename(path + ".tmp", path)
    return mapped


def _path(directory, stem, number):
    return "%s/%s-%d.cvr" % (directory, stem, number)


def _map(fd, size, interp):
    try:
        return mmap.mmap(fd, size, trackfd=False)
    except TypeError:
        pass
    # Before 3.13 the map keeps a duplicate of the descriptor and closes its number when it is destroyed.
    spare = os.dup(fd)
    os.close(spare)
    mapped = mmap.mmap(fd, size)
    if not interp:  # The map of a sub-interpreter is destroyed while the process lives.
        _close_duplicate(fd, spare)
    return mapped


def _close_duplicate(fd, guess):
    """Closes the descriptor that the map keeps; the recorder holds the map until the interpreter is gone."""
    wanted = os.fstat(fd)
    candidates = [guess] + [int(name) for name in os.listdir("/proc/self/fd")]
    for candidate in candidates:
        try:
            found = os.fstat(candidate)
        except OSError:
            continue
        if candidate != fd and (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            os.close(candidate)
            return
