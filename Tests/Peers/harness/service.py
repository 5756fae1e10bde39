"""A small HTTP service in a thread of its own, which answers as a test says."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Service:
    """Answers each request with what `answer(request)` gives: the status, header fields and body.

    `request` has `path`, `headers`, and the body in `rfile`.
    """

    def __init__(self, answer):
        class Handler(BaseHTTPRequestHandler):
            def respond(self):
                status, fields, body = answer(self)
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
