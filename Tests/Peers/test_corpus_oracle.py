"""Real API descriptions (apis/): what the hub would send, read back by openapi-core, operation by operation.

Two calls of each tool, one with all arguments and one with the required ones, are made from the listed input schema.
openapi-core reads OpenAPI 3.x only, so Swagger 2.0 is left to the golden files. It takes some documents as a whole for invalid;
their operations are read all the same. Where it cannot read what was sent, one of `EXCEPTIONS` says why; each is counted.
"""

import csv
import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from openapi_core.casting.schemas.exceptions import CastError

from conftest import CORPORA, FIXTURES
from harness import ground
from harness.arguments import arguments
from harness.measure import measured
from harness.oracle import Difference, Oracle

APIS = Path(CORPORA) / "apis"


def documents() -> tuple[dict[str, int], int]:
    """The documents of OpenAPI 3.x with operations, and how many operations there are in OpenAPI and Swagger together."""
    with open(APIS / "MANIFEST.tsv") as file:
        files = {row["file"] for row in csv.DictReader(file, delimiter="\t") if row["dialect"].startswith("3.")}
    facts = {fact["file"]: fact["operations"] for fact in map(json.loads, open(APIS / "FACTS.jsonl")) if "operations" in fact}
    every = sum(facts.values())
    return {file: count for file, count in facts.items() if file in files and count}, every


DOCUMENTS, EVERY_OPERATION = documents()
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:openapi_core")


def schema(difference: Difference) -> dict:
    """The schema of the parameter or the field of a form."""
    content = (difference.node.get("requestBody") or {}).get("content", {}).get(difference.place, {})
    return content.get("schema", {}).get("properties", {}).get(difference.name) or difference.node.get("schema") or {}


# Why a difference is none of the hub's: a name, and the reason.
EXCEPTIONS = {
    "unknown type": (
        lambda d: isinstance(d.read, KeyError) and schema(d).get("type") in ("int", "bool"),
        "the document says `type: int` or `type: bool`, for which openapi-core has no reader",
    ),
    "matrix in a query": (
        lambda d: d.place == "query" and schema(d) and d.node.get("style") == "matrix",
        "the style does not exist there; the hub takes the default, openapi-core looks for `;name`",
    ),
    "objects in a list": (
        lambda d: d.place == "query" and isinstance(d.sent, list) and isinstance(d.sent[0], dict) and isinstance(d.read, CastError),
        "OpenAPI leaves objects below the first level of a parameter undefined; the hub sends JSON, openapi-core gives up",
    ),
    "reference to elsewhere": (
        lambda d: type(d.read).__name__ == "Unresolvable",
        "the schema of the body is on another host, where nobody may look",
    ),
    "list of types in a form": (
        lambda d: d.place == "multipart/form-data" and isinstance(d.read, TypeError) and "list" in str(d.read),
        "openapi-core cannot read a part whose `type` is a list (3.1)",
    ),
    "form that is no object": (
        lambda d: d.place == "multipart/form-data" and isinstance(d.read, KeyError) and is_list(d),
        "the schema of the form is a list; the hub sends a part for each file, openapi-core reads none",
    ),
}


def is_list(difference: Difference) -> bool:
    content = difference.node["requestBody"]["content"]["multipart/form-data"]
    return content.get("schema", {}).get("type") == "array"


class Reading:
    """All the calls of one document and how they were read."""

    def __init__(self, file: str, folder: Path):
        listed = measured(folder, "tools", APIS / file, "--json", "--origins")
        self.tools = json.loads(listed.output)["tools"]
        calls = [(tool, arguments(tool["inputSchema"], full)) for full in (True, False) for tool in self.tools]
        batch = folder / "calls.jsonl"
        batch.write_text("\n".join(json.dumps({"tool": tool["name"], "arguments": given}) for tool, given in calls))
        run = measured(folder, "call", APIS / file, "--batch", batch, "--dry-run", "--base-url", "http://api.test")
        assert run.status == 0, run.errors[-2000:]
        requests = list(map(json.loads, run.output.splitlines()))
        assert len(requests) == len(calls)
        oracle = Oracle(ground.load(APIS / file))
        self.complaint = oracle.complaint()
        self.compared = oracle.compared
        self.unread, self.explained, self.unexplained = set(), Counter(), []
        for (tool, given), request in zip(calls, requests):
            self.judge(oracle, tool, given, request)

    def judge(self, oracle, tool, given, request):
        operation = tool["_meta"]["hubd/operation"]
        if "error" in request:
            self.unexplained.append((operation, given, request["error"]))
            return
        method, path = operation.split(" ", 1)
        if method.lower() not in ground.resolved(oracle.document, oracle.document["paths"][path]):
            self.unread.add(operation)  # one of 3.2's additional operations, which openapi-core does not know
            return
        for difference in oracle.differences(tool, given, request):
            name = next((name for name, (holds, _) in EXCEPTIONS.items() if holds(difference)), None)
            if name:
                self.explained[name] += 1
            else:
                self.unexplained.append((operation, difference))


@pytest.fixture(scope="module")
def readings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("oracle")
    return cache(lambda file: Reading(file, folder))


@pytest.mark.parametrize(
    "change",
    [
        lambda request: request | {"url": request["url"].replace("%20", "%2520")},
        lambda request: request | {"url": request["url"].replace("sizes=2", "sizes=3")},
        lambda request: request | {"url": request["url"] + "&more=1"},
        lambda request: request | {"headers": request["headers"] | {"X-Token": "s"}},
        lambda request: request | {"headers": request["headers"] | {"X-Other": "s"}},
    ],
    ids=["escaped twice", "another item", "a parameter too many", "another header", "a header too many"],
)
def test_the_oracle_sees_a_wrong_request(tmp_path, change):
    file, given = FIXTURES / "httpbin.openapi.yaml", {"colour": "dark blue", "sizes": [1, 2], "X_Token": "t"}
    tool = next(tool for tool in json.loads(measured(tmp_path, "tools", file, "--json", "--origins").output)["tools"] if tool["name"] == "getRequest")
    options = ["--arguments", json.dumps(given), "--base-url", "http://api.test", "--dry-run"]
    request = json.loads(measured(tmp_path, "call", file, "getRequest", *options).output)
    oracle = Oracle(ground.load(file))
    assert oracle.differences(tool, given, request) == []
    assert oracle.differences(tool, given, change(request))


@pytest.mark.parametrize("file", DOCUMENTS)
def test_what_is_sent_is_what_was_given(readings, file):
    assert not readings(file).unexplained


def test_exceptions_are_few(readings, note):
    explained = sum((readings(file).explained for file in DOCUMENTS), Counter())
    compared = sum((readings(file).compared for file in DOCUMENTS), Counter())
    note("arguments openapi-core could not read", dict(explained))
    assert explained.total() <= 0.01 * compared.total()


def test_most_operations_are_read(readings, note):
    """The share openapi-core reads, and that the comparison was one: every place and kind of body was compared."""
    every = {file: readings(file) for file in DOCUMENTS}
    read = sum(len(one.tools) - len(one.unread) for one in every.values())
    loads = sum(len(one.tools) for one in every.values() if one.complaint is None)
    compared = sum((one.compared for one in every.values()), Counter())
    note("operations read back by openapi-core", f"{read} of {EVERY_OPERATION} ({loads} in documents it calls valid)")
    note("arguments compared", dict(compared.most_common()))
    assert read >= 0.8 * EVERY_OPERATION
    assert compared.total() > read
    assert {"path", "query", "header", "application/json", "application/x-www-form-urlencoded", "multipart/form-data"} <= compared.keys()
