"""Events of `threading`, and that its behaviour stays what it is."""

import support


class Locks(support.ProgramTest):
    def test_account_has_one_lock_named_by_class_attribute_and_line(self):
        trace = self.traced("""
            import threading, time

            class Account:
                def __init__(self):
                    self.balance = 0
                    self.lock = threading.Lock()

                def deposit(self):
                    for _ in range(10):
                        with self.lock:
                            before = self.balance
                            time.sleep(0.0005)
                            self.balance = before + 1

            account = Account()
            workers = [threading.Thread(target=account.deposit) for _ in range(10)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            assert account.balance == 100
            """)
        (lock,) = trace.named("Account.lock")
        self.assertEqual("program.py:7", trace.objects[lock]["site"])
        self.assertEqual("user", trace.objects[lock]["scope"])
        words = trace.kinds("Account.lock")
        self.assertEqual(100, words.count("acquired"))
        self.assertEqual(100, words.count("released"))
        self.assertGreater(words.count("wait"), 0)
        self.assert_owned_by_one(trace, lock)
        workers = [d for d in trace.lanes.values() if d.get("target") == "__main__.Account.deposit"]
        self.assertEqual(10, len(workers))
        self.assertEqual(0, trace.lost)

    def test_arguments_are_checked_by_the_original(self):
        self.same("""
            import threading
            for make in (threading.Lock, threading.RLock, threading.Semaphore, threading.BoundedSemaphore):
                for arguments in ((False, 1), (True, -2), (True, 1e30), ("a", "b", "c"), (True, "x"), (False,), (True, 0)):
                    lock = make()
                    try:
                        print(make.__name__, lock.acquire(*arguments))
                    except Exception as error:
                        print(make.__name__, type(error).__name__)
                try:
                    make().release()
                    print("released")
                except Exception as error:
                    print(type(error).__name__)
            for wrong in (lambda: threading.Lock(1), lambda: type(threading.Lock())(3)):
                try:
                    wrong()
                    print("made")
                except TypeError:
                    print("TypeError")
            """)

    def test_a_lock_looks_like_the_original(self):
        self.same("""
            import _thread, copy, pickle, threading, weakref
            lock, again = threading.Lock(), threading.RLock()
            print(isinstance(lock, _thread.LockType), isinstance(again, type(threading._CRLock())))
            print(repr(lock).split(" at ")[0], repr(again).split(" at ")[0], type(again))
            print(lock.locked(), weakref.ref(lock)() is lock, bool(lock), lock == lock, lock == threading.Lock())
            for thing in (lock, again):
                for spoil in (pickle.dumps, copy.copy, copy.deepcopy):
                    try:
                        spoil(thing)
                    except TypeError as error:
                        print(error)
            print(pickle.loads(pickle.dumps(threading.RLock)) is threading.RLock)
            try:
                class Mine(type(lock)):
                    pass
            except TypeError:
                print("no subclass")
            lock.acquire(timeout=1)
            print(lock.acquire(blocking=False), lock.locked(), hasattr(lock, "nothing"))
            """)

    def test_a_wait_is_written_only_if_the_lock_is_not_free(self):
        trace = self.traced("""
            import threading
            lock, busy, done = threading.Lock(), threading.Event(), threading.Event()
            def hold():
                with lock:
                    busy.set()
                    done.wait()
            thread = threading.Thread(target=hold)
            thread.start()
            busy.wait()
            assert not lock.acquire(timeout=0.01)
            assert not lock.acquire(False)
            done.set()
            thread.join()
            assert lock.acquire(timeout=5)
            lock.release()
            """)
        self.assertEqual(
            ["acquired", "wait", "gave up", "tried", "released", "tried", "released"], self.words(trace, "lock"))

    def test_depth_of_a_reentrant_lock_is_told(self):
        trace = self.traced("""
            import threading
            lock = threading.RLock()
            condition = threading.Condition(lock)
            with lock:
                with lock:
                    condition.wait(0.001)
            try:
                lock.release()
            except RuntimeError:
                pass
            """)
        events = [e for e in trace.events if e.obj in trace.named("lock")]
        self.assertEqual(
            [(11, 1), (11, 2), (12, 0), (11, 2), (12, 1), (12, 0)], [(e.kind, e.arg) for e in events])

    def test_locks_of_the_standard_library_are_not_traced(self):
        trace = self.traced("""
            import logging, queue, threading, concurrent.futures, _thread
            logging.getLogger("a").warning
            event = threading.Event()
            event.set()
            assert type(queue.Queue().mutex) is _thread.LockType, type(queue.Queue().mutex)
            """)
        self.assertEqual([], [d for d in trace.objects.values() if d["what"] in ("lock", "rlock")])


class Others(support.ProgramTest):
    def test_condition_semaphore_event_and_barrier(self):
        trace = self.traced("""
            import threading
            condition, ready = threading.Condition(), []
            permits, event, barrier = threading.BoundedSemaphore(1), threading.Event(), threading.Barrier(2)
            def other():
                with condition:
                    while not ready:
                        condition.wait()
                with permits:
                    event.set()
                barrier.wait()
            thread = threading.Thread(target=other, name="other")
            thread.start()
            with condition:
                ready.append(1)
                condition.notify_all()
            event.wait()
            event.clear()
            barrier.wait()
            thread.join()
            try:
                permits.release()
            except ValueError:
                pass
            """)
        self.assertIn("notify", self.words(trace, "condition"))
        self.assertEqual(["acquired", "released"], self.words(trace, "permits"))
        self.assertIn("event set", self.words(trace, "event"))
        self.assertEqual("event clear", self.words(trace, "event")[-1])
        self.assertEqual(["barrier wait"] * 2 + ["barrier done"] * 2, self.words(trace, "barrier"))
        (condition,) = trace.named("condition")
        self.assertEqual("condition's lock", trace.name(trace.objects[condition]["of"]))
        (lane,) = [number for number, d in trace.lanes.items() if d["name"] == "other"]
        ends = [e.kind for e in trace.events if e.obj == lane]
        self.assertEqual(1, ends.count(1))
        self.assertEqual(1, ends.count(2))

    def test_objects_are_freed_when_the_program_drops_them(self):
        self.same("""
            import gc, queue, threading, weakref
            gc.disable()
            for make in (threading.Lock, threading.RLock, threading.Condition, threading.Semaphore, threading.Event,
                         queue.Queue, queue.SimpleQueue, lambda: threading.Barrier(1)):
                thing = make()
                alive = weakref.ref(thing)
                del thing
                print(alive() is None)
            """)

    def test_timer_and_renamed_thread(self):
        trace = self.traced("""
            import threading
            timer = threading.Timer(0.01, print, ["x"])
            timer.start()
            timer.name = "alarm"
            timer.join()
            """)
        self.assertIn("alarm", [d["name"] for d in trace.lanes.values()])

    def test_thread_that_raises_prints_the_same_traceback(self):
        self.same("""
            import threading
            def fail():
                raise ValueError("broken")
            thread = threading.Thread(target=fail, name="t")
            thread.start()
            thread.join()
            """)

    def test_deadlock_leaves_both_waits_in_the_slots(self):
        process, directory = self.start([self.write("""
            import threading
            first, second, both = threading.Lock(), threading.Lock(), threading.Barrier(2)
            def take(one, other):
                with one:
                    both.wait()
                    with other:
                        pass
            pair = [threading.Thread(target=take, args=a) for a in ((first, second), (second, first))]
            for thread in pair:
                thread.start()
            for thread in pair:
                thread.join()
            """)])
        support.dump.wait_until(
            directory, lambda trace: sum(w[2] == 10 for f in trace.files for w in f.waits) == 2)
        process.kill()
        process.communicate()
        waits = support.dump.Trace(directory)
        names = sorted(waits.name(w[1]) for f in waits.files for w in f.waits if w[2] == 10)
        self.assertEqual(["first", "second"], names)


if __name__ == "__main__":
    support.unittest.main()
