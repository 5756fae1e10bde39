"""MCP by hand: requests as no SDK would send them."""

import json
import socket
from contextlib import contextmanager

import httpx

from harness.recorder import events

MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "peer-tests", "version": "1"},
}
BOTH = "application/json, text/event-stream"


def modern(method: str, params: dict | None = None, number=1, meta=META, **headers) -> tuple[dict, bytes]:
    """Headers and body of a good 2026-07-28 request; `headers` (with `_` for `-`) replace or, where None, remove."""
    params = {**(params or {}), "_meta": meta}
    fields = {
        "accept": BOTH,
        "content-type": "application/json",
        "mcp-protocol-version": MODERN,
        "mcp-method": method,
        "mcp-name": params.get("name"),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
    return {name: value for name, value in fields.items() if value is not None}, body


def ask(url: str, method: str, params: dict | None = None, **headers) -> dict:
    """The one message a good 2026-07-28 request is answered with."""
    fields, body = modern(method, params, **headers)
    return message(httpx.post(url, headers=fields, content=body, timeout=30))


def call(url: str, tool: str, /, **arguments) -> dict:
    """The result of a 2026-07-28 tool call."""
    answer = ask(url, "tools/call", {"name": tool, "arguments": arguments})
    assert "result" in answer, answer
    return answer["result"]


def message(answer: httpx.Response) -> dict:
    """The response message of an answer, plain or as an event stream."""
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        messages = [json.loads(data) for event, data in events(answer.content) if event == "message" and data]
        return next(found for found in messages if "id" in found)
    return answer.json()


@contextmanager
def listening(url: str, number, **notifications):
    """The messages of one `subscriptions/listen`, as they come."""
    headers, body = modern("subscriptions/listen", {"notifications": notifications}, number=number)
    with httpx.stream("POST", url, headers=headers, content=body, timeout=30) as answer:
        assert answer.status_code == 200
        yield (json.loads(line.removeprefix("data:")) for line in answer.iter_lines() if line.startswith("data:"))


class Session:
    """A handshake-era session by hand."""

    def __init__(self, url: str, version="2025-11-25"):
        self.client = httpx.Client(headers={"accept": BOTH, "content-type": "application/json"}, timeout=30)
        self.url = url
        hello = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "peer-tests", "version": "1"}}
        self.opening = self.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})
        assert self.opening.status_code == 200, self.opening.text
        self.version = message(self.opening)["result"]["protocolVersion"]
        self.client.headers["mcp-session-id"] = self.opening.headers["mcp-session-id"]
        if version >= "2025-06-18":
            self.client.headers["mcp-protocol-version"] = self.version
        assert self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code == 202

    def post(self, body) -> httpx.Response:
        """Posts a message, or bytes as they are."""
        return self.client.post(self.url, content=body if isinstance(body, bytes) else json.dumps(body))

    def ask(self, method: str, params: dict | None = None, number=1) -> dict:
        """The message a request is answered with."""
        request = {"jsonrpc": "2.0", "id": number, "method": method, **({"params": params} if params else {})}
        return message(self.post(request))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()


def text(result: dict) -> str:
    """All text of a tool result."""
    return "\n".join(block["text"] for block in result["content"] if block["type"] == "text")


def raw(url: str, request: bytes, limit=10) -> bytes:
    """Sends bytes to the address of `url` and reads until the hub has answered and closed."""
    host, port = url.removeprefix("http://").split("/")[0].split(":")
    with socket.create_connection((host, int(port)), timeout=limit) as connection:
        connection.sendall(request)
        answer = b""
        while data := connection.recv(1 << 16):
            answer += data
        return answer
