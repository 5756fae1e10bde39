"""Upstreams: the real httpbin under a real server, and one of ours that misbehaves as told."""

import asyncio
import gzip
import json
import socket
import subprocess
import sys
import threading
import time

from harness.background import Background, read_request

GIGABYTE = 1 << 30


class Httpbin:
    """The `httpbin` application under gunicorn, with enough threads for a hundred slow answers."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            server = ["-m", "gunicorn", "--threads", "128", "--keep-alive", "30", "--bind", f"fd://{listener.fileno()}"]
            self.process = subprocess.Popen(
                [sys.executable, *server, "--log-level", "warning", "httpbin:app"], pass_fds=[listener.fileno()]
            )

    def stop(self):
        self.process.kill()  # at once: what hangs in it is no test of ours
        self.process.wait()


class FaultUpstream:
    """An HTTP upstream that misbehaves by path: `/faults/{kind}`; each kind is a method with its name.

    It also answers well: `/good` with JSON, `/large?bytes=N` with JSON of that size, `/echo` with the request as it came.
    `/gate` and `/hang` wait for the test (`gate`) or for the hub to close the connection (`left`).
    """

    def __init__(self, background: Background):
        self.background = background
        self.port = background.listen(self._serve)
        self.url = f"http://127.0.0.1:{self.port}"
        self.strangers = 0
        self.elsewhere = background.listen(self._count_stranger)
        self.requests: list[bytes] = []
        self.gate = asyncio.Event()
        self.waiting = Signal()
        self.left = Signal()

    def open_gate(self):
        """Lets every request at `/gate` be answered."""
        self.background.loop.call_soon_threadsafe(self.gate.set)

    async def _count_stranger(self, reader, writer):
        self.strangers += 1

    async def _serve(self, reader, writer):
        while True:
            head, body = await read_request(reader)
            self.requests.append(head + body)
            path, _, query = head.split(b" ")[1].decode().partition("?")
            if path.startswith("/faults/"):
                await getattr(self, path.removeprefix("/faults/").replace("-", "_"))(reader, writer)
                return
            match path:
                case "/large":
                    answer = {"filler": "x" * int(query.removeprefix("bytes="))}
                case "/gate":
                    self.waiting.add()
                    await self.gate.wait()
                    answer = {"query": query}
                case "/hang":
                    await self.hang(reader, writer)
                    return
                case "/echo":
                    answer = {"head": head.decode("latin-1"), "body": body.decode("latin-1")}
                case _:
                    answer = {"good": True}
            text = json.dumps(answer).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b"content-length: %d\r\n\r\n" % len(text) + text)
            await writer.drain()

    async def hang(self, reader, writer):
        """Never answers, and says when the hub has closed the connection."""
        self.waiting.add()
        while await reader.read(1 << 16):
            pass
        self.left.add()

    async def trickle(self, reader, writer):
        """Answers a byte at a time, for as long as anybody listens."""
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.1)

    async def stalls(self, reader, writer):
        """Begins an answer and falls silent."""
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"half":')
        await self.hang(reader, writer)

    async def garbage(self, reader, writer):
        """Answers with bytes that are no HTTP."""
        writer.write(bytes(range(256)) * 16)
        await writer.drain()

    async def closes(self, reader, writer):
        """Closes without a word."""

    async def cut(self, reader, writer):
        """Closes in the middle of a body."""
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"half":')
        await writer.drain()

    async def cut_chunk(self, reader, writer):
        """Closes in the middle of a chunk."""
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n64\r\n{"half":')
        await writer.drain()

    async def gigabyte(self, reader, writer):
        """Sends a gigabyte in chunks."""
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        await self._pour(writer, lambda block: b"%x\r\n%b\r\n" % (len(block), block))
        writer.write(b"0\r\n\r\n")

    async def gigabyte_announced(self, reader, writer):
        """Announces a gigabyte, and sends it."""
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n" % GIGABYTE)
        await self._pour(writer, lambda block: block)

    async def gigabyte_head(self, reader, writer):
        """Sends header fields without end."""
        writer.write(b"HTTP/1.1 200 OK\r\n")
        await self._pour(writer, lambda block: b"x-filler: %b\r\n" % block[:4000])

    async def _pour(self, writer, frame):
        block = frame(b"x" * (1 << 18))
        for _ in range(GIGABYTE >> 18):
            writer.write(block)
            await writer.drain()

    async def gzip_bomb(self, reader, writer):
        """A megabyte that unpacks to a gigabyte."""
        member = gzip.compress(b"x" * (1 << 24))
        body = member * (GIGABYTE >> 24)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-encoding: gzip\r\n")
        writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    async def too_long(self, reader, writer):
        """Sends more than it announced: a second answer, for whoever comes next."""
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{"stolen": true}')
        await self.hang(reader, writer)

    async def two_lengths(self, reader, writer):
        """Announces two lengths."""
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\nhello")
        await writer.drain()

    async def redirect(self, reader, writer):
        """Sends the hub to another port, where nobody may come."""
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:%d/\r\ncontent-length: 0\r\n\r\n" % self.elsewhere)
        await writer.drain()

    async def not_json(self, reader, writer):
        """Says JSON and sends something else."""
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n<p>no json</p>")
        await writer.drain()

    async def not_utf8(self, reader, writer):
        """Sends text that is no UTF-8."""
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 6\r\n\r\nab\xff\xfe\x80c")
        await writer.drain()

    async def html_500(self, reader, writer):
        """Fails with a page that names what a caller must not see."""
        page = f"<html><body><h1>Internal Server Error</h1>at {self.url}/secret</body></html>".encode()
        writer.write(b"HTTP/1.1 500 Oops\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n" % len(page) + page)
        await writer.drain()


class RecordingUpstream:
    """Answers whatever it is asked with JSON; `requests` has the method and the target of each request."""

    def __init__(self, background: Background):
        self.requests: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{background.listen(self._serve)}"

    async def _serve(self, reader, writer):
        while True:
            head, _ = await read_request(reader)
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            self.requests.append((method, target))
            body = b'{"done":true}'
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body))
            if method != "HEAD":
                writer.write(body)
            await writer.drain()


class Signal:
    """Counts something that happens on the loop; a test waits for it."""

    def __init__(self):
        self.count = 0
        self.changed = threading.Condition()

    def add(self):
        with self.changed:
            self.count += 1
            self.changed.notify_all()

    def wait(self, count=1, limit=10) -> float:
        """Waits for the count to be reached; gives the seconds it took."""
        began = time.monotonic()
        with self.changed:
            assert self.changed.wait_for(lambda: self.count >= count, limit), f"{self.count} of {count} in {limit} s"
        return time.monotonic() - began
