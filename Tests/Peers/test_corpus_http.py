"""Hostile bytes on both sides (hostile/http): requests that no client would send, and answers that no honest upstream gives."""

import base64
import hashlib
import itertools
import json
import time
from pathlib import Path

import pytest

from conftest import CORPORA, FIXTURES, fault_configuration
from harness.hub import Hub
from harness.rawhttp import Connection
from harness.wire import call, text

# Answers that mean something from an MCP server alone: behind a tool of an HTTP API an event stream is text, and a payload that only
# passes through may repeat a name. test_corpus_mcp_answers has them.
OF_MCP = {"up-sse-cr", "up-sse-bom", "up-sse-inject-id", "up-sse-wrong-id", "up-json-dup"}


def cases(name: str, chosen=lambda case: True) -> list:
    """The cases of one file, each under its id, without those of MCP servers."""
    lines = (Path(CORPORA) / "hostile" / "http" / f"{name}.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [pytest.param(case, id=case["id"]) for case in found if case["id"] not in OF_MCP and chosen(case)]


def payload(case: dict) -> bytes:
    """The bytes of a case."""
    if "parts" in case:
        return b"".join(base64.b64decode(part["b64"]) * part["times"] for part in case["parts"])
    return base64.b64decode(case["b64"])


# Requests


def is_admin(case: dict) -> bool:
    return case["id"].startswith("authz-path-")


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A hub that is known by the name in the requests; its upstream is not asked for anything. `guarded` wants a key."""
    configuration = {**fault_configuration("http://127.0.0.1:1"), "hosts": ["hub.test"]}
    configuration["servers"]["guarded"] = {**configuration["servers"]["fault"], "auth": ["apiKey"]}
    keys = {"apiKeys": [{"sha256": hashlib.sha256(key).hexdigest()} for key in KEYS]}
    configuration["consumers"] = {"consumer": keys}
    hub = Hub(tmp_path_factory.mktemp("hostile"), configuration, FIXTURES.glob("*.yaml"))
    yield hub
    hub.stop()


# Keys that requests of the corpus show: each of them alone would let the caller in.
KEYS = [b"a", b"b", b"key-of-one", b"key-of-two"]
JSON_FIELD = b"Content-Type: application/json\r\n"
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'


def post(body: bytes, fields: bytes) -> bytes:
    """A good request."""
    head = b"POST /mcp/fault HTTP/1.1\r\nHost: hub.test\r\nAccept: application/json, text/event-stream\r\n" + JSON_FIELD
    return head + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture(scope="module")
def session(target) -> bytes:
    """The header fields of a session, so that a request that gets past the listener is answered well, and a refusal is the listener's."""
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "peer-tests", "version": "1"}}
    with Connection(target.url) as connection:
        message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}
        connection.send(post(json.dumps(message).encode(), b""))
        (answer,) = connection.wait(len)
    return f"MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {answer.headers['mcp-session-id']}\r\n".encode()


def is_pong(answer, number) -> bool:
    return answer.status == 200 and json.loads(answer.body) == {"jsonrpc": "2.0", "id": number, "result": {}}


def follow_up(number: str, session: bytes) -> bytes:
    return post(json.dumps({"jsonrpc": "2.0", "id": number, "method": "ping"}).encode(), session)


@pytest.mark.parametrize("case", cases("requests", lambda case: not is_admin(case)))
def test_a_request_gets_its_verdict_and_one_answer(target, session, case):
    """After the case's bytes a good request follows on the same connection: it gets its own answer, or the connection was closed."""
    server = b"/mcp/guarded" if case["id"].startswith("auth-") else b"/mcp/fault"
    request = payload(case).replace(b"/mcp", server).replace(JSON_FIELD, session + JSON_FIELD, 1)
    with Connection(target.url) as connection:
        connection.send(request)
        found = connection.wait(lambda found: found and not case["close"])
        if not connection.is_closed:
            assert not case["close"], f"the connection stays open: {connection.received[:500]}"
            assert found, "neither an answer nor an end"
            connection.send(follow_up("after", session))
            found = connection.wait(lambda found: any(b'"after"' in answer.body for answer in found))
            if not connection.is_closed:
                assert is_pong(found[-1], "after"), connection.received[:2000]
                found = found[:-1]
    statuses = [answer.status for answer in found]
    assert all(status < 500 or status in (501, 505) for status in statuses), connection.received[:2000]
    assert all("x-request-id" in answer.headers for answer in found)
    match case["expect"]:
        case "accept":
            assert len(found) == 1 and is_pong(found[0], 1), connection.received[:2000]
        case "reject":
            assert len(found) <= 1, connection.received[:2000]
            assert all(status in (case["status"] or range(400, 500)) for status in statuses), connection.received[:2000]
            assert found or case["status"] is None, "closed without an answer"
        case "either":
            assert case["status"] is None or set(statuses) <= set(case["status"]), connection.received[:2000]
            assert len(found) <= (2 if case["id"] == "pipeline-garbage" else 1), connection.received[:2000]
    if case["id"] == "pipeline-garbage":
        assert is_pong(found[0], 1) and statuses[1:] in ([], [400]), connection.received[:2000]


@pytest.mark.parametrize("listener", ["public", "admin"])
@pytest.mark.parametrize("case", cases("requests", is_admin))
def test_no_spelling_of_a_path_reaches_the_admin_listener_without_its_token(target, case, listener):
    """On the admin listener, `/admin/v1/consumers` becomes the one way to act that there is: POST /api/v1/reload."""
    request = payload(case).replace(b"/mcp", b"/mcp/fault")
    for old, new in [(b"%61dmin", b"%61pi"), (b"admin", b"api"), (b"ADMIN", b"API")]:
        request = request.replace(old, new)
    url = target.url
    if listener == "admin":
        url = target.admin
        request = request.replace(b"hub.test", url.removeprefix("http://").encode())
        request = request.replace(b"consumers", b"reload").replace(b"GET", b"POST")
    with Connection(url) as connection:
        connection.send(request)
        found = connection.wait(len)
    expected = {*case["status"], 406}  # behind a question mark it is a GET of the server, by somebody who takes no events
    assert [answer.status in expected for answer in found] == [True], connection.received[:2000]
    assert b"reloaded" not in connection.received


def test_a_caller_who_sends_and_never_reads_is_not_read_from_for_ever(target):
    before = target.memory("VmRSS")
    request = b"GET /nothing HTTP/1.1\r\nHost: hub.test\r\n\r\n" * 5000
    with Connection(target.url) as connection:
        connection.socket.settimeout(2)
        sent, deadline = 0, time.monotonic() + 10
        try:
            while sent < 12 << 20 and time.monotonic() < deadline:
                sent += connection.socket.send(request)
        except OSError:
            pass  # not read any more, or closed: either is good
        assert target.memory("VmRSS") - before < 32 << 20, f"after {sent} bytes of requests"


def test_the_hub_answers_as_before_when_all_that_is_over(target, session):
    with Connection(target.url) as connection:
        connection.send(follow_up("last", session))
        (answer,) = connection.wait(len)
    assert is_pong(answer, "last")


# Answers


class RawUpstream:
    """Answers `/faults/{id}` with the bytes of a case, and everything else well.

    `stays` says whether the connection stays open after the bytes. `/faults/up-early` is answered well, and the bytes of
    the case come after that answer, unasked. `counts` says how often each target was asked for.
    """

    def __init__(self, background):
        found = [case.values[0] for case in cases("upstream-answers")]
        self.payloads = {case["id"]: payload(case) for case in found}
        self.stays = False
        self.targets: list[str] = []
        self.url = f"http://127.0.0.1:{background.listen(self._serve)}"

    async def _serve(self, reader, writer):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            target = head.split(b" ")[1].decode()
            self.targets.append(target)
            kind = target.removeprefix("/faults/")
            if kind not in self.payloads or kind == "up-early":
                body = json.dumps({"target": target}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            if kind in self.payloads:
                await writer.drain()
                writer.write(self.payloads[kind])
                await writer.drain()
                if not self.stays and kind != "up-slow-first":
                    return


@pytest.fixture(scope="module")
def hostile(background):
    return RawUpstream(background)


@pytest.fixture(scope="module")
def caller(tmp_path_factory, hostile):
    """Calls a tool of a hub whose upstream is hostile."""
    hub = Hub(tmp_path_factory.mktemp("hostile-upstream"), fault_configuration(hostile.url), FIXTURES.glob("*.yaml"))
    yield lambda tool, **arguments: call(hub.mcp("fault"), tool, **arguments)
    assert hub.memory() < 256 << 20
    hub.stop()


NUMBERS = itertools.count()


@pytest.mark.parametrize("stays", [False, True], ids=["closes", "stays"])
@pytest.mark.parametrize("case", cases("upstream-answers"))
def test_an_answer_is_an_error_or_right_and_never_the_next_callers(hostile, caller, case, stays):
    hostile.stays = stays
    before = len(hostile.targets)
    result = caller("fault", kind=case["id"])
    if case["id"] == "up-early":
        assert result["structuredContent"] == {"target": "/faults/up-early"}
    elif case["id"] == "up-json-depth":
        assert "structuredContent" not in result  # what cannot be parsed is text, whatever it is called
    elif case["expect"] == "reject":
        assert result["isError"] is True, result
    assert text(result).strip()
    for _ in range(3):
        number = str(next(NUMBERS))
        assert caller("gate", caller=number)["structuredContent"] == {"target": f"/gate?caller={number}"}
    assert len(hostile.targets) - before <= 5, "the upstream was asked more than once more"
