"""What an operator sees of MCP servers that die and come back: /metrics and /readyz, beside what clients see."""

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from harness.composing import composed, settled, tools
from harness.conformance.wire import ModernWire
from harness.hub import ROOT
from harness.programs import Program, command, tally
from harness.wire import text

SAMPLE = re.compile(r'(?P<name>[a-z0-9_]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)')
LABEL = re.compile(r'(\w+)="([^"]*)"')


def samples(hub) -> dict[tuple, float]:
    """Each sample of /metrics by its name and labels."""
    answer = httpx.get(hub.admin + "/metrics", headers={"authorization": f"Bearer {hub.token}"})
    found = [SAMPLE.fullmatch(line) for line in answer.text.splitlines() if not line.startswith("#")]
    assert all(found), answer.text
    return {(match["name"], *LABEL.findall(match["labels"] or "")): float(match["value"]) for match in found}


class Server:
    """What /metrics says of one server."""

    def __init__(self, hub, name: str):
        self.hub = hub
        self.label = ("server", name)

    def __call__(self, metric: str, **labels) -> float | None:
        return samples(self.hub).get((f"hubd_mcp_upstream_{metric}", self.label, *labels.items()))

    @property
    def state(self) -> str:
        states = [key for key, value in samples(self.hub).items() if key[:2] == ("hubd_mcp_upstream_state", self.label) and value == 1]
        ((_, _, (_, state)),) = states
        return state


def readiness(hub) -> tuple[list[str], list[str]]:
    """What /readyz says is unavailable, and what of that is served from what was known."""
    answer = httpx.get(hub.admin + "/readyz")
    assert answer.status_code == 200 and answer.json()["status"] == "ready"
    return answer.json()["unavailable"], answer.json()["stale"]


def ask(hub, name: str, **arguments):
    """What a client that can be asked nothing is answered: a session that all share is enough for it."""
    with ModernWire(hub.mcp("all")) as client:
        return client.ask("tools/call", {"name": name, "arguments": arguments}, capabilities={}, is_checked=False)


def marked(hub) -> list[str]:
    """The servers that a list says are away."""
    with ModernWire(hub.mcp("all")) as client:
        return client.ask("tools/list").result.get("_meta", {}).get("hubd/unavailable", [])


@pytest.mark.parametrize("kind", ["mcp2", "mcp1"])
def test_a_server_over_http_that_is_killed_and_comes_back(start_hub, kind):
    program = Program(kind)
    try:
        hub = start_hub(composed({"sdk": {"mcp": program.url}}))
        server = Server(hub, "sdk")
        assert settled(lambda: "echo" in tools(hub))
        assert ask(hub, "add", a=1, b=2).result["isError"] is not True
        assert (server.state, server("up"), server("restarts_total"), server("processes")) == ("up", 1, 0, None)
        assert server("sessions") >= 1 and server("sessions_total") >= 1 and 0 <= server("list_age_seconds") < 600
        assert readiness(hub) == ([], []) and marked(hub) == []
        program.stop()
        # A server of 2026-07-28 has no session whose end would tell: calls that fail do.
        assert settled(lambda: ask(hub, "add", a=1, b=2).result["isError"] and server.state == "stale", limit=60)
        assert server("up") == 0 and server("list_age_seconds") >= 0
        assert settled(lambda: readiness(hub) == (["mcp/sdk"], ["mcp/sdk"]))
        assert "echo" in tools(hub) and marked(hub) == ["sdk"]
        assert ask(hub, "add", a=1, b=2).result["isError"]
        assert server("failures_total", kind="call_failed") >= 1
        assert settled(lambda: server("failures_total", kind="unreachable") >= 1)
        program.start()
        assert settled(lambda: server.state == "up", limit=60)
        assert server("restarts_total") == 1
        assert settled(lambda: readiness(hub) == ([], []) and marked(hub) == [])
    finally:
        program.stop()


def test_a_command_that_is_killed_is_started_again(start_hub):
    hub = start_hub(composed({"process": {"command": command("mcp1", "stdio"), "share": True}}))
    server = Server(hub, "process")
    assert settled(lambda: "echo" in tools(hub))
    assert settled(lambda: server("processes") == 1)
    os.kill(tally(text(ask(hub, "tally").result))["pid"], signal.SIGKILL)
    assert settled(lambda: server("restarts_total") == 1 and server.state == "up")
    assert server("failures_total", kind="session_lost") == 1 and server("sessions_total") == 2
    assert settled(lambda: server("processes") == 1)


def test_calls_are_in_flight_until_they_are_answered(start_hub):
    hub = start_hub(composed({"process": {"command": command("mcp2", "stdio")}}))
    server = Server(hub, "process")
    assert settled(lambda: "slow" in tools(hub))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, hub, "slow", seconds=2)
        assert settled(lambda: server("calls_in_flight") == 1)
        assert text(waiting.result(60).result) == "Took 2 s"
    assert settled(lambda: server("calls_in_flight") == 0)


def test_servers_that_were_never_there_are_told_from_those_whose_lists_are_served(start_hub):
    hub = start_hub({**composed({"nobody": {"mcp": "http://127.0.0.1:1/mcp", "expose": True}}), "admin": {"metrics": "open"}})
    server = Server(hub, "nobody")
    assert settled(lambda: server.state == "away")
    assert (server("up"), server("list_age_seconds"), server("sessions")) == (0, None, 0)
    assert readiness(hub) == (["mcp/nobody"], [])


def test_the_page_of_metrics_lists_what_there_is(start_hub):
    hub = start_hub({"servers": {"process": {"command": command("mcp2", "stdio")}}})
    answer = httpx.get(hub.admin + "/metrics", headers={"authorization": f"Bearer {hub.token}"})
    given = {tuple(line.split()[2:]) for line in answer.text.splitlines() if line.startswith("# TYPE ")}
    rows = (ROOT / "docs" / "metrics.md").read_text()
    assert given == set(re.findall(r"^\| `(hubd_\w+)` \| (\w+) \|", rows, re.MULTILINE))
    words = set(re.findall(r"`([a-z_]+)`", rows))
    assert {value for key in samples(hub) for label, value in key[1:] if label in ("state", "kind", "bound")} <= words
