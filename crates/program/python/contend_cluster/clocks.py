"""Turns the times of other machines into times of this one, with the error that is left.

Processes with the same boot id share one monotonic clock: their times need no correction. For others the offset is
measured by asking: the worker's time is placed in the middle between question and answer, and half of the way is the
largest error (Cristian, "Probabilistic clock synchronization", 1989). The shortest of several ways counts.
"""

import time

from contend_cluster.plugins import boot_id

QUESTIONS = 6
DRIFT_PER_SECOND = 50e-6  # of two quartz clocks; the error grows by it until the next question


def read_clock():
    """Runs on the worker: its monotonic clock in nanoseconds."""
    import time as worker_time
    return worker_time.monotonic_ns()


class Clocks:
    """Offsets of the machines' clocks, by the address of a process."""

    def __init__(self):
        self._boot = boot_id()
        self._offsets = {}  # address -> (offset, error, when measured), nanoseconds

    def same_machine(self, address, boot):
        """Takes the boot id of a process. Returns whether its clock is ours."""
        same = bool(boot) and boot == self._boot
        if same:
            self._offsets[address] = (0, 0, 0)
        return same

    def measured(self, address, asked, theirs, answered):
        """Takes one question: our time before, the time at `address`, our time after. Keeps the surest."""
        offset = (asked + answered) // 2 - theirs
        error = (answered - asked) // 2
        known = self._offsets.get(address)
        if known is None or error <= self._grown(known, answered):
            self._offsets[address] = (offset, error, answered)

    @staticmethod
    def _grown(known, now):
        _, error, when = known
        return error + int((now - when) * DRIFT_PER_SECOND) if when else error

    def ours(self, address, theirs):
        """Time of this machine's clock at which `theirs` was read at `address`, or None if that is not known yet."""
        known = self._offsets.get(address)
        return None if known is None else theirs + known[0]

    def error(self, address):
        """Largest error of `ours` in nanoseconds, or None."""
        known = self._offsets.get(address)
        return None if known is None else self._grown(known, time.monotonic_ns())

    def unknown(self, addresses):
        """Those addresses whose clock must be asked: never asked, or over ten seconds ago."""
        now = time.monotonic_ns()
        return [address for address in addresses
                if address not in self._offsets
                or self._offsets[address][2] and now - self._offsets[address][2] > 10_000_000_000]


def ask(client, clocks, addresses):
    """Asks the clocks of the workers at `addresses`, several times each."""
    for _ in range(QUESTIONS if addresses else 0):
        asked = time.monotonic_ns()
        theirs = client.run(read_clock, workers=addresses, on_error="ignore")
        answered = time.monotonic_ns()
        for address, value in (theirs or {}).items():
            clocks.measured(address, asked, value, answered)
