"""Slow calls: limits, progress, and callers who leave."""

import httpx
import pytest

from conftest import fault_configuration
from harness.peer import FASTMCP, HTTP, MCP1_HTTP, MCP1_SSE, MCP2_AUTO, MCP2_LEGACY, STDIO
from harness.wire import modern, text


@pytest.mark.requirement("MCP-TOOL-16")
@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP1_HTTP, MCP1_SSE, STDIO[0]], ids=str)
def test_a_call_beyond_the_time_limit_is_a_tool_error(peers, hub, kind):
    peer = peers(kind, hub, "impatient")
    result = peer.call("delay", seconds=5)
    assert result["isError"] is True
    assert "time" in text(result).lower()
    assert "127.0.0.1" not in text(result)
    assert not peer.call("delay", seconds=0).get("isError"), "the connection lives on"


@pytest.mark.requirement("MCP-2026-HTTP-09", "MCP-PROG-01", "MCP-PROG-02")
@pytest.mark.parametrize("kind", HTTP + STDIO, ids=str)
def test_a_slow_call_reports_progress_to_whoever_asked(peers, start_hub, fault, kind):
    """The answer is held back until the client has seen progress, which only grows."""
    hub = start_hub(fault_configuration(fault.url, firstByte="60s", idle="60s", total="60s"))
    peer = peers(kind, hub, "fault")
    number, answer = peer.start("call", name="gate", arguments={"caller": "a"}, progress=True)
    first = peer.progress[number].get(timeout=30)
    second = peer.progress[number].get(timeout=30)
    assert second["progress"] > first["progress"]
    fault.open_gate()
    assert answer.result(10)["structuredContent"] == {"query": "caller=a"}


@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP, FASTMCP, *STDIO], ids=str)
def test_a_caller_who_leaves_in_the_middle_ends_the_call_upstream(peers, start_hub, fault, kind):
    hub = start_hub(fault_configuration(fault.url, firstByte="60s", idle="60s", total="60s"))
    peer = peers(kind, hub, "fault")
    peer.start("call", name="hang", arguments={})
    fault.waiting.wait()
    peer.process.kill()
    assert fault.left.wait(limit=10) < 5


@pytest.mark.requirement("MCP-HS-CANC-01", "MCP-STDIO-03")
@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP2_LEGACY, FASTMCP, STDIO[0]], ids=str)
def test_a_call_the_client_cancels_ends_upstream_and_the_connection_lives(peers, start_hub, fault, kind):
    hub = start_hub(fault_configuration(fault.url, firstByte="60s", idle="60s", total="60s"))
    peer = peers(kind, hub, "fault")
    number, _ = peer.start("call", name="hang", arguments={})
    fault.waiting.wait()
    peer.cancel(number)
    assert fault.left.wait(limit=10) < 5
    assert peer.call("good")["structuredContent"] == {"good": True}


@pytest.mark.requirement("MCP-2026-HTTP-13")
def test_closing_the_connection_cancels_a_modern_call(start_hub, fault):
    hub = start_hub(fault_configuration(fault.url, firstByte="60s", idle="60s", total="60s"))
    headers, body = modern("tools/call", {"name": "hang", "arguments": {}})
    with httpx.Client(timeout=1) as client, pytest.raises(httpx.ReadTimeout):
        client.post(hub.mcp("fault"), headers=headers, content=body)
    fault.waiting.wait()
    assert fault.left.wait(limit=10) < 5
