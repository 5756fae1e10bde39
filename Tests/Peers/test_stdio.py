"""stdio by hand: lines, both eras on one channel, and how it ends."""

import pytest

from conftest import fault_configuration
from harness.stdio import Stdio
from harness.wire import META


def modern(number, method, **params) -> dict:
    """A 2026-07-28 request."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, "_meta": META}}


def cancelled(number) -> dict:
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}}


HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
INITIALIZE = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HELLO}


@pytest.mark.requirement("MCP-2026-VER-05", "MCP-BASE-03", "MCP-STDIO-01")
def test_both_eras_are_spoken_on_one_channel_a_line_for_each_message(hub):
    with Stdio(hub, "httpbin") as stdio:
        assert stdio.ask(modern("a", "server/discover"))["result"]["supportedVersions"]
        assert stdio.ask(INITIALIZE)["result"]["protocolVersion"] == "2025-06-18"
        stdio.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        # httpbin writes JSON over many lines.
        old = stdio.ask({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "json"}})["result"]
        new = stdio.ask(modern(2, "tools/call", name="json"))["result"]
        assert old["structuredContent"] == new["structuredContent"]
        assert "resultType" not in old and new["resultType"] == "complete"
        assert stdio.end() == []


@pytest.mark.requirement("MCP-STDIO-02")
def test_the_end_of_the_input_is_the_end_of_the_hub(hub):
    with Stdio(hub, "httpbin") as stdio:
        stdio.ask(modern(1, "tools/list"))
        stdio.end(limit=5)


@pytest.mark.requirement("MCP-BASE-01", "MCP-STDIO-01")
@pytest.mark.parametrize("line", [b"{", b"\xff\xfe", b"{} {}"])
def test_a_line_that_is_no_json_is_a_parse_error_and_the_channel_lives(hub, line):
    with Stdio(hub, "httpbin") as stdio:
        stdio.send(line)
        assert stdio.receive()["error"]["code"] == -32700
        assert stdio.ask(modern(1, "server/discover"))["result"]


@pytest.mark.requirement("MCP-2026-SUB-01", "MCP-2026-SUB-02", "MCP-2026-SUB-03")
def test_a_subscription_is_acknowledged_under_its_id(hub):
    with Stdio(hub, "httpbin") as stdio:
        stdio.send(modern(7, "subscriptions/listen", notifications={"toolsListChanged": True, "promptsListChanged": True}))
        first = stdio.receive()
        assert first["method"] == "notifications/subscriptions/acknowledged"
        assert first["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"] == 7
        assert first["params"]["notifications"] == {"toolsListChanged": True}


@pytest.mark.requirement("MCP-STDIO-03")
@pytest.mark.parametrize("era", ["modern", "handshake"])
def test_a_cancelled_call_ends_upstream_and_the_channel_lives(start_hub, fault, era):
    hub = start_hub(fault_configuration(fault.url, firstByte="60s", idle="60s", total="60s"))
    with Stdio(hub, "fault") as stdio:
        call = modern("slow", "tools/call", name="hang")
        if era == "handshake":
            stdio.ask(INITIALIZE)
            call["params"].pop("_meta")
        stdio.send(call)
        fault.waiting.wait()
        stdio.send(cancelled("slow"))
        assert fault.left.wait(limit=10) < 5
        stdio.send(modern("next", "tools/call", name="good"))
        while (answer := stdio.receive())["id"] != "next":
            pass
        assert answer["result"]["structuredContent"] == {"good": True}


@pytest.mark.requirement("MCP-STDIO-04")
def test_nothing_more_is_said_of_a_cancelled_call(start_hub, fault):
    hub = start_hub(fault_configuration(fault.url, firstByte="60s", idle="60s", total="60s"))
    with Stdio(hub, "fault") as stdio:
        stdio.send(modern("slow", "tools/call", name="hang"))
        fault.waiting.wait()
        stdio.send(cancelled("slow"))
        fault.left.wait()
        for number in range(20):
            assert stdio.ask(modern(number, "tools/call", name="good"))


def test_requests_that_are_piped_in_are_answered_though_the_input_ends(hub):
    with Stdio(hub, "httpbin") as stdio:
        stdio.send(modern(1, "server/discover"), modern(2, "tools/call", name="uuid"))
        assert sorted(message["id"] for message in stdio.end()) == [1, 2]
