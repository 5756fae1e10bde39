"""Poisoned tools, rug pulls and smuggled Unicode (hostile/mcp, hostile/strings) at servers behind the hub, and the tools of real APIs (apis/),
which are honest: what is held, and what is held for nothing."""

import json
import re
from pathlib import Path

import pytest

from conftest import CORPORA
from harness.composing import settled, tools
from harness.hub import Hub
from harness.rawmcp import listed, tool
from test_corpus_apis import APIS, WITH_TOOLS
from test_corpus_one_server import START_LIMIT, is_wsdl
from test_trust import Upstreams, approvals, held

HOSTILE = Path(CORPORA) / "hostile"
# What part of what should be held is held at least, and what part of the honest at most; of honest tools of real APIs.
HELD, HELD_FOR_NOTHING, FALSE_ALARMS = 0.9, 0.05, 0.005


def lines(path: str) -> list[dict]:
    return [json.loads(line) for line in (HOSTILE / path).read_text().splitlines()]


def smuggling(case: dict) -> dict:
    """A tool described by the text of a case, or named by it where the note says that it is a name."""
    text = case["text"].encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # JSON carries no half pairs
    return tool(text) if "name" in case.get("note", "").split() else tool("described") | {"description": text}


CASES = {case["id"]: (case["tool"], case["expect"]) for case in lines("mcp/tool-definitions.jsonl")}
CASES |= {case["id"]: (smuggling(case), case["expect"]) for case in lines("strings/unicode-smuggling.jsonl")}
PULLS = {case["id"]: case for case in lines("mcp/rug-pulls.jsonl")}


def name(case: str) -> str:
    """A case as the name of an entry."""
    return re.sub(r"[^a-z0-9]+", "-", case.lower())


@pytest.fixture(scope="module")
def hostile(background, tmp_path_factory):
    """The hub before a server for each case, each with a tool that nobody minds beside it."""
    upstreams = Upstreams(background)
    honest = tool("nobody_minds")
    servers = {name(case): upstreams.add(name(case), definition, honest, refresh=None) for case, (definition, _) in CASES.items()}
    servers |= {name(case): upstreams.add(name(case), pull["before"], honest) for case, pull in PULLS.items()}
    for entry in servers.values():
        entry.update(refresh=entry.get("refresh") or "1h")
    hub = Hub(tmp_path_factory.mktemp("hostile"), {"servers": servers})
    yield hub, upstreams
    hub.stop()


def test_poison_is_held_and_honest_tools_are_not(hostile):
    """Of names that no client could call nothing is asked: they are left out whatever they say."""
    hub, _ = hostile
    wrong, counts = [], {"hold": [0, 0], "pass": [0, 0]}
    for case, (definition, expected) in CASES.items():
        if expected not in counts:
            continue
        assert settled(lambda: "nobody_minds" in tools(hub, name(case))), case
        isHeld = definition["name"] not in tools(hub, name(case))
        counts[expected][0] += isHeld
        counts[expected][1] += 1
        if isHeld != (expected == "hold"):
            wrong.append(case)
    (held_bad, bad), (held_good, good) = counts["hold"], counts["pass"]
    print(f"held {held_bad} of {bad} that should be, and {held_good} of {good} that should not; wrong: {wrong}")
    assert held_bad >= HELD * bad and held_good <= HELD_FOR_NOTHING * good, wrong


def test_what_is_to_be_said_is_said(hostile):
    """Cases that need no more than a word of it are named in `hubd approvals list --all`, held or not."""
    hub, _ = hostile
    known = json.loads(approvals(hub, "list", "--all", "--json"))["approvals"]
    findings = {one["server"]: one["findings"] for one in known if one["tool"] != "nobody_minds"}
    flagged = [case for case, (_, expected) in CASES.items() if expected == "flag"]
    assert len([case for case in flagged if findings.get(name(case))]) >= HELD * len(flagged), flagged


@pytest.mark.parametrize("case", PULLS)
def test_a_rug_pull_is_held(hostile, case):
    hub, upstreams = hostile
    pull = PULLS[case]
    assert settled(lambda: pull["before"]["name"] in tools(hub, name(case))), "the first definition is taken"
    upstreams.tools[name(case)][0] = pull["after"]
    if pull["expect"].startswith("hold"):
        assert settled(lambda: tools(hub, name(case)) == {"nobody_minds"})
        assert pull["after"]["name"] in held(hub, "--server", name(case))
    else:
        asked = upstreams.raw.counts[name(case), "tools/list"]
        assert settled(lambda: upstreams.raw.counts[name(case), "tools/list"] > asked + 1)
        assert tools(hub, name(case)) == {pull["after"]["name"], "nobody_minds"}


def test_tools_of_real_apis_are_not_held(tmp_path):
    """Held to a first list like the tools of anybody else."""
    servers = {
        f"a{number}": {
            "wsdl" if is_wsdl(file) else "openapi": str(APIS / file),
            "upstream": "nowhere",
            "expose": False,
            "trust": {"pin": "first-use"},
        }
        for number, file in enumerate(WITH_TOOLS)
    }
    hub = Hub(tmp_path, {"upstreams": {"nowhere": {"addresses": ["http://127.0.0.1:9"]}}, "servers": servers}, limit=START_LIMIT)
    try:
        known = json.loads(approvals(hub, "list", "--all", "--json"))["approvals"]
    finally:
        hub.stop()
    waiting = [one for one in known if one["state"] == "held"]
    print(f"{len(waiting)} of {len(known)} held", [(one["tool"], *{finding["rule"] for finding in one["findings"]}) for one in waiting])
    assert len(known) > 100 and len(waiting) < FALSE_ALARMS * len(known)
