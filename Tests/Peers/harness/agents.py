"""Agents under A2A's SDKs, which we did not write, as what the hub stands before; and a receiver of webhooks."""

import json
import queue
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent
KINDS = {"1.0": ("a2a1", "a2a1_agent.py", []), "0.3": ("a2a03", "a2a03_agent.py", []), "0.3-rest": ("a2a03", "a2a03_agent.py", ["rest"])}
KIT = ("a2a1", "a2a1_kit_agent.py", [])


class SDKAgent:
    """One of servers/a2a*_agent.py in the environment of its SDK."""

    def __init__(self, kind: str, name: str):
        environment, program, more = KIT if kind == "kit" else KINDS[kind]
        python = PEERS / f".venv-{environment}" / "bin" / "python"
        assert python.exists(), f"no .venv-{environment}: run scripts/peers"
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            command = [python, PEERS / "servers" / program, str(listener.fileno()), name, *more]
            self.process = subprocess.Popen(command, pass_fds=[listener.fileno()])

    def stop(self):
        self.process.kill()
        self.process.wait()


class Receiver:
    """Takes notifications; `answers` are the statuses it gives, the last of them for ever."""

    def __init__(self, answers=(200,)):
        self.got: queue.Queue[tuple[dict, bytes]] = queue.Queue()
        statuses = list(answers)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
                receiver.got.put(({name.lower(): value for name, value in self.headers.items()}, body, status))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self, limit=20) -> tuple[dict, dict, int]:
        """The fields, the body and the status of the next notification."""
        fields, self.raw, status = self.got.get(timeout=limit)
        return fields, json.loads(self.raw), status

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
