"""Turns the times of other machines into times of this one, with the error that is left.

Processes with the same boot id share one monotonic clock: their times need no correction. For others the offset is
measured by asking: the worker's time is placed in the middle between question and answer, and half of the way is the
largest error (Cristian, "Probabilistic clock synchronization", 1989). The shortest of several ways counts.
"""

import time

from contend_cluster.plugins import boot_id

QUESTIONS = 6
SCHEDULER = "scheduler"  # stands for its address
DRIFT_PER_SECOND = 50e-6  # of two quartz clocks; the error grows by it until the next question


def read_clock():
    """Runs on the other machine: its monotonic clock in nanoseconds, and the id of its start."""
    import time as its_time
    return its_time.monotonic_ns(), boot_id()


class Clocks:
    """Offsets of the machines' clocks, by the address of a process, or `SCHEDULER`."""

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


def ask(client, clocks, who):
    """Asks the clocks of those in `who`, several times each: `SCHEDULER`, or workers by their addresses."""
    workers = [address for address in who if address != SCHEDULER]
    for _ in range(QUESTIONS):
        if SCHEDULER in who:
            _ask_once(clocks, lambda: {SCHEDULER: client.run_on_scheduler(read_clock)})
        if workers:
            _ask_once(clocks, lambda: client.run(read_clock, workers=workers, on_error="ignore"))


def _ask_once(clocks, question):
    asked = time.monotonic_ns()
    answers = question()
    answered = time.monotonic_ns()
    for address, (theirs, boot) in (answers or {}).items():
        if not clocks.same_machine(address, boot):
            clocks.measured(address, asked, theirs, answered)
