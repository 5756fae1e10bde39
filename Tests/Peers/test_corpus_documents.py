"""Hostile documents (hostile/openapi, yaml, xml, json, strings, regex): read or refused as expected, within a second and 64 MB, never a crash."""

import base64
import json
import re
import shutil
from pathlib import Path

import pytest

from conftest import CORPORA, httpbin_configuration
from harness import bombs
from harness.measure import crashed, measured
from harness.wire import call

HOSTILE = Path(CORPORA) / "hostile"
HEAD = """\
openapi: 3.1.0
info: {title: t, version: '1'}
servers: [{url: 'https://api.test'}]
paths: {/x: {get: {operationId: getX, responses: {'200': {description: ok}}}}}
x-case:
"""


def cases(folder: str) -> list:
    """The documents of a folder with their class."""
    expected = json.loads((HOSTILE / folder / "expect.json").read_text())
    return [pytest.param(HOSTILE / folder / name, verdict, id=f"{name}-{verdict}") for name, verdict in expected.items()]


def listed(folder, file) -> tuple:
    """Runs `hubd tools` within the bounds of the corpus; gives the run and the names of the tools."""
    run = measured(folder, "tools", file, "--json")
    assert not crashed(run.status), run.errors[-2000:]
    assert run.seconds < 1
    assert run.memory < 64 << 20
    assert run.status == 0 or run.errors.strip(), "refused without a word"
    return run, [tool["name"] for tool in json.loads(run.output)["tools"]] if run.output.strip() else []


@pytest.mark.parametrize("file, verdict", cases("openapi"))
def test_a_hostile_description_gets_its_verdict(tmp_path, file, verdict):
    """A refusal is one of the document, of the operation, or of every call; `hold` comes with approvals."""
    run, names = listed(tmp_path, file)
    assert "root:" not in run.output + run.errors, "a file was read"
    if verdict == "accept":
        assert run.status == 0 and names
    elif verdict == "reject" and names:
        refused = all(measured(tmp_path, "call", file, name, "--dry-run").status not in (0, 64) for name in names)
        assert refused or "file:" in run.errors, "neither refused nor named as left out"


@pytest.mark.parametrize("file, verdict", cases("openapi"))
def test_a_hostile_description_does_not_hurt_a_serving_hub(file, verdict, start_hub, httpbin):
    """The same document in hub.yaml: the hub keeps the configuration it has, or serves the others."""
    configuration = httpbin_configuration(httpbin.url)
    hub = start_hub(configuration)
    configuration["servers"]["hostile"] = {"openapi": str(file)}
    hub.reload(configuration)
    for _ in range(5):
        assert call(hub.mcp("httpbin"), "uuid")["structuredContent"]["uuid"]


@pytest.mark.parametrize("file, verdict", cases("yaml"))
def test_hostile_yaml_gets_its_verdict(tmp_path, file, verdict):
    """As a document of its own, which is no description; within one, under an extension key; and as the top of one."""
    listed(tmp_path, file)
    within = tmp_path / "within.yaml"
    within.write_text(HEAD + "".join(f"  {line}\n" for line in file.read_text().splitlines()))
    run, names = listed(tmp_path, within)
    if verdict == "accept":
        assert names == ["getX"], run.errors
    elif verdict == "reject" and run.status == 0:
        # A name that stands twice is ambiguous at the top of a description; in an extension nobody looks at it.
        beside = tmp_path / "beside.yaml"
        beside.write_text(file.read_text() + "\n" + HEAD.partition("\n")[2].rpartition("x-case")[0])
        run, _ = listed(tmp_path, beside)
        assert run.status not in (0, 64), run.output
        assert "twice" in run.errors


@pytest.mark.parametrize("file, verdict", cases("xml"))
def test_hostile_xml_gets_its_verdict(tmp_path, file, verdict):
    """As a description, which none of them is; and as a schema that a WSDL includes, which then does without."""
    run, names = listed(tmp_path, file)
    assert not names and "root:" not in run.errors
    if verdict == "reject":
        assert re.search(r":\d+:\d+: ", run.errors), run.errors
    shutil.copy(file, tmp_path / "part.xml")
    run, names = listed(tmp_path, bombs.written(tmp_path, bombs.service('<xs:include schemaLocation="part.xml"/>'), "api.wsdl"))
    assert names == ["op"] and "root:" not in run.output + run.errors
    if verdict == "reject" and file.suffix == ".xml":
        assert "unresolved" in run.errors, run.errors


def lines(*names: str) -> list[dict]:
    """The cases of files of JSON lines."""
    return [json.loads(line) for name in names for line in (HOSTILE / f"{name}.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", lines("json/json-test-suite", "json/json-transform"), ids=lambda case: case["id"])
def test_hostile_json_gets_its_verdict_in_a_description(tmp_path, case):
    """Under an extension key. What is no JSON may still be YAML."""
    parts = case.get("parts") or [{"b64": case["b64"], "times": 1}]
    text = b"".join(base64.b64decode(part["b64"]) * part["times"] for part in parts)
    head = json.dumps(bombs.description())[:-1].encode()
    run, names = listed(tmp_path, bombs.written(tmp_path, head + b',"x-case":' + text + b"}"))
    if case["expect"] == "accept":
        assert names == ["op"], run.errors
    elif run.status:
        assert re.search(r":\d+:\d+: |too deeply|too large|UTF-16", run.errors), run.errors


def test_hostile_strings_and_patterns_stay_texts(tmp_path):
    """Each as a summary, as the name and the description of a parameter, and as its pattern."""
    texts = [case["text"] for case in lines("strings/naughty-strings")] + [case["pattern"] for case in lines("regex/redos")]
    paths = {}
    for number, text in enumerate(texts):
        parameter = {"name": f"{text}{number}", "in": "query", "description": text, "schema": {"type": "string", "pattern": text}}
        paths[f"/x{number}"] = {"get": {"operationId": f"op{number}", "summary": text, "parameters": [parameter]}}
    run, names = listed(tmp_path, bombs.written(tmp_path, bombs.description(paths=paths)))
    assert names == [f"op{number}" for number in range(len(texts))], run.errors[-2000:]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", run.errors), "a control character in a message"
