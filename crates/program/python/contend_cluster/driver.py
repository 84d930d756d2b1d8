"""Watches a cluster of Dask and writes what happens there as events of contend.

    driver.py --local 4 --threads 1          starts a cluster on this machine
    driver.py --address tcp://host:8786      watches one that is there; its TLS is set by Dask's own configuration

Runs with the Python of the program that uses the cluster, since Dask wants equal versions on all sides. Prints one
line of JSON to standard output when the cluster is ready: its address. Ends when standard input ends, and then takes
its plugins away; a local cluster ends with it.
"""

import argparse
import json
import os
import socket
import sys
import threading

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from contend_cluster.emit import Emitter
from contend_cluster.local import NO_DISTRIBUTED, LocalCluster

TICK_SECONDS = 0.005
CONNECT_SECONDS = 10
UNUSABLE = 4  # exit code where there is no cluster to watch


def parse(arguments):
    parser = argparse.ArgumentParser(description="Watches a cluster of Dask for contend.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--local", type=int, metavar="WORKERS")
    where.add_argument("--address")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--socket", default=os.environ.get("CONTEND_SOCK"))
    return parser.parse_args(arguments)


def _watch(address, emitter, cluster):
    """Returns the watch of a cluster. Ends this process if there is none, with the reason on standard error."""
    from contend_cluster.watch import Watch
    from distributed.comm import get_address_host_port

    try:
        host, port = get_address_host_port(address)
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
        return Watch(address, emitter)
    except Exception as error:
        print("contend: " + _why_unusable(address, error), file=sys.stderr, flush=True)
        if cluster:
            cluster.stop()
        os._exit(UNUSABLE)  # Dask's client would wait for its connection for 40 s


def _why_unusable(address, error):
    """What is wrong with a cluster, and what to do."""
    if address.startswith("tls://") and isinstance(error, TypeError):
        return (f"{address} needs certificates: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE and "
                "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and __KEY to the files of the cluster")
    reason = str(error) or type(error).__name__
    return f"no scheduler of Dask can be used at {address}: {reason}. Start it there, or name its address"


def main(arguments=None):
    options = parse(arguments)
    try:
        import distributed  # noqa: F401
    except ImportError:
        print("contend: " + NO_DISTRIBUTED, file=sys.stderr)
        return 3
    # contend's own directory goes with contend, even if it or this process is killed.
    beside = os.path.dirname(options.socket) if options.socket else None
    cluster = LocalCluster(options.local, options.threads, parent=beside) if options.local else None
    try:
        address = cluster.address if cluster else options.address
        ready = sys.stdout if options.socket else sys.stderr
        watch = _watch(address, Emitter(options.socket), cluster)
        if cluster:
            watch.wait_for_workers(options.local)
        print(json.dumps({"ready": address, "pids": cluster.pids() if cluster else []}), file=ready, flush=True)
        ended = threading.Event()
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), ended.set()), daemon=True).start()
        try:
            while not ended.wait(TICK_SECONDS):
                watch.tick()
        except OSError:
            pass  # the reader is gone: nothing to do but to clean up
        finally:
            watch.close()
    except KeyboardInterrupt:
        pass
    finally:
        if cluster:
            cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
