"""What the hub says to MCP servers, word by word: the headers and `_meta` of its own hop, sealed state, and every revision there was."""

import base64
import json

import pytest

from harness.composing import await_tools, composed
from harness.conformance.wire import EVERYTHING, PREFIX, HandshakeWire, ModernWire
from harness.hub import Hub
from harness.oldmcp import OldServer, SSEServer
from harness.peer import MCP1_HTTP, MCP2_AUTO
from harness.programs import Program
from harness.rawmcp import OBJECT, RawServers, listed, said, tool
from harness.wire import MODERN, text

REGION = {
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}, "count": {"type": "integer", "x-mcp-header": "Count"}},
}
STATE = "state-of-the-upstream-17"
QUESTION = {"method": "elicitation/create", "params": {"message": "Sure?", "requestedSchema": OBJECT}}


async def modern(_, exchange):
    """A server of the modern era with a tool whose arguments are mirrored, and one that asks."""
    if exchange.method == "tools/list":
        return await exchange.result(listed(tool("who"), tool("mirrored", inputSchema=REGION), tool("asks"), tool("asks_too")))
    if exchange.tool in ("asks", "asks_too"):
        if exchange.params.get("requestState") == STATE and exchange.params.get("inputResponses"):
            return await exchange.result(said(json.dumps(exchange.params["inputResponses"], sort_keys=True)))
        return await exchange.result({"resultType": "input_required", "inputRequests": {"sure": QUESTION}, "requestState": STATE})
    return False


OLD = {
    "sse-2024": SSEServer(),
    "http-2025-03": OldServer("2025-03-26"),
    "http-2025-06": OldServer("2025-06-18", needs_header=True),
    "http-2025-11": OldServer("2025-11-25", needs_header=True),
    "without-sessions": OldServer("2025-11-25", keeps_sessions=False, needs_header=True),
    "without-streams": OldServer("2025-06-18", streams=False, needs_header=True),
    "with-neither": OldServer("2025-03-26", keeps_sessions=False, streams=False),
}
STREAMING = [name for name, server in OLD.items() if server.streams]


@pytest.fixture(scope="module")
def raw(background):
    """The servers by hand."""
    return RawServers(background, {"modern": modern, **OLD})


@pytest.fixture(scope="module")
def hub(tmp_path_factory, raw):
    """The hub before them, all in one virtual server."""
    hub = Hub(
        tmp_path_factory.mktemp("wire"), composed({name: {"mcp": raw.address(name)} for name in ["modern", *OLD]}, prefixes=True)
    )
    await_tools(hub, {f"{name}_who" for name in ["modern", *OLD]})
    yield hub
    hub.stop()


@pytest.fixture
def client(hub):
    """A client of the modern era."""
    with ModernWire(hub.mcp("all")) as client:
        yield client


def call(client, name: str, arguments: dict | None = None, **options):
    """All that a call is answered with."""
    return client.ask("tools/call", {"name": name, "arguments": arguments or {}}, **options)


# Headers and _meta ----------------------------------------------------------------------------------------------------------------------


def test_the_headers_are_those_of_the_hop(client, raw):
    call(
        client,
        "modern_mirrored",
        {"region": "north", "count": 7},
        headers={"x-own": "mine", "cookie": "a=b", "authorization": "Bearer mine"},
    )
    headers, message = raw.last("modern", "tools/call")
    assert headers["mcp-protocol-version"] == MODERN
    assert headers["mcp-method"] == "tools/call"
    assert headers["mcp-name"] == message["params"]["name"] == "mirrored"
    assert headers["mcp-param-region"] == "north" and headers["mcp-param-count"] == "7"
    assert "application/json" in headers["accept"] and "text/event-stream" in headers["accept"]
    assert "mcp-session-id" not in headers
    assert "mine" not in str(headers) and "cookie" not in headers


@pytest.mark.parametrize("value", ["grün", " padded ", "=?base64?eA==?=", "line\nbreak", ""])
def test_an_argument_that_no_header_can_hold_is_encoded(client, raw, value):
    call(client, "modern_mirrored", {"region": value})
    headers, message = raw.last("modern", "tools/call")
    assert message["params"]["arguments"] == {"region": value}
    written = headers["mcp-param-region"]
    if written != value or value.startswith("=?"):
        assert written.startswith("=?base64?") and written.endswith("?=")
        assert base64.b64decode(written[9:-2]).decode() == value


def test_an_argument_that_is_not_given_has_no_header(client, raw):
    call(client, "modern_mirrored", {"count": 1})
    headers, _ = raw.last("modern", "tools/call")
    assert "mcp-param-region" not in headers and headers["mcp-param-count"] == "1"


def test_meta_is_of_the_hop_and_what_is_the_clients_own_passes(client, raw):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    own = {"traceparent": trace, "example.test/mark": {"a": [1]}, f"{PREFIX}invented": 1, "progressToken": "of-the-client"}
    call(client, "modern_who", {"x": 1}, capabilities={"elicitation": {}}, **own)
    _, message = raw.last("modern", "tools/call")
    meta = message["params"]["_meta"]
    assert meta[f"{PREFIX}protocolVersion"] == MODERN
    assert meta[f"{PREFIX}clientInfo"]["name"] != "conformance-client"
    assert list(meta[f"{PREFIX}clientCapabilities"]) == ["elicitation"], "what this caller can do, and nothing else"
    assert meta["example.test/mark"] == {"a": [1]}
    assert f"{PREFIX}invented" not in meta
    assert meta["traceparent"].split("-")[1] == trace.split("-")[1]
    assert meta.get("progressToken") != "of-the-client"
    assert message["id"] != "of-the-client"


def test_a_result_carries_the_hubs_name_and_not_the_upstreams(client):
    answer = call(client, "modern_who")
    info = answer.result["_meta"][f"{PREFIX}serverInfo"]
    assert info["name"] != "modern"
    assert answer.result["resultType"] == "complete"


def test_each_call_is_one_request(client, raw):
    before = raw.counts[("modern", "tools/call")]
    for _ in range(10):
        call(client, "modern_who")
    assert raw.counts[("modern", "tools/call")] - before == 10


# Sealed state ---------------------------------------------------------------------------------------------------------------------------


def asked(client, name="modern_asks", arguments=None):
    """A call that was asked for something."""
    answer = call(client, name, arguments)
    assert answer.asks, answer.message
    return answer.result


def resumed(client, result: dict, name="modern_asks", arguments=None, **changes):
    """The call again, with an answer."""
    replies = {key: {"action": "accept", "content": {"yes": True}} for key in result["inputRequests"]}
    params = {"name": name, "arguments": arguments or {}, "inputResponses": replies, "requestState": result["requestState"]}
    return client.ask("tools/call", {**params, **changes}, is_checked=False)


def test_the_upstreams_state_is_sealed_on_its_way_and_comes_back_as_it_was(client, raw):
    result = asked(client)
    assert STATE not in result["requestState"]
    assert base64.b64encode(STATE.encode()).decode().rstrip("=") not in result["requestState"]
    assert result["inputRequests"]["sure"]["params"]["message"] == "Sure?"
    answer = resumed(client, result)
    assert json.loads(text(answer.result)) == {"sure": {"action": "accept", "content": {"yes": True}}}
    assert raw.last("modern", "tools/call")[1]["params"]["requestState"] == STATE


def test_state_is_good_for_the_call_it_was_made_for_alone(client):
    result = asked(client)
    for name, arguments, changes in [
        ("modern_asks_too", None, {}),
        ("modern_asks", {"other": 1}, {}),
        ("modern_asks", None, {"requestState": result["requestState"][:-2]}),
        ("modern_asks", None, {"requestState": STATE}),
        ("modern_asks", None, {"requestState": ""}),
        ("modern_asks", None, {"requestState": "A" * 100_000}),
    ]:
        answer = resumed(client, result, name, arguments, **changes)
        assert answer.error and not answer.result, (name, arguments, answer.message)
    assert resumed(client, result).is_complete


def test_a_parked_call_goes_on_where_it_was(client):
    result = asked(client, "http-2025-11_ask")
    (question,) = result["inputRequests"].values()
    assert question["method"] == "roots/list"
    replies = {key: {"roots": [{"uri": "file:///here"}]} for key in result["inputRequests"]}
    params = {"name": "http-2025-11_ask", "arguments": {}, "inputResponses": replies, "requestState": result["requestState"]}
    answer = client.ask("tools/call", params)
    assert json.loads(text(answer.result)) == {"roots": [{"uri": "file:///here"}]}
    again = client.ask("tools/call", params, is_checked=False)
    assert again.error or again.result["isError"], "a call that has gone on is not there a second time"


# Revisions ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OLD)
def test_a_server_of_any_revision_is_called(hub, client, name):
    assert json.loads(text(call(client, f"{name}_who", {"x": 1}).result)) == {"who": name, "x": 1}
    with HandshakeWire(hub.mcp("all")) as session:
        result = session.ask("tools/call", {"name": f"{name}_who", "arguments": {"y": "é"}}).result
        assert json.loads(text(result)) == {"who": name, "y": "é"}
    assert OLD[name].initialized > 0
    assert OLD[name].complaints == []


@pytest.mark.parametrize("name", STREAMING)
def test_progress_and_questions_pass_in_any_revision(hub, client, name):
    answer = call(client, f"{name}_progress", progressToken="p")
    assert [told["params"]["progress"] for told in answer.told("notifications/progress")] == [1, 2]
    assert {told["params"]["progressToken"] for told in answer.told("notifications/progress")} == {"p"}
    roots = {"roots": [{"uri": "file:///there"}]}
    with HandshakeWire(hub.mcp("all"), capabilities=EVERYTHING, answers={"roots/list": lambda _: roots}) as session:
        assert json.loads(text(session.ask("tools/call", {"name": f"{name}_ask", "arguments": {}}).result)) == roots
    assert OLD[name].complaints == []


@pytest.mark.parametrize("name", ["http-2025-03", "http-2025-06", "http-2025-11"])
def test_a_server_that_has_forgotten_its_sessions_is_asked_for_a_new_one(client, name):
    call(client, f"{name}_who")
    OLD[name].forget()
    assert json.loads(text(call(client, f"{name}_who", {"x": 2}).result)) == {"who": name, "x": 2}


@pytest.mark.parametrize("kind", ["mcp1", "mcp2"])
@pytest.mark.parametrize("client", [MCP2_AUTO, MCP1_HTTP], ids=str)
def test_a_stream_that_ends_early_is_taken_up_again(start_hub, peers, kind, client):
    program = Program(kind, *(["--era", "handshake"] if kind == "mcp2" else []))
    try:
        hub = start_hub(composed({"stage": {"mcp": program.url}}))
        await_tools(hub, {"test_reconnection"})
        peer = peers(client, hub, "all")
        assert text(peer.call("test_reconnection")) == "Reconnection test completed"
    finally:
        program.stop()


@pytest.mark.parametrize("era", ["modern", "handshake"])
def test_a_server_of_one_era_alone_serves_clients_of_both(start_hub, peers, era):
    program = Program("mcp2", "--era", era)
    try:
        hub = start_hub(composed({"stage": {"mcp": program.url}}))
        await_tools(hub, {"echo"})
        for kind in [MCP2_AUTO, MCP1_HTTP]:
            answers = {"elicitation": {"action": "accept", "content": {"username": "lee", "email": "e"}}}
            peer = peers(kind, hub, "all", answers=answers)
            assert peer.call("echo", text="x")["structuredContent"] == {"text": "x"}
            assert "lee" in text(peer.call("test_elicitation", message="Who?"))
    finally:
        program.stop()
