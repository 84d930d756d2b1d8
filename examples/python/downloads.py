"""Four threads download 40 files from a server on this machine; their addresses come from a queue.

contend shows: the queue `addresses` drains while the four threads wait for the network, not for each other.
"""

import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.03)
        body = self.path.encode() * 1000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def download(addresses, sizes):
    while True:
        address = addresses.get()
        if address is None:
            return
        with urlopen(address) as answer:
            sizes.append(len(answer.read()))


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    addresses, sizes = queue.Queue(), []
    for number in range(40):
        addresses.put("http://127.0.0.1:%d/%02d" % (server.server_port, number))
    workers = [threading.Thread(target=download, args=(addresses, sizes), name="download-%d" % n) for n in range(4)]
    for worker in workers:
        addresses.put(None)
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    server.shutdown()
    print(len(sizes), "files,", sum(sizes), "bytes")
