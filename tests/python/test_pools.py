"""Queues and pools: depth, tasks, hand-over."""

import support

SQUARES = """
    import multiprocessing, sys, time
    from concurrent.futures import ProcessPoolExecutor
    def square(x):
        time.sleep(0.001)
        return x * x
    def fail(x):
        raise KeyError(x)
    if __name__ == "__main__":
        multiprocessing.set_start_method(sys.argv[1])
        with multiprocessing.Pool(2) as pool:
            print(pool.map(square, range(6), 1))
            print(pool.apply(square, (7,)), list(pool.imap_unordered(abs, [-1], 1)))
            try:
                pool.apply(fail, (1,))
            except KeyError:
                print("KeyError")
        with ProcessPoolExecutor(2) as executor:
            print(list(executor.map(square, range(6))), executor.submit(square, 8).result())
            try:
                executor.submit(fail, 1).result()
            except KeyError:
                print("KeyError")
    """


class Queues(support.ProgramTest):
    def test_depth_follows_every_put_and_get(self):
        trace = self.traced("""
            import queue, threading
            for items in (queue.Queue(2), queue.LifoQueue(2), queue.PriorityQueue(2)):
                def consume():
                    while items.get() is not 9:
                        items.task_done()
                    items.task_done()
                thread = threading.Thread(target=consume)
                thread.start()
                for _ in range(200):
                    items.put(1)
                items.put(9)
                items.join()
                thread.join()
            """.replace("is not 9", "!= 9"))
        queues = [number for number, d in trace.objects.items() if d["what"] == "queue"]
        self.assertEqual(3, len(queues))
        for number in queues:
            depth = 0
            for event in trace.events:
                if event.obj == number and event.kind in (20, 21):
                    depth += 1 if event.kind == 20 else -1
                    self.assertEqual(depth, event.arg)
            self.assertEqual(0, depth)
            self.assertEqual(2, trace.objects[number]["size"])

    def test_give_up_and_errors_are_those_of_the_original(self):
        self.same("""
            import queue
            items, simple = queue.Queue(1), queue.SimpleQueue()
            def tell(function, *arguments, **named):
                try:
                    print(function(*arguments, **named))
                except Exception as error:
                    print(type(error).__name__, error)
            for q in (items, simple):
                tell(q.get, False)
                tell(q.get_nowait)
                tell(q.get, timeout=0.01)
                tell(q.get, True, -1)
                tell(q.put, 1)
                tell(q.put, 1, False)
                tell(q.get)
            print(isinstance(simple, queue.SimpleQueue), simple.qsize(), simple.empty(), type(simple).__name__)
            class Mine(queue.SimpleQueue):
                pass
            mine = Mine()
            mine.put(1)
            print(mine.get())
            """)


class Threads(support.ProgramTest):
    def test_each_task_is_submitted_started_and_finished(self):
        trace = self.traced("""
            from concurrent.futures import ThreadPoolExecutor, as_completed, wait
            def square(x):
                return x * x
            with ThreadPoolExecutor(2) as executor:
                assert list(executor.map(square, range(20))) == [x * x for x in range(20)]
                tasks = [executor.submit(square, x=x) for x in range(20)]
                wait(tasks)
                assert sorted(f.result() for f in as_completed(tasks)) == [x * x for x in range(20)]
                assert isinstance(executor.submit(int, "x").exception(), ValueError)
            """)
        (pool,) = trace.named("executor")
        self.assertEqual(2, trace.objects[pool]["size"])
        tasks = [e.obj for e in trace.events if e.kind == 30 and e.arg == pool]
        self.assertEqual(41, len(set(tasks)))
        for task in tasks:
            words = [(e.kind, e.flags & 1) for e in trace.events if e.obj == task and e.kind in (30, 31, 32)]
            self.assertEqual([30, 31, 32], [kind for kind, _ in words])
            self.assertEqual(task != tasks[-1], bool(words[-1][1]))
        functions = {trace.name(e.arg) for e in trace.events if e.kind == 31}
        self.assertEqual({"__main__.square", "builtins.int"}, functions)
        workers = {lane for lane, d in trace.lanes.items() if d.get("pool") == pool}
        self.assertTrue({e.lane for e in trace.events if e.kind == 31} <= workers)

    def test_nested_submit_shows_the_worker_waiting_for_a_queued_task(self):
        process, directory = self.start([self.write("""
            from concurrent.futures import ThreadPoolExecutor
            executor = ThreadPoolExecutor(max_workers=1)
            def outer():
                return executor.submit(len, "").result()
            executor.submit(outer).result()
            """)])
        support.dump.wait_until(directory, lambda trace: sum(e.kind == 60 for e in trace.events) == 2)
        process.kill()
        process.communicate()
        trace = support.dump.Trace(directory)
        started = {e.obj for e in trace.events if e.kind == 31}
        (inner,) = {e.obj for e in trace.events if e.kind == 60} - started
        (waiter,) = {e.lane for e in trace.events if e.kind == 60 and e.obj == inner}
        self.assertEqual(trace.named("executor"), [trace.lanes[waiter]["pool"]])

    def test_futures_of_the_program_itself_stay_plain(self):
        self.same("""
            from concurrent.futures import Future, CancelledError, ThreadPoolExecutor
            import threading
            future = Future()
            threading.Timer(0.01, future.set_result, [3]).start()
            print(future.result())
            with ThreadPoolExecutor(1) as executor:
                gate = threading.Event()
                executor.submit(gate.wait)
                later = executor.submit(print, "never")
                print(later.cancel(), later.cancelled())
                gate.set()
                for wrong in (lambda: executor.submit(), lambda: executor.submit(function=print)):
                    try:
                        wrong()
                    except TypeError:
                        print("TypeError")
            try:
                ThreadPoolExecutor(0)
            except ValueError as error:
                print(error)
            """)


class Processes(support.ProgramTest):
    def test_tasks_of_pools_are_followed_under_every_start_method(self):
        for method in support.METHODS:
            with self.subTest(method):
                trace = self.same(SQUARES, method).trace
                for name, finished in (("pool", 9), ("executor", 8)):
                    (pool,) = [n for n in trace.named(name) if trace.objects[n]["what"] == "pool"]
                    tasks = [e.obj for e in trace.events if e.kind == 30 and e.arg == pool]
                    self.assertEqual(finished, len(set(tasks)))
                    for task in tasks:
                        kinds = [e.kind for e in trace.events if e.obj == task and e.kind < 60 or e.obj == task and e.kind > 61]
                        self.assertEqual([30, 31, 32, 110, 111], sorted(kinds))
                        self.assertEqual([30, 31, 32], [kind for kind in kinds if kind < 60])
                        (pickled,) = [e for e in trace.events if e.obj == task and e.kind == 110]
                        self.assertGreater(pickled.arg, 0)
                    failed = [e for e in trace.events if e.kind == 32 and e.obj in tasks and not e.flags & 1]
                    self.assertEqual(1, len(failed))
                functions = {trace.name(e.arg) for e in trace.events if e.kind == 31}
                module = "__main__" if method == "fork" else "__mp_main__"
                self.assertLessEqual({module + ".square", "builtins.abs", module + ".fail"}, functions)

    def test_pool_of_threads(self):
        trace = self.same("""
            from multiprocessing.pool import ThreadPool
            with ThreadPool(2) as pool:
                print(pool.map(abs, [-1, -2, -3], 1))
            """).trace
        self.assertEqual(3, sum(e.kind == 32 for e in trace.events))


if __name__ == "__main__":
    support.unittest.main()
