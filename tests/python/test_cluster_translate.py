"""The translation of a cluster's reports: every start has its submit, counts go to nothing, places are reused."""

import os
import random
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "crates", "program", "python"))

try:
    from contend_cluster import translate
    from contend_cluster.clocks import Clocks
    MISSING = None
except ImportError as error:  # `distributed` is absent
    MISSING = str(error)

SCHEDULER = "tcp://127.0.0.1:1"


def scheduler(t, **report):
    return {"who": "scheduler", "reports": [dict(report, t=t)]}


def worker(who, t, **report):
    return {"who": who, "reports": [dict(report, t=t)]}


@unittest.skipIf(MISSING, f"skipped: {MISSING}")
class Translation(unittest.TestCase):
    def setUp(self):
        self.events = []
        self.translator = translate.Translator(self.events.append, Clocks())
        self.translator.begin(0)
        self.translator.take([scheduler(1, **{"is": "scheduler", "address": SCHEDULER, "boot": ""})])

    def kinds(self, *wanted):
        return [event["k"] for event in self.events if event.get("k") in wanted]

    def join(self, t, name, threads=1):
        self.translator.take([scheduler(t, **{"is": "worker", "worker": name, "name": name, "host": "a",
                                              "threads": threads})])

    def run_task(self, t, key, where):
        return [scheduler(t, **{"is": "task", "key": key, "from": "released", "to": "waiting"}),
                scheduler(t + 1, **{"is": "task", "key": key, "from": "waiting", "to": "processing",
                                    "worker": where}),
                worker(where, t + 2, **{"is": "run", "key": key}),
                worker(where, t + 3, **{"is": "ran", "key": key, "ok": True})]

    def test_a_task_is_submitted_started_and_finished(self):
        self.join(2, "w")
        self.translator.take(self.run_task(10, "f-1", "w"))
        self.assertEqual(self.kinds("submit", "start", "finish"), ["submit", "start", "finish"])
        self.assertEqual(self.kinds("put", "get"), ["put", "get"])
        depths = [event["d"] for event in self.events if event.get("k") in ("put", "get")]
        self.assertEqual(depths, [1, 0])

    def test_reports_of_two_processes_are_put_in_order(self):
        self.join(2, "w")
        self.translator.take(list(reversed(self.run_task(10, "f-1", "w"))))
        self.assertEqual(self.kinds("submit", "start", "finish"), ["submit", "start", "finish"])

    def test_a_start_that_is_reported_before_its_submit_is_counted_once(self):
        self.join(2, "w")
        reports = self.run_task(10, "f-1", "w")
        self.translator.take(reports[2:])
        self.translator.take(reports[:2])
        self.assertEqual(self.kinds("submit", "start", "finish"), ["submit", "start", "finish"])
        self.assertEqual(self.translator._counts, {"waiting": 0, "queued": 0, "sent": 0})

    def test_a_lost_worker_ends_its_lanes_and_its_task_is_done_again(self):
        self.join(2, "w")
        self.join(3, "v")
        first = self.run_task(10, "f-1", "w")
        self.translator.take(first[:3])
        self.translator.take([scheduler(20, **{"is": "gone", "worker": "w", "expected": False})])
        self.translator.take(self.run_task(30, "f-1", "v"))
        finishes = [event for event in self.events if event.get("k") == "finish"]
        self.assertEqual([event["ok"] for event in finishes], [False, True])
        self.assertEqual([event.get("again") for event in self.events if event.get("k") == "submit"], [None, 1])
        ends = [event for event in self.events if event.get("k") == "end"]
        self.assertEqual([(event["l"], event["err"]) for event in ends], [("w#0", "worker lost")])

    def test_more_tasks_than_threads_get_a_place_of_their_own(self):
        self.join(2, "w", threads=1)
        for number in range(3):
            self.translator.take(self.run_task(10 + number, f"f-{number}", "w")[:3])
        lanes = {event["l"] for event in self.events if event.get("k") == "start"}
        self.assertEqual(lanes, {"w#0", "w#1", "w#2"})

    def test_random_reports_never_raise_and_lanes_never_go_back(self):
        seed = int(os.environ.get("CONTEND_SEED", "7"))
        draw = random.Random(seed)
        states = ["released", "waiting", "queued", "no-worker", "processing", "memory", "erred", "forgotten", "new"]
        for step in range(5000):
            who = draw.choice(["w", "v", "unknown"])
            key = f"f-{draw.randrange(6)}"
            self.translator.take([draw.choice([
                scheduler(step, **{"is": "task", "key": key, "from": draw.choice(states), "to": draw.choice(states)}),
                worker(who, step - draw.randrange(3), **{"is": "run", "key": key}),
                worker(who, step, **{"is": "ran", "key": key, "ok": draw.random() < 0.5}),
                scheduler(step, **{"is": "worker", "worker": who, "name": who, "host": "a",
                                   "threads": draw.randrange(3)}),
                scheduler(step, **{"is": "gone", "worker": who, "expected": False}),
                worker(who, step, **{"is": "fetched", "key": key, "source": "v", "bytes": 5}),
                worker(who, step, **{"is": "of a later version"}),
            ])])
        last = {}
        for event in self.events:
            if "t" in event:
                self.assertGreaterEqual(event["t"], last.get(event["l"], 0), f"seed {seed}")
                last[event["l"]] = event["t"]
        for event in self.events:
            self.assertGreaterEqual(event.get("d", 0), 0, f"seed {seed}")
            self.assertGreaterEqual(event.get("v", 0), 0, f"seed {seed}")

    def test_names_of_tasks_are_short(self):
        self.assertEqual(translate.short_name("square-0123456789abcdef0123456789abcdef"), "square")
        self.assertEqual(translate.short_name("('sum-0123456789abcdef0123456789abcdef', 3)"), "sum 3")
        self.assertEqual(translate.short_name("load-1f2e3d4c-1111-2222-3333-444455556666"), "load")
        self.assertEqual(translate.short_name("plain"), "plain")


@unittest.skipIf(MISSING, f"skipped: {MISSING}")
class Clock(unittest.TestCase):
    def test_the_offset_lies_within_the_error(self):
        draw = random.Random(3)
        for _ in range(1000):
            clocks = Clocks()
            offset = draw.randrange(-10**12, 10**12)
            for _ in range(4):
                asked = draw.randrange(10**15)
                there, back = draw.randrange(1, 10**6), draw.randrange(1, 10**6)
                clocks.measured("w", asked, asked + there + offset, asked + there + back)
            known = clocks.ours("w", 0)
            self.assertLessEqual(abs(known + offset), clocks._offsets["w"][1] + 1)

    def test_order_by_cause_is_kept_where_clocks_are_less_exact(self):
        clocks = Clocks()
        for early in (0, 400, 4_000):  # the worker's clock seems to be ahead, within its error
            clocks.measured("w", 0, early, 10_000)
            events = []
            translator = translate.Translator(events.append, clocks)
            translator.begin(0)
            translator.take([scheduler(20_000, **{"is": "worker", "worker": "w", "name": "w", "host": "b", "threads": 1})])
            for number in range(3):
                t = 30_000 + 1_000 * number
                translator.take([
                    scheduler(t, **{"is": "task", "key": f"f-{number}", "from": "released", "to": "processing"})])
                translator.take([worker("w", t - 3_000, **{"is": "run", "key": f"f-{number}"})])
                translator.take([worker("w", t - 2_500, **{"is": "ran", "key": f"f-{number}", "ok": True})])
            changes = [event for event in events if event.get("k") in ("put", "get")]
            # Sorted by time alone, as contend does it, the queue still has its true lengths.
            self.assertEqual([event["d"] for event in sorted(changes, key=lambda event: event["t"])], [1, 0] * 3)
            for number in range(3):
                submit, start = [next(event for event in events if event.get("k") == kind and event["o"] == number + 1)
                                 for kind in ("submit", "start")]
                self.assertLessEqual(submit["t"], start["t"])

    def test_reports_of_a_clock_that_is_not_known_have_the_time_of_their_arrival(self):
        events = []
        translator = translate.Translator(events.append, Clocks())
        translator.begin(5)
        days = 10 ** 15
        translator.take([dict(scheduler(days, **{"is": "worker", "worker": "w", "name": "w", "host": "b",
                                                 "threads": 1}), arrived=100),
                         dict(worker("w", 3 * days, **{"is": "run", "key": "f-1"}), arrived=200)])
        self.assertEqual({event["t"] for event in events if "t" in event}, {5, 100, 200})

    def test_a_clock_that_was_never_asked_is_unknown(self):
        self.assertIsNone(Clocks().ours("w", 5))
        self.assertIsNone(Clocks().error("w"))


if __name__ == "__main__":
    unittest.main()
