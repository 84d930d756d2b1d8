"""The programs of examples/python: the same output with and without the tracer, and the objects they promise."""

import os

import support

EXAMPLES = os.path.join(support.ROOT, "examples", "python")
# Program, arguments, names of objects that must be there.
PROGRAMS = [
    ("account.py", [], ["Account.lock"]),
    ("ping_pong.py", [], ["ping", "pong", "done"]),
    ("producer_consumer.py", [], ["items"]),
    ("pool_map.py", [], ["pool", "__main__.square"]),
    ("process_lock.py", [], ["lock"]),
    ("primes.py", ["--threads"], ["executor"]),
    ("primes.py", ["--processes"], ["executor"]),
    ("deadlock.py", ["--timeout"], ["first", "second"]),
    ("downloads.py", [], ["addresses"]),
    ("images.py", [], ["pool", "__main__.grey", "__main__.thumbnail"]),
    ("blocking_loop.py", [], []),
    ("blocking_loop.py", ["--mended"], ["time.sleep"]),
    ("prefetch.py", [], ["batches"]),
]


class Examples(support.ProgramTest):
    def test_output_is_the_same_and_objects_have_their_names(self):
        for program, arguments, names in PROGRAMS:
            with self.subTest(program):
                with open(os.path.join(EXAMPLES, program)) as file:
                    run = self.same(file.read(), *arguments)
                self.assertEqual((0, ""), (run.code, run.err))
                self.assertTrue(run.out)
                for name in names:
                    found = run.trace.named(name) or run.trace.named(name.replace("__main__", "__mp_main__"))
                    self.assertTrue(found, (name, [d["name"] for d in run.trace.objects.values()]))

    def test_each_example_is_tested_and_says_what_contend_shows(self):
        tested = {program for program, _, _ in PROGRAMS}
        for name in sorted(os.listdir(EXAMPLES)):
            if name.endswith(".py"):
                self.assertIn(name, tested)
                with open(os.path.join(EXAMPLES, name)) as file:
                    self.assertIn("\ncontend shows: ", file.read())

    def test_the_blocking_call_is_told(self):
        with open(os.path.join(EXAMPLES, "blocking_loop.py")) as file:
            text = file.read()
        long = [e for e in self.traced(text).events if e.kind == 92 and e.arg > 250000000]
        self.assertGreaterEqual(len(long), 1)

    def test_deadlock_leaves_two_waits_without_a_limit(self):
        process, directory = self.start([os.path.join(EXAMPLES, "deadlock.py")])
        support.dump.wait_until(directory, lambda trace: sum(w[2] == 10 for f in trace.files for w in f.waits) == 2)
        process.kill()
        process.communicate()
        trace = support.dump.Trace(directory)
        waits = [e for e in trace.events if e.kind == 10]
        self.assertEqual({"first", "second"}, {trace.name(e.obj) for e in waits})
        self.assertEqual([0, 0], [e.flags & 2 for e in waits])


if __name__ == "__main__":
    support.unittest.main()
