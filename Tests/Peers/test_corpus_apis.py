"""Real API descriptions (apis/): `hubd tools` on every unit of the manifest."""

import csv
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from conftest import CORPORA
from harness import ground
from harness.measure import crashed, measured

APIS = Path(CORPORA) / "apis"
DATA = {"enum", "const", "default", "example", "examples"}
PLACES = ["path", "query", "header", "cookie"]
# What stands on standard error when a node of a description was not taken as it is written.
MENDED = re.compile(r"^[^ ]*: (skipped|dropped|repaired|unresolved|more): ", re.MULTILINE)


def units() -> dict[str, dict]:
    """What an independent reader counted in each unit of the manifest."""
    facts = {fact["file"]: fact for fact in map(json.loads, open(APIS / "FACTS.jsonl")) if "file" in fact}
    with open(APIS / "MANIFEST.tsv") as file:
        return {row["file"]: facts[row["file"]] | {"dialect": row["dialect"]} for row in csv.DictReader(file, delimiter="\t")}


FACTS = units()
DOCUMENTS = {file: fact.get("operations", fact.get("portType_operations")) for file, fact in FACTS.items()}
WITH_TOOLS = [file for file, operations in DOCUMENTS.items() if operations]
OPENAPI = [file for file in WITH_TOOLS if not FACTS[file]["dialect"].startswith("wsdl")]
WSDL = [file for file in WITH_TOOLS if file not in OPENAPI]
document = cache(lambda file: ground.load(APIS / file))


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """What `hubd tools FILE --json` does, run once for each document."""
    folder = tmp_path_factory.mktemp("tools")
    return cache(lambda file: measured(folder, "tools", APIS / file, "--json", "--origins"))


def tools(run) -> list[dict]:
    return json.loads(run.output)["tools"]


@pytest.mark.parametrize("file", DOCUMENTS)
def test_a_document_is_read_in_its_bounds(listed, file):
    run = listed(file)
    assert not crashed(run.status), run.errors[-2000:]
    assert run.status == 0 or DOCUMENTS[file] == 0, run.errors[-2000:]
    assert run.seconds < 5
    assert run.memory < 300 << 20


def test_995_of_1000_operations_become_tools(listed):
    counts = {file: (len(tools(listed(file))), operations) for file, operations in DOCUMENTS.items() if operations}
    for file, (made, operations) in counts.items():
        assert made <= operations, f"{file}: more tools than operations"
    made, operations = map(sum, zip(*counts.values()))
    print(f"{made} of {operations} operations became tools")
    assert made >= 0.995 * operations, {file: count for file, count in counts.items() if count[0] < count[1]}


@pytest.mark.parametrize("file", WITH_TOOLS)
def test_tools_are_named_for_every_client(listed, file):
    names = [tool["name"] for tool in tools(listed(file))]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_]{1,64}", name) for name in names)


@pytest.mark.parametrize("file", WITH_TOOLS)
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


@pytest.mark.parametrize("file", OPENAPI)
def test_what_is_left_out_is_named(listed, file):
    run = listed(file)
    made = {tool["_meta"]["hubd/operation"] for tool in tools(run)}
    missing = {name for name, _, _ in ground.operations(document(file))} - made
    for name in missing:
        assert re.search(rf": (skipped|dropped|unresolved): {re.escape(name)}: .", run.errors), (name, run.errors[-2000:])


@pytest.mark.parametrize("file", WSDL)
def test_an_operation_of_a_wsdl_that_is_left_out_is_named(listed, file):
    run = listed(file)
    assert len(tools(run)) + len(re.findall(r": skipped: SOAP \w+: .", run.errors)) == DOCUMENTS[file]


def sources(tool) -> list[tuple[str, str]]:
    """The place and the name on the wire of each argument."""
    return [tuple(origin.split(":", 1)) for origin in tool["_meta"]["hubd/arguments"].values()]


@pytest.mark.parametrize("file", WITH_TOOLS)
def test_each_argument_has_a_place(listed, file):
    for tool in tools(listed(file)):
        assert tool["_meta"]["hubd/arguments"].keys() == tool["inputSchema"].get("properties", {}).keys(), tool["name"]
        assert len(set(sources(tool))) == len(sources(tool)), tool["name"]


@pytest.mark.parametrize("file", OPENAPI)
def test_the_arguments_add_up_to_the_parameters(listed, file):
    """By place, to the last one. The differences there may be:

    1. a variable of the path that no parameter declares becomes an argument, and is named;
    2. a path parameter that the path does not hold is left out, and is named;
    3. `Accept`, `Content-Type`, `Authorization` and the like, and whatever a security scheme sends, are not the caller's;
    4. a required parameter of one single value need not be asked for.
    """
    run = listed(file)
    made = Counter(place for tool in tools(run) for place, _ in sources(tool))
    added = len(re.findall(r"the path's \{.*?\} is not among the parameters; it is taken as text$", run.errors, re.MULTILINE))
    dropped = len(re.findall(r"path parameter .* does not occur in the path; it is left out$", run.errors, re.MULTILINE))
    ours, constant = ground.reserved(document(file)), ground.fixed(document(file))
    for place in PLACES:
        expected = FACTS[file]["params"].get(place, 0) - ours[place] + (added - dropped if place == "path" else 0)
        assert expected - constant[place] <= made[place] <= expected, place


@pytest.mark.parametrize("file", OPENAPI)
def test_every_body_can_be_sent(listed, file):
    """An operation with a request body has arguments for it, unless no media type is given."""
    made = sum(any(place == "body" for place, _ in sources(tool)) for tool in tools(listed(file)))
    assert made == FACTS[file]["with_request_body"] - ground.empty_bodies(document(file))


def test_differences_from_the_parameters_are_few(listed):
    """The exceptions above, over all documents: few, and none but these."""
    ours, bodies, every = Counter(), 0, Counter()
    for file in OPENAPI:
        reserved = ground.reserved(document(file))
        if reserved["query"] < DOCUMENTS[file]:  # some declare their key as a parameter of each operation
            ours += reserved
        bodies += ground.empty_bodies(document(file))
        every += Counter(FACTS[file]["params"])
    print(f"not the caller's: {dict(ours)}, bodies without a media type: {bodies}, of {dict(every)}")
    assert ours["query"] <= 0.01 * every["query"]
    assert ours["header"] <= 0.1 * every["header"] and not ours["path"]
    assert bodies <= 0.005 * sum(FACTS[file]["with_request_body"] for file in OPENAPI)


def test_few_nodes_are_mended(listed):
    """What was repaired, pruned or left out stays under 1 % of all properties of all schemas listed, and is named to the last."""
    mended, properties = Counter(), 0
    for file, operations in DOCUMENTS.items():
        run = listed(file)
        mended += Counter(MENDED.findall(run.errors))
        if operations:
            properties += sum(map(count_properties, (tool["inputSchema"] for tool in tools(run))))
    print(f"{dict(mended)} of {properties} properties")
    assert not mended["more"]
    assert mended.total() < 0.01 * properties


def count_properties(schema) -> int:
    """How many properties a schema describes, at every depth."""
    if isinstance(schema, list):
        return sum(map(count_properties, schema))
    if not isinstance(schema, dict):
        return 0
    own = schema.get("properties") if isinstance(schema.get("properties"), dict) else {}
    inner = sum(map(count_properties, own.values()))
    return len(own) + inner + sum(count_properties(value) for key, value in schema.items() if key not in DATA | {"properties"})


@pytest.mark.parametrize("file", DOCUMENTS)
def test_a_second_run_prints_the_same(listed, file, tmp_path):
    first, second = listed(file), measured(tmp_path, "tools", APIS / file, "--json", "--origins")
    assert (first.output, first.errors) == (second.output, second.errors)


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


@pytest.mark.parametrize("file", OPENAPI)
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
