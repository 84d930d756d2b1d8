"""`contend attach PID`: processes that were there before, seen from outside, or joined by the tracer."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time

import support

OUTSIDE = "seen from outside: threads, states, GIL; locks are not visible"
JOINED = "tracer joined; locks and queues made before it are not visible"
LATER = "seen from outside; the tracer joins when the main thread runs Python code again"
CAN_JOIN = sys.version_info >= (3, 14)
FIGHT_SEEN = LATER if CAN_JOIN else OUTSIDE  # its main thread sleeps
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
FIGHT = """
    import socket, sys, threading, time
    held = threading.Lock()
    held.acquire()
    pair = socket.socketpair()
    def burn():
        while True:
            sum(range(1000))
    works = {"a": burn, "b": burn, "lock": held.acquire, "socket": lambda: pair[0].recv(1), "sleep": lambda: time.sleep(600)}
    for name, work in works.items():
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        print(name, thread.native_id, flush=True)
    print("ready", 0, flush=True)
    time.sleep(600)
    """


SERVER = """
    import sys, threading, time
    from concurrent.futures import ThreadPoolExecutor
    pool = ThreadPoolExecutor(2, thread_name_prefix="early")
    pool.submit(len, "").result()
    plain, early, early_too, known = (
        threading.Lock, threading.Thread.start), threading.Lock(), threading.RLock(), {}
    def old():
        while True:
            lock = known.get("shared")
            if lock is not None:
                with lock:
                    pass
            time.sleep(0.005)
    threading.Thread(target=old, name="old one", daemon=True).start()
    print("ready", flush=True)
    if "wait" in sys.argv:
        print(sys.stdin.readline().strip(), flush=True)
    was = True
    while True:
        is_plain = (threading.Lock, threading.Thread.start) == plain
        if is_plain is not was:
            print("left" if is_plain else "joined", flush=True)
            was = is_plain
        if not is_plain and not known:
            known["shared"] = threading.Lock()
        def task():
            with early, known.get("shared", early_too):
                time.sleep(0.002)
        list(pool.map(lambda _: task(), range(4)))
    """


@support.unittest.skipUnless(os.path.exists(support.CONTEND), "skipped: test_attach: no contend at " + support.CONTEND)
class AttachTest(support.ProgramTest):
    def report(self, *arguments):
        code, out, err = support.finish(support.contend("attach", "--json", *arguments))
        self.assertEqual((0, ""), (code, err))
        return json.loads(out)

    def wait_for(self, holds):
        """Waits until something is true; returns it."""
        end = time.monotonic() + support.LIMIT
        while True:
            found = holds()
            if found:
                return found
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)


class Attach(AttachTest):
    def start_fight(self):
        """Starts a program whose threads fight for the GIL; returns it and the numbers of its threads by name."""
        process = subprocess.Popen([sys.executable, self.write(FIGHT)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, universal_newlines=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        threads = {}
        while "ready" not in threads:
            name, number = process.stdout.readline().split()
            threads[name] = int(number)
        return process, threads

    def read(self, path):
        with open(path) as file:
            return file.read()

    def open_files(self, pid):
        links = []
        for number in os.listdir("/proc/%d/fd" % pid):
            try:
                links.append(os.readlink("/proc/%d/fd/%s" % (pid, number)))
            except OSError:
                pass  # closed meanwhile
        return "\n".join(links)

    def shares(self, report):
        """Returns the shares of each thread, with that of the GIL: all add up to 1."""
        shares = {}
        for worker in report["workers"]:
            known = {state: share or 0 for state, share in worker["share"].items()}
            known.setdefault("gil", 1 - sum(known.values()))
            shares[worker["tid"]] = known
        return shares

    def test_threads_that_fight_for_the_gil_wait_for_it_and_others_do_not(self):
        process, threads = self.start_fight()
        report = self.report(str(process.pid), "--for", "3s")
        self.assertIsNone(process.poll(), "it goes on")
        self.assertIn(FIGHT_SEEN, report["title"])
        if sys.version_info < (3, 14):
            self.assertIn("the tracer cannot join: Python %d.%d cannot be joined while it runs, 3.14 can" % (
                sys.version_info[:2]), "\n".join(report["notes"]))
        self.assertEqual([], report["deadlocks"] + report["stalls"])
        shares = self.shares(report)
        for name, state in (("lock", "signal"), ("socket", "io"), ("sleep", "sleep")):
            self.assertGreater(shares[threads[name]][state], 0.9, name)
            self.assertLess(abs(shares[threads[name]]["gil"]), 0.01, name)
        for name in "ab":
            mine = shares[threads[name]]
            fighting = [mine.get(state, 0) for state in ("running", "ready", "gil", "off-core")]
            self.assertAlmostEqual(1, sum(fighting), delta=0.1)
            if FREE_THREADED:
                self.assertLess(abs(mine["gil"]), 0.001)
            else:
                self.assertGreater(mine["gil"], 0.05)
        named = [signal["name"].split() for signal in report["signals"] if signal["name"].startswith("GIL held by")]
        holders = {int(words[-1]) for words in named}
        if FREE_THREADED:
            self.assertEqual(set(), holders)
        else:
            self.assertLessEqual({threads[name] for name in "ab"}, holders)
        self.assertNotIn(threads["socket"], holders)

    def test_ctrl_c_ends_contend_and_not_the_program(self):
        process, _ = self.start_fight()
        record = os.path.join(self.directory, "run.contend")
        contend = support.contend("attach", str(process.pid), "--headless", "--record", record)
        self.wait_for(lambda: os.path.exists(record) and os.path.getsize(record) > 1000)
        contend.send_signal(signal.SIGINT)
        code, out, err = support.finish(contend)
        self.assertEqual(130, code, err)
        self.assertIn("recorded in", err)
        self.assertIn("seen from outside", " ".join(out.split()))
        self.assertIsNone(process.poll())
        code, out, err = support.finish(support.contend("replay", record, "--json"))
        self.assertEqual((0, ""), (code, err))
        self.assertIn(process.pid, [worker["tid"] for worker in json.loads(out)["workers"]])

    def test_run_ends_with_the_program_and_children_are_followed(self):
        parent = subprocess.Popen(
            [sys.executable, "-c", "import subprocess, sys; subprocess.call([sys.executable, '-c', 'input()'])"],
            stdin=subprocess.PIPE)
        self.addCleanup(parent.kill)
        child = int(self.wait_for(lambda: self.read("/proc/%d/task/%d/children" % (parent.pid, parent.pid))))
        contend = support.contend("attach", str(parent.pid), "--json", "--for", "60s")
        self.wait_for(lambda: "/proc/%d/" % child in self.open_files(contend.pid))
        parent.communicate(b"\n")
        code, out, err = support.finish(contend)
        report = json.loads(out)
        self.assertEqual((0, "completed"), (code, report["ended"]), err)
        self.assertEqual({parent.pid, child}, {worker["pid"] for worker in report["workers"]})

    def test_reason_and_cure_are_told_if_a_process_cannot_be_seen(self):
        for arguments, said in (
                (["999999999"], "there is no process 999999999"), ([str(os.getpid()), "x"], "a process has no URL"),
                (["rq"], "contend attach rq URL"), (["0"], "write the number of a process")):
            code, out, err = support.finish(support.contend("attach", *arguments))
            self.assertNotEqual(0, code)
            self.assertIn(said, err)
        if os.getuid():
            print("skipped: process of another user: this user cannot become another one")
            return

        def become_nobody():
            os.setgid(65534)
            os.setuid(65534)
        try:
            contend = support.contend("attach", str(os.getpid()), preexec_fn=become_nobody)
        except PermissionError:
            print("skipped: process of another user: nobody cannot start contend at its place")
            return
        code, out, err = support.finish(contend)
        self.assertEqual(1, code)
        self.assertIn("belongs to user root: run `sudo contend attach %d`" % os.getpid(), err)


@support.unittest.skipUnless(CAN_JOIN, "skipped: joining a running program: Python %d.%d has no sys.remote_exec" % (
    sys.version_info[:2]))
class Join(AttachTest):
    def start_server(self, *arguments, **environment):
        """Starts a program whose main thread runs, or waits for a line first."""
        self.output = os.path.join(self.directory, "output")
        with open(self.output, "w") as output:
            process = subprocess.Popen(
                [sys.executable, self.write(SERVER)] + list(arguments), stdin=subprocess.PIPE, stdout=output,
                stderr=subprocess.STDOUT, universal_newlines=True, bufsize=1, env=dict(os.environ, **environment))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assert_said("ready")
        return process

    def assert_said(self, *lines):
        """Waits until the program has written so many lines, which must be these."""
        def written():
            with open(self.output) as output:
                return output.read().split()
        self.wait_for(lambda: len(written()) >= len(lines))
        self.assertEqual(list(lines), written())

    def assert_traced(self, report):
        """Checks that what began after the tracer has joined is there, and threads and pools of before with it."""
        names = [worker["name"] for worker in report["workers"] if worker["name"].startswith("old one")]
        self.assertEqual(1, len(names), names)
        shared = [lock for lock in report["locks"] if "shared" in lock["name"]]
        self.assertEqual(1, len(shared), [lock["name"] for lock in report["locks"]])
        self.assertGreater(shared[0]["acquired"], 10)
        pools = {pool["name"]: pool for pool in report["pools"]}
        self.assertGreater(pools["early"]["done"], 10)

    def test_tracer_joins_leaves_and_joins_again(self):
        process = self.start_server()
        for turn in (1, 2):
            report = self.report(str(process.pid), "--for", "2s")
            self.assertIn(JOINED, report["title"])
            self.assertIn(JOINED, report["notes"])
            self.assert_traced(report)
            self.assert_said("ready", *["joined", "left"] * turn)
            self.assertIsNone(process.poll())

    def test_tracer_joins_when_the_main_thread_runs_again(self):
        process = self.start_server("wait")
        record = os.path.join(self.directory, "run.contend")
        contend = support.contend("attach", str(process.pid), "--json", "--record", record, "--for", "3s")
        self.wait_for(lambda: os.path.exists(record))
        process.stdin.write("go\n")
        code, out, err = support.finish(contend)
        self.assertEqual(0, code, err)
        report = json.loads(out)
        self.assertIn(LATER, report["title"])
        self.assertLessEqual({LATER, JOINED}, set(report["notes"]))
        self.assert_traced(report)

    def test_tracer_that_has_not_joined_yet_never_does(self):
        process = self.start_server("wait")
        report = self.report(str(process.pid), "--for", "1s")
        self.assertIn(LATER, report["title"])
        left = self.wait_for(lambda: [name for name in os.listdir(tempfile.gettempdir()) if name.startswith(
            "contend-leave-%d-" % process.pid)])
        process.stdin.write("go\n")
        self.assert_said("ready", "go")
        self.wait_for(lambda: not os.path.exists(os.path.join(tempfile.gettempdir(), left[0])))
        report = self.report(str(process.pid), "--for", "1s")
        self.assertIn(JOINED, report["title"])
        self.assert_said("ready", "go", "joined", "left")

    def test_second_contend_looks_from_outside(self):
        process = self.start_server()
        first = support.contend("attach", str(process.pid), "--json", "--for", "60s")
        self.assert_said("ready", "joined")
        report = self.report(str(process.pid), "--for", "1s")
        self.assertIn(OUTSIDE, report["title"])
        self.assertIn("the tracer cannot join: another contend has joined it", report["notes"])
        first.send_signal(signal.SIGINT)
        self.assertEqual(130, support.finish(first)[0])
        self.assert_said("ready", "joined", "left")

    def test_tracer_leaves_when_contend_is_killed(self):
        process = self.start_server()
        first = support.contend("attach", str(process.pid), "--json", "--for", "60s")
        self.assert_said("ready", "joined")
        first.kill()
        support.finish(first)
        self.assert_said("ready", "joined", "left")

    def test_disabled_remote_debugging_is_named(self):
        process = self.start_server(PYTHON_DISABLE_REMOTE_DEBUG="1")
        report = self.report(str(process.pid), "--for", "1s")
        self.assertIn(OUTSIDE, report["title"])
        self.assertIn("the tracer cannot join: remote debugging is disabled in it (PYTHON_DISABLE_REMOTE_DEBUG)",
                      report["notes"])


if __name__ == "__main__":
    support.unittest.main()
