"""Tool selection sets (routing/): what `hubd route` finds, judged by the evaluate.py that is beside them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import CORPORA
from harness.hub import hubd

# Any folder of sets in this form: SET/tools.jsonl, SET/queries.jsonl, and evaluate.py.
ROOT = Path(os.environ.get("HUBD_ROUTING_SETS", Path(CORPORA) / "routing"))
SETS = sorted(file.parent for file in ROOT.glob("*/queries.jsonl"))
# Means over the sets: what part of the tools that are needed is among the first five, and how often all are among the first ten.
GOALS = {"r@5": 0.69, "c@10": 0.675}
EXAMPLES_GAIN = 0.06


def route(tools: Path, queries: Path, run: Path) -> None:
    """Writes the first ten tools for each request."""
    result = hubd("route", "--tools", tools, "--queries", queries, "--top", "10", limit=600)
    assert result.returncode == 0, result.stderr
    run.parent.mkdir(exist_ok=True)
    run.write_text(result.stdout)


def scores(tmp_path, *arguments) -> dict[str, dict[str, float]]:
    """What evaluate.py finds, by set or run."""
    found = tmp_path / "found.json"
    result = subprocess.run([sys.executable, ROOT / "evaluate.py", *arguments, "--json", found], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return json.loads(found.read_text())


@pytest.mark.timeout(900)  # a debug build is slow
def test_the_tools_that_are_needed_are_among_the_first(tmp_path, note):
    assert SETS
    for folder in SETS:
        route(folder / "tools.jsonl", folder / "queries.jsonl", tmp_path / "runs" / f"{folder.name}.tsv")
    found = scores(tmp_path, "--root", ROOT, "--runs", tmp_path / "runs")
    for name, row in found.items():
        note(name, f"r@5 {row['r@5']:.3f}, c@10 {row['c@10']:.3f}")
    for metric, goal in GOALS.items():
        assert found["macro"][metric] >= goal


@pytest.mark.timeout(900)
@pytest.mark.parametrize("folder", [folder for folder in SETS if (folder / "examples.jsonl").exists()], ids=lambda folder: folder.name)
def test_three_examples_a_tool_help(folder, tmp_path, note):
    examples = {line["id"]: line["examples"][:3] for line in map(json.loads, (folder / "examples.jsonl").read_text().splitlines())}
    tools = [json.loads(line) for line in (folder / "tools.jsonl").read_text().splitlines()]
    (tmp_path / "tools.jsonl").write_text("".join(json.dumps({**tool, "examples": examples.get(tool["id"], [])}) + "\n" for tool in tools))
    recalls = []
    for number, file in enumerate([folder / "tools.jsonl", tmp_path / "tools.jsonl"]):
        run = tmp_path / "runs" / f"{number}.tsv"
        route(file, folder / "queries.jsonl", run)
        recalls += [row["r@5"] for row in scores(tmp_path, "--data", folder, "--run", run).values()]
    note("r@5 without and with three examples", f"{recalls[0]:.3f} {recalls[1]:.3f}")
    assert recalls[1] - recalls[0] >= EXAMPLES_GAIN
