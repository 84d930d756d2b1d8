"""Runs the tests of the tracer on every Python that is present: `run.py [--few | --named] [MODULE ...]`.

Looks for python3.8 to python3.14 in PATH, in CONTEND_PYTHONS (a list like PATH) and among pyenv's versions. Names the
versions that it skips. With `--few` only the oldest and the newest run, with `--named` only those that CONTEND_PYTHONS
names, which have the packages of others, or the Python of PATH.
"""

import concurrent.futures
import glob
import os
import shutil
import signal
import subprocess
import sys

WANTED = ["3.%d" % minor for minor in range(8, 15)] + ["3.13t", "3.14t"]
AT_ONCE = 2  # modules that run beside each other
VERSION = ("import sys, sysconfig; print('%d.%d%s' % (sys.version_info[0], sys.version_info[1],"
           " 't' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''))")


def present():
    """Returns the first Python of each version."""
    places = [os.environ.get("CONTEND_PYTHONS"), os.path.dirname(sys.executable), os.environ.get("PATH")]
    places += sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin")))
    found = {}
    for place in os.pathsep.join(filter(None, places)).split(os.pathsep):
        for name in ["python3"] + ["python" + version for version in WANTED]:
            path = shutil.which(name, path=place)
            version = path and _version(path)
            if version in WANTED:
                found.setdefault(version, path)
    return found


def _version(path):
    done = subprocess.run([path, "-c", VERSION], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.decode().strip()


def _run(here, python, module):
    """Runs one module; returns its exit code and its output."""
    done = subprocess.run([python, "-m", "unittest", module], cwd=here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def main(arguments):
    """Runs the modules; returns the exit code."""
    # A job in the background is started with SIGINT ignored, and its children would ignore it as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    here = os.path.dirname(os.path.abspath(__file__))
    modules = [a for a in arguments if not a.startswith("-")] or sorted(
        os.path.basename(path)[:-3] for path in glob.glob(os.path.join(here, "test_*.py")))
    found = present()
    for version in WANTED:
        if version not in found:
            print("skipped: the tracer's tests on Python %s: not on this machine" % version)
    chosen = [version for version in WANTED if version in found]
    few = chosen
    if "--few" in arguments:
        few = [version for version in chosen if version in (chosen[0], chosen[-1])]
    elif "--named" in arguments:
        named = os.environ.get("CONTEND_PYTHONS") or os.path.dirname(sys.executable)
        few = [version for version in chosen if os.path.dirname(found[version]) in named.split(os.pathsep)]
    if few != chosen:
        print("skipped: %s on Python %s: run tests/python/run.py" % (
            ", ".join(modules), ", ".join(version for version in chosen if version not in few)))
    for version in few:
        print("Python %s: %s" % (version, found[version]), flush=True)
    jobs = [(version, found[version], module) for version in few for module in modules]
    failed = []
    # They wait more than they compute.
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for (version, _, module), (code, output) in zip(jobs, pool.map(lambda job: _run(here, *job[1:]), jobs)):
            print("Python %s, %s:\n%s" % (version, module, output), flush=True)
            if code:
                failed.append("%s of %s" % (module, version))
    if failed:
        print("failed: %s" % ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
