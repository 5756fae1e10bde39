"""Hostile bytes (hostile/http) as the answers of an MCP server behind the hub: to its list, and to a call."""

import base64
import json
from pathlib import Path

import pytest

from conftest import CORPORA
from harness.composing import await_tools, included, settled, tools
from harness.conformance.wire import ModernWire
from harness.hub import Hub
from harness.rawmcp import RawServers, listed, said, tool
from harness.wire import text

LINES = (Path(CORPORA) / "hostile" / "http" / "upstream-answers.jsonl").read_text().splitlines()
CASES = {case["id"]: case for case in map(json.loads, LINES)}
MEMORY = 384 << 20


def payload(case: dict) -> bytes:
    """The bytes of a case."""
    if "parts" in case:
        return b"".join(base64.b64decode(part["b64"]) * part["times"] for part in case["parts"])
    return base64.b64decode(case["b64"])


def fitted(case: dict, number, result: dict) -> bytes:
    """The bytes with the id that was asked under and a result that fits, where the case has such a place: it is then about the rest."""
    data = payload(case)
    mine = json.dumps({"jsonrpc": "2.0", "id": number, "result": result}).encode()
    return data.replace(b'{"jsonrpc":"2.0","id":1,"result":{}}', mine)


def at_list(name: str):
    """Answers the list with the bytes of a case, and closes."""

    async def way(_, exchange):
        if exchange.method != "tools/list":
            return False
        await exchange.send(fitted(CASES[name], exchange.message["id"], listed(tool("mine"))))
        raise ConnectionError

    return way


async def at_call(servers, exchange):
    """Answers the call of a tool with the bytes of the case of its name; the connection stays open or not, as `stays` says."""
    if exchange.method == "tools/list":
        return await exchange.result(listed(*[tool(name) for name in CASES], tool("who")))
    if exchange.tool not in CASES:
        return False
    await exchange.send(fitted(CASES[exchange.tool], exchange.message["id"], said("as it should be")))
    if not exchange.params.get("arguments", {}).get("stays"):
        raise ConnectionError
    return True


@pytest.fixture(scope="module")
def hub(background, tmp_path_factory):
    """The hub before one server for each case, and one with a tool for each."""
    ways = {f"list-{name}": at_list(name) for name in CASES}
    raw = RawServers(background, {**ways, "calls": at_call})
    limits = {"timeouts": {"connect": "3s", "total": "4s"}}
    names = [*ways, "calls", "good"]
    servers = {name: {"mcp": raw.address(name), "expose": False, **({} if name == "good" else limits)} for name in names}
    virtual = {
        f"v-{name}": {"include": [included(name, "bad_", tools=["*"]), included("good", tools=["*"])]}
        for name in [*ways, "calls"]
    }
    hub = Hub(tmp_path_factory.mktemp("answers"), {"servers": servers, "virtualServers": virtual})
    await_tools(hub, {"who", "bad_who"}, "v-calls")
    yield hub
    assert hub.memory() < MEMORY
    hub.stop()


def call(hub: Hub, server: str, name: str, **arguments):
    """All that a call is answered with."""
    with ModernWire(hub.mcp(server)) as client:
        return client.ask("tools/call", {"name": name, "arguments": arguments}, is_checked=False)


@pytest.mark.parametrize("name", CASES)
def test_a_list_in_hostile_bytes_costs_its_server_alone(hub, name):
    await_tools(hub, {"who"}, f"v-list-{name}")
    seen = tools(hub, f"v-list-{name}")
    assert seen <= ({"who", "wait", "bad_mine"} if CASES[name]["expect"] == "accept" else {"who", "wait"})
    assert json.loads(text(call(hub, f"v-list-{name}", "who").result)) == {"who": "good"}


@pytest.mark.parametrize("stays", [False, True], ids=["closes", "stays"])
@pytest.mark.parametrize("name", CASES)
def test_an_answer_in_hostile_bytes_is_an_error_or_right_and_never_the_next_callers(hub, name, stays):
    assert settled(lambda: call(hub, "v-calls", "bad_who").result.get("isError") is not True)
    answer = call(hub, "v-calls", f"bad_{name}", stays=stays)
    if CASES[name]["expect"] == "accept":
        assert text(answer.result) == "as it should be"
    elif CASES[name]["expect"] == "reject":
        assert answer.error or answer.result.get("isError") is True, answer.message
    for number in range(3):
        assert json.loads(text(call(hub, "v-calls", "bad_who", number=number).result)) == {"who": "calls", "number": number}
