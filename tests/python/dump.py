"""Prints the events and definitions of a directory of ring files: `dump.py DIRECTORY [--json]`. For tests."""

import json
import os
import struct
import sys
import time

HEADER = struct.Struct("=8sIIIIIIIIQQQQQ")
RECORD = struct.Struct("=QQQHHI")
KINDS = {
    1: "begin", 2: "end", 10: "wait", 11: "acquired", 12: "released", 13: "tried", 14: "gave up", 20: "put", 21: "got",
    22: "wait to get", 23: "wait to put", 24: "queue gave up", 30: "submit", 31: "task start", 32: "task finish",
    40: "join", 41: "joined", 50: "condition wait", 51: "condition woken", 52: "notify", 53: "event set",
    54: "event wait", 55: "event done", 56: "barrier wait", 57: "barrier done", 58: "event clear", 60: "future wait",
    61: "future done", 70: "process spawn", 71: "process exit", 80: "send", 81: "receive wait", 82: "receive",
    83: "rpc begin", 84: "rpc end", 90: "step begin", 91: "step end", 92: "blocking call", 100: "mark",
    110: "handed over", 111: "hand-over received"}


class Event:
    """One record, with the lane that wrote it."""

    __slots__ = ("t", "obj", "arg", "kind", "flags", "lane", "pid", "index")

    def __repr__(self):
        return "%d %s lane=%x obj=%x arg=%d flags=%d" % (
            self.t, KINDS.get(self.kind, self.kind), self.lane, self.obj, self.arg, self.flags)


class File:
    """One decoded file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        (magic, version, order, self.pid, self.ppid, self.interp, self.slots, self.records, self.gil,
         self.arena, self.capacity, self.arena_head, self.definitions_lost, self.ended) = HEADER.unpack_from(self.bytes)
        assert (magic, version, order) == (b"contend1", 1, 0x01020304), (magic, version, order)
        lines = self.bytes[self.arena : self.arena + self.arena_head].splitlines()
        self.definitions = [json.loads(line.decode("utf-8")) for line in lines]
        self.events, self.lost, self.waits = [], 0, []
        for number in range(self.slots):
            self._read_slot(4096 + number * (64 + self.records * 32))

    def _read_slot(self, offset):
        head, lane, tid, reuse, obj, kind, since = struct.unpack_from("=QQIIQQQ", self.bytes, offset)
        if obj:
            self.waits.append((lane, obj, kind & 0xFFFF, since))
        first = max(0, head - self.records)
        self.lost += first
        lane = None
        for index in range(first, head):
            t, obj, arg, kind, flags, seq = RECORD.unpack_from(
                self.bytes, offset + 64 + (index & (self.records - 1)) * 32)
            if seq != index & 0xFFFFFFFF or not kind:
                self.lost += 1
                continue
            if kind == 1:
                lane = obj
            event = Event()
            event.t, event.obj, event.arg, event.kind, event.flags = t, obj, arg, kind, flags
            event.lane, event.pid, event.index = lane or 0, self.pid, index
            self.events.append(event)


class Trace:
    """All files of a directory."""

    def __init__(self, directory):
        names = sorted(name for name in os.listdir(directory) if name.endswith(".cvr"))
        self.files = [File(os.path.join(directory, name)) for name in names]
        self.events = sorted((e for file in self.files for e in file.events), key=lambda e: e.t)
        self.definitions = [d for file in self.files for d in file.definitions]
        self.objects = {d["id"]: d for d in self.definitions if d["ev"] == "obj"}
        self.lanes = {d["id"]: d for d in self.definitions if d["ev"] == "lane"}
        for d in self.definitions:
            if d["ev"] == "name" and d["id"] in self.lanes:
                self.lanes[d["id"]].update({key: value for key, value in d.items() if key != "ev"})
        self.faults = [d for d in self.definitions if d["ev"] == "fault"]
        self.lost = sum(file.lost for file in self.files)

    def name(self, number):
        """Returns what an id stands for."""
        found = self.objects.get(number) or self.lanes.get(number)
        return found["name"] if found else "%x" % number

    def named(self, name):
        """Returns the ids of the objects of a name."""
        return [number for number, d in self.objects.items() if d["name"] == name]

    def kinds(self, name=None, **wanted):
        """Returns the words of the events of an object, in order of time."""
        ids = None if name is None else self.named(name)
        return [KINDS.get(e.kind) for e in self.events if ids is None or e.obj in ids]


def wait_until(directory, holds, seconds=60):
    """Reads a directory until a condition holds."""
    end = time.monotonic() + seconds
    while True:
        trace = Trace(directory)
        if holds(trace):
            return trace
        if time.monotonic() > end:
            raise AssertionError("not so after %d s" % seconds)
        time.sleep(0.02)


def main():
    """Prints a directory."""
    trace = Trace(sys.argv[1])
    for definition in trace.definitions:
        print(json.dumps(definition))
    start = trace.events[0].t if trace.events else 0
    for e in trace.events:
        print("%10.3f ms  %-28s %-18s %s arg=%d flags=%d" % (
            (e.t - start) / 1e6, trace.name(e.lane), KINDS.get(e.kind, e.kind), trace.name(e.obj), e.arg, e.flags))
    print("files %d, events %d, lost %d" % (len(trace.files), len(trace.events), trace.lost))


if __name__ == "__main__":
    main()
