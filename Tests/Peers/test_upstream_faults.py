"""MCP servers behind the hub that are slow, gone, frozen, flapping or malformed: each costs what is its own, and nothing else."""

import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import SCHEMAS
from harness.composing import composed, included, settled, tools
from harness.conformance.wire import HandshakeWire, ModernWire
from harness.forms import forms
from harness.hub import Hub
from harness.malformed import CALLS, LISTS, ways
from harness.peer import PEERS
from harness.programs import Program, children, command, is_running, tally
from harness.rawmcp import RawServers
from harness.wire import MODERN, text

MEMORY = 512 << 20  # two lists of 20,000 tools, judged, in the snapshots that follow one another while forty servers come
SECRETS = ["127.0.0.1", "localhost", "/opt/secret", "/work", ".py", ".swift", "Traceback"]


@pytest.fixture(scope="module")
def raw(background):
    """MCP servers by hand: good ones of any name, and the malformed."""
    return RawServers(background, ways())


def ask(hub: Hub, name: str, server="all", **arguments):
    """All that one tool call is answered with."""
    with ModernWire(hub.mcp(server)) as client:
        return client.ask("tools/call", {"name": name, "arguments": arguments}, is_checked=False)


def is_error(answer) -> bool:
    """Whether a call ended as an error, of the tool or of the protocol, that says something and tells no secret."""
    said = answer.error.get("message") if answer.error else text(answer.result) if answer.result.get("isError") is True else ""
    assert not [secret for secret in SECRETS if secret in (said or "")], said
    return bool(said)


# Away from the start --------------------------------------------------------------------------------------------------------------------


@forms(short={"limit": 10.0}, long={"limit": 1.0})
def test_the_first_list_does_not_wait_for_one_of_ten_that_hangs(start_hub, raw, note, form):
    names = [f"n{number}" for number in range(9)] + ["hangs"]
    hub = start_hub(composed({name: {"mcp": raw.address(name)} for name in names}, prefixes=True))
    began = time.monotonic()
    listed = tools(hub)
    taken = time.monotonic() - began
    note("first list", f"{1000 * taken:.0f} ms")
    assert {f"{name}_who" for name in names[:9]} <= listed
    assert taken < form.limit
    assert json.loads(text(ask(hub, "n3_who", x=1).result)) == {"who": "n3", "x": 1}
    assert is_error(ask(hub, "hangs_who"))


def test_servers_that_are_all_away_leave_an_empty_list(start_hub, raw):
    servers = {
        "nobody": {"mcp": "http://127.0.0.1:1/mcp"},
        "closes": {"mcp": raw.address("closes")},
        "crashes": plain("mine", "crashes"),
    }
    hub = start_hub(composed(servers))
    assert tools(hub) == set()


def test_a_server_that_comes_late_is_found(start_hub, tmp_path):
    program = Program("mcp1")
    program.stop()
    hub = start_hub(composed({"late": {"mcp": program.url}}))
    assert tools(hub) == set()
    program.start()
    try:
        assert settled(lambda: "echo" in tools(hub))
        assert ask(hub, "echo", text="here").result["structuredContent"] == {"text": "here"}
    finally:
        program.stop()


# During calls ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def watched(tmp_path_factory, raw):
    """The hub before a good server, and three SDK servers that are ended and frozen."""
    programs = {"modern": Program("mcp2"), "handshake": Program("mcp1")}
    servers = {name: {"mcp": program.url} for name, program in programs.items()}
    servers["process"] = {"command": command("mcp2", "stdio")}
    everything = composed({"good": {"mcp": raw.address("good")}, **servers}, prefixes=True)
    try:
        hub = Hub(tmp_path_factory.mktemp("watched"), everything)
        hub.programs = programs
        assert settled(lambda: {"modern_echo", "handshake_echo", "process_echo", "good_who"} <= tools(hub))
        yield hub
        hub.stop()
    finally:
        for program in programs.values():
            program.stop()


def process_of(hub: Hub, server: str) -> int:
    """The process that serves a server of `watched`."""
    return tally(text(ask(hub, f"{server}_tally").result))["pid"]


SERVERS = ["modern", "handshake", "process"]


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_is_killed_loses_its_own_calls_with_an_error_each(watched, server):
    assert settled(lambda: "pid" in str(ask(watched, f"{server}_tally").result))
    pid = process_of(watched, server)
    with ThreadPoolExecutor(16) as pool:
        lost = [pool.submit(ask, watched, f"{server}_slow", seconds=60) for _ in range(6)]
        assert settled(lambda: tally(text(ask(watched, f"{server}_tally").result))["running"] == 6)
        kept = [pool.submit(ask, watched, "good_wait", seconds=1) for _ in range(6)]
        os.kill(pid, signal.SIGKILL)
        assert all(is_error(call.result(60)) for call in lost)
        assert all(text(call.result(60).result) == "waited" for call in kept)
    if server != "process":
        watched.programs[server].process.wait()
        watched.programs[server].start()
    assert settled(lambda: text(ask(watched, f"{server}_add", a=1, b=2).result or {"content": []}) == "3")
    assert process_of(watched, server) != pid


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_is_frozen_holds_up_its_own_calls_alone(watched, server):
    pid = process_of(watched, server)
    with ThreadPoolExecutor(8) as pool:
        os.kill(pid, signal.SIGSTOP)
        try:
            held = [pool.submit(ask, watched, f"{server}_add", a=number, b=1) for number in range(4)]
            for number in range(20):
                assert json.loads(text(ask(watched, "good_who", number=number).result)) == {"who": "good", "number": number}
            assert f"{server}_add" in tools(watched)
            assert not any(call.done() for call in held)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert [text(call.result(60).result) for call in held] == ["1", "2", "3", "4"]


@forms(short={"calls": 150, "deaths": 3}, long={"calls": 10_000, "deaths": 100}, limit=1800)
def test_calls_to_a_server_that_comes_and_goes_end_each_with_its_own_answer(watched, note, form):
    program = watched.programs["handshake"]

    def one(number: int) -> str:
        if number % 3 == 0:
            result = ask(watched, "good_who", number=number).result
            assert json.loads(text(result)) == {"who": "good", "number": number}
            return "good"
        answer = ask(watched, "handshake_echo", text=f"call {number}")
        if answer.result.get("structuredContent") == {"text": f"call {number}"}:
            return "answered"
        assert is_error(answer), answer.message
        return "lost"

    with ThreadPoolExecutor(12) as pool:
        ends = []
        for batch in range(form.deaths):
            share = range(batch * form.calls // form.deaths, (batch + 1) * form.calls // form.deaths)
            calls = [pool.submit(one, number) for number in share]
            calls[len(calls) // 2].result(120)
            program.stop()
            program.start()
            ends += [call.result(120) for call in calls]
    counted = {end: ends.count(end) for end in set(ends)}
    note("ends", counted)
    assert len(ends) == form.calls
    assert settled(lambda: text(ask(watched, "handshake_add", a=1, b=2).result or {"content": []}) == "3")


# Processes ------------------------------------------------------------------------------------------------------------------------------


def plain(name: str, wrong="") -> dict:
    """A server that is a process and starts at once."""
    return {"command": [sys.executable, str(PEERS / "servers" / "plain_server.py"), name, *([wrong] if wrong else [])]}


def below(pid: int) -> list[int]:
    """The processes below the hub that are servers or of servers, and those that nobody has taken leave of."""
    found = []
    for child in children(pid, zombies=True):
        try:
            words = Path(f"/proc/{child}/cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):  # the second: it ended between opening and reading
            continue
        found += [child] if "python" in words or not words else []
    return found


@forms(short={"cycles": 30}, long={"cycles": 1000}, limit=1800)
def test_processes_that_come_and_go_leave_nothing(start_hub, note, form):
    hub = start_hub(composed({"plain": plain("first")}))
    assert settled(lambda: tools(hub) == {"first", "wait"})
    assert json.loads(text(ask(hub, "first").result))["name"] == "first"
    files = hub.usage.files
    for cycle in range(form.cycles):
        hub.reload(composed({"plain": plain(f"cycle{cycle}")}))
        assert settled(lambda wanted=f"cycle{cycle}": wanted in tools(hub))
        assert json.loads(text(ask(hub, f"cycle{cycle}").result))["name"] == f"cycle{cycle}"
    assert settled(lambda: len(below(hub.process.pid)) == 1, limit=60), below(hub.process.pid)
    assert hub.usage.falls_to("files", files + 4) <= files + 4
    hub.reload({})
    assert settled(lambda: not below(hub.process.pid), limit=60), "a server that is not configured any more runs on"
    note("files", f"{files} before, {hub.usage.files} after {form.cycles} cycles")


def test_a_process_that_does_not_want_to_end_is_ended_with_what_it_started(start_hub):
    hub = start_hub(composed({"stubborn": plain("stays", "stubborn")}))
    assert settled(lambda: "stays" in tools(hub))
    ask(hub, "stays")
    started = below(hub.process.pid)
    assert len(started) >= 2
    hub.stop()
    assert settled(lambda: not [pid for pid in started if is_running(pid)])


@pytest.mark.parametrize("wrong", ["garbage", "noisy"])
def test_a_process_that_writes_what_is_no_message_is_heard_all_the_same(start_hub, wrong):
    hub = start_hub(composed({"odd": plain("mine", wrong)}))
    assert settled(lambda: "mine" in tools(hub))
    for number in range(20):
        assert json.loads(text(ask(hub, "mine", number=number).result))["arguments"] == {"number": number}
    assert hub.memory() < MEMORY


@pytest.mark.parametrize("wrong", ["endless", "dies"])
def test_a_process_that_fails_in_a_call_is_started_again(start_hub, raw, wrong):
    hub = start_hub(composed({"odd": plain("mine", wrong), "good": {"mcp": raw.address("good")}}, prefixes=True))
    assert settled(lambda: "odd_mine" in tools(hub))
    for _ in range(3):
        assert is_error(ask(hub, "odd_mine"))
        assert json.loads(text(ask(hub, "good_who").result)) == {"who": "good"}
        assert settled(lambda: "odd_mine" in tools(hub))
    assert hub.memory() < MEMORY


def test_a_process_that_reads_nothing_fails_alone(start_hub, raw):
    hub = start_hub(composed({"deaf": plain("mine", "deaf"), "good": {"mcp": raw.address("good")}}, prefixes=True))
    assert settled(lambda: "deaf_mine" in tools(hub))
    with ThreadPoolExecutor(40) as pool:
        held = [pool.submit(ask, hub, "deaf_mine", padding="x" * 100_000) for _ in range(30)]
        for _ in range(20):
            assert json.loads(text(ask(hub, "good_who").result)) == {"who": "good"}
        assert hub.memory() < MEMORY
        hub.stop()
        for call in held:
            assert call.exception(30) or is_error(call.result())


# Malformed ------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowded(tmp_path_factory, raw):
    """One hub before every malformed server, each with a good one in a virtual server of its own."""
    limits = {"timeouts": {"connect": "5s", "total": "5s"}}
    servers = {name: {"mcp": raw.address(name), "expose": False, **limits} for name in [*LISTS, "odd", "good"]}
    virtual = {
        f"v-{name}": {"include": [included(name, "bad_", tools=["*"]), included("good", tools=["*"])]} for name in [*LISTS, "odd"]
    }
    hub = Hub(tmp_path_factory.mktemp("crowded"), {"servers": servers, "virtualServers": virtual})
    yield hub
    assert hub.memory() < MEMORY
    hub.stop()


@pytest.mark.parametrize("name", LISTS)
def test_a_malformed_server_costs_only_itself(crowded, name):
    server = f"v-{name}"
    assert settled(lambda: "who" in tools(crowded, server))
    allowed = LISTS[name][1]
    seen = {tool.removeprefix("bad_") for tool in tools(crowded, server) if tool.startswith("bad_")}
    if allowed is not None:
        assert seen <= allowed
    assert all(len(tool) <= 128 and tool.isprintable() and tool.isascii() for tool in seen), [tool[:100] for tool in seen][:10]
    for number in range(3):
        assert json.loads(text(ask(crowded, "who", server, number=number).result)) == {"who": "good", "number": number}


@pytest.mark.parametrize(
    "name", ["list-of-numbers", "no-name", "odd-names", "odd-schemas", "recursive-schema", "schema-bomb", "bad-pattern"]
)
def test_the_good_tool_of_a_malformed_server_is_there(crowded, name):
    good = "bad_four" if name == "list-of-numbers" else "bad_good"
    assert settled(lambda: good in tools(crowded, f"v-{name}"))
    assert json.loads(text(ask(crowded, good, f"v-{name}").result)) == {"who": name}


@pytest.mark.parametrize("name", ["redirects", "redirects-to-metadata", "endpoint-elsewhere"])
def test_nobody_is_sent_elsewhere(crowded, raw, name):
    tools(crowded, f"v-{name}")
    assert raw.asked(name) > 0
    assert raw.asked("elsewhere") == 0


def test_a_list_that_changes_without_end_is_not_read_without_end(crowded, raw):
    before = raw.counts.get(("floods-changes", "tools/list"), 0)
    assert settled(lambda: raw.counts.get(("floods-changes", "subscriptions/listen"), 0) > 0)
    began = time.monotonic()
    for number in range(50):
        assert json.loads(text(ask(crowded, "who", "v-floods-changes", number=number).result)) == {
            "who": "good",
            "number": number,
        }
    read = raw.counts.get(("floods-changes", "tools/list"), 0) - before
    assert read < 20 + 20 * (time.monotonic() - began), "read again for every word of change"


@pytest.mark.parametrize("name", CALLS)
def test_a_malformed_answer_is_an_error_or_right_and_the_next_call_is_well(crowded, name):
    assert settled(lambda: ask(crowded, "bad_who", "v-odd").result.get("isError") is not True)
    _, may_be_right = CALLS[name]
    if name == "always_asks":
        with HandshakeWire(
            crowded.mcp("v-odd"), answers={"elicitation/create": lambda _: {"action": "accept", "content": {}}}
        ) as client:
            answer = client.ask("tools/call", {"name": "bad_always_asks", "arguments": {}}, is_checked=False)
            assert 0 < len(answer.told("elicitation/create")) <= 100
    else:
        answer = ask(crowded, f"bad_{name}", "v-odd")
    if not may_be_right:
        assert is_error(answer), answer.message
    elif not is_error(answer) and SCHEMAS:
        SCHEMAS.check(MODERN, "CallToolResult", answer.result)
    assert json.loads(text(ask(crowded, "bad_who", "v-odd").result)) == {"who": "odd"}
    assert json.loads(text(ask(crowded, "who", "v-odd").result)) == {"who": "good"}
