"""A scheduler and workers of Dask on this machine: started, watched and ended here.

Everything listens on 127.0.0.1 only. Each process ends when this one does, even by SIGKILL: the kernel signals it.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

START_SECONDS = 60
# The longest wait for the workers of a cluster.
READY_SECONDS = 60
NO_DISTRIBUTED = ("this Python has no `distributed`; install it with `pip install distributed`; "
                  "`contend doctor` shows what this machine has")
PR_SET_PDEATHSIG = 1
#: By this variable contend's guardian finds what a run has left behind.
RUN_TAG = "CONTEND_RUN"


def _end_with_parent():
    """Runs in the new process before its program: SIGKILL when the parent dies (prctl(2), PR_SET_PDEATHSIG)."""
    os.setsid()
    try:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):
        pass


class LocalCluster:
    """`workers` processes of `threads` threads each, beside their scheduler.

    `settings`: environment variables for all of them, such as options of Dask. `parent`: where its files go.
    """

    def __init__(self, workers, threads, settings=(), parent=None):
        # By this name contend's next run knows that the directory is left over, once this process is gone.
        prefix = f"contend-{os.getpid()}-dask-"
        self._directory = tempfile.TemporaryDirectory(prefix=prefix, dir=parent)
        self._processes = []
        self._next_name = 0
        self._threads = threads
        self._settings = dict(settings)
        file = os.path.join(self._directory.name, "scheduler.json")
        self._start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                    "--no-show", "--scheduler-file", file)
        self.address = self._wait_for_address(file)
        for _ in range(workers):
            self.add_worker()

    def _start(self, module, *arguments):
        log = open(os.path.join(self._directory.name, f"{len(self._processes)}.log"), "wb")
        # A worker must not be traced or moved to the cluster itself.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("CONTEND_") or name == RUN_TAG}
        environment["PYTHONPATH"] = os.environ.get("CONTEND_PLAIN_PYTHONPATH", "")
        environment.setdefault("DASK_TEMPORARY_DIRECTORY", self._directory.name)
        environment.update(self._settings)
        process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.STDOUT, env=environment, cwd=os.getcwd(),
                                   preexec_fn=_end_with_parent)
        log.close()
        process.log = log.name
        self._processes.append(process)
        return process

    def _wait_for_address(self, file):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                with open(file) as opened:
                    return json.load(opened)["address"]
            except (OSError, ValueError, KeyError):
                pass
            if self._processes[0].poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError("the Dask scheduler did not start: " + self.last_lines(self._processes[0]))

    @staticmethod
    def last_lines(process):
        try:
            with open(process.log, errors="replace") as log:
                return " ".join(log.read().split("\n")[-4:]).strip()[-400:]
        except OSError:
            return "no log"

    def add_worker(self, name=None):
        """Starts one more worker. It has no nanny: a worker that dies stays away, and is seen to."""
        if name is None:
            name = f"worker-{self._next_name}"
            self._next_name += 1
        return self._start("distributed.cli.dask_worker", self.address, "--host", "127.0.0.1", "--no-nanny",
                           "--no-dashboard", "--nthreads", str(self._threads), "--name", name,
                           "--local-directory", self._directory.name, "--memory-limit", "0")

    def pids(self):
        return [process.pid for process in self._processes if process.poll() is None]

    def stop(self, patience=2.0):
        """Ends all processes and removes their files; those that take longer than `patience` seconds are killed."""
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + patience
        for process in self._processes:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._directory.cleanup()
