"""The emitters of examples/emitters, run where their language is present."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time

import support

EMITTERS = os.path.join(support.ROOT, "examples", "emitters")


class Emitters(support.ProgramTest):
    def check(self, language, command):
        if shutil.which(command[0]) is None:
            print("skipped: emitter of %s: no %s on this machine" % (language, command[0]))
            self.skipTest("no %s" % command[0])
        path = os.path.join(self.directory, "events.sock")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(listener.close)
        listener.bind(path)
        listener.listen(4)
        listener.settimeout(support.LIMIT)
        received = []
        thread = threading.Thread(target=_receive, args=(listener, received))
        thread.start()
        before = time.monotonic_ns()
        done = subprocess.run(
            command, env=dict(os.environ, CONTEND_SOCK=path), cwd=self.directory, timeout=support.LIMIT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
        self.assertEqual((0, ""), (done.returncode, done.stdout))
        thread.join()
        lines = [json.loads(line) for line in b"".join(received).decode().splitlines()]
        self.assertEqual(("hello", 1), (lines[0]["ev"], lines[0]["cv"]))
        self.assertEqual("bye", lines[-1]["ev"])
        events = [line for line in lines if "k" in line]
        self.assertEqual(["begin"] + ["put"] * 5 + ["got"] * 5 + ["end"], [line["k"] for line in events])
        self.assertEqual([1, 2, 3, 4, 5, 4, 3, 2, 1, 0], [line["d"] for line in events[1:-1]])
        times = [line["t"] for line in events]
        self.assertEqual(sorted(times), times)
        self.assertTrue(before < times[0] and times[-1] < time.monotonic_ns())
        defined = {line["id"] for line in lines if line.get("ev") in ("obj", "lane")}
        self.assertLessEqual({line["o"] for line in events} | {line["l"] for line in events}, defined)

    def test_node(self):
        self.check("Node", ["node", os.path.join(EMITTERS, "emit.js")])

    def test_java(self):
        self.check("Java", ["java", os.path.join(EMITTERS, "Emit.java")])

    def test_go(self):
        self.check("Go", ["go", "run", os.path.join(EMITTERS, "emit.go")])


def _receive(listener, received):
    connection, _ = listener.accept()
    with connection:
        while True:
            data = connection.recv(65536)
            if not data:
                return
            received.append(data)


if __name__ == "__main__":
    support.unittest.main()
