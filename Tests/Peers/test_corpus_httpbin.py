"""httpbin under its own description (apis/httpbin.yaml): what can be called without arguments is called."""

from pathlib import Path

import pytest

from conftest import CORPORA
from harness.hub import Hub
from harness.peer import MCP1_HTTP, MCP2_AUTO
from harness.wire import text


@pytest.fixture
def own(tmp_path, httpbin):
    """A hub with httpbin's own description."""
    configuration = {
        "upstreams": {"httpbin": {"addresses": [httpbin.url], "timeouts": {"total": "20s"}}},
        "servers": {"own": {"openapi": "httpbin.yaml", "upstream": "httpbin"}},
    }
    hub = Hub(tmp_path, configuration, [Path(CORPORA) / "apis" / "httpbin.yaml"])
    yield hub
    hub.stop()


@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP1_HTTP], ids=str)
def test_every_reading_tool_without_arguments_answers(peers, own, kind):
    peer = peers(kind, own, "own")
    tools = peer.tools()
    assert len(tools) >= 74
    reading = [
        name for name, tool in tools.items() if tool["annotations"]["readOnlyHint"] and not tool["inputSchema"].get("required")
    ]
    assert len(reading) >= 20
    answers = {name: peer.start("call", name=name, arguments={})[1] for name in reading}
    failed = {name: text(answer.result(60)) for name, answer in answers.items() if answer.result(60).get("isError")}
    assert len(failed) <= len(reading) // 3, failed
    assert all(words.strip() for words in failed.values())
