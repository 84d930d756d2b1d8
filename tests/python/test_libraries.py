"""joblib, numpy, requests and gevent run unchanged, where they are installed."""

import importlib.util
import unittest

import support

PROGRAMS = {
    "joblib": """
        from joblib import Parallel, delayed
        def square(x):
            return x * x
        if __name__ == "__main__":
            for prefer in ("processes", "threads"):
                print(Parallel(n_jobs=2, prefer=prefer)(delayed(square)(n) for n in range(6)))
        """,
    "numpy": """
        import numpy
        ones = numpy.ones((300, 300))
        print((ones @ ones).sum())
        """,
    "requests": """
        import requests, threading
        from http.server import BaseHTTPRequestHandler, HTTPServer
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")
            def log_message(self, *arguments):
                pass
        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with requests.Session() as session:
            session.trust_env = False
            print([session.get("http://127.0.0.1:%d/" % server.server_port).text for _ in range(3)])
        """,
    "gevent": """
        from gevent import monkey
        monkey.patch_all()
        import queue, threading, time
        items, lock = queue.Queue(), threading.Lock()
        def work(number):
            with lock:
                time.sleep(0.01)
            items.put(number)
        threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(sorted(items.get() for _ in threads))
        """,
}


class Libraries(support.ProgramTest):
    def test_output_is_the_same(self):
        for library, text in PROGRAMS.items():
            with self.subTest(library):
                if importlib.util.find_spec(library) is None:
                    print("skipped: %s under the tracer: not installed" % library)
                    continue
                self.assertEqual(0, self.same(text).code)


if __name__ == "__main__":
    unittest.main()
