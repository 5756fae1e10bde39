"""Servers of both eras behind the hub: which era is spoken with them for whom, and calls that wait for each other's questions."""

import pytest

from harness.composing import composed
from harness.hub import Hub
from harness.peer import FASTMCP_LEGACY, MCP1_HTTP, MCP1_SSE, MCP2_AUTO, MCP2_LEGACY, Refused
from harness.programs import PEERS, Program
from harness.wire import call, text

ANSWERS = {
    "elicitation": {"action": "accept", "content": {"username": "lee", "email": "lee@example.test"}},
    "sampling": "A sampled answer",
    "roots": ["file:///srv/root"],
}
ERAS = ["auto", "modern", "handshake"]


def started() -> dict:
    """The server as a command."""
    python = PEERS / ".venv-mcp2" / "bin" / "python"
    return {"command": [str(python), str(PEERS / "servers" / "asking_server.py"), "stdio"]}


class Asking(Program):
    """The server over HTTP."""

    def __init__(self):
        python = PEERS / ".venv-mcp2" / "bin" / "python"
        self.arguments = [str(python), str(PEERS / "servers" / "asking_server.py"), "http"]
        self.port = 0
        self.start()


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The hub before one server, over both transports and in each setting of `era`."""
    program = Asking()
    try:
        servers = {f"http-{era}": {"mcp": program.url, "era": era} for era in ERAS}
        servers |= {f"stdio-{era}": started() | {"era": era} for era in ERAS}
        hub = Hub(tmp_path_factory.mktemp("hub"), composed(servers, prefixes=True))
        yield hub
        hub.stop()
    finally:
        program.stop()


def fails(peer, tool: str) -> bool:
    """Whether a call ends in an error of the tool or of the protocol."""
    try:
        return peer.call(tool).get("isError", False)
    except Refused:
        return True


@pytest.mark.parametrize("client", [MCP2_LEGACY, MCP1_HTTP, MCP1_SSE, FASTMCP_LEGACY], ids=str)
@pytest.mark.parametrize("transport", ["http", "stdio"])
def test_a_handshake_client_is_asked_by_a_server_that_asks_in_the_handshake_eras_alone(hub, peers, transport, client):
    peer = peers(client, hub, "all", answers=ANSWERS)
    assert text(peer.call(f"{transport}-auto_enrol")) == "accept lee"
    assert peer.asked.get(timeout=10)["params"]["message"] == "Who are you?"
    assert text(peer.call(f"{transport}-auto_era")) == "2025-11-25"
    assert text(peer.call(f"{transport}-modern_era")) == "2026-07-28"
    assert fails(peer, f"{transport}-modern_enrol")
    assert peer.asked.empty()


@pytest.mark.parametrize("transport", ["http", "stdio"])
def test_a_modern_client_is_asked_where_handshakes_are_written(hub, peers, transport):
    peer = peers(MCP2_AUTO, hub, "all", answers=ANSWERS)
    assert text(peer.call(f"{transport}-handshake_enrol")) == "accept lee"
    assert peer.asked.get(timeout=10)["params"]["message"] == "Who are you?"
    assert text(peer.call(f"{transport}-auto_era")) == "2026-07-28"
    assert fails(peer, f"{transport}-auto_enrol")


@pytest.mark.parametrize("transport", ["http", "stdio"])
def test_a_client_that_cannot_be_asked_shares_the_modern_way(hub, peers, transport):
    peer = peers(MCP1_HTTP, hub, "all")
    assert text(peer.call(f"{transport}-auto_era")) == "2026-07-28"
    assert fails(peer, f"{transport}-handshake_enrol")
    assert peer.asked.empty()


@pytest.mark.parametrize("client", [MCP2_LEGACY, MCP1_HTTP], ids=str)
def test_a_handshake_client_is_asked_by_a_server_without_handshakes(start_hub, peers, client):
    program = Program("mcp2", "--era", "modern")
    try:
        hub = start_hub(composed({"modern": {"mcp": program.url}}))
        peer = peers(client, hub, "all", answers=ANSWERS)
        for _ in range(2):
            assert "action=accept" in text(peer.call("test_elicitation", message="Who are you?"))
            assert peer.asked.get(timeout=10)["method"] == "elicitation/create"
    finally:
        program.stop()


def test_calls_of_one_client_go_side_by_side_in_a_process(hub, peers):
    peer = peers(MCP2_LEGACY, hub, "all", answers=ANSWERS)
    results = [peer.start("call", name="stdio-handshake_meet", arguments={"name": name})[1] for name in ("one", "two")]
    assert [text(result.result(30)) for result in results] == ["one accept lee", "two accept lee"]
    assert {peer.asked.get(timeout=10)["params"]["message"] for _ in results} == {"one", "two"}


@pytest.mark.parametrize("client", [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP], ids=str)
def test_the_first_progress_is_the_servers_own(hub, peers, client):
    peer = peers(client, hub, "all", answers=ANSWERS)
    number, result = peer.start("call", name="http-auto_steps", progress=True)
    result.result(30)
    assert [peer.progress[number].get(timeout=10)["progress"] for _ in range(3)] == [0, 50, 100]
    assert peer.progress[number].empty()


@pytest.mark.parametrize("client", [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP], ids=str)
def test_a_server_that_comes_late_is_told_of_and_a_call_waits_for_it(start_hub, peers, client):
    hub = start_hub(composed({"late": started() | {"env": {"DELAY": "2"}}}))
    peer = peers(client, hub, "all")
    assert peer.tools() == {}
    peer.do("listen", resources=[])
    assert text(call(hub.mcp("all"), "era")) == "2026-07-28"
    peer.notified("notifications/tools/list_changed")
    assert "era" in peer.tools()
