"""Naughty strings (hostile/strings) in every text of an MCP server behind the hub: names, descriptions, arguments, results, refusals."""

import json
from pathlib import Path

import pytest

from conftest import CORPORA, SCHEMAS
from harness.composing import await_tools, composed
from harness.conformance.wire import HandshakeWire, ModernWire, meta
from harness.hub import Hub
from harness.rawmcp import OBJECT, RawServers, listed, said, tool

LINES = (Path(CORPORA) / "hostile" / "strings" / "naughty-strings.jsonl").read_text().splitlines()
STRINGS = [json.loads(line)["text"] for line in LINES]


def schema(text: str) -> dict:
    """A schema with a text wherever one may be."""
    return {"type": "object", "title": text, "properties": {"given": {"type": "string", "description": text, "default": text}}}


async def described(_, exchange):
    """A tool for each string, described by it; a call gives it back."""
    if exchange.method == "tools/list":
        return await exchange.result(
            listed(*[tool(f"t{n}", description=s, title=s, inputSchema=schema(s)) for n, s in enumerate(STRINGS)])
        )
    if exchange.tool:
        text = STRINGS[int(exchange.tool[1:])]
        given = exchange.params.get("arguments") or {}
        return await exchange.result(
            said(text, structuredContent={"own": text, "given": given.get("given")}, isError="fail" in given)
        )
    return False


async def named(_, exchange):
    """A tool named as each string."""
    return exchange.method == "tools/list" and await exchange.result(listed(*[tool(text) for text in STRINGS], tool("plain")))


async def refusing(_, exchange):
    """A tool whose calls are refused with the string that is given."""
    if exchange.method == "tools/list":
        return await exchange.result(listed(tool("refuse", inputSchema=OBJECT)))
    if exchange.tool:
        return await exchange.error(-32000, exchange.params.get("arguments", {}).get("given", ""))
    return False


@pytest.fixture(scope="module")
def hub(background, tmp_path_factory):
    """The hub before servers full of naughty strings, some of which look like attacks, and are."""
    raw = RawServers(background, {"described": described, "named": named, "refusing": refusing})
    names = ["described", "named", "refusing"]
    virtual = {f"v-{name}": {"include": [{"server": name, "tools": ["*"]}]} for name in names}
    hub = Hub(tmp_path_factory.mktemp("strings"), composed({name: {"mcp": raw.address(name), "trust": {"pin": "off"}} for name in names}, **virtual))
    for name, first in {"described": "t0", "named": "plain", "refusing": "refuse"}.items():
        await_tools(hub, {first}, f"v-{name}")
    yield hub
    hub.stop()


@pytest.mark.parametrize("wire", [ModernWire, HandshakeWire])
def test_descriptions_pass_as_they_are(hub, wire):
    with wire(hub.mcp("v-described"), SCHEMAS) as client:
        tools = client.ask("tools/list").result["tools"]
    for found in tools:
        text = STRINGS[int(found["name"][1:])]
        assert found["description"] == text and found["title"] == text
        assert found["inputSchema"] == schema(text)
    assert len(tools) == len(STRINGS)


@pytest.mark.parametrize("wire", [ModernWire, HandshakeWire])
def test_arguments_and_results_pass_as_they_are(hub, wire):
    with wire(hub.mcp("v-described"), SCHEMAS) as client:
        for number, text in enumerate(STRINGS):
            result = client.ask("tools/call", {"name": f"t{number}", "arguments": {"given": text}}).result
            assert result["structuredContent"] == {"own": text, "given": text}
            assert result["content"] == [{"type": "text", "text": text}]


def test_names_that_no_client_could_use_are_not_listed(hub):
    with ModernWire(hub.mcp("v-named"), SCHEMAS) as client:
        names = [found["name"] for found in client.ask("tools/list").result["tools"]]
        assert "plain" in names and len(set(names)) == len(names)
        for name in names:
            assert 0 < len(name) <= 128 and name.isascii() and name.isprintable() and " " not in name
        for text in STRINGS:
            answer = client.bare("tools/call", {"name": text, "arguments": {}, "_meta": meta({})}, headers={"mcp-name": "x"})
            assert answer.status < 500


def test_the_words_of_a_refusal_break_nothing(hub):
    with ModernWire(hub.mcp("v-refusing"), SCHEMAS) as client:
        for text in STRINGS:
            answer = client.ask("tools/call", {"name": "refuse", "arguments": {"given": text}})
            assert answer.error or answer.result["isError"], answer.message
            assert answer.status < 500
    assert "\x1b" not in hub.errors.text and "\x00" not in hub.errors.text, "control characters in the log"
