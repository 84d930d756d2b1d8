"""Processes: locks, queues, pipes, managers, children, under every start method."""

import support


class Processes(support.ProgramTest):
    def each_method(self, text):
        for method in support.METHODS:
            with self.subTest(method):
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


if __name__ == "__main__":
    support.unittest.main()
