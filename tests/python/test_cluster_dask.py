"""Pools of unmodified scripts on a real cluster of Dask on this machine, seen by the driver."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
import unittest.mock

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.path.join(HERE, "..", "..", "crates", "program", "python")

try:
    import distributed  # noqa: F401
    MISSING = None
except ImportError:
    MISSING = f"skipped: {sys.executable} has no `distributed`"

DEADLINE = 120


class Driver:
    """The driver as a process, and the events that it sends."""

    def __init__(self, *arguments):
        self.directory = tempfile.TemporaryDirectory()
        path = os.path.join(self.directory.name, "s")
        self.events = []
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        self.process = subprocess.Popen([sys.executable, os.path.join(PYTHON, "contend_cluster", "driver.py"), *arguments,
                                         "--socket", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        listener.settimeout(DEADLINE)
        connection, _ = listener.accept()
        listener.close()
        self.reader = threading.Thread(target=self._read, args=(connection,))
        self.reader.start()
        self.ready = json.loads(self.process.stdout.readline())

    def _read(self, connection):
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                self.events.append(json.loads(line))

    def wait_for(self, condition, what):
        until = time.monotonic() + DEADLINE
        while not condition(list(self.events)):
            if time.monotonic() > until:
                raise AssertionError(f"not seen within {DEADLINE} s: {what}")
            time.sleep(0.02)

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(DEADLINE)
        self.reader.join(DEADLINE)
        self.process.stdout.close()
        self.directory.cleanup()
        return code


def kinds(events, kind):
    return [event for event in events if event.get("k") == kind]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


class Unusable(unittest.TestCase):
    """Clusters that cannot be watched: the driver says why, in one line, and ends."""

    def driver(self, *words):
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
            path = os.path.join(directory, "s")
            listener.bind(path)
            listener.listen(1)
            driver = os.path.join(PYTHON, "contend_cluster", "driver.py")
            done = subprocess.run([sys.executable, *words[:-2], driver, *words[-2:], "--socket", path],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)
        return done.returncode, done.stderr.splitlines()

    def test_python_without_dask(self):
        code, said = self.driver("-S", "--local", "1")
        self.assertEqual((code, len(said)), (3, 1), said)
        self.assertIn("this Python has no `distributed`; install it", said[0])

    @unittest.skipIf(MISSING, MISSING)
    def test_address_where_nobody_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "tcp://127.0.0.1:%d" % free.getsockname()[1]
            code, said = self.driver("--address", address)
        self.assertEqual((code, len(said)), (4, 1), said)
        self.assertIn(f"no scheduler of Dask can be used at {address}: [Errno 111] Connection refused", said[0])

    @unittest.skipIf(MISSING, MISSING)
    def test_address_without_the_certificates_of_tls(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            code, said = self.driver("--address", "tls://127.0.0.1:%d" % server.getsockname()[1])
        self.assertEqual((code, len(said)), (4, 1), said)
        self.assertIn("needs certificates: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE", said[0])


@unittest.skipIf(MISSING, MISSING)
class OnDask(unittest.TestCase):
    def setUp(self):
        self.driver = Driver("--local", "2", "--threads", "1")
        self.addCleanup(self._stop)

    def _stop(self):
        if self.driver.process.poll() is None:
            self.driver.stop()

    def run_script(self, text):
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "sitecustomize.py"), "w") as file:
                file.write(f"import sys; sys.path.insert(0, {PYTHON!r})\nfrom contend_cluster import shim\nshim.install()\n")
            script = os.path.join(directory, "script.py")
            with open(script, "w") as file:
                file.write(textwrap.dedent(text))
            environment = dict(os.environ, CONTEND_DASK=self.driver.ready["ready"], PYTHONPATH=directory)
            return subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True,
                                  timeout=DEADLINE)

    def test_map_of_a_pool_gives_the_same_list_and_ten_tasks_are_seen(self):
        ended = self.run_script("""
            from multiprocessing import Pool
            def square(x):
                return x * x
            if __name__ == "__main__":
                with Pool(4) as pool:
                    print(pool.map(square, range(10), chunksize=1))
        """)
        self.assertEqual(ended.stdout.strip(), str([x * x for x in range(10)]), ended.stderr)
        self.driver.wait_for(lambda events: len(kinds(events, "finish")) == 10, "ten finished tasks")
        events = list(self.driver.events)
        self.assertEqual(len(kinds(events, "submit")), 10)
        self.assertEqual(len(kinds(events, "start")), 10)
        self.assertEqual({event["n"] for event in kinds(events, "start")}, {"square"})
        self.assertTrue(all(event["ok"] for event in kinds(events, "finish")))
        lanes = [event for event in events if event.get("ev") == "lane" and event.get("pool")]
        self.assertEqual(len(lanes), 2)

    def test_output_errors_and_every_way_to_call_a_pool(self):
        ended = self.run_script("""
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import Pool
            def loud(x):
                print("task", x)
                if x == 3:
                    raise KeyError("three")
                return x
            def add(a, b):
                return a + b
            if __name__ == "__main__":
                with Pool(2) as pool:
                    print(pool.starmap(add, [(1, 2), (3, 4)]), list(pool.imap(loud, [1, 2])))
                    print(sorted(pool.imap_unordered(loud, [5, 6])), pool.apply(add, (1, 1)))
                    print(pool.apply_async(add, (2, 2)).get(timeout=60))
                with ProcessPoolExecutor() as executor:
                    print(list(executor.map(add, [1, 2], [3, 4])), executor.submit(lambda: 9).result())
                    try:
                        executor.submit(loud, 3).result()
                    except KeyError as error:
                        print("raised", error)
        """)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(sorted(ended.stdout.splitlines()), sorted([
            "task 1", "task 2", "[3, 7] [1, 2]", "task 5", "task 6", "[5, 6] 2", "4", "[4, 6] 9", "task 3",
            "raised 'three'"]))
        self.driver.wait_for(lambda events: any(not event["ok"] for event in kinds(events, "finish")), "the failure")

    def test_functions_of_any_module_run_on_the_cluster(self):
        ended = self.run_script("""
            import math
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import Pool
            if __name__ == "__main__":
                with Pool(2) as pool:
                    print(pool.map(abs, [-1, -2]), pool.apply(math.sqrt, (16.0,)))
                with ProcessPoolExecutor() as executor:
                    print(executor.submit(math.floor, 2.5).result())
        """)
        self.assertEqual((ended.returncode, ended.stdout), (0, "[1, 2] 4.0\n2\n"), ended.stderr)

    def test_what_only_one_machine_can_share_is_refused_with_the_reason(self):
        for make, kind in [("multiprocessing.Lock()", "Lock"), ("multiprocessing.Queue()", "Queue"),
                           ("multiprocessing.Value('i', 0)", "Synchronized")]:
            ended = self.run_script(f"""
                import multiprocessing
                shared = {make}
                def use(x):
                    return str(shared)
                if __name__ == "__main__":
                    with multiprocessing.Pool(2) as pool:
                        pool.map(use, [1])
            """)
            self.assertEqual(ended.returncode, 1)
            self.assertIn(f"a task uses a multiprocessing {kind}, which only processes of one machine", ended.stderr)
        ended = self.run_script("""
            import multiprocessing
            if __name__ == "__main__":
                multiprocessing.Pool(2, initializer=print)
        """)
        self.assertIn("Pool(initializer=...) prepares processes of this machine", ended.stderr)

    def test_a_killed_worker_is_lost_and_its_task_is_done_again(self):
        ended = self.run_script("""
            import os, signal, time
            from concurrent.futures import ProcessPoolExecutor
            def nap(x):
                time.sleep(0.1)
                return os.getpid()
            if __name__ == "__main__":
                with ProcessPoolExecutor() as executor:
                    tasks = [executor.submit(nap, x) for x in range(30)]
                    os.kill(tasks[0].result(), signal.SIGKILL)
                    print(len([task.result() for task in tasks]))
        """)
        self.assertEqual(ended.stdout.strip(), "30", ended.stderr)
        self.driver.wait_for(lambda events: len(kinds(events, "finish")) >= 30, "all tasks")
        ends = kinds(self.driver.events, "end")
        self.assertEqual([event["err"] for event in ends], ["worker lost"])
        good = [event for event in kinds(self.driver.events, "finish") if event["ok"]]
        self.assertGreaterEqual(len({event["o"] for event in good}), 30)

    def test_nothing_is_left_behind(self):
        pids = self.driver.ready["pids"]
        self.assertEqual(len(pids), 3)
        self.assertEqual(self.driver.stop(), 0)
        self.assertEqual([pid for pid in pids if alive(pid)], [])
        self.assertEqual(self.driver.events[-1], {"ev": "bye", "code": 0})

    def test_nothing_is_left_behind_after_a_kill(self):
        pids = self.driver.ready["pids"]
        self.driver.process.send_signal(signal.SIGKILL)
        until = time.monotonic() + DEADLINE
        while any(alive(pid) for pid in pids) and time.monotonic() < until:
            time.sleep(0.02)
        self.assertEqual([pid for pid in pids if alive(pid)], [])
        self.driver.stop()

    def test_a_cluster_that_was_there_is_as_it_was(self):
        address = self.driver.ready["ready"]
        from distributed import Client

        def plugins(dask_scheduler):
            return sorted(dask_scheduler.plugins), sorted(dask_scheduler.worker_plugins)

        with Client(address, set_as_default=False) as client:
            before = client.run_on_scheduler(plugins)
            second = Driver("--address", address)
            self.assertEqual(second.stop(), 0)
            self.assertEqual(client.run_on_scheduler(plugins), before)

    def test_tasks_that_end_just_before_the_driver_are_seen(self):
        ended = self.run_script("""
            from multiprocessing import Pool
            if __name__ == "__main__":
                with Pool(2) as pool:
                    pool.map(abs, range(40), chunksize=1)
        """)
        self.assertEqual(self.driver.stop(), 0, ended.stderr)
        self.assertEqual(len(kinds(self.driver.events, "finish")), 40)

    def test_a_subscription_that_arrives_late_loses_no_worker(self):
        sys.path.insert(0, PYTHON)
        self.addCleanup(sys.path.remove, PYTHON)
        from contend_cluster.watch import Watch
        from distributed import Client

        class Sent(list):
            send, flush, drain = list.append, staticmethod(lambda: None), staticmethod(lambda seconds: None)

        at_once = Client._send_to_scheduler

        def late(client, message):
            if message.get("op") == "subscribe-topic":
                threading.Timer(0.5, at_once, (client, message)).start()
            else:
                at_once(client, message)

        sent = Sent()
        with unittest.mock.patch.object(Client, "_send_to_scheduler", late):
            watch = Watch(self.driver.ready["ready"], sent)
        watch.close()
        lanes = [event for event in sent if event.get("ev") == "lane" and event.get("pool")]
        self.assertEqual(len(lanes), 2, sent)


if __name__ == "__main__":
    unittest.main()
