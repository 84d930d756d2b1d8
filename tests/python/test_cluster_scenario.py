"""The driver of a scenario's pool on Dask: its formulas and steps are twins of contend's, its events add up."""

import json
import os
import random
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.path.join(HERE, "..", "..", "crates", "program", "python")
sys.path.insert(0, PYTHON)

from contend_cluster import formulas, pool_events  # noqa: E402

try:
    from contend_cluster import steps
    MISSING = None
except ImportError:
    MISSING = f"skipped: {sys.executable} has no `distributed`"

DEADLINE = 120


class Formulas(unittest.TestCase):
    def value(self, formula, **more):
        return formulas.evaluate(formula, formulas.Values([7.0, 3.0], **more))

    def test_formulas_have_the_values_that_contend_gives_them(self):
        number = lambda n: {"Number": n}  # noqa: E731
        self.assertEqual(self.value({"Op": [{"Knob": 0}, "-", number(2.0)]}), 5.0)
        self.assertEqual(self.value({"Op": [number(1.0), "/", number(0.0)]}), 0.0)
        self.assertEqual(self.value({"Op": [number(-1.0), "%", number(3.0)]}), 2.0)
        self.assertEqual(self.value({"Max": [number(0.0), {"Op": [number(1.0), "-", "WorkerIndex"]}]}, index=2), 0.0)
        self.assertEqual(self.value({"Op": ["TaskNumber", "*", "GroupSize"]}, task=5, size=4), 20.0)

    def test_random_formulas_have_their_means(self):
        draw = random.Random(5)
        values = formulas.Values([])
        values.draw = draw.random
        mean = sum(formulas.evaluate({"Exponential": {"Number": 10.0}}, values) for _ in range(20_000)) / 20_000
        self.assertAlmostEqual(mean, 10.0, delta=0.5)
        rare = {"Bimodal": {"usual": {"Number": 1.0}, "rare": {"Number": 2.0}, "share": {"Number": 0.25}}}
        self.assertAlmostEqual(sum(formulas.evaluate(rare, values) for _ in range(20_000)) / 20_000, 1.25, delta=0.02)


class Events(unittest.TestCase):
    def setUp(self):
        self.lines = []
        self.events = pool_events.PoolEvents(self.lines.append)

    def words(self):
        return [line["k"] for line in self.lines]

    def test_a_task_of_a_lost_worker_is_done_again(self):
        self.events.here(1, 0, 10)
        self.events.here(1, 1, 11)
        self.events.put(2, 0, 2)
        self.events.begin(3, 0, 0, 5)
        self.events.gone(4, 0, -9)
        self.assertFalse(self.events.is_idle())
        self.events.begin(5, 1, 0, 6)
        self.events.end(6, 1, 0, True, "")
        self.assertEqual(self.words(), ["here", "here", "put", "begin", "gone", "retried", "begin", "end"])
        self.assertEqual(self.lines[-2]["waited"], 3)
        self.assertTrue(self.events.is_idle())

    def test_a_task_whose_result_is_there_ends_although_its_worker_died_with_the_report(self):
        self.events.here(1, 0, 10)
        self.events.put(2, 0, 2)
        self.events.begin(3, 0, 0, 5)
        self.events.finished(4, 0)
        self.events.gone(5, 0, -9)
        self.assertEqual(self.words(), ["here", "put", "begin", "end", "gone"])
        self.assertTrue(self.events.is_idle())
        self.setUp()
        self.events.here(1, 0, 10)
        self.events.put(2, 0, 2)
        self.events.begin(3, 0, 0, 5)
        self.events.gone(4, 0, -9)
        self.events.finished(5, 0)
        self.assertEqual(self.words(), ["here", "put", "begin", "gone", "abandoned"])
        self.assertTrue(self.events.is_idle())

    def test_a_task_is_given_up_before_or_after_its_worker_is_seen_to_be_gone(self):
        for order in (["gone", "given_up"], ["given_up", "gone"]):
            self.setUp()
            self.events.here(1, 0, 10)
            self.events.put(2, 0, 2)
            self.events.begin(3, 0, 0, 5)
            for what in order:
                getattr(self.events, what)(4, 0, -9 if what == "gone" else "why")
            self.assertEqual(self.words()[-2:], ["gone", "abandoned"], order)
            self.assertTrue(self.events.is_idle(), order)

    def test_random_reports_never_raise_and_depths_add_up(self):
        seed = int(os.environ.get("CONTEND_SEED", "11"))
        draw = random.Random(seed)
        number = 0
        for t in range(4000):
            lane, some = draw.randrange(4), draw.randrange(max(1, number))
            [lambda: self.events.here(t, lane, 1), lambda: self.events.gone(t, lane, -9),
             lambda: self.events.begin(t, lane, some, 1), lambda: self.events.end(t, lane, some, True, ""),
             lambda: self.events.state(t, lane, some, "io"), lambda: self.events.fetch(t, lane, True),
             lambda: self.events.moved(t, lane, 0, 9),
             lambda: self.events.given_up(t, some, "x"), lambda: None][draw.randrange(9)]()
            if draw.random() < 0.3:
                self.events.put(t, number, t)
                number += 1
        depth = 0
        for line in self.lines:
            depth += {"put": 1, "retried": 1, "begin": -1, "dropped": -1}.get(line["k"], 0)
            self.assertEqual(line.get("depth", depth), depth, f"seed {seed}: {line}")

    def test_reports_are_handled_in_the_order_of_their_times(self):
        sorter, seen = pool_events.Sorter(), []
        for t in [5, 1, 3, 9, 1]:
            sorter.add(t, lambda t, what: seen.append((t, what)), len(seen))
        sorter.run(5)
        self.assertEqual([t for t, _ in seen], [1, 1, 3, 5])


@unittest.skipIf(MISSING, MISSING)
class Steps(unittest.TestCase):
    """Each step alone, in this process, with a sink in place of the worker's plugin."""

    def setUp(self):
        self.reports = []

    def add(self, report):
        self.reports.append(report)

    def leave(self):
        self.reports.append("left")

    def run_steps(self, block, knobs=(), file=None):
        steps.Run(0, formulas.Values(list(knobs)), file, self).steps(block)

    def test_waits_take_their_time_and_are_reported(self):
        for word, state in [("Sleep", "sleep"), ("Io", "io")]:
            self.reports.clear()
            before = time.monotonic_ns()
            self.run_steps([{word: {"Number": 3e6}}])
            self.assertGreaterEqual(time.monotonic_ns() - before, 3_000_000)
            self.assertEqual([report[3] for report in self.reports], [state, "run"])

    def test_compute_uses_the_time_of_a_core(self):
        before = time.thread_time_ns()
        self.run_steps([{"Compute": {"Number": 5e6}}])
        self.assertGreaterEqual(time.thread_time_ns() - before, 5_000_000)

    def test_primes_are_counted_as_contend_counts_them(self):
        counts = [steps.count_primes(n) for n in (0, 1, 2, 3, 4, 5, 9, 10, 11, 100, 10_000, 1_000_000)]
        self.assertEqual(counts, [0, 0, 1, 2, 2, 3, 4, 4, 5, 25, 1229, 78498])

    def test_control_steps_choose_their_blocks(self):
        fail = [{"Fail": "no"}]
        sleep = [{"Sleep": {"Number": 1.0}}]
        self.run_steps([{"When": {"knob": 0, "value": 2.0, "body": sleep, "otherwise": fail}}], [2.0])
        question = {"operand": {"Number": "TaskNumber"}, "compare": "Equals", "value": {"Number": 0.0}}
        self.run_steps([{"If": {"question": question, "body": sleep, "otherwise": fail}}])
        self.run_steps([{"Choose": [{"weight": {"Number": 0.0}, "steps": fail},
                                    {"weight": {"Number": 1.0}, "steps": sleep}]}])
        self.run_steps([{"Repeat": {"times": {"Number": 3.0}, "body": sleep}},
                        {"Allocate": {"bytes": {"Number": 1e6}, "body": sleep}},
                        {"RealWork": {"Hash": {"Number": 1e5}}}, {"RealWork": {"Primes": {"Number": 100.0}}}])
        with self.assertRaises(steps.TaskFailed):
            self.run_steps(fail)

    def test_thumbnails_are_written_beside_their_file(self):
        try:
            from PIL import Image
        except ImportError:
            self.skipTest(f"skipped: {sys.executable} has no `pillow`")
        import tempfile

        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "a.png")
            Image.new("RGB", (64, 32), "red").save(path)
            self.run_steps([{"Thumbnail": {"sizes": [16, 8]}}], file=path)
            self.assertEqual(sorted(os.listdir(directory)), ["a-16.png", "a-8.png", "a.png"])


@unittest.skipIf(MISSING, MISSING)
class OnDask(unittest.TestCase):
    def job(self, **more):
        number = lambda n: {"Number": float(n)}  # noqa: E731
        pool = {"chunk": number(1), "workers": {"Knob": 0}, "queue_capacity": number(1000), "overflow": "Block",
                "feed": {"Batch": {"count": number(40)}}, "pace": "AsAccepted", "payload": number(0),
                "retries": number(3), "task": [{"Io": number(5e6)}]}
        job = {"pool": pool, "needs": number(0), "knobs": [2.0], "most": 3, "total": 40, "files": []}
        job.update({name: value for name, value in more.items() if name in job})
        pool.update({name: value for name, value in more.items() if name in pool})
        return job

    def start(self, job):
        process = subprocess.Popen([sys.executable, os.path.join(PYTHON, "contend_cluster", "workload.py")],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, DEADLINE)
        killer = threading.Timer(DEADLINE, process.kill)
        killer.start()
        self.addCleanup(killer.cancel)
        self.ask(process, job)
        self.addCleanup(process.stdin.close)
        return process

    @staticmethod
    def ask(process, request):
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()

    @staticmethod
    def lines(process):
        return (json.loads(line) for line in process.stdout)

    def test_tasks_are_done_once_each_and_marks_never_go_back(self):
        lines = list(self.lines(self.start(self.job())))
        self.assertEqual((lines[0]["k"], lines[-1]["k"]), ("ready", "done"))
        self.assertEqual(sum(line["k"] == "end" and line["ok"] for line in lines), 40)
        marks = [line["t"] for line in lines if line["k"] == "mark"]
        self.assertEqual(marks, sorted(marks))
        late = [line for line in lines if line["k"] in ("begin", "end") and line["w"] not in (0, 1)]
        self.assertEqual(late, [])

    def test_a_knob_resizes_the_pool_while_it_runs(self):
        process = self.start(self.job(total=100_000))
        seen = {0: set(), 1: set()}
        resized = 0
        for line in self.lines(process):
            if line["k"] == "begin":
                seen[min(resized, 1)].add(line["w"])
            if line["k"] == "begin" and not resized:
                resized = 1
                self.ask(process, {"knob": 0, "value": 3.0})
            if seen[1] >= {0, 1, 2} and resized == 1:
                resized = 2
                self.ask(process, {"knob": 0, "value": 1.0})
            if resized == 2 and line["k"] == "gone" and line["w"] == 2:
                self.assertIsNone(line["code"])
                break
        process.stdin.close()
        list(self.lines(process))
        self.assertEqual(process.wait(DEADLINE), 0)

    def test_a_killed_worker_is_replaced_and_its_task_done_again(self):
        process = self.start(self.job(total=400))
        lines, asked = [], False
        for line in self.lines(process):
            lines.append(line)
            if line["k"] == "begin" and line["w"] == 1 and not asked:
                asked = True
                self.ask(process, {"kill": 1})
        gone = [line for line in lines if line["k"] == "gone"]
        self.assertEqual([(line["w"], line["code"]) for line in gone], [(1, -9)])
        # Results that only the killed worker had are computed again, too.
        count = {word: sum(line["k"] == word for line in lines) for word in ("put", "retried", "begin", "end")}
        self.assertEqual(count["put"], 400)
        self.assertEqual(count["begin"], 400 + count["retried"])
        self.assertGreaterEqual(count["end"], 400)
        self.assertEqual(lines[-1]["k"], "done")

    def test_data_of_other_workers_are_seen_to_be_fetched(self):
        number = lambda n: {"Number": float(n)}  # noqa: E731
        lines = list(self.lines(self.start(self.job(needs=number(2), payload=number(1 << 20)))))
        self.assertEqual(sum(line["k"] == "end" and line["ok"] for line in lines), 40)
        self.assertIn("handover", {line.get("state") for line in lines})
        moved = [line for line in lines if line["k"] == "moved"]
        self.assertTrue(moved)
        for line in moved:
            self.assertNotEqual(line["from"], line["w"])
            self.assertGreaterEqual(line["bytes"], 1 << 20)


if __name__ == "__main__":
    unittest.main()
