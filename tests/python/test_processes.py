"""Processes: locks, queues, pipes, managers, children, under every start method."""

import json

import support


class Processes(support.ProgramTest):
    def each_method(self, text):
        """Yields the trace of a program under every start method."""
        for method in support.METHODS:
            yield self.same(text, method).trace

    def test_lock_and_queue_have_one_identity_in_all_processes(self):
        for trace in self.each_method("""
            import multiprocessing, sys
            def work(lock, results):
                for number in range(5):
                    with lock:
                        results.put(number)
            if __name__ == "__main__":
                multiprocessing.set_start_method(sys.argv[1])
                lock, results = multiprocessing.Lock(), multiprocessing.Queue()
                workers = [multiprocessing.Process(target=work, args=(lock, results)) for _ in range(2)]
                for worker in workers:
                    worker.start()
                print(sorted(results.get() for _ in range(10)))
                for worker in workers:
                    worker.join()
            """):
            (lock,) = trace.named("lock")
            self.assert_owned_by_one(trace, lock)
            acquired = [e for e in trace.events if e.obj == lock and e.kind == 11]
            self.assertEqual(10, len(acquired))
            self.assertEqual(2, len({e.pid for e in acquired}))
            words = trace.kinds("results")
            self.assertEqual((10, 10), (words.count("put"), words.count("got")))
            targets = [d.get("target") for d in trace.objects.values() if d["what"] == "process"]
            self.assertEqual(["__main__.work"] * 2, [t for t in targets if t])
            ends = {e.obj >> 40: e.arg for e in trace.events if e.kind == 71}
            self.assertEqual({e.pid: 0 for e in acquired}, ends)

    def test_event_semaphore_pipe_and_exit_code(self):
        for trace in self.each_method("""
            import multiprocessing, sys
            def work(event, permits, end):
                with permits:
                    event.set()
                end.send(end.recv() + 1)
                sys.exit(7)
            if __name__ == "__main__":
                multiprocessing.set_start_method(sys.argv[1])
                event, permits = multiprocessing.Event(), multiprocessing.Semaphore(2)
                mine, other = multiprocessing.Pipe()
                worker = multiprocessing.Process(target=work, args=(event, permits, other))
                worker.start()
                event.wait()
                mine.send(1)
                print(mine.recv())
                worker.join()
                print(worker.exitcode)
            """):
            self.assertIn("event set", self.words(trace, "event"))
            self.assertEqual(["acquired", "released"], self.words(trace, "permits"))
            self.assertEqual(["send", "receive wait", "receive"], self.words(trace, "mine"))
            self.assertIn("receive", self.words(trace, "mine #2"))
            self.assertEqual({7}, {e.arg for e in trace.events if e.kind == 71})

    def test_arguments_are_checked_by_the_original(self):
        self.same("""
            import multiprocessing
            for make in (multiprocessing.Lock, multiprocessing.RLock, multiprocessing.Semaphore):
                for arguments in ((False, 1), (True, -2), (True, 0), (1, 2, 3), (True, "x"), ()):
                    lock = make()
                    try:
                        print(lock.acquire(*arguments))
                    except Exception as error:
                        print(type(error).__name__)
                try:
                    print(make().release())
                except Exception as error:
                    print(type(error).__name__)
                print(repr(make()).split(",")[0])
            queue = multiprocessing.Queue(1)
            queue.put(1)
            try:
                queue.put(2, timeout=0.01)
            except Exception as error:
                print(type(error).__name__)
            print(queue.get())
            try:
                queue.get(False)
            except Exception as error:
                print(type(error).__name__)
            """)

    def test_manager_calls_are_named(self):
        for trace in self.each_method("""
            import multiprocessing, sys
            if __name__ == "__main__":
                multiprocessing.set_start_method(sys.argv[1])
                with multiprocessing.Manager() as manager:
                    table, lock = manager.dict(), manager.Lock()
                    with lock:
                        table["a"] = 1
                    print(table.copy())
            """):
            for name in ("dict.copy", "dict.__setitem__", "Lock.acquire", "Lock.release"):
                self.assertEqual(["rpc begin", "rpc end"], self.words(trace, name))

    def test_barrier_and_condition_have_one_identity_in_all_processes(self):
        for trace in self.each_method("""
            import multiprocessing, sys
            def work(barrier, condition, ready):
                barrier.wait()
                with condition:
                    ready.value = 1
                    condition.notify_all()
            if __name__ == "__main__":
                multiprocessing.set_start_method(sys.argv[1])
                barrier, condition = multiprocessing.Barrier(2), multiprocessing.Condition()
                ready = multiprocessing.Value("i", 0, lock=False)
                worker = multiprocessing.Process(target=work, args=(barrier, condition, ready))
                with condition:
                    with condition:
                        worker.start()
                        barrier.wait()
                        while not ready.value:
                            condition.wait()
                        assert condition.wait_for(lambda: ready.value, 10)
                worker.join()
                print(ready.value)
            """):
            (barrier,) = trace.named("barrier")
            self.assertEqual(("barrier", 2), tuple(trace.objects[barrier][key] for key in ("what", "size")))
            self.assertEqual(["barrier wait"] * 2 + ["barrier done"] * 2, self.words(trace, "barrier"))
            self.assertEqual(2, len({e.pid for e in trace.events if e.obj == barrier}))
            self.assertEqual(["condition wait", "notify", "condition woken"], self.words(trace, "condition"))
            (lock,) = trace.named("condition's lock")
            (condition,) = trace.named("condition")
            self.assertEqual(lock, trace.objects[condition]["of"])
            # The wait gives the lock up as a whole, so the other process gets it meanwhile.
            holder, depth = None, 0
            for event in trace.events:
                if event.obj == lock and event.kind in (11, 12):
                    self.assertIn(holder, (None, event.lane), trace.kinds("condition's lock"))
                    depth = event.arg
                    holder = event.lane if depth else None
            self.assertIsNone(holder)
            self.assertEqual(2, len({e.lane for e in trace.events if e.obj == lock}))

    def test_lock_of_a_shared_value_or_array_is_named_after_it(self):
        for trace in self.each_method("""
            import multiprocessing, sys
            def work(total, row, plain):
                for number in range(5):
                    with total.get_lock():
                        total.value += 1
                    row[number] = number
                plain.value = 3
            if __name__ == "__main__":
                multiprocessing.set_start_method(sys.argv[1])
                total, row = multiprocessing.Value("i", 0), multiprocessing.Array("i", 5)
                plain = multiprocessing.Value("i", 0, lock=False)
                workers = [multiprocessing.Process(target=work, args=(total, row, plain)) for _ in range(2)]
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
                print(total.value, row[:], plain.value)
            """):
            for name, count in (("total", 31), ("row", 11)):
                (lock,) = trace.named(name)
                self.assertEqual("rlock", trace.objects[lock]["what"])
                words = trace.kinds(name)
                self.assertEqual((count, count), (words.count("acquired"), words.count("released")), words)
                self.assertEqual(3, len({e.pid for e in trace.events if e.obj == lock}))
            self.assertEqual([], trace.named("plain"))

    def test_joinable_and_simple_queue(self):
        for trace in self.each_method("""
            import multiprocessing, sys
            def work(tasks, answers):
                while True:
                    task = tasks.get()
                    answers.put(task)
                    tasks.task_done()
                    if task is None:
                        return
            if __name__ == "__main__":
                multiprocessing.set_start_method(sys.argv[1])
                tasks, answers = multiprocessing.JoinableQueue(), multiprocessing.SimpleQueue()
                worker = multiprocessing.Process(target=work, args=(tasks, answers))
                worker.start()
                for task in (1, 2, None):
                    tasks.put(task)
                tasks.join()
                print([answers.get() for _ in range(3)])
                worker.join()
            """):
            for name in ("tasks", "answers"):
                words = self.words(trace, name)
                self.assertEqual((3, 3), (words.count("put"), words.count("got")), words)
            self.assertEqual(["join", "joined"], [w for w in trace.kinds("tasks") if w in ("join", "joined")])

    def test_shared_memory_is_known_by_its_name(self):
        for trace in self.each_method("""
            import multiprocessing, sys
            from multiprocessing import shared_memory
            def work(name):
                block = shared_memory.SharedMemory(name=name)
                block.buf[0] = 7
                block.close()
            if __name__ == "__main__":
                multiprocessing.set_start_method(sys.argv[1])
                block = shared_memory.SharedMemory(create=True, size=10)
                worker = multiprocessing.Process(target=work, args=(block.name,))
                worker.start()
                worker.join()
                print(block.buf[0])
                block.close()
                block.unlink()
            """):
            blocks = [d for d in trace.definitions if d["ev"] == "obj" and d["what"] == "shared memory"]
            self.assertEqual({"block"}, {d["name"] for d in blocks})
            self.assertEqual((2, 1), (len(blocks), len({d["id"] for d in blocks})))

    def test_nothing_of_the_tracer_is_in_a_pickle(self):
        self.same("""
            import multiprocessing, multiprocessing.queues, pickle, sys
            from multiprocessing import context
            if __name__ == "__main__":
                multiprocessing.set_start_method("spawn")
                things = [multiprocessing.Lock(), multiprocessing.Event(), multiprocessing.Queue(),
                          multiprocessing.SimpleQueue(), multiprocessing.Condition(), multiprocessing.Semaphore(),
                          multiprocessing.Barrier(2), multiprocessing.Value("i"), multiprocessing.JoinableQueue(),
                          multiprocessing.Process(target=print)]
                context.set_spawning_popen(type("Popen", (), {"duplicate_for_child": lambda self, fd: fd})())
                for thing in things:
                    print(type(thing).__name__, b"contend" in pickle.dumps(thing))
                context.set_spawning_popen(None)
            """)

    def test_subprocess_children_and_waits(self):
        trace = self.same("""
            import subprocess, sys
            print(subprocess.run(["sh", "-c", "exit 4"]).returncode)
            print(subprocess.check_output("echo hi", shell=True))
            child = subprocess.Popen([sys.executable, "-c", "import threading; threading.Lock().acquire()"])
            print(child.wait(60), child.wait())
            """).trace
        self.assertEqual(2, len({f.pid for f in trace.files}))
        self.assertIn(4, [e.arg for e in trace.events if e.kind == 71])
        joins = [e.kind for e in trace.events if e.kind in (40, 41)]
        self.assertEqual(joins.count(40), joins.count(41))


@support.unittest.skipUnless(support.os.path.exists(support.CONTEND), "skipped: Verdicts: no contend")
class Verdicts(support.ProgramTest):
    DEADLOCK = """
        import multiprocessing, sys
        def take(one, other, both, limit):
            with one:
                both.wait()
                if other.acquire(timeout=limit):
                    other.release()
        if __name__ == "__main__":
            multiprocessing.set_start_method(sys.argv[1])
            first = multiprocessing.Lock()
            second = multiprocessing.Lock()
            both, limit = multiprocessing.Barrier(2), float(sys.argv[2]) or None
            pairs = [(first, second, both, limit), (second, first, both, limit)]
            workers = [multiprocessing.Process(target=take, args=pair) for pair in pairs]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        """

    def report(self, method, limit):
        words = ["--", support.sys.executable, self.write(self.DEADLOCK), method, limit]
        code, out, err = support.finish(support.contend("run", "--json", "--for", "6s", *words))
        return code, json.loads(out)

    def test_deadlock_of_processes_names_both_locks_with_their_lines(self):
        for method in support.METHODS:
            with self.subTest(method):
                _, report = self.report(method, "0")
                (deadlock,) = report["deadlocks"]
                self.assertEqual(["first \u00b7 program.py:10", "second \u00b7 program.py:11"],
                                 sorted(part["holds"] for part in deadlock["ring"]))
                self.assertEqual(["main"], deadlock["victims"])
                self.assertEqual("observed", deadlock["evidence"])

    def test_waits_with_a_time_limit_are_no_deadlock(self):
        code, report = self.report("fork", "0.5")
        self.assertEqual((0, [], "completed"), (code, report["deadlocks"], report["ended"]))


class Interpreters(support.ProgramTest):
    def test_sub_interpreter_has_lanes_of_its_own(self):
        trace = self.same("""
            import sys
            try:
                import _interpreters as interpreters
            except ImportError:
                import _xxsubinterpreters as interpreters
            code = "import threading; lock = threading.Lock(); lock.acquire(); lock.release()"
            sub = interpreters.create()
            done = interpreters.run_string(sub, code)
            print(done)
            interpreters.destroy(sub)
            """).trace
        self.assertEqual(1, len({f.pid for f in trace.files}))
        self.assertEqual(2, len({f.interp for f in trace.files}))
        self.assertEqual(["acquired", "released"], self.words(trace, "lock"))

    def test_pool_of_interpreters(self):
        if support.sys.version_info < (3, 14):
            print("skipped: InterpreterPoolExecutor: Python %d.%d has none" % support.sys.version_info[:2])
            return
        trace = self.same("""
            from concurrent.futures import InterpreterPoolExecutor
            with InterpreterPoolExecutor(2) as executor:
                print(sorted(executor.map(abs, [-1, -2, -3])))
            """).trace
        (pool,) = [n for n in trace.named("executor") if trace.objects[n]["what"] == "pool"]
        tasks = {e.obj for e in trace.events if e.kind == 30 and e.arg == pool}
        self.assertEqual(3, len(tasks))
        for task in tasks:
            self.assertEqual([30, 31, 32], [e.kind for e in trace.events if e.obj == task and e.kind < 60])


if __name__ == "__main__":
    support.unittest.main()
