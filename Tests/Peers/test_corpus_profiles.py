"""Real API descriptions (apis/): the lists `hubd tools --profile` makes hold nothing that the client refuses, and are small."""

import csv
import json
from functools import cache
from pathlib import Path

import pytest

from conftest import CORPORA
from harness.measure import measured
from harness.profiles import PROFILES, refusals

APIS = Path(CORPORA) / "apis"
FACTS = {fact["file"]: fact for fact in map(json.loads, open(APIS / "FACTS.jsonl")) if "file" in fact}
with open(APIS / "MANIFEST.tsv") as manifest:
    FILES = [
        row["file"]
        for row in csv.DictReader(manifest, delimiter="\t")
        if FACTS[row["file"]].get("operations") or FACTS[row["file"]].get("portType_operations")
    ]


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """What `hubd tools FILE --json` prints with more options."""
    folder = tmp_path_factory.mktemp("profiles")

    @cache
    def run(file, *options):
        result = measured(folder, "tools", APIS / file, "--json", *options)
        assert result.status == 0, result.errors[-2000:]
        return result.output

    return run


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("file", FILES)
def test_nothing_is_listed_that_the_client_refuses(listed, file, profile):
    assert refusals(json.loads(listed(file, "--profile", profile))["tools"], profile) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_leaves_no_tool_out(listed, profile):
    """How many a client takes at once is the operator's choice (a search, a virtual server), not a reason to hide some."""
    for file in FILES:
        plain, fitted = (json.loads(listed(file, *options))["tools"] for options in [[], ["--profile", profile]])
        operations = [[tool["_meta"]["hubd/operation"] for tool in tools] for tools in (plain, fitted)]
        assert operations[0] == operations[1], file


@pytest.mark.parametrize("tokens", [4_000, 20_000])
@pytest.mark.parametrize("file", FILES)
def test_a_list_keeps_its_budget(listed, file, tokens):
    """Or is no more than names; no tool, no required argument and no reference is lost, and a second run prints the same."""
    plain, budget = (json.loads(listed(file, *options))["tools"] for options in [[], ["--tokens", tokens]])
    assert [tool["name"] for tool in plain] == [tool["name"] for tool in budget]
    for whole, short in zip(plain, budget):
        schema = short["inputSchema"]
        if schema != {"type": "object"}:
            assert schema.get("required") == whole["inputSchema"].get("required")
            assert schema.get("properties", {}).keys() == whole["inputSchema"].get("properties", {}).keys()
        assert [reason for reason in refusals([short], "openai") if "reference" in reason] == []
    bare = [{key: value for key, value in tool.items() if key != "_meta"} for tool in budget]
    size = len(json.dumps(bare, separators=(",", ":"), ensure_ascii=False).encode())
    only_names = all(tool["inputSchema"] == {"type": "object"} for tool in budget)
    assert only_names or size <= 4 * tokens + 1
    assert listed(file, "--tokens", tokens) == listed.__wrapped__(file, "--tokens", tokens)


def test_the_lists_are_small(listed, note):
    eager, lazy = (sum(len(listed(file, *options).encode()) for file in FILES) for options in [[], ["--lazy"]])
    note("bytes of all lists", f"{eager} eager, {lazy} lazy")
    # 10 MB and 1 MB for four thousand operations.
    tools = sum(len(json.loads(listed(file))["tools"]) for file in FILES)
    assert eager < 2_500 * tools and lazy < 250 * tools
