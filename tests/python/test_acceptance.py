"""`contend run` on real programs: what must hold for each of them, whatever they do."""

import json
import os
import signal
import subprocess
import sys
import time

import support

RACE = """
    import queue, threading
    tasks = queue.Queue()
    for n in range(101):
        tasks.put(n)
    def work():
        while not tasks.empty():
            tasks.get()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    """
KILLED = """
    import multiprocessing, os, signal
    def die(lock):
        with lock:
            os.kill(os.getpid(), signal.SIGKILL)
    def wait(lock):
        with lock:
            pass
    if __name__ == "__main__":
        context = multiprocessing.get_context("fork")
        lock = context.Lock()
        for target in (die, wait):
            process = context.Process(target=target, args=(lock,), name=target.__name__)
            process.start()
            process.join()
    """
STRESS = """
    import threading, time
    locks = [threading.Lock() for _ in range(2)]
    counts = [0, 0]
    def work(number):
        lock, end = locks[number], time.monotonic() + 5
        while time.monotonic() < end:
            for _ in range(100):
                with lock:
                    pass
            counts[number] += 100
    threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("taken", sum(counts))
    """
ISOLATED = """
    import threading, time
    thread = threading.Thread(target=time.sleep, args=(4,))
    thread.start()
    thread.join()
    """
FAILING = """
    import multiprocessing, sys
    def resize(number):
        raise AttributeError("no ANTIALIAS in picture %d" % number)
    if __name__ == "__main__":
        context = multiprocessing.get_context("fork")
        workers = [context.Process(target=resize, args=(n,), name="resize-%d" % n) for n in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        sys.exit(9)
    """
EMITTER = """
    import json, os, socket, sys, time
    out = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    out.connect(os.environ["CONTEND_SOCK"])
    now, pid, dropped = time.monotonic_ns, os.getpid(), 0
    def say(**fields):
        global dropped
        try:
            out.sendall((json.dumps(fields) + "\\n").encode())
        except BlockingIOError:
            dropped += 1
    say(cv=1, ev="hello", pid=pid, lang="other", clock="mono", t=now(), weather="sunny")
    say(ev="lane", id="1", tid=pid, name="producer", mood=[1])
    say(ev="obj", id="q", what="queue", name="jobs", site="emit:1", scope="user", later={"a": 1})
    say(t=now(), l="1", k="begin", o="1")
    for n in range(3):
        say(t=now(), l="1", k="put", o="q", d=n + 1, extra=1)
    say(t=now(), l="1", k="somersault", o="q")
    if len(sys.argv) > 1:  # a burst, of which what does not fit is counted
        open(sys.argv[1], "w").close()
        while not os.path.exists(sys.argv[2]):
            time.sleep(0.01)
        out.setblocking(False)
        began = time.monotonic()
        for n in range(20000):
            say(t=now(), l="1", k="put", o="q", d=n)
        with open(sys.argv[3], "w") as file:
            file.write("%f %d" % (time.monotonic() - began, dropped))
        out.setblocking(True)
    say(ev="drop", n=dropped)
    say(t=now(), l="1", k="end", o="1")
    say(ev="bye", code=0)
    """
CTRL_C = """
    import sys, time
    try:
        open(sys.argv[1], "w").close()
        time.sleep(100)
    except KeyboardInterrupt:
        print("cleaned up", flush=True)
        sys.exit(5)
    """


@support.unittest.skipUnless(
    os.path.exists(support.CONTEND), "skipped: test_acceptance: no contend at " + support.CONTEND)
class Acceptance(support.ProgramTest):
    def run_contend(self, *words, code=0):
        """Runs a program to its end; returns its report and what it printed."""
        ended, out, err = support.finish(support.contend("run", "--json", "--for", "60s", *words))
        self.assertEqual(code, ended, err)
        return json.loads(out), err

    def script(self, text, *options):
        return ("--", sys.executable) + options + (self.write(text),)

    def wait_for(self, holds):
        end = time.monotonic() + support.LIMIT
        while not holds():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def skip_without(self, module):
        probe = [sys.executable, "-c", "import " + module]
        if subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode:
            print("skipped: %s under contend: not installed for %s" % (module, sys.executable))
            self.skipTest("no " + module)

    def test_race_that_ends_well_gets_no_verdict(self):
        script = self.script(RACE)
        for _ in range(10):
            code, out, err = support.finish(support.contend("run", "--json", "--for", "5s", *script))
            report = json.loads(out)
            if report["ended"] != "completed":
                continue  # the race was lost: a thread waits for an item that another one took
            self.assertEqual((0, [], []), (code, report["deadlocks"], report["stalls"]), err)
            found = [finding["id"] for finding in report["findings"]]
            self.assertFalse({"deadlock", "stall", "unfed-queue"} & set(found), found)
            return
        self.fail("it never ended by itself")

    def test_process_killed_with_a_lock_is_named_with_the_lock(self):
        code, out, err = support.finish(support.contend("run", "--json", "--for", "4s", *self.script(KILLED)))
        self.assertEqual(0, code, err)
        report = json.loads(out)
        self.assertIn(("die", "SIGKILL"), [(worker["name"], worker["ended"]) for worker in report["workers"]])
        (orphaned,) = [finding for finding in report["findings"] if finding["id"] == "orphaned-lock"]
        self.assertIn("die ended without releasing lock \u00b7 program.py:11", orphaned["sentence"])
        (lock,) = report["locks"]
        self.assertEqual((1, 1), (lock["acquired"], lock["waiting"]))

    def test_threads_without_a_pause_lose_no_record_unsaid(self):
        report, err = self.run_contend(*self.script(STRESS))
        taken = int(err.split("taken")[1].split()[0])
        seen = sum(lock["acquired"] for lock in report["locks"] if lock["name"].startswith("locks["))
        self.assertGreater(taken, 10000)
        self.assertLessEqual(seen, taken)
        lost = report["events"]["lost"]
        self.assertEqual(lost == 0, seen == taken, "%d of %d seen, %d lost" % (seen, taken, lost))
        self.assertGreaterEqual(lost, taken - seen)

    def test_python_that_ignores_the_environment_is_said_and_its_threads_are_shown(self):
        report, _ = self.run_contend(*self.script(ISOLATED, "-I"))
        self.assertIn("Python started with -I: no tracer, only its threads are shown", report["notes"])
        self.assertGreaterEqual(len(report["workers"]), 2)

    def test_children_that_fail_have_their_codes_and_the_exit_code_is_the_scripts(self):
        report, err = self.run_contend(*self.script(FAILING), code=9)
        ended = {worker["name"]: worker["ended"] for worker in report["workers"]}
        self.assertEqual(("exit 1", "exit 1"), (ended["resize-0"], ended["resize-1"]))
        self.assertIn("AttributeError: no ANTIALIAS in picture 1", err)
        self.assertIn("code 9", report["error"])

    def test_emitter_with_words_that_contend_does_not_know_is_shown_and_they_are_counted(self):
        report, _ = self.run_contend(*self.script(EMITTER, "-S"))
        self.assertEqual(["producer"], [worker["name"] for worker in report["workers"]])
        (jobs,) = report["queues"]
        self.assertEqual(("jobs \u00b7 emit:1", 3), (jobs["name"], jobs["put"]))
        self.assertIn("1 record is of a kind that this version does not know", " ".join(report["notes"]))

    def test_emitter_does_not_wait_for_a_contend_that_stands_still(self):
        names = [os.path.join(self.directory, name) for name in ("ready", "go", "figures")]
        contend = support.contend("run", "--json", *self.script(EMITTER, "-S"), *names)
        self.wait_for(lambda: os.path.exists(names[0]))
        contend.send_signal(signal.SIGSTOP)
        try:
            open(names[1], "w").close()
            self.wait_for(lambda: os.path.exists(names[2]) and os.path.getsize(names[2]))
        finally:
            contend.send_signal(signal.SIGCONT)
        code, out, err = support.finish(contend)
        self.assertEqual(0, code, err)
        with open(names[2]) as file:
            secs, dropped = file.read().split()
        self.assertGreater(int(dropped), 0)
        self.assertLess(float(secs), 10)
        self.assertIn("%s records were lost before they were read" % dropped, " ".join(json.loads(out)["notes"]))

    def test_ctrl_c_goes_to_the_program_first(self):
        ready = os.path.join(self.directory, "ready")
        contend = support.contend("run", "--json", *self.script(CTRL_C), ready)
        self.wait_for(lambda: os.path.exists(ready))
        contend.send_signal(signal.SIGINT)
        code, out, err = support.finish(contend)
        self.assertIn("cleaned up", err)
        self.assertEqual((5, "crashed"), (code, json.loads(out)["ended"]), err)

    def test_pytest_runs_under_contend(self):
        self.skip_without("pytest")
        path = self.write("""
            import threading
            guard = threading.Lock()
            def test_guarded():
                with guard:
                    pass
            """, "test_guarded.py")
        report, err = self.run_contend("--", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path)
        self.assertIn("1 passed", err)
        self.assertIn("guard \u00b7 test_guarded.py:3", [lock["name"] for lock in report["locks"]])

    def test_gunicorn_runs_under_contend(self):
        self.skip_without("gunicorn")
        self.write("""
            import threading
            guard = threading.Lock()
            def app(environ, start_response):
                with guard:
                    start_response("200 OK", [])
                return [b"fine"]
            """, "service.py")
        address = os.path.join(self.directory, "http")
        contend = support.contend(
            "run", "--json", "--", sys.executable, "-m", "gunicorn", "--chdir", self.directory, "--workers", "1",
            "--bind", "unix:" + address, "service:app")
        self.wait_for(lambda: os.path.exists(address) and _answers(address))
        contend.send_signal(signal.SIGINT)
        code, out, err = support.finish(contend)
        report = json.loads(out)
        self.assertIn(code, (0, 130), err)
        self.assertGreaterEqual(len({worker["pid"] for worker in report["workers"]}), 2, "an arbiter and its worker")
        self.assertIn("guard \u00b7 service.py:3", [lock["name"] for lock in report["locks"]])


def _answers(address):
    import socket
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(address)
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return b"fine" in client.recv(4096) + client.recv(4096)
        except OSError:
            return False


if __name__ == "__main__":
    support.unittest.main()
