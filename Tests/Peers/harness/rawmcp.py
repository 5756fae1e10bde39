"""MCP servers by hand, many on one port: `/NAME` is a good server of the modern era, or does what `ways` says of that name.

A way is `async (server, exchange) -> bool`: it may write whatever it likes on `exchange.writer`; where it gives False, the good
answer follows. The good server has the tools `who`, which says whose it is and what it was given, and `wait`.
"""

import asyncio
import json
from dataclasses import dataclass, field

from harness.background import read_request
from harness.wire import MODERN

PREFIX = "io.modelcontextprotocol/"
OBJECT = {"type": "object", "properties": {}}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\n"


def tool(name, **more) -> dict:
    """A tool as it stands in a list."""
    return {"name": name, "description": f"The tool {name}"[:200], "inputSchema": OBJECT, **more}


def listed(*tools, **more) -> dict:
    """A page of a list of tools."""
    return {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": list(tools), **more}


def said(text: str, **more) -> dict:
    """A tool's result of text."""
    return {"resultType": "complete", "content": [{"type": "text", "text": text}], **more}


@dataclass
class Exchange:
    """One request, and where its answer goes."""

    name: str
    verb: str
    query: str
    headers: dict[str, str]
    message: dict
    writer: asyncio.StreamWriter

    @property
    def method(self) -> str:
        """The method of the message; empty where there is none."""
        return self.message.get("method", "")

    @property
    def params(self) -> dict:
        """Its parameters."""
        return self.message.get("params") or {}

    @property
    def tool(self) -> str | None:
        """The tool that is called, if one is."""
        return self.params.get("name") if self.method == "tools/call" else None

    async def send(self, data: bytes) -> None:
        """Writes bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, body: bytes, status="200 OK", kind="application/json", **headers) -> bool:
        """Writes a whole answer."""
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{lines}\r\n"
        await self.send(head.encode() + body)
        return True

    async def result(self, result) -> bool:
        """Answers with a result."""
        return await self.answer(json.dumps({"jsonrpc": "2.0", "id": self.message.get("id"), "result": result}).encode())

    async def error(self, code: int, message: str, status="200 OK") -> bool:
        """Answers with an error."""
        error = {"code": code, "message": message}
        return await self.answer(json.dumps({"jsonrpc": "2.0", "id": self.message.get("id"), "error": error}).encode(), status)

    async def stream(self) -> None:
        """Begins a stream of events."""
        await self.send(HEAD % b"text/event-stream" + b"transfer-encoding: chunked\r\n\r\n")

    async def chunk(self, data: bytes) -> None:
        """Writes a piece of a stream."""
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def event(self, message: dict) -> None:
        """Writes a message on a stream."""
        await self.chunk(b"event: message\ndata: " + json.dumps(message).encode() + b"\n\n")

    async def end(self) -> bool:
        """Ends a stream."""
        await self.send(b"0\r\n\r\n")
        return True


@dataclass
class RawServers:
    """The servers of one port."""

    background: object
    ways: dict = field(default_factory=dict)
    #: How often each name was asked for each method; GET and DELETE count under their own names.
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    #: The last requests of each name, without their writers: verb, headers, message.
    heard: dict[str, list[tuple[str, dict, dict]]] = field(default_factory=dict)
    url: str = ""

    def __post_init__(self):
        self.url = f"http://127.0.0.1:{self.background.listen(self._serve)}"

    def address(self, name: str) -> str:
        """Where a server is."""
        return f"{self.url}/{name}"

    def last(self, name: str, method: str) -> tuple[dict, dict]:
        """Headers and message of the last request of a method."""
        return next((headers, message) for _, headers, message in reversed(self.heard[name]) if message.get("method") == method)

    def asked(self, name: str) -> int:
        """How often a server was asked for anything."""
        return sum(count for (found, _), count in self.counts.items() if found == name)

    async def _serve(self, reader, writer):
        while True:
            head, body = await read_request(reader)
            line, *fields = head.decode("latin-1").strip().split("\r\n")
            verb, target, _ = line.split(" ")
            headers = {key.lower(): value.strip() for key, value in (text.split(":", 1) for text in fields)}
            message = json.loads(body) if body else {}
            name = target.strip("/").split("/")[0].split("?")[0]
            exchange = Exchange(name, verb, target.partition("?")[2], headers, message, writer)
            key = name, exchange.method or verb
            self.counts[key] = self.counts.get(key, 0) + 1
            self.heard[name] = [*self.heard.get(name, [])[-99:], (verb, headers, message)]
            way = self.ways.get(name)
            if way is None or not await way(self, exchange):
                await self.good(exchange)

    async def good(self, exchange: Exchange) -> bool:
        """What a server that does everything right answers."""
        if exchange.verb != "POST":
            return await exchange.answer(b"", "405 Method Not Allowed", allow="POST")
        match exchange.method:
            case _ if "id" not in exchange.message:
                return await exchange.answer(b"", "202 Accepted")
            case "server/discover":
                capabilities = {"tools": {"listChanged": True}}
                discovered = {"supportedVersions": [MODERN], "capabilities": capabilities, "ttlMs": 0, "cacheScope": "private"}
                info = {"_meta": {f"{PREFIX}serverInfo": {"name": exchange.name, "version": "1"}}}
                return await exchange.result({"resultType": "complete", **discovered, **info})
            case "tools/list":
                return await exchange.result(listed(tool("who"), tool("wait")))
            case "tools/call" if exchange.tool == "wait":
                await asyncio.sleep(float(exchange.params.get("arguments", {}).get("seconds", 1)))
                return await exchange.result(said("waited"))
            case "tools/call":
                given = exchange.params.get("arguments") or {}
                return await exchange.result(said(json.dumps({"who": exchange.name, **given}, sort_keys=True)))
            case "subscriptions/listen":
                number = exchange.message["id"]
                tagged = {"notifications": exchange.params.get("notifications", {}), "_meta": {f"{PREFIX}subscriptionId": number}}
                await exchange.stream()
                await exchange.event({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": tagged})
                while True:
                    await asyncio.sleep(5)
                    await exchange.chunk(b": on\n\n")
            case "initialize":
                return await exchange.error(-32601, "Method not found", "404 Not Found")
        return await exchange.error(-32601, "Method not found", "404 Not Found")
