"""What must not change: descriptors, forks, threads, kills, many threads, other sitecustomize modules."""

import os
import signal
import subprocess
import sys

import support


class Harmless(support.ProgramTest):
    def test_no_descriptor_and_no_thread_of_the_tracer_is_in_the_program(self):
        self.same("""
            import os, threading
            lock = threading.Lock()
            lock.acquire()
            print(sorted(os.listdir("/proc/self/fd")), threading.active_count(), len(os.listdir("/proc/self/task")))
            """)

    def test_closing_all_descriptors_harms_nothing_and_no_file_gets_a_byte(self):
        trace = self.same("""
            import gc, os, sys, threading
            os.closerange(3, 256)
            files = [open("file%d" % n, "w") for n in range(6)]
            lock = threading.Lock()
            def work():
                for _ in range(5000):
                    with lock:
                        pass
            threads = [threading.Thread(target=work) for _ in range(70)]
            for thread in threads:
                thread.start()
            for number, file in enumerate(files):
                file.write("mine %d" % number)
            for thread in threads:
                thread.join()
            gc.collect()
            """).trace
        for number in range(6):
            with open(os.path.join(self.directory, "file%d" % number)) as file:
                self.assertEqual("mine %d" % number, file.read())
        self.assertGreater(len(trace.events), 1000)

    def test_a_file_that_is_flushed_at_the_end_of_the_interpreter_keeps_its_content(self):
        self.traced("""
            import os, threading
            os.closerange(3, 256)
            kept = open("late", "w")
            kept.write("whole")
            with threading.Lock():
                pass
            """)
        with open(os.path.join(self.directory, "late")) as file:
            self.assertEqual("whole", file.read())

    def test_the_last_event_before_a_kill_is_there(self):
        process, directory = self.start([self.write("""
            import os, signal, threading
            lock = threading.Lock()
            with lock:
                os.kill(os.getpid(), signal.SIGKILL)
            """)])
        run = self.finish(process, directory)
        self.assertEqual(-signal.SIGKILL, run.code)
        self.assertEqual("acquired", self.words(run.trace, "lock")[-1])
        self.assertEqual([0], [file.ended for file in run.trace.files])

    def test_a_clean_end_is_marked(self):
        trace = self.traced("import threading; threading.Lock().acquire()")
        self.assertEqual([1], [file.ended for file in trace.files])
        self.assertEqual("bye", trace.definitions[-1]["ev"])

    def test_fork_while_threads_use_locks(self):
        trace = self.traced("""
            import os, sys, threading, warnings
            warnings.simplefilter("ignore")
            lock, stop = threading.Lock(), []
            def work():
                mine = threading.Lock()
                while not stop:
                    with mine:
                        pass
                    with lock:
                        pass
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for _ in range(20):
                child = os.fork()
                if not child:
                    other = threading.Lock()
                    def inner():
                        with other:
                            pass
                    thread = threading.Thread(target=inner)
                    thread.start()
                    thread.join()
                    os._exit(5)
                assert os.waitpid(child, 0)[1] >> 8 == 5
            stop.append(1)
            for thread in threads:
                thread.join()
            """)
        (parent,) = [f for f in trace.files if any(d.get("why") == "start" for d in f.definitions)]
        self.assertEqual(21, len({f.pid for f in trace.files}))
        for file in trace.files:
            # A record that a child had written into its parent's map would be torn or of a lane of the child.
            self.assertTrue(all(e.lane >> 40 == file.pid for e in file.events if e.index < file.records and e.lane))
            if file is not parent:
                self.assertEqual([11, 12], [e.kind for e in file.events if trace.name(e.obj) == "other"])

    def test_two_thousand_threads_fit_into_few_files(self):
        trace = self.traced("""
            import threading
            threading.stack_size(64 * 1024)
            gate, inside = threading.Event(), threading.Semaphore(0)
            def work():
                inside.release()
                gate.wait()
            threads = [threading.Thread(target=work) for _ in range(2000)]
            for thread in threads:
                thread.start()
            for _ in threads:
                inside.acquire()
            gate.set()
            for thread in threads:
                thread.join()
            for _ in range(3000):
                thread = threading.Thread(target=len, args=("",))
                thread.start()
                thread.join()
            """)
        self.assertLessEqual(len(trace.files), 3)
        self.assertEqual(5001, len(trace.lanes))
        size = sum(os.stat(os.path.join(self.directory, "trace1", name)).st_blocks * 512
                   for name in os.listdir(os.path.join(self.directory, "trace1")))
        self.assertLess(size, 64 << 20)

    def test_a_process_that_execs_itself_gets_a_further_file(self):
        trace = self.traced("""
            import os, sys, threading
            threading.Lock().acquire()
            if len(sys.argv) == 1:
                os.execv(sys.executable, [sys.executable, sys.argv[0], "again"])
            """)
        self.assertEqual(2, len(trace.files))
        self.assertEqual(1, len({file.pid for file in trace.files}))

    def test_hidden_sitecustomize_runs_and_the_path_is_clean(self):
        with open(os.path.join(self.directory, "sitecustomize.py"), "w") as file:
            file.write("import builtins; builtins.hidden = 'seen'\n")
        process, directory = self.start([self.write("""
            import sys
            print(hidden, sys.modules["sitecustomize"].__file__ == sys.argv[1], [p for p in sys.path if "python" == p[-6:]])
            """), os.path.join(self.directory, "sitecustomize.py")], PYTHONPATH="")
        process.kill()
        process.communicate()
        env = dict(os.environ, PYTHONPATH=support.TRACER + os.pathsep + self.directory, CONTEND_TRACE=directory)
        out = subprocess.check_output(
            [sys.executable, os.path.join(self.directory, "program.py"),
             os.path.join(self.directory, "sitecustomize.py")], env=env, universal_newlines=True)
        self.assertEqual("seen True []\n", out)

    def test_without_a_usable_directory_the_program_runs_untraced(self):
        for directory in ("/nonexistent", "", "/proc"):
            env = dict(os.environ, PYTHONPATH=support.TRACER, CONTEND_TRACE=directory)
            done = subprocess.run(
                [sys.executable, "-c", "import threading; lock = threading.Lock()\nwith lock: print(1)"], env=env,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
            self.assertEqual((0, "1\n", ""), (done.returncode, done.stdout, done.stderr))

    def test_isolated_python_leaves_no_file(self):
        for option in ("-I", "-S", "-E"):
            run = self.run_program("import threading; threading.Lock().acquire()", options=[option])
            self.assertEqual((0, []), (run.code, run.trace.files))

    def test_nothing_is_imported_only_for_the_tracer(self):
        self.same("""
            import sys
            print(sorted(m for m in sys.modules if m in (
                "threading", "queue", "json", "re", "asyncio", "multiprocessing", "subprocess", "logging", "linecache",
                "tokenize", "ctypes", "tempfile", "weakref", "functools", "collections") and m not in ("functools",
                "collections", "weakref", "re")))
            """)

    def test_a_failing_hook_takes_itself_out(self):
        process, directory = self.start([self.write("""
            import threading
            from contend_trace.hooks import conditions
            def broken(thing):
                raise ZeroDivisionError("on purpose")
            conditions.id_of.__code__ = broken.__code__
            event = threading.Event()
            event.set()
            print(event.wait())
            """)])
        out, err = process.communicate(timeout=support.LIMIT)
        self.assertEqual(("True\n", ""), (out, err))
        faults = support.dump.Trace(directory).faults
        self.assertIn("threading.Event", [fault["hook"] for fault in faults])
        self.assertIn("on purpose", faults[0]["error"])

    def test_ctrl_c_in_a_wait_reaches_the_program(self):
        process, directory = self.start([self.write("""
            import threading
            lock = threading.Lock()
            lock.acquire()
            try:
                lock.acquire()
            except KeyboardInterrupt:
                print("interrupted", lock.locked())
            """)])
        support.dump.wait_until(directory, lambda trace: any(file.waits for file in trace.files))
        process.send_signal(signal.SIGINT)
        run = self.finish(process, directory)
        self.assertEqual("interrupted True\n", run.out)
        self.assertEqual(["acquired", "wait", "gave up"], self.words(run.trace, "lock"))

    def test_a_signal_handler_that_uses_locks_loses_no_record(self):
        trace = self.traced("""
            import signal, threading
            lock, other = threading.Lock(), threading.Lock()
            def handler(number, frame):
                with other:
                    pass
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
            for _ in range(2000):
                with lock:
                    pass
            signal.setitimer(signal.ITIMER_REAL, 0)
            """)
        self.assertEqual(0, trace.lost)
        for name in ("lock", "other"):
            words = trace.kinds(name)
            self.assertEqual(words.count("acquired"), words.count("released"))

    def test_exceptions_in_destructors_at_thread_end(self):
        self.same("""
            import threading
            class Last:
                def __init__(self):
                    self.lock = threading.Lock()
                def __del__(self):
                    with self.lock:
                        pass
            local = threading.local()
            def work():
                local.last = Last()
            for _ in range(50):
                thread = threading.Thread(target=work)
                thread.start()
                thread.join()
            keep = Last()
            """)

    def test_threads_of_other_kinds_get_lanes(self):
        trace = self.traced("""
            import _thread, threading, time
            lock, done = threading.Lock(), []
            def work():
                with lock:
                    done.append(1)
            _thread.start_new_thread(work, ())
            while not done:
                time.sleep(0.001)
            time.sleep(0.05)
            """)
        (lane,) = [number for number, d in trace.lanes.items() if d["scope"] == "lib"]
        self.assertEqual([1, 11, 12, 2], [e.kind for e in trace.events if e.lane == lane])


class SubInterpreters(support.ProgramTest):
    def test_a_sub_interpreter_writes_a_file_of_its_own(self):
        run = self.run_program("""
            try:
                try:
                    import _interpreters as interpreters
                except ImportError:
                    import _xxsubinterpreters as interpreters
            except ImportError:
                print("none")
                raise SystemExit
            number = interpreters.create()
            interpreters.run_string(number, "import _thread, threading; lock = threading.Lock(); lock.acquire()")
            interpreters.destroy(number)
            import threading
            threading.Lock().acquire()
            """)
        if run.out == "none\n":
            self.skipTest("this Python has no sub-interpreters")
        self.assertEqual((0, ""), (run.code, run.err))
        self.assertEqual([0, 1], [min(file.interp, 1) for file in run.trace.files])
        ids = list(run.trace.objects)
        self.assertEqual(2, len(set(ids)))


if __name__ == "__main__":
    support.unittest.main()
