"""Descriptions that are small to write down and large to read (`harness/bombs.py`): read or refused within set bounds, never a crash.

The bounds are on processor time and memory of the process, not on the clock, so that a busy machine changes nothing.
"""

import json
import re

import pytest
import yaml

from harness import bombs
from harness.measure import crashed, measured

SECONDS = 15
MEMORY = 512 << 20
# What no text may hold, and what leaves no tool behind.
REFUSED = {
    "aliases_that_multiply": r":\d+:\d+: the aliases of this text stand for too much",
    "aliases_of_a_long_text": r":\d+:\d+: the aliases of this text stand for too much",
    "aliases_in_schemas_that_multiply": r":\d+:\d+: the aliases of this text stand for too much",
    "an_alias_of_itself": r":\d+:\d+: an alias inside the value that it stands for",
    "brackets_in_json": r":1:\d+: .*nested too deeply",
    "objects_in_json": r":1:\d+: .*nested too deeply",
    "brackets_in_yaml": r":5:\d+: .*nested too deeply",
    "mappings_in_yaml": r":5:\d+: .*nested too deeply",
    "sequences_in_yaml": r":6:\d+: .*nested too deeply",
    "blocks_in_yaml": r":\d+:\d+: .*nested too deeply",
    "questions_in_yaml": r":6:\d+: a sequence or mapping as a key",
    "names_that_stand_often": r":1:\d+: \"paths\" stands twice",
    "a_text_longer_than_any": "too large",
    "a_yaml_text_longer_than_any": "too large",
    "more_values_than_any": r":1:\d+: .*too many values",
    "bytes_that_are_no_utf8": r":1:\d+: .*UTF-8",
    "yaml_bytes_that_are_no_utf8": r":5:\d+: .*UTF-8",
    "sixteen_bits": "UTF-16",
    "sixteen_bits_without_a_mark": r":1:\d+: ",
    "thirty_two_bits": "UTF-16",
    "zeros": r":1:1: .*control characters",
    "zeros_in_yaml": r":5:\d+: .*control characters",
    "half_a_character": r":1:\d+: .*lone surrogate",
    "nothing": "no description of an API",
    "spaces": "no description of an API",
    "a_tab_in_yaml": r":6:1: .*tab",
    "documents_in_yaml": r":\d+:1: a second YAML document",
    "directives_in_yaml": r":1001:1: more than 1000 tags",
    "entities_that_multiply": r":1:1: .*document type declaration",
    "an_entity_that_is_a_file": r":1:1: .*document type declaration",
    "an_entity_without_a_declaration": r":\d+:\d+: .*reference to an entity",
    "elements_in_elements": r":\d+:\d+: .*elements",
    "attributes_of_one_element": r":1:1: .*more than 256 attributes",
    "namespaces_of_one_element": r":1:1: .*more than 256 attributes",
    "elements_beyond_number": r":\d+:\d+: .*more than 500000 elements",
    "an_xml_text_longer_than_any": "too large",
    "xml_bytes_that_are_no_utf8": r":\d+:\d+: .*a character that XML does not have",
    "xml_that_ends_early": r":\d+:\d+: .*a tag is not closed",
}
# Operations that are not read, or of which so many share so much that only some are.
LEFT_OUT = r": skipped: .*: "


def bounded(folder, *arguments):
    """Runs `hubd` within the bounds."""
    run = measured(folder, *arguments, cpu=SECONDS)
    assert not crashed(run.status), f"ended by {run.status}: {run.errors[-2000:]}"
    assert run.memory < MEMORY
    assert "Fatal error" not in run.errors
    return run


@pytest.mark.parametrize("name", bombs.CASES)
def test_a_description_is_read_or_refused_within_bounds(tmp_path, name):
    folder = tmp_path / "api"
    folder.mkdir()
    file = bombs.CASES[name](folder)
    run = bounded(tmp_path, "tools", file, "--json")
    assert "root:" not in run.output + run.errors, "a file was read"
    assert all(len(line) < 2_000 for line in run.errors.splitlines()), "a message is as long as what it is about"
    if name in REFUSED:
        assert run.status == 1 and not run.output
        assert re.search(REFUSED[name], run.errors, re.IGNORECASE), run.errors[-2000:]
        return
    assert run.status == 0, run.errors[-2000:]
    tools = json.loads(run.output)["tools"]
    read, written = map(int, re.search(r": (\d+) tools of (\d+) operations;", run.errors).groups())
    assert tools and len(tools) == read
    assert read == written or re.search(LEFT_OUT, run.errors), run.errors[-2000:]


@pytest.mark.parametrize("name", ["aliases_that_multiply", "an_all_of_of_itself", "many_operations_with_one_large_body", "many_small_files", "zeros"])
def test_check_says_the_same_as_tools(tmp_path, name):
    """The same description in hub.yaml: what is wrong stands at its line, in the file that holds it."""
    file = bombs.CASES[name](tmp_path)
    servers = {"hostile": {"openapi": file.name}}
    (tmp_path / "hub.yaml").write_text(yaml.safe_dump({"servers": servers}))
    run = bounded(tmp_path, "check", "--config", tmp_path / "hub.yaml", "--data", tmp_path / "data", "--offline")
    if name in REFUSED:
        assert run.status == 1
        assert re.search(REFUSED[name], run.output.replace(": error: ", ": "), re.IGNORECASE), run.output[-2000:]
    else:
        assert run.status == 0, run.output[-2000:]


# hub.yaml and endpoints by hand: the operator's own, and read by the same code


def endpoint(**more) -> dict:
    return {"name": "e", "request": "POST /x", **more}


def hub(endpoints: list) -> str:
    upstreams = {"u": {"addresses": ["http://127.0.0.1:1"]}}
    return json.dumps({"upstreams": upstreams, "servers": {"s": {"upstream": "u", "http": endpoints}}})


def nested(depth: int) -> dict:
    body: dict = {"a": "{p}"}
    for _ in range(depth):
        body = {"a": body}
    return body


FILES = {
    "many endpoints": lambda: hub([endpoint(name=f"e{n}") for n in range(30_000)]),
    "endpoints of one name": lambda: hub([endpoint() for _ in range(30_000)]),
    "many parameters": lambda: hub([endpoint(parameters={f"p{n}": {"type": "string"} for n in range(60_000)})]),
    "many places in one text": lambda: hub([endpoint(parameters={"p": {"type": "string"}}, body="{p}" * 500_000)]),
    "many braces": lambda: hub([endpoint(body="{" * 1_000_000)]),
    "a deep body": lambda: hub([endpoint(parameters={"p": {"type": "string"}}, body=nested(500))]),
    "a body nearly too deep": lambda: hub([endpoint(parameters={"p": {"type": "string"}}, body=nested(50))]),
    "a long name": lambda: hub([endpoint(name="n" * 1_000_000)]),
    "a long path": lambda: hub([endpoint(request="GET /" + "{a}/" * 300_000)]),
    "long query": lambda: hub([endpoint(request="GET /x?" + "&".join(f"q{n}={{p{n}}}" for n in range(50_000)))]),
    "line breaks in a path": lambda: hub([endpoint(request="GET /x\r\nX-Evil: 1")]),
    "another host in a path": lambda: hub([endpoint(request="GET //evil.test/x")]),
    "many headers": lambda: hub([endpoint(headers={f"X-{n}": "a" for n in range(50_000)})]),
    "aliases": lambda: "a: &a [1,1,1,1,1,1,1,1]\n" + "".join(f"a{n}: &a{n} [{', '.join(['*a' + str(n - 1 if n else '')] * 8)}]\n" for n in range(20)),
    "an alias of itself": lambda: "a: &a [*a]\n",
    "depth": lambda: "a: " + "[" * 1_000_000,
    "length": lambda: "# " + "a" * 100_000_000,
    "zeros": lambda: "\0" * 1_000_000,
    "many tags": lambda: "".join(f"%TAG !{n}! tag:x{n}\n" for n in range(50_000)) + "---\nservers: {}\n",
    "many servers": lambda: json.dumps({"servers": {f"s{n}": {"openapi": "none.yaml"} for n in range(20_000)}}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_configuration_is_checked_within_bounds(tmp_path, name):
    file = tmp_path / "hub.yaml"
    file.write_text(FILES[name]())
    run = bounded(tmp_path, "check", "--config", file, "--data", tmp_path / "data", "--offline")
    assert run.status in (0, 1)
    assert run.output.strip() or run.errors.strip(), "not a word"
    if run.status == 1:
        assert re.search(r"hub\.yaml(:\d+:\d+)?: ", run.output + run.errors), (run.output + run.errors)[-2000:]


HAR = {
    "many entries": lambda: {"log": {"entries": [{"request": {"method": "GET", "url": f"https://h{n}.test/x/{n}"}} for n in range(200_000)]}},
    "one long address": lambda: {"log": {"entries": [{"request": {"method": "GET", "url": "https://h.test/" + "a/" * 5_000_000}}]}},
    "a deep body": lambda: {
        "log": {"entries": [{"request": {"method": "POST", "url": "https://h.test/", "postData": {"mimeType": "application/json", "text": "[" * 5_000_000}}}]}
    },
    "many queries": lambda: {
        "log": {"entries": [{"request": {"method": "GET", "url": "https://h.test/?" + "&".join(f"q{n}={n}" for n in range(500_000))}}]}
    },
}


@pytest.mark.parametrize("name", HAR)
def test_a_har_file_is_imported_within_bounds(tmp_path, name):
    file = tmp_path / "a.har"
    file.write_text(json.dumps(HAR[name]()))
    run = bounded(tmp_path, "import", "--har", file)
    assert run.status in (0, 1)
    assert run.output.strip() or run.errors.strip(), "not a word"
