"""Names that objects get from the source line that makes them."""

import sys

import support


class Names(support.ProgramTest):
    def check(self, text, *wanted):
        trace = self.traced(text)
        names = [d["name"] for d in trace.objects.values() if d["what"] in ("lock", "semaphore", "queue", "pool")]
        self.assertEqual(sorted(wanted), sorted(names))

    def test_variables_attributes_and_numbers(self):
        self.check("""
            import threading
            plain = threading.Lock()
            first, second = threading.Lock(), threading.Lock()
            typed: "threading.Lock" = threading.Lock()
            class A:
                shared = threading.Lock()
                def __init__(self):
                    self.own = self.alias = threading.Lock()
            for lock in (plain, first, second, typed, A.shared, A().own, A().own):
                with lock:
                    pass
            """, "plain", "first", "second", "typed", "A.shared", "A.own", "A.own #2")

    def test_collections_are_numbered(self):
        self.check("""
            import threading
            forks = [threading.Lock() for _ in range(2)]
            spoons = [
                threading.Lock()
                for _ in range(2)
            ]
            knives = []
            for _ in range(2):
                knives.append(threading.Lock())
            for lock in forks + spoons + knives:
                with lock:
                    pass
            """, "forks[0]", "forks[1]", "spoons[0]", "spoons[1]", "knives[0]", "knives[1]")

    def test_two_statements_of_a_line(self):
        self.check("""
            import threading
            one = threading.Lock(); two = threading.Lock()
            with one, two:
                pass
            """, "one", "two")

    def test_with_statement_names_what_it_opens(self):
        self.check("""
            from concurrent.futures import ThreadPoolExecutor
            with ThreadPoolExecutor(max_workers=1) as pool:
                pool.submit(len, "").result()
            """, "pool")

    def test_an_attribute_is_found_when_the_source_does_not_tell(self):
        self.check("""
            import threading
            class Job:
                def __init__(self):
                    setattr(self, "guard", threading.Lock())
                def run(self):
                    with self.guard:
                        pass
            Job().run()
            """, "Job" if sys.version_info >= (3, 8) else "Job.guard")

    def test_program_without_source_is_traced(self):
        process, directory = self.start(["-c", "import threading; lock = threading.Lock(); lock.acquire()"])
        run = self.finish(process, directory)
        self.assertEqual((0, ""), (run.code, run.err))
        self.assertEqual(["lock"], [d["name"] for d in run.trace.objects.values()])


if __name__ == "__main__":
    support.unittest.main()
