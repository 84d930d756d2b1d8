"""Runs a script whose process pools go to a cluster of Dask, and shows both to contend.

    launch.py --local 4 [--threads 1] -- script.py ARGS
    launch.py --address tcp://host:8786 -- script.py ARGS

Starts the driver, waits until the cluster is ready, runs the script with `CONTEND_DASK` set, and ends with its exit
code. Run it with `python -E`: then it is not traced itself.
"""

import argparse
import json
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def parse(arguments):
    parser = argparse.ArgumentParser(description="Runs a script's process pools on a cluster of Dask.")
    parser.add_argument("--local", type=int, metavar="WORKERS")
    parser.add_argument("--address")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("script", nargs="+")
    return parser.parse_args(arguments)


def start_driver(options):
    """Starts the driver. Returns its process and the cluster's address, or None for it if there is no cluster."""
    where = ["--address", options.address] if options.address else ["--local", str(options.local or 2)]
    environment = dict(os.environ)
    own = environment.get("PYTHONPATH", "").split(os.pathsep)[1:]  # the first directory is the tracer's
    beside = os.path.dirname(os.path.abspath(options.script[0]))
    environment["CONTEND_PLAIN_PYTHONPATH"] = os.pathsep.join([beside] + own)
    command = [sys.executable, "-E", os.path.join(HERE, "driver.py"), *where, "--threads", str(options.threads)]
    driver = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
                              start_new_session=True)
    line = driver.stdout.readline()
    return driver, json.loads(line)["ready"] if line else None


def run_script(options, address):
    """Runs the script; Ctrl-C and the like go to it. Returns its exit code, as a shell would."""
    child = subprocess.Popen([sys.executable, *options.script], env=dict(os.environ, CONTEND_DASK=address))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: child.send_signal(number))
    code = child.wait()
    return code if code >= 0 else 128 - code


def main(arguments=None):
    options = parse(arguments)
    driver, address = start_driver(options)
    try:
        return driver.wait() or 1 if address is None else run_script(options, address)
    finally:
        driver.stdin.close()
        driver.wait()


if __name__ == "__main__":
    sys.exit(main())
