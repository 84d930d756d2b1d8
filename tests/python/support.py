"""Runs small programs, bare and traced, and reads what the tracer wrote."""

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

import dump

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TRACER = os.path.join(ROOT, "crates", "program", "python")

LIMIT = 120
METHODS = ("fork", "spawn", "forkserver")
# The program under test; `cargo test --test python` names it.
CONTEND = os.environ.get("CONTEND_PROGRAM") or os.path.join(ROOT, "target", "debug", "contend")


def contend(*arguments, **options):
    """Starts contend; returns the process."""
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "CONTEND_TRACE")}
    return subprocess.Popen([CONTEND] + list(arguments), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, universal_newlines=True, **options)


def finish(process):
    """Waits for contend's end; returns its exit code and both outputs."""
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, out, err


class Run:
    """What a program has printed, and its trace if there is one."""

    def __init__(self, code, out, err, trace):
        self.code, self.out, self.err, self.trace = code, out, err, trace


class ProgramTest(unittest.TestCase):
    """Test that runs programs in a directory of its own."""

    maxDiff = None

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="contend-python-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.count = 0

    def write(self, text, name="program.py"):
        """Writes a program."""
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(textwrap.dedent(text))
        return path

    def start(self, arguments, traced=True, options=(), **environment):
        """Starts Python; returns the process and the directory of its trace."""
        self.count += 1
        directory = os.path.join(self.directory, "trace%d" % self.count)
        os.mkdir(directory, 0o700)
        env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "CONTEND_TRACE")}
        env.update(environment, PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="0")
        if traced:
            env.update(PYTHONPATH=TRACER, CONTEND_TRACE=directory)
        process = subprocess.Popen(
            [sys.executable] + list(options) + list(arguments), env=env, cwd=self.directory,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        return process, directory

    def run_program(self, text, *arguments, traced=True, options=(), **environment):
        """Runs a program to its end."""
        process, directory = self.start([self.write(text)] + list(arguments), traced, options, **environment)
        return self.finish(process, directory, traced)

    def finish(self, process, directory, traced=True):
        """Waits for a program and reads its trace."""
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.fail("no end within %d s\n%s\n%s" % (LIMIT, out, err))
        trace = dump.Trace(directory) if traced else None
        if trace is not None:
            self.assertEqual([], trace.faults)
        return Run(process.returncode, out, err, trace)

    def traced(self, text, *arguments, **environment):
        """Runs a program that must succeed without a word on standard error; returns its trace."""
        run = self.run_program(text, *arguments, **environment)
        self.assertEqual((0, ""), (run.code, run.err), run.out)
        return run.trace

    def same(self, text, *arguments):
        """Runs a program bare and traced; both must print the same lines. Returns the traced run."""
        bare = self.run_program(text, *arguments, traced=False)
        traced = self.run_program(text, *arguments)
        self.assertEqual(
            (bare.code, sorted(bare.out.splitlines()), sorted(bare.err.splitlines())),
            (traced.code, sorted(traced.out.splitlines()), sorted(traced.err.splitlines())))
        return traced

    def words(self, trace, name):
        """Returns the words of all events of the objects of a name."""
        self.assertTrue(trace.named(name), "no object %r among %s" % (
            name, sorted(d["name"] for d in trace.objects.values())))
        return trace.kinds(name)

    def assert_owned_by_one(self, trace, obj):
        """Checks that no two intervals of ownership of a lock overlap."""
        owner = None
        for event in trace.events:
            if event.obj != obj or event.kind not in (11, 12):
                continue
            if event.kind == 11:
                self.assertIsNone(owner, event)
                owner = event.lane
            else:
                self.assertEqual(owner, event.lane)
                owner = None
