"""An upstream whose every answer carries the token of its request, and which counts who stays and who leaves."""

import asyncio
import json
import re
import time
from urllib.parse import parse_qs

from harness.background import Background
from harness.upstreams import Signal

TOKEN = re.compile(rb"T-[0-9a-f]{16}")


class TokenUpstream:
    """Answers `/token/{token}?kind=&bytes=&delay=` (fixtures/tokens.openapi.yaml).

    `good` says the token and as many bytes more as wanted, after `delay` milliseconds. `surplus` says more than it announced, `garbage`
    something that is no HTTP, `cut` half of an answer, `closes` nothing; each of them has the token in what it says. `hang` says nothing
    until the hub leaves, and then when that was (`left`). `open` counts connections, `running` requests.
    """

    def __init__(self, background: Background):
        self.open = self.most_open = 0
        self.running = self.most_running = 0
        self.waiting = Signal()
        self.left: dict[str, float] = {}
        self.url = f"http://127.0.0.1:{background.listen(self._serve)}"

    async def _serve(self, reader, writer):
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            while await self._answer(reader, writer):
                pass
        finally:
            self.open -= 1

    async def _answer(self, reader, writer) -> bool:
        """Answers one request; whether the connection stays."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            return await self._say(head, reader, writer)
        finally:
            self.running -= 1

    async def _say(self, head, reader, writer) -> bool:
        """Answers it in the way it asks for."""
        path, _, query = head.split(b" ")[1].decode().partition("?")
        token, asked = path.removeprefix("/token/"), parse_qs(query)
        kind = asked.get("kind", ["good"])[0]
        await asyncio.sleep(int(asked.get("delay", ["0"])[0]) / 1000)
        body = json.dumps({"token": token, "filler": "x" * int(asked.get("bytes", ["0"])[0])}).encode()
        answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        match kind:
            case "good":
                writer.write(answer)
            case "surplus":
                writer.write(answer + answer)
            case "garbage":
                writer.write(b"\x00\x01 %b \xff\r\n\r\n" % token.encode() + answer)
            case "cut":
                writer.write(answer[: -len(body) // 2])
            case "hang":
                self.waiting.add()
                try:
                    await reader.read(1)
                finally:
                    self.left[token] = time.monotonic()
        await writer.drain()
        return kind in ("good", "surplus")
