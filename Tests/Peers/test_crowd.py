"""Many clients at once, and a configuration that changes under them."""

import threading

import httpx
import pytest

from conftest import fault_configuration, httpbin_configuration
from harness.peer import FASTMCP, MCP1_HTTP, MCP1_SSE, MCP2_AUTO, MCP2_LEGACY, STDIO
from harness.wire import Session, ask, call, modern

CROWD = 100


@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP, MCP1_SSE, FASTMCP], ids=str)
def test_a_hundred_sessions_with_the_same_ids_each_get_their_own_answer(peers, hub, kind):
    """The SDKs count their request ids from the same number, so that all sessions use the same ones at the same time."""
    peer = peers(kind, hub, "httpbin")
    calls = [{"name": "anything", "arguments": {"path": f"caller-{n}"}} for n in range(CROWD)]
    answers = peer.do("crowd", calls=calls, limit=120)
    assert [answer["structuredContent"]["url"].rsplit("/", 1)[1] for answer in answers] == [
        f"caller-{n}" for n in range(CROWD)
    ]


@pytest.mark.requirement("MCP-BASE-03", "MCP-HS-SESS-01")
def test_a_hundred_sessions_by_hand_share_one_id(hub):
    """The same, with exactly one id and all calls begun before any is answered."""
    sessions = [Session(hub.mcp("httpbin")) for _ in range(CROWD)]
    together = threading.Barrier(CROWD)
    answers = {}

    def one(n):
        together.wait(30)
        answers[n] = sessions[n].ask("tools/call", {"name": "anything", "arguments": {"path": f"s{n}"}}, number=1)

    threads = [threading.Thread(target=one, args=[n]) for n in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for n in range(CROWD):
        assert answers[n]["id"] == 1
        assert answers[n]["result"]["structuredContent"]["url"].endswith(f"/s{n}")
    assert len({session.opening.headers["mcp-session-id"] for session in sessions}) == CROWD


def test_a_reload_loses_no_call_in_flight(start_hub, fault):
    """Fifty calls of both eras wait at the upstream while the hub is reloaded three times; all are answered."""
    configuration = fault_configuration(fault.url, firstByte="60s", idle="60s", total="60s")
    hub = start_hub(configuration)
    answers = {}

    def modern_call(n):
        answers[n] = call(hub.mcp("fault"), "gate", caller=str(n))

    def session_call(n):
        with Session(hub.mcp("fault")) as session:
            answers[n] = session.ask("tools/call", {"name": "gate", "arguments": {"caller": str(n)}})["result"]

    threads = [threading.Thread(target=[modern_call, session_call][n % 2], args=[n]) for n in range(50)]
    for thread in threads:
        thread.start()
    fault.waiting.wait(50, limit=30)
    for round in range(3):
        configuration["servers"]["fault"]["tools"] = {"good": {"rename": f"good_{round}"}}
        hub.reload(configuration)
        wait_for_tool(hub, "fault", f"good_{round}")
    fault.open_gate()
    for thread in threads:
        thread.join(30)
    assert {n: answer["structuredContent"] for n, answer in answers.items()} == {
        n: {"query": f"caller={n}"} for n in range(50)
    }


def test_calls_made_while_the_hub_reloads_all_succeed(start_hub, httpbin):
    """Callers go on calling, in both eras, through ten reloads."""
    configuration = httpbin_configuration(httpbin.url)
    hub = start_hub(configuration)
    finished = threading.Event()
    failures = []
    made = []

    def caller(n):
        with Session(hub.mcp("httpbin")) as session:
            while not finished.is_set():
                try:
                    if n % 2:
                        result = call(hub.mcp("httpbin"), "anything", path=f"c{n}")
                    else:
                        result = session.ask("tools/call", {"name": "anything", "arguments": {"path": f"c{n}"}})["result"]
                    made.append(result["structuredContent"]["url"].endswith(f"/c{n}"))
                except Exception as error:
                    failures.append(repr(error))

    threads = [threading.Thread(target=caller, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for round in range(10):
        configuration["servers"]["httpbin"]["tools"] = {"uuid": {"rename": f"uuid_{round}"}}
        hub.reload(configuration)
        wait_for_tool(hub, "httpbin", f"uuid_{round}")
    finished.set()
    for thread in threads:
        thread.join(30)
    assert not failures
    assert len(made) >= 80 and all(made)


def wait_for_tool(hub, server, tool):
    """Asks for the list until the tool is on it: a bound on how long a reload takes, with nothing to wait on."""
    for _ in range(200):
        tools = ask(hub.mcp(server), "tools/list")["result"]["tools"]
        if tool in [entry["name"] for entry in tools]:
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"{tool} is still not listed")


@pytest.mark.requirement("MCP-2026-SUB-05", "MCP-HS-CHANGE-01")
@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP, MCP1_SSE], ids=str)
def test_clients_are_told_when_tools_are_renamed_redescribed_or_hidden(peers, start_hub, httpbin, kind):
    """A handshake client hears of it on its GET stream (or its SSE connection), a modern one on `subscriptions/listen`."""
    configuration = httpbin_configuration(httpbin.url)
    hub = start_hub(configuration)
    peer = peers(kind, hub, "httpbin")
    assert {"uuid", "html", "xml"} <= set(peer.tools())
    peer.do("listen")
    if kind.transport == "http" and peer.version < "2026":
        wait_for_get_stream(peer)

    changes = [
        ("uuid", {"rename": "fresh_uuid"}, lambda listed: "uuid" not in listed and "fresh_uuid" in listed),
        ("html", {"description": "Reads Moby Dick"}, lambda listed: listed["html"]["description"] == "Reads Moby Dick"),
        ("xml", {"hidden": True}, lambda listed: "xml" not in listed),
    ]
    tools = configuration["servers"]["httpbin"]["tools"] = {}
    for name, change, is_seen in changes:
        tools[name] = change
        hub.reload(configuration)
        # The 2.x SDK hands one notification on twice, so that one may belong to the change before.
        while True:
            assert peer.notifications.get(timeout=15)["method"] == "notifications/tools/list_changed"
            if is_seen(peer.tools()):
                break
    assert len(peer.call("fresh_uuid")["structuredContent"]["uuid"]) == 36


def wait_for_get_stream(peer):
    """The SDKs open the GET stream in the background; a ping behind it does not prove it, so the hub's answer is looked for."""
    for _ in range(200):
        if any(b"GET /mcp/" in bytes(sent) and b"200" in bytes(got)[:20] for sent, got in peer.recorder.connections):
            return
        threading.Event().wait(0.05)
    raise AssertionError("the client has opened no GET stream")


@pytest.mark.requirement("MCP-2026-SUB-05")
def test_a_change_elsewhere_is_nobodys_business(start_hub, httpbin):
    """A listener on one server hears nothing when another server's tools change."""
    configuration = httpbin_configuration(httpbin.url)
    hub = start_hub(configuration)
    headers, body = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, number="ears")
    with httpx.stream("POST", hub.mcp("httpbin"), headers=headers, content=body, timeout=30) as answer:
        lines = answer.iter_lines()
        assert "notifications/subscriptions/acknowledged" in next_data(lines)
        configuration["servers"]["impatient"]["tools"] = {"xml": {"hidden": True}}
        hub.reload(configuration)
        configuration["servers"]["httpbin"]["tools"] = {"uuid": {"rename": "own"}}
        wait_until_hidden(hub, "impatient", "xml")
        hub.reload(configuration)
        assert "notifications/tools/list_changed" in next_data(lines)
        wait_for_tool(hub, "httpbin", "own")


def next_data(lines) -> str:
    """The next event's data."""
    return next(line for line in lines if line.startswith("data:"))


def wait_until_hidden(hub, server, tool):
    """Asks for the list until the tool is off it."""
    for _ in range(200):
        if tool not in [entry["name"] for entry in ask(hub.mcp(server), "tools/list")["result"]["tools"]]:
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"{tool} is still listed")


@pytest.mark.requirement("MCP-2026-HTTP-11", "MCP-2026-SUB-01", "MCP-2026-SUB-03", "MCP-2026-SUB-07")
def test_a_listening_client_is_told_when_the_hub_stops(start_hub, httpbin):
    """The stream of `subscriptions/listen` ends with its result, not with a broken connection."""
    hub = start_hub(httpbin_configuration(httpbin.url))
    headers, body = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, number="ears")
    with httpx.stream("POST", hub.mcp("httpbin"), headers=headers, content=body, timeout=30) as answer:
        assert answer.status_code == 200
        assert answer.headers["x-accel-buffering"] == "no"
        lines = answer.iter_lines()
        first = next_data(lines)
        assert "notifications/subscriptions/acknowledged" in first
        assert '"io.modelcontextprotocol/subscriptionId":"ears"' in first.replace(" ", "")
        threading.Thread(target=hub.stop).start()
        rest = "\n".join(lines)
    assert '"id":"ears"' in rest.replace(" ", "") and '"result"' in rest


@pytest.mark.parametrize("kind", STDIO, ids=str)
def test_stdio_clients_call_the_tools_of_the_named_server_only(peers, hub, kind):
    peer = peers(kind, hub, "impatient")
    assert peer.call("delay", seconds=3)["isError"] is True
