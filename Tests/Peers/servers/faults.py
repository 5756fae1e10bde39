"""Seeded faults: one thing that a fixture server does wrong on the wire, so that a scenario is seen to notice it.

A fault stands between the SDK and the socket: it may change a request before the SDK sees it, each message that goes out, and the
status. `/faults/NAME/mcp` answers as `/mcp` does with that fault, so one process serves all of them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

MODERN = "2026-07-28"
HANDSHAKE = "2025-11-25"
BOTH = (HANDSHAKE, MODERN)
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


@dataclass(frozen=True)
class Fault:
    """One thing done wrong, and the scenarios of these revisions that must notice it."""

    scenario: str
    revisions: tuple[str, ...]
    message: Callable[[dict, dict], list[dict]] = field(default=lambda asked, message: [message])
    request: Callable[[dict, dict], None] = field(default=lambda headers, body: None)
    status: Callable[[dict, int, dict], int] = field(default=lambda asked, status, message: status)


FAULTS: dict[str, Fault] = {}


def seed(scenario: str, revisions, what: str, **ways) -> None:
    """Registers a fault as `SCENARIO.WHAT`."""
    revisions = revisions if isinstance(revisions, tuple) else (revisions,)
    FAULTS[f"{scenario}.{what}"] = Fault(scenario, revisions, **ways)


# Changes of messages -----------------------------------------------------------------------------------------------------------------


def is_call(asked: dict, name: str | None) -> bool:
    return name is None or (asked.get("params") or {}).get("name") == name


def results(method: str, change, name=None):
    """Changes the result of a method, of one tool or prompt if there is a name; `change` works in place or gives a new one."""

    def apply(asked, message):
        if "result" in message and asked.get("method") == method and is_call(asked, name):
            message["result"] = change(message["result"]) or message["result"]
        return [message]

    return apply


def without(*path):
    """Takes a member away: names lead through objects, and an empty one through every element of an array."""

    def walk(value, path):
        if path[0] == "*":
            for element in value:
                walk(element, path[1:])
        elif len(path) == 1:
            if isinstance(value, dict):
                value.pop(path[0], None)
        elif isinstance(value, dict) and path[0] in value:
            walk(value[path[0]], path[1:])

    return lambda value: walk(value, path)


def dropping(method: str):
    """Drops what goes out with this method."""
    return lambda asked, message: [] if message.get("method") == method else [message]


def before(method: str, extra: dict, name=None):
    """Sends something more before the answer of a method."""

    def apply(asked, message):
        is_answer = ("result" in message or "error" in message) and asked.get("method") == method and is_call(asked, name)
        return [extra, message] if is_answer else [message]

    return apply


def asking(change):
    """Changes the schema of a form that the server asks for."""

    def apply(asked, message):
        if message.get("method") == "elicitation/create":
            change(message["params"]["requestedSchema"]["properties"])
        return [message]

    return apply


def errors(change):
    """Changes errors in place."""

    def apply(asked, message):
        if "error" in message:
            change(message)
        return [message]

    return apply


def redirected(name: str, to: str):
    """Calls another tool than was asked for."""

    def apply(headers, body):
        if is_call(body, name):
            body["params"] = {**body["params"], "name": to}
            if "mcp-name" in headers:
                headers["mcp-name"] = to

    return apply


def answered(method: str, name=None, **members):
    """Gives this answer in place of the server's."""

    def apply(asked, message):
        if ("result" in message or "error" in message) and asked.get("method") == method and is_call(asked, name):
            return [{"jsonrpc": "2.0", "id": message["id"], **members}]
        return [message]

    return apply


def refused(method: str, code: int, name=None):
    return answered(method, name, error={"code": code, "message": "seeded"})


# The faults --------------------------------------------------------------------------------------------------------------------------

CALL = "tools/call"
seed("completion-complete", BOTH, "no-values", message=results("completion/complete", without("completion", "values")))
seed("tools-list", BOTH, "no-description", message=results("tools/list", without("tools", "*", "description")))
seed("tools-list", BOTH, "bad-name", message=results("tools/list", lambda result: result["tools"][0].update(name="a tool")))
seed(
    "tools-call-simple-text", BOTH, "no-text", message=results(CALL, lambda result: result.update(content=[]), "test_simple_text")
)
seed("tools-call-image", BOTH, "no-kind", message=results(CALL, without("content", "*", "mimeType"), "test_image_content"))
seed("tools-call-audio", BOTH, "no-data", message=results(CALL, without("content", "*", "data"), "test_audio_content"))
seed(
    "tools-call-embedded-resource",
    BOTH,
    "no-uri",
    message=results(CALL, without("content", "*", "resource", "uri"), "test_embedded_resource"),
)
seed(
    "tools-call-mixed-content",
    BOTH,
    "text-alone",
    message=results(CALL, lambda result: result.update(content=result["content"][:1]), "test_multiple_content_types"),
)
seed("tools-call-error", BOTH, "no-flag", message=results(CALL, without("isError"), "test_error_handling"))
seed("tools-call-with-progress", BOTH, "silent", message=dropping("notifications/progress"))
seed("tools-call-with-logging", HANDSHAKE, "silent", message=dropping("notifications/message"))
seed("tools-call-sampling", HANDSHAKE, "unasked", request=redirected("test_sampling", "test_simple_text"))
seed("tools-call-elicitation", HANDSHAKE, "unasked", request=redirected("test_elicitation", "test_simple_text"))
seed("elicitation-sep1034-defaults", HANDSHAKE, "no-default", message=asking(without("score", "default")))
seed("elicitation-sep1330-enums", HANDSHAKE, "no-names", message=asking(without("legacyEnum", "enumNames")))
seed(
    "server-sse-multiple-streams",
    BOTH,
    "one-at-a-time",
    status=lambda asked, status, _: 503 if asked.get("method") == "tools/list" else status,
)
seed("resources-list", BOTH, "no-name", message=results("resources/list", without("resources", "*", "name")))
seed("resources-read-text", BOTH, "no-text", message=results("resources/read", without("contents", "*", "text")))
seed("resources-read-binary", BOTH, "no-blob", message=results("resources/read", without("contents", "*", "blob")))
seed(
    "resources-templates-read",
    BOTH,
    "not-filled-in",
    message=results("resources/read", lambda result: [content.update(text="{id}") for content in result["contents"]] and None),
)
seed("resources-subscribe", HANDSHAKE, "refused", message=refused("resources/subscribe", -32601))
seed("resources-unsubscribe", HANDSHAKE, "refused", message=refused("resources/unsubscribe", -32601))
seed(
    "sep-2164-resource-not-found",
    MODERN,
    "empty",
    message=answered("resources/read", result={"resultType": "complete", "contents": [], "ttlMs": 0, "cacheScope": "private"}),
)
seed("sep-2164-resource-not-found", MODERN, "old-code", message=errors(lambda message: message["error"].update(code=-32002)))
seed("prompts-list", BOTH, "no-description", message=results("prompts/list", without("prompts", "*", "description")))
seed("prompts-get-simple", BOTH, "no-role", message=results("prompts/get", without("messages", "*", "role")))
seed("prompts-get-with-args", BOTH, "not-filled-in", request=lambda headers, body: body.get("params", {}).pop("arguments", None))
seed(
    "prompts-get-embedded-resource",
    BOTH,
    "no-resource",
    message=results("prompts/get", lambda result: result["messages"].pop(0) and None),
)
seed(
    "prompts-get-with-image",
    BOTH,
    "no-picture",
    message=results("prompts/get", lambda result: result["messages"].pop(0) and None),
)


def trusting(headers: dict, body: dict) -> None:
    """Takes the Host and Origin of anybody."""
    headers["host"] = "127.0.0.1:1"
    headers.pop("origin", None)


seed("dns-rebinding-protection", BOTH, "trusting", request=trusting)
seed("server-initialize", HANDSHAKE, "no-version", message=results("initialize", without("protocolVersion")))
seed("logging-set-level", HANDSHAKE, "talkative", message=results("logging/setLevel", lambda result: {"level": "info"}))
seed("ping", HANDSHAKE, "unknown", message=refused("ping", -32601))

LISTS = ["tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"]
for listing in LISTS:
    seed("caching", MODERN, f"no-ttl-{listing.replace('/', '-')}", message=results(listing, without("ttlMs")))
seed("caching", MODERN, "negative-ttl", message=results("tools/list", lambda result: result.update(ttlMs=-1)))
seed("caching", MODERN, "odd-scope", message=results("tools/list", lambda result: result.update(cacheScope="everybody")))

COMPLETE = {"resultType": "complete", "content": [{"type": "text", "text": "done"}]}


def input_required(tool: str, what: str, change, method=CALL) -> None:
    """A fault of what a tool's result asks for."""

    def apply(result):
        return change(result) if result.get("resultType") == "input_required" else None

    seed(
        f"input-required-result-{what.split('.')[0]}",
        MODERN,
        what.split(".")[1],
        message=results(method, apply, f"test_input_required_result_{tool}"),
    )


def first(change):
    """Changes the first thing that is asked for."""
    return lambda result: change(next(iter(result["inputRequests"].values())))


input_required("elicitation", "basic-elicitation.complete", lambda result: dict(COMPLETE))
input_required(
    "elicitation",
    "basic-elicitation.other-key",
    lambda result: {**result, "inputRequests": {"other": result["inputRequests"]["user_name"]}},
)
input_required("sampling", "basic-sampling.nothing-asked", lambda result: {**result, "inputRequests": {}})
input_required("list_roots", "basic-list-roots.other-method", first(lambda request: request.update(method="elicitation/create")))
input_required("request_state", "request-state.no-state", without("requestState"))
input_required(
    "multiple_inputs",
    "multiple-input-requests.one-alone",
    lambda result: {**result, "inputRequests": dict(list(result["inputRequests"].items())[:1])},
)
input_required("prompt", "non-tool-request.nothing-asked", without("inputRequests"), method="prompts/get")
input_required("elicitation", "result-type.no-type", without("resultType"))
input_required(
    "capabilities",
    "capability-check.everything",
    lambda result: result["inputRequests"].update(
        more={"method": "elicitation/create", "params": {"message": "?", "requestedSchema": {"type": "object", "properties": {}}}}
    ),
)
input_required("elicitation", "missing-input-response.complete", lambda result: dict(COMPLETE))
input_required("elicitation", "validate-input.complete", lambda result: dict(COMPLETE))
seed(
    "input-required-result-validate-input",
    MODERN,
    "guessing",
    message=answered(CALL, "test_input_required_result_elicitation", result=COMPLETE),
)
seed(
    "input-required-result-ignore-extra-params",
    MODERN,
    "strict",
    message=refused(CALL, -32602, "test_input_required_result_elicitation"),
)
seed(
    "input-required-result-unsupported-methods",
    MODERN,
    "asking",
    message=answered("tools/list", result={"resultType": "input_required", "inputRequests": {}}),
)
seed(
    "input-required-result-multi-round",
    MODERN,
    "one-round",
    message=answered(CALL, "test_input_required_result_multi_round", result=COMPLETE),
)


def untampered(headers: dict, body: dict) -> None:
    """Does not look at the end of the state."""
    params = body.get("params") or {}
    if state := params.get("requestState"):
        params["requestState"] = state.removesuffix("-TAMPERED")


seed("input-required-result-tampered-state", MODERN, "trusting", request=untampered)


def filled_in(headers: dict, body: dict) -> None:
    """Does not need the members of `_meta` that it must demand."""
    if body.get("method") == "server/discover":
        meta = body.setdefault("params", {}).setdefault("_meta", {})
        meta.setdefault("io.modelcontextprotocol/protocolVersion", MODERN)
        meta.setdefault("io.modelcontextprotocol/clientCapabilities", {})


def needing_a_name(headers: dict, body: dict) -> None:
    """Demands `clientInfo`, which a client may leave out."""
    meta = (body.get("params") or {}).get("_meta") or {}
    if "io.modelcontextprotocol/clientInfo" not in meta:
        meta.clear()


def header_wins(headers: dict, body: dict) -> None:
    """Believes the header where the body says another version."""
    meta = (body.get("params") or {}).get("_meta") or {}
    if "io.modelcontextprotocol/protocolVersion" in meta:
        meta["io.modelcontextprotocol/protocolVersion"] = headers.get("mcp-protocol-version")


def everything(headers: dict, body: dict) -> None:
    """Tells of more than was asked for."""
    if body.get("method") == "subscriptions/listen":
        body["params"]["notifications"] = {"toolsListChanged": True, "promptsListChanged": True}


def untagged(asked: dict, message: dict) -> list[dict]:
    message.get("params", {}).get("_meta", {}).pop(SUBSCRIPTION, None)
    return [message]


def required_as_list(message: dict) -> None:
    data = message["error"].get("data") or {}
    if "requiredCapabilities" in data:
        data["requiredCapabilities"] = list(data["requiredCapabilities"])


def supporting_others(message: dict) -> None:
    data = message["error"].get("data") or {}
    if "supported" in data:
        data["supported"] = ["1999-01-01"]


LOG = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "unasked"}}
QUESTION = {"jsonrpc": "2.0", "id": "q", "method": "roots/list", "params": {}}
STATELESS = "server-stateless"
seed(STATELESS, MODERN, "meta-not-needed", request=filled_in)
seed(STATELESS, MODERN, "client-info-needed", request=needing_a_name)
seed(STATELESS, MODERN, "always-200", status=lambda asked, status, message: 200)
seed(STATELESS, MODERN, "id-lost", message=errors(lambda message: message.update(id=None)))
seed(STATELESS, MODERN, "nameless", message=results("server/discover", without("_meta")))
seed(STATELESS, MODERN, "undeclared-prompts", message=results("server/discover", without("capabilities", "prompts")))
seed(STATELESS, MODERN, "other-versions", message=errors(supporting_others))
seed(STATELESS, MODERN, "header-wins", request=header_wins)
seed(STATELESS, MODERN, "required-as-list", message=errors(required_as_list))
seed(STATELESS, MODERN, "log-unasked", message=before(CALL, LOG, "test_logging_tool"))
seed(STATELESS, MODERN, "request-on-stream", message=before(CALL, QUESTION, "test_streaming_elicitation"))
seed(STATELESS, MODERN, "no-acknowledgement", message=dropping("notifications/subscriptions/acknowledged"))
seed(STATELESS, MODERN, "untagged", message=untagged)
seed(STATELESS, MODERN, "unfiltered", request=everything)


# On the wire -------------------------------------------------------------------------------------------------------------------------


class Faults:
    """An ASGI application before another: lets `/faults/NAME/…` answer with that fault, and the rest with `default`, if any."""

    def __init__(self, app, default: str | None):
        self.app = app
        self.default = default

    async def __call__(self, scope, receive, send):
        name = self.default
        if scope["type"] == "http" and scope["path"].startswith("/faults/"):
            _, _, name, rest = scope["path"].split("/", 3)
            scope = {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}
        if scope["type"] != "http" or name is None:
            return await self.app(scope, receive, send)
        fault = FAULTS[name]
        body = b""
        more = True
        while more:
            part = await receive()
            body += part.get("body", b"")
            more = part.get("more_body", False)
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        asked = json.loads(body) if body else {}
        fault.request(headers, asked)
        if body:
            body = json.dumps(asked).encode()
            headers["content-length"] = str(len(body))
        scope = {**scope, "headers": [(key.encode(), value.encode()) for key, value in headers.items()]}
        given = False

        async def replay():
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replay, Answer(fault, asked, send))


class Answer:
    """Passes an answer on, message by message."""

    def __init__(self, fault, asked, send):
        self.fault = fault
        self.asked = asked
        self.sink = send
        self.start = None
        self.body = b""
        self.is_stream = False

    async def __call__(self, part):
        if part["type"] == "http.response.start":
            self.start = part
            kind = dict(part["headers"]).get(b"content-type", b"")
            self.is_stream = kind.startswith(b"text/event-stream")
            if self.is_stream:
                await self.sink({**part, "status": self.fault.status(self.asked, part["status"], {})})
        elif part["type"] != "http.response.body":
            await self.sink(part)
        elif self.is_stream:
            *events, self.body = (self.body + part.get("body", b"")).replace(b"\r\n", b"\n").split(b"\n\n")
            changed = b"".join(self.event(event) for event in events)
            await self.sink({**part, "body": changed})
        else:
            self.body += part.get("body", b"")
            if not part.get("more_body"):
                await self.whole()

    def event(self, event: bytes) -> bytes:
        """One event as it goes out: none, one or several."""
        lines = event.split(b"\n")
        data = b"\n".join(line[5:].strip() for line in lines if line.startswith(b"data:"))
        if not data:
            return event + b"\n\n"
        rest = [line for line in lines if not line.startswith(b"data:")]
        messages = self.fault.message(self.asked, json.loads(data))
        return b"".join(b"\n".join([*rest, b"data: " + json.dumps(message).encode()]) + b"\n\n" for message in messages)

    async def whole(self):
        """An answer in one piece; more than one message makes it a stream."""
        headers = dict(self.start["headers"])
        status, body = self.start["status"], self.body
        if headers.get(b"content-type", b"").startswith(b"application/json") and body:
            message = json.loads(body)
            messages = self.fault.message(self.asked, message)
            status = self.fault.status(self.asked, status, message)
            if len(messages) == 1:
                body = json.dumps(messages[0]).encode()
            else:
                headers[b"content-type"] = b"text/event-stream"
                body = b"".join(b"event: message\ndata: " + json.dumps(message).encode() + b"\n\n" for message in messages)
        headers[b"content-length"] = str(len(body)).encode()
        await self.sink({**self.start, "status": status, "headers": list(headers.items())})
        await self.sink({"type": "http.response.body", "body": body})


class OneEra:
    """An ASGI application before another: refuses requests of the other era as a server does that never heard of it."""

    def __init__(self, app, era: str):
        self.app = app
        self.era = era

    async def __call__(self, scope, receive, send):
        version = dict(scope.get("headers", [])).get(b"mcp-protocol-version", b"").decode()
        if scope["type"] == "http" and (version >= "2026") != (self.era == "modern"):
            if self.era == "modern":
                error = {
                    "code": -32022,
                    "message": "Unsupported protocol version",
                    "data": {"supported": [MODERN], "requested": version},
                }
            else:
                error = {"code": -32600, "message": "Bad Request: Missing session ID"}
            body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
            await send({"type": "http.response.start", "status": 400, "headers": [(b"content-type", b"application/json")]})
            return await send({"type": "http.response.body", "body": body})
        await self.app(scope, receive, send)
