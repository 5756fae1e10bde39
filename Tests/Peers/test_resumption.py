"""Clients of handshake sessions whose connection is cut in the middle of a call: who comes back gets the reply, who does not costs nothing."""

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import token_configuration
from harness.peer import MCP1_HTTP, MCP2_LEGACY, Peer
from harness.recorder import Recorder
from harness.wire import Session

CALLS_LEFT = 16  # of one session that go on without their client


class Cutter(Recorder):
    """A relay that cuts its connections when told to."""

    def __init__(self, background, address):
        self.background = background
        self.open = set()
        super().__init__(background, address)

    async def _relay(self, reader, writer):
        self.open.add(writer)
        try:
            await super()._relay(reader, writer)
        finally:
            self.open.discard(writer)

    def cut(self):
        """Cuts all that is open."""

        async def abort():
            for writer in self.open:
                writer.transport.abort()

        self.background.run(abort())


def token() -> str:
    """One that nobody else has."""
    return f"T-{secrets.token_hex(8)}"


@pytest.fixture
def hub(start_hub, tokens):
    """A hub before the upstream that counts who leaves."""
    return start_hub(token_configuration(tokens.url))


@pytest.mark.requirement("MCP-HS-RESUME-01", "MCP-HS-RESUME-02", "MCP-HS-RESUME-03")
@pytest.mark.parametrize("kind", [MCP1_HTTP, MCP2_LEGACY], ids=str)
def test_an_sdk_resumes_a_call_whose_connection_was_cut(hub, tokens, background, kind):
    cutter = Cutter(background, hub.url)
    peer = Peer(kind, {"transport": "http", "mode": kind.mode, "url": f"{cutter.url}/mcp/tokens"})
    try:
        own = token()
        number, result = peer.start("call", name="token", arguments={"token": own, "delay": 4000}, progress=True)
        peer.progress[number].get(timeout=10)
        cutter.cut()
        assert result.result(20)["structuredContent"]["token"] == own
        resumed = [one for one in cutter.exchanges if one.method == "GET" and "last-event-id" in one.request_headers]
        replies = [m for one in cutter.exchanges for m in one.received if own in json.dumps(m.get("result", {}))]
        assert len(resumed) == 1
        assert len(replies) == 1, "the reply came once"
        assert sum(m.get("method") == "tools/call" for one in cutter.exchanges for m in one.sent) == 1
    finally:
        peer.close()


def lost(session: Session, own: str, number=1, **arguments) -> str:
    """Begins a call and loses its connection after the first word; gives the id of that."""
    params = {"name": "token", "arguments": {"token": own, **arguments}, "_meta": {"progressToken": number}}
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})
    last = None
    with session.client.stream("POST", session.url, content=body) as answer:
        for line in answer.iter_lines():
            if line.startswith("id:"):
                last = line.removeprefix("id:").strip()
            if line.startswith("data:") and "notifications/progress" in line:
                return last
    raise AssertionError("the stream ended before anything was said")


def resumed(session: Session, last: str):
    """What a GET for the rest of a stream is answered with, to its end."""
    return session.client.get(session.url, headers={"last-event-id": last, "accept": "text/event-stream"})


@pytest.mark.requirement("MCP-HS-RESUME-01")
@pytest.mark.parametrize("version", ["2025-03-26", "2025-06-18", "2025-11-25"])
def test_only_its_own_session_resumes_a_stream(hub, version):
    with Session(hub.mcp("tokens"), version) as session, Session(hub.mcp("tokens"), version) as stranger:
        own = token()
        last = lost(session, own, delay=3000)
        assert resumed(stranger, last).status_code == 400
        answer = resumed(session, last)
        assert answer.status_code == 200
        assert answer.text.count('"result"') == 1 and own in answer.text
        assert resumed(session, f"{last}0").status_code == 400


def test_the_upstream_call_of_who_does_not_come_back_ends(hub, tokens):
    """Half a minute is what a client has; what takes its call back ends it at once."""
    with Session(hub.mcp("tokens")) as session:
        kept, cancelled = token(), token()
        began = time.monotonic()
        lost(session, kept, number=1, kind="hang")
        lost(session, cancelled, number=2, kind="hang")
        session.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}})
        left(tokens, cancelled, limit=5)
        assert 25 < left(tokens, kept, limit=45) - began < 40


def test_past_the_bound_leaving_cancels(hub, tokens):
    with Session(hub.mcp("tokens")) as session:
        all = [token() for _ in range(CALLS_LEFT + 1)]
        with ThreadPoolExecutor(len(all)) as pool:
            list(pool.map(lambda call: lost(session, call[1], number=call[0], kind="hang"), enumerate(all)))
        gone = wait(lambda: set(all) & set(tokens.left), "the seventeenth goes on", limit=5)
        assert len(gone) == 1
        assert session.client.delete(session.url).status_code == 200
        for own in all:
            left(tokens, own, limit=5)


def left(tokens, own: str, limit: float) -> float:
    """Waits until the hub has left that request; gives when."""
    wait(lambda: own in tokens.left, "the call goes on", limit)
    return tokens.left[own]


def wait(found, complaint: str, limit: float):
    """Waits for something; gives it."""
    deadline = time.monotonic() + limit
    while not (what := found()):
        assert time.monotonic() < deadline, complaint
        time.sleep(0.02)
    return what
