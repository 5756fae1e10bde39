"""The scenarios of MCP's conformance suite: against the SDKs' own servers, against the same with a fault in each, and through the hub.

`specs/mcp-conformance.json` lists for each revision the scenarios that are scored for servers, and the cells they are run in: the
client's era and the era of the server behind the hub, over both transports of that server.
"""

import json

import pytest

from conftest import SCHEMAS
from harness.composing import await_tools, included
from harness.conformance.case import Case, Unmet
from harness.conformance.scenarios import SCENARIOS
from harness.conformance.wire import HANDSHAKE
from harness.hub import ROOT, Hub
from harness.programs import Program, command, faults
from harness.wire import MODERN

REQUIRED = json.loads((ROOT / "specs" / "mcp-conformance.json").read_text())
FAULTS = faults()

#: What the hub does not pass yet, as (cell, transport, scenario), and why. Strict: what passes must go from here.
EXPECTED: dict[tuple[str, str, str], str] = {}

SERVERS = {"modern": "mcp2", "handshake": "mcp1"}


def test_the_list_names_every_scenario_there_is():
    for revision, required in REQUIRED.items():
        known = {name for name, scenario in SCENARIOS.items() if revision in scenario.revisions}
        assert set(required) == known
    assert {revision: len(required) for revision, required in REQUIRED.items()} == {HANDSHAKE: 30, MODERN: 37}


def test_the_page_says_what_is_run():
    lines = (ROOT / "docs" / "conformance.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
    heads = ["-".join(head.split(", ")) for head in rows[0][1:]]
    said = {(row[0], head) for row in rows[2:] for head, mark in zip(heads, row[1:], strict=True) if mark == "passes"}
    assert said == {(name, cell) for required in REQUIRED.values() for name, cells in required.items() for cell in cells}
    assert not EXPECTED, "what does not pass must be named on the page"


def test_every_scenario_has_a_fault_to_notice():
    for revision, required in REQUIRED.items():
        noticed = {scenario for scenario, revisions in FAULTS.values() if revision in revisions}
        assert set(required) <= noticed


@pytest.fixture(scope="module")
def programs():
    """The fixture servers over HTTP, by SDK."""
    running = {kind: Program(kind) for kind in ["mcp1", "mcp2"]}
    yield running
    for program in running.values():
        program.stop()


DIRECT = [(MODERN, "mcp2"), (HANDSHAKE, "mcp2"), (HANDSHAKE, "mcp1")]


@pytest.mark.parametrize(
    "revision, kind, name",
    [pytest.param(*way, name, id=f"{way[0]}-{way[1]}-{name}") for way in DIRECT for name in REQUIRED[way[0]]],
)
def test_an_sdk_server_passes(programs, revision, kind, name):
    SCENARIOS[name].run(Case(programs[kind].url, revision, SCHEMAS))


SEEDED = [(name, scenario, revision) for name, (scenario, revisions) in FAULTS.items() for revision in revisions]


@pytest.mark.parametrize("fault, name, revision", [pytest.param(*seeded, id=f"{seeded[2]}-{seeded[0]}") for seeded in SEEDED])
def test_a_server_with_a_fault_does_not(programs, fault, name, revision):
    # Without the schemas: the scenario's own checks must notice.
    program = programs["mcp2" if revision == MODERN else "mcp1"]
    with pytest.raises(Unmet):
        SCENARIOS[name].run(Case(program.faulty(fault), revision, patience=0.5))


def configuration(programs, state) -> dict:
    """The fixture servers behind the hub, over HTTP and as processes, each in a virtual server that leaves names as they are."""
    upstreams = {}
    for era, kind in SERVERS.items():
        upstreams[f"{era}-http"] = {"mcp": programs[kind].url, "expose": False, "trust": {"pin": "off"}}
        upstreams[f"{era}-stdio"] = {
            "command": command(kind, "stdio", "--state", str(state / kind)),
            "expose": False,
            "trust": {"pin": "off"},
        }
    return {"servers": upstreams, "virtualServers": {f"v-{name}": {"include": [included(name)]} for name in upstreams}}


@pytest.fixture(scope="module")
def composing(programs, tmp_path_factory):
    """The hub before the fixture servers."""
    state = tmp_path_factory.mktemp("state")
    hub = Hub(tmp_path_factory.mktemp("hub"), configuration(programs, state))
    for era in SERVERS:
        for transport in ["http", "stdio"]:
            await_tools(hub, {"echo"}, f"v-{era}-{transport}")
    yield hub
    hub.stop()


def in_a_cell(revision: str, cell: str, transport: str, name: str):
    """One scenario in one cell, as parameters."""
    reason = EXPECTED.get((cell, transport, name))
    marks = [pytest.mark.xfail(reason=reason, strict=True, raises=Unmet)] if reason else []
    return pytest.param(revision, cell, transport, name, marks=marks, id=f"{cell}-{transport}-{name}")


THROUGH = [
    in_a_cell(revision, cell, transport, name)
    for revision, required in REQUIRED.items()
    for name, cells in required.items()
    for cell in cells
    for transport in ["http", "stdio"]
]


@pytest.mark.parametrize("revision, cell, transport, name", THROUGH)
def test_a_server_behind_the_hub_passes(composing, revision, cell, transport, name):
    era = cell.split("-")[1]
    case = Case(composing.mcp(f"v-{era}-{transport}"), revision, SCHEMAS, asks_by_request=era == "handshake")
    SCENARIOS[name].run(case)
