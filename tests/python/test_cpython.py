"""CPython's own tests under the tracer, where this Python has its `test` package."""

import os
import re
import subprocess
import sys
import tempfile

import support

# Tests that may fail under the tracer. All but the first two are about the identity or signature of a class.
ALLOWED = {
    "test_import_from_another_thread",  # fails without the tracer too, where a .pth file imports threading
    "test__all__",
    "test_disallow_instantiation",
    "test_signature",
    "test_constructor_signature",
    "test_lock_no_subclass",
}
SUITES = ["test_threading", "test_queue", "test_asyncio.test_locks"]
# Long; `CONTEND_LONG_TESTS=1` adds them.
LONG = ["test_concurrent_futures", "test_multiprocessing_fork", "test_multiprocessing_spawn"]


class Suites(support.ProgramTest):
    def test_only_allowed_tests_fail(self):
        try:
            import test.test_threading  # noqa: F401
            import test.libregrtest  # noqa: F401
        except ImportError:
            print("skipped: CPython's own tests on %s: no test package" % sys.version.split()[0])
            self.skipTest("no test package")
        suites = SUITES + (LONG if os.environ.get("CONTEND_LONG_TESTS") else [])
        with tempfile.TemporaryDirectory() as directory:
            env = dict(os.environ, PYTHONPATH=support.TRACER, CONTEND_TRACE=directory, PYTHONDONTWRITEBYTECODE="1")
            done = subprocess.run(
                [sys.executable, "-m", "test", "-v", "-j2"] + suites, env=env, cwd=self.directory,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800)
            faults = support.dump.Trace(directory).faults
        text = done.stdout.decode("utf-8", "replace")
        failed = set(re.findall(r"^(?:FAIL|ERROR): (\w+)", text, re.M))
        self.assertRegex(text, r"Ran \d+ tests|Total tests: run=\d+")
        self.assertLessEqual(failed, ALLOWED, text[-20000:])
        self.assertEqual([], faults)


if __name__ == "__main__":
    support.unittest.main()
