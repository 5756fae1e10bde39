"""The requests that are measured, and the proof that their answers are right."""

import json
import socket
from dataclasses import dataclass, field

MODERN = "2026-07-28"
HANDSHAKE = "2025-11-25"
TOOL = "getItem"
ID_PLACE = "@ID@"
CHAT = "/v1/chat/completions"
ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


class Wrong(Exception):
    """An answer is not what it must be: nothing measured with it would mean anything."""


def item() -> str:
    """What the upstream answers: a JSON object of 1,024 bytes."""
    value = {
        "id": "7",
        "name": "Adjustable torque wrench, 1/2 inch",
        "price": {"amount": 129.9, "currency": "EUR", "includesTax": True},
        "stock": [{"warehouse": "north", "count": 12}, {"warehouse": "south", "count": 0}, {"warehouse": "harbour", "count": 240}],
        "tags": ["tools", "hand tools", "calibrated", "new"],
        "dimensions": {"length": 48.5, "width": 6.2, "height": 5.1, "unit": "cm"},
        "discontinued": None,
        "note": "",
    }
    value["note"] = "x" * (1024 - len(json.dumps(value)))
    return json.dumps(value)


def completion() -> str:
    """What the upstream answers to a chat: a completion of 1,024 bytes."""
    value = {
        "id": "chatcmpl-benchmark",
        "object": "chat.completion",
        "created": 1764000000,
        "model": "bench",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 201, "completion_tokens": 187, "total_tokens": 388},
    }
    value["choices"][0]["message"]["content"] = "x" * (1024 - len(json.dumps(value)))
    return json.dumps(value)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, and how many bytes it took on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes
    size: int


@dataclass(frozen=True)
class Request:
    """One HTTP request to a port of this machine; `@ID@` in the body stands for the id."""

    port: int
    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def url(self) -> str:
        """Where it goes."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    def wire(self) -> bytes:
        """As it goes over the wire, with the id 1."""
        body = self.body.replace(ID_PLACE, "1").encode()
        fields = {"host": f"127.0.0.1:{self.port}", **self.headers, **({"content-length": str(len(body))} if body else {})}
        head = f"{self.method} {self.path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return head.encode() + b"\r\n" + body

    def send(self, limit: float = 10) -> Answer:
        """Sends it on a connection of its own and reads the answer, which must say how long it is."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=limit) as connection:
            connection.sendall(self.wire())
            data = b""
            while b"\r\n\r\n" not in data:
                data += _more(connection)
            text, _, rest = data.partition(b"\r\n\r\n")
            status, *lines = text.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            if "content-length" not in headers:
                raise Wrong(f"{self.method} {self.path}: the answer has no content-length\n{text.decode('latin-1')}")
            length = int(headers["content-length"])
            while len(rest) < length:
                rest += _more(connection)
        return Answer(int(status.split()[1]), headers, rest, len(text) + 4 + length)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        raise Wrong("the connection closed in the middle of an answer")
    return data


def direct(port: int) -> Request:
    """The upstream itself."""
    return Request(port, "/items/7", headers={"accept": "application/json"})


def chat(port: int, path: str = CHAT, **more) -> Request:
    """A request to a model: 1,024 bytes of JSON."""
    value = {"model": "bench", "messages": [{"role": "user", "content": ""}], "temperature": 0.2, **more}
    value["messages"][0]["content"] = "y" * (1024 - len(json.dumps(value)))
    return Request(port, path, "POST", {"content-type": "application/json"}, json.dumps(value))


def modern(port: int, path: str, method="tools/call") -> Request:
    """A request of the 2026-07-28 revision; without another method, a tool call."""
    params = {"name": TOOL, "arguments": {"id": "7"}} if method == "tools/call" else {}
    params["_meta"] = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
    }
    headers = {**ACCEPT, "mcp-protocol-version": MODERN, "mcp-method": method, **({"mcp-name": TOOL} if "name" in params else {})}
    return Request(port, path, "POST", headers, _message(method, params))


def handshake(port: int, path: str) -> Request:
    """A tool call of the handshake era, in a session that is opened here where the server keeps sessions."""
    hello = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": {"name": "benchmark", "version": "1"}}
    opening = Request(port, path, "POST", ACCEPT, _message("initialize", hello)).send()
    version = json.loads(opening.body).get("result", {}).get("protocolVersion")
    if opening.status != 200 or version != HANDSHAKE:
        raise Wrong(f"initialize was answered with {opening.status}: {opening.body[:400]!r}")
    headers = {**ACCEPT, "mcp-protocol-version": HANDSHAKE}
    if session := opening.headers.get("mcp-session-id"):
        headers["mcp-session-id"] = session
    return Request(port, path, "POST", headers, _message("tools/call", {"name": TOOL, "arguments": {"id": "7"}}))


def _message(method: str, params: dict) -> str:
    text = json.dumps({"jsonrpc": "2.0", "id": ID_PLACE, "method": method, "params": params}, separators=(",", ":"))
    return text.replace(f'"{ID_PLACE}"', ID_PLACE)


def check_item(request: Request) -> Answer:
    """The answer of the upstream: the item."""
    answer = request.send()
    if answer.status != 200 or answer.body.decode() != item():
        raise Wrong(f"the upstream answered {answer.status}: {answer.body[:400]!r}")
    return answer


def check_chat(request: Request) -> Answer:
    """The answer of a model, or of a gateway before it: the completion."""
    answer = request.send()
    try:
        is_good = answer.status == 200 and json.loads(answer.body) == json.loads(completion())
    except ValueError:
        is_good = False
    if not is_good:
        raise Wrong(f"a chat was answered with {answer.status}: {answer.body[:400]!r}")
    return answer


def check_call(request: Request) -> Answer:
    """The answer of a gateway: the item as the result of a tool."""
    answer = request.send()
    try:
        result = json.loads(answer.body)["result"]
        text = json.loads(result["content"][0]["text"])
    except (ValueError, LookupError, TypeError):
        raise Wrong(f"a tool call was answered with {answer.status}: {answer.body[:400]!r}") from None
    expected = json.loads(item())
    if answer.status != 200 or result.get("isError") or text != expected or result.get("structuredContent") != expected:
        raise Wrong(f"a tool call was answered with {answer.status}: {answer.body[:400]!r}")
    return answer
