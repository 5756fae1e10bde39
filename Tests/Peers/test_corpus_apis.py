"""Real API descriptions (apis/): `hubd tools` on every OpenAPI document of the dialects this version reads."""

import csv
import json
import re
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml

from conftest import CORPORA
from harness.measure import crashed, measured

APIS = Path(CORPORA) / "apis"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
DATA = {"enum", "const", "default", "example", "examples"}


def documents() -> dict[str, int]:
    """The documents of dialects 2.0, 3.0 and 3.1, with the operations an independent reader counted."""
    with open(APIS / "MANIFEST.tsv") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["dialect"].startswith(("2.0", "3.0", "3.1"))]
    facts = {fact["file"]: fact for fact in map(json.loads, open(APIS / "FACTS.jsonl")) if "file" in fact}
    return {row["file"]: facts[row["file"]]["operations"] for row in rows}


DOCUMENTS = documents()


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """What `hubd tools FILE --json` does, run once for each document."""
    folder = tmp_path_factory.mktemp("tools")
    return cache(lambda file: measured(folder, "tools", APIS / file, "--json"))


def tools(run) -> list[dict]:
    return json.loads(run.output)["tools"]


@pytest.mark.parametrize("file", DOCUMENTS)
def test_a_document_is_read_in_its_bounds(listed, file):
    run = listed(file)
    assert not crashed(run.status), run.errors[-2000:]
    assert run.status == 0 or DOCUMENTS[file] == 0, run.errors[-2000:]
    assert run.seconds < 5
    assert run.memory < 300 << 20


def test_95_of_100_operations_become_tools(listed):
    counts = {file: (len(tools(listed(file))), operations) for file, operations in DOCUMENTS.items() if operations}
    for file, (made, operations) in counts.items():
        assert made <= operations, f"{file}: more tools than operations"
    made, operations = map(sum, zip(*counts.values()))
    print(f"{made} of {operations} operations became tools")
    assert made >= 0.95 * operations, {file: count for file, count in counts.items() if count[0] < count[1]}


@pytest.mark.parametrize("file", [file for file, operations in DOCUMENTS.items() if operations])
def test_tools_are_named_for_every_client(listed, file):
    names = [tool["name"] for tool in tools(listed(file))]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_]{1,64}", name) for name in names)


@pytest.mark.parametrize("file", [file for file, operations in DOCUMENTS.items() if operations])
def test_schemas_are_whole_and_valid(listed, file):
    for tool in tools(listed(file)):
        for schema in [tool["inputSchema"], tool.get("outputSchema", {})]:
            for reference in references(schema):
                assert resolves(schema, reference), f"{tool['name']}: open {reference}"
            jsonschema.Draft202012Validator.check_schema(schema)
        assert tool["inputSchema"]["type"] == "object"


def references(schema):
    """Every `$ref` of a schema, none of the data in it."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                for property in value.values():
                    yield from references(property)
            elif key not in DATA:
                yield from references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from references(item)


def resolves(schema, reference) -> bool:
    """Whether a reference leads to one of the schema's own definitions."""
    if not reference.startswith("#/$defs/"):
        return False
    here = schema
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(here, dict) or key not in here:
            return False
        here = here[key]
    return True


@pytest.mark.parametrize("file", [file for file, operations in DOCUMENTS.items() if operations])
def test_what_is_left_out_is_named(listed, file):
    run = listed(file)
    made = {tool["_meta"]["hubd/operation"] for tool in tools(run)}
    if len(made) == DOCUMENTS[file]:
        return
    document = yaml.load((APIS / file).read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    operations = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item if method in METHODS
    }
    missing = operations - made
    assert all(operation.split(" ", 1)[1] in run.errors for operation in missing), (missing, run.errors[-2000:])


def example(schema, whole, depth=0):
    """A value for a schema: the first that is allowed, with what is required and nothing else."""
    if not isinstance(schema, dict) or depth > 8:
        return "x"
    if isinstance(schema.get("$ref"), str):
        here = whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            here = here[part.replace("~1", "/").replace("~0", "~")]
        return example(here, whole, depth + 1)
    for key in ["const", "default"]:
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ["allOf", "anyOf", "oneOf"]:
        if schema.get(key):
            return example(schema[key][0], whole, depth + 1)
    kind = schema.get("type", "string")
    match kind[0] if isinstance(kind, list) else kind:
        case "integer" | "number":
            return max(schema.get("minimum", 1), 1)
        case "boolean":
            return True
        case "array":
            return [example(schema.get("items", {}), whole, depth + 1)] * schema.get("minItems", 1)
        case "object":
            properties = schema.get("properties", {})
            return {name: example(properties.get(name, {}), whole, depth + 1) for name in schema.get("required", [])}
        case _:
            return "x" * max(schema.get("minLength", 1), 1)


@pytest.mark.parametrize("file", [file for file, operations in DOCUMENTS.items() if operations])
def test_a_dry_run_shows_the_request_of_a_tool(listed, file, tmp_path):
    """For the first, the middle and the last tool: the operation's method and path, or a reason in words."""
    every = tools(listed(file))
    for tool in {tool["name"]: tool for tool in [every[0], every[len(every) // 2], every[-1]]}.values():
        arguments = json.dumps(example(tool["inputSchema"], tool["inputSchema"]))
        options = ["--arguments", arguments, "--base-url", "http://api.test", "--dry-run"]
        run = measured(tmp_path, "call", APIS / file, tool["name"], *options)
        assert not crashed(run.status), run.errors[-2000:]
        if run.status != 0:
            assert run.errors.strip()
            continue
        request = json.loads(run.output)
        method, path = tool["_meta"]["hubd/operation"].split(" ", 1)
        assert request["method"] == method
        fixed = re.escape(re.match(r"[^{?]*", path).group(0).split("#")[0])
        assert re.match(rf"http://api\.test{fixed}", request["url"]), (path, request["url"])
