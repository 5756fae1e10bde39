"""A client of both eras that hides nothing: every status, header and message of an answer is there to look at."""

import itertools
import json
import queue
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from harness.wire import BOTH, MODERN

HANDSHAKE = "2025-11-25"
CLIENT = {"name": "conformance-client", "version": "1.0.0"}
EVERYTHING = {"sampling": {}, "elicitation": {}, "roots": {"listChanged": True}}
PREFIX = "io.modelcontextprotocol/"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
LIMIT = 20


@dataclass
class Answer:
    """All that came back for one request."""

    status: int
    headers: httpx.Headers
    number: object
    messages: list[dict] = field(default_factory=list)

    @property
    def message(self) -> dict:
        """The response message; empty if none came."""
        own = [message for message in self.messages if "method" not in message]
        return own[-1] if own else {}

    @property
    def result(self) -> dict:
        """The result; empty if none came."""
        return self.message.get("result") or {}

    @property
    def error(self) -> dict:
        """The error; empty if there was none."""
        return self.message.get("error") or {}

    @property
    def asks(self) -> bool:
        """Whether the result asks for input."""
        return self.result.get("resultType") == "input_required"

    @property
    def is_complete(self) -> bool:
        """Whether there is a result that does not ask."""
        return bool(self.result) and not self.asks

    def told(self, method: str) -> list[dict]:
        """The notifications or requests of one method."""
        return [message for message in self.messages if message.get("method") == method]


class Wire:
    """What the clients of both eras share: messages are read off an answer as they come, and held against the schema."""

    revision: str
    #: How long a message that comes unasked is waited for, in seconds.
    patience: float = 10

    def __init__(self, url: str, schemas=None):
        self.url = url
        self.schemas = schemas
        self.client = httpx.Client(timeout=LIMIT)
        self.numbers = itertools.count(1)

    def close(self) -> None:
        """Ends the connections."""
        self.client.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def check(self, message: dict, asked: dict) -> None:
        """Holds a message against the schema of the revision."""
        if self.schemas and isinstance(message, dict):
            self.schemas.check_message(self.revision, message, asked)


def events(answer: httpx.Response):
    """The server-sent events of an answer as (id, data), as they come."""
    number, data = None, []
    for line in answer.iter_lines():
        if line.startswith("data:"):
            data.append(line[5:].strip())
        elif line.startswith("id:"):
            number = line[3:].strip()
        elif not line and (data or number):
            yield number, "\n".join(data)
            number, data = None, []


def meta(capabilities=None, **more) -> dict:
    """The `_meta` of a good request of the modern era."""
    return {
        f"{PREFIX}protocolVersion": MODERN,
        f"{PREFIX}clientInfo": CLIENT,
        f"{PREFIX}clientCapabilities": EVERYTHING if capabilities is None else capabilities,
        **more,
    }


class ModernWire(Wire):
    """The era without sessions."""

    revision = MODERN

    def send(self, method: str, params: dict | None, number, headers: dict | None):
        """The request, not yet sent; headers given replace or, where None, remove."""
        fields = {"accept": BOTH, "content-type": "application/json", "mcp-protocol-version": MODERN, "mcp-method": method}
        if (name := (params or {}).get(NAMED.get(method))) is not None:
            fields["mcp-name"] = name
        fields = {key: value for key, value in {**fields, **(headers or {})}.items() if value is not None}
        body = {"jsonrpc": "2.0", "id": number, "method": method, **({} if params is None else {"params": params})}
        return self.client.stream("POST", self.url, headers=fields, content=json.dumps(body))

    def ask(
        self, method: str, params: dict | None = None, *, capabilities=None, number=None, headers=None, is_checked=True, **members
    ) -> Answer:
        """Asks and reads to the end; `members` are further ones of `_meta`, and params that carry `_meta` go as they are."""
        number = next(self.numbers) if number is None else number
        if "_meta" not in (params or {}):
            params = {**(params or {}), "_meta": meta(capabilities, **members)}
        with self.send(method, params, number, headers) as response:
            answer = Answer(response.status_code, response.headers, number)
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                for _, data in events(response):
                    if data:
                        answer.messages.append(json.loads(data))
            elif body := response.read():
                answer.messages.append(json.loads(body))
        for message in answer.messages if is_checked else []:
            self.check(message, {number: method})
        return answer

    def bare(self, method: str, params: dict, number=None, headers=None) -> Answer:
        """Asks with exactly these params, whether they are good or not."""
        number = next(self.numbers) if number is None else number
        with self.send(method, params, number, headers) as response:
            body = response.read()
        answer = Answer(response.status_code, response.headers, number)
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            answer.messages = [
                json.loads(line[5:]) for line in body.decode().splitlines() if line.startswith("data:") and line[5:].strip()
            ]
        elif body:
            answer.messages = [json.loads(body)]
        for message in answer.messages:
            self.check(message, {number: method})
        return answer

    @contextmanager
    def listening(self, number, **notifications):
        """The messages of one `subscriptions/listen` in a queue; what comes is held against the schema when it is taken."""
        params = {"notifications": notifications, "_meta": meta({})}
        with self.send("subscriptions/listen", params, number, None) as response:
            yield Stream(self, response, {number: "subscriptions/listen"})


class Stream:
    """Messages that come unasked, read by a thread so that a test can wait for one with a limit."""

    def __init__(self, wire: Wire, response: httpx.Response, asked: dict):
        self.wire = wire
        self.asked = asked
        self.status = response.status_code
        self.found: queue.Queue = queue.Queue()
        # Ends with the response, which whoever opened it closes.
        threading.Thread(target=self._read, args=[response], daemon=True).start()

    def _read(self, response):
        try:
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                for _, data in events(response):
                    if data:
                        self.found.put(json.loads(data))
            elif body := response.read():
                self.found.put(json.loads(body))
        except (httpx.HTTPError, httpx.StreamError, ValueError, OSError):
            pass  # closed by the test, or broken, which is the end either way
        self.found.put(None)

    def next(self) -> dict | None:
        """The next message; None at the end, or if none comes in time."""
        try:
            message = self.found.get(timeout=self.wire.patience)
        except queue.Empty:
            return None
        if message is not None:
            self.wire.check(message, self.asked)
        return message

    def until(self, method: str) -> list[dict]:
        """The messages up to the first of a method, which is the last of them if it came."""
        taken = []
        while (message := self.next()) is not None:
            taken.append(message)
            if message.get("method") == method:
                break
        return taken


class HandshakeWire(Wire):
    """A session of the eras before."""

    revision = HANDSHAKE

    def __init__(self, url: str, schemas=None, capabilities=None, answers=None):
        super().__init__(url, schemas)
        self.answers = answers or {}
        self.client.headers.update({"accept": BOTH, "content-type": "application/json"})
        hello = {
            "protocolVersion": HANDSHAKE,
            "capabilities": EVERYTHING if capabilities is None else capabilities,
            "clientInfo": CLIENT,
        }
        self.opening = self.ask("initialize", hello)
        self.is_open = self.opening.status == 200 and bool(self.opening.result)
        if session := self.opening.headers.get("mcp-session-id"):
            self.client.headers["mcp-session-id"] = session
        if self.is_open:
            self.client.headers["mcp-protocol-version"] = self.opening.result.get("protocolVersion", HANDSHAKE)
            self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def close(self) -> None:
        if "mcp-session-id" in self.client.headers:
            self.client.delete(self.url)
        super().close()

    def post(self, message: dict) -> httpx.Response:
        """Posts one message that wants no answer."""
        return self.client.post(self.url, content=json.dumps(message))

    def ask(self, method: str, params: dict | None = None, *, number=None, is_checked=True, **members) -> Answer:
        """Asks, answers what the server asks meanwhile, and takes the stream up again where the server ends it early."""
        number = next(self.numbers) if number is None else number
        if members:
            params = {**(params or {}), "_meta": members}
        request = {"jsonrpc": "2.0", "id": number, "method": method, **({} if params is None else {"params": params})}
        last = None
        with self.client.stream("POST", self.url, content=json.dumps(request)) as response:
            answer = Answer(response.status_code, response.headers, number)
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                last = self._take(response, answer, {number: method}, is_checked)
            elif body := response.read():
                self._message(json.loads(body), answer, {number: method}, is_checked)
        rounds = 0
        while not answer.message and last is not None and rounds < 20:
            rounds += 1
            with self.client.stream("GET", self.url, headers={"last-event-id": last, "accept": "text/event-stream"}) as response:
                last = self._take(response, answer, {number: method}, is_checked) or last
        return answer

    def _take(self, response, answer, asked, is_checked) -> str | None:
        last = None
        for event, data in events(response):
            last = event or last
            if data:
                self._message(json.loads(data), answer, asked, is_checked)
            if answer.message:
                break
        return last

    def _message(self, message, answer, asked, is_checked) -> None:
        answer.messages.append(message)
        if is_checked:
            self.check(message, asked)
        if "method" in message and "id" in message:
            reply = self.answers.get(message["method"])
            content = (
                {"result": reply(message.get("params") or {})} if reply else {"error": {"code": -32601, "message": "not here"}}
            )
            self.post({"jsonrpc": "2.0", "id": message["id"], **content})

    @contextmanager
    def listening(self):
        """What the server sends of its own accord, on the GET stream."""
        with self.client.stream("GET", self.url, headers={"accept": "text/event-stream"}) as response:
            yield Stream(self, response, {})
