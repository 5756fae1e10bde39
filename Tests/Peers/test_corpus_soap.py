"""Real WSDLs (apis/): what the hub would send, compared with what zeep builds of the same arguments, operation by operation.

Two calls of each tool, one with all arguments and one with the required ones, are made from the listed input schema, and the
envelopes compared as canonical XML 2.0 with rewritten prefixes. Where zeep cannot read a document or build a message, that is counted.
"""

import csv
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from conftest import CORPORA
from harness.arguments import arguments
from harness.measure import measured
from harness.soap import Zeep, canonical

APIS = Path(CORPORA) / "apis"
with open(APIS / "MANIFEST.tsv") as manifest:
    FILES = [row["file"] for row in csv.DictReader(manifest, delimiter="\t") if row["dialect"].startswith("wsdl")]
# What says that a message is encoded, and of which type a value is (SOAP 1.1 §4.1.1, §5.1): services that know no WSDL want both, and
# zeep leaves them out.
ENCODING_STYLE = re.compile(r' \w+:encodingStyle="[^"]*"')
TYPE = re.compile(r' xsi:type="[^"]*"')


def literal(body: str) -> str:
    """The message without what marks it as encoded."""
    return TYPE.sub("", ENCODING_STYLE.sub("", body)) if ENCODING_STYLE.search(body) else body


class Comparison:
    """All the calls of one document."""

    def __init__(self, file: str, folder: Path, zeep: Zeep):
        listed = measured(folder, "tools", APIS / file, "--json")
        self.equal, self.refused, self.different = 0, Counter(), []
        if listed.status != 0:
            return
        tools = json.loads(listed.output)["tools"]
        calls = [(tool, arguments(tool["inputSchema"], full)) for full in (True, False) for tool in tools]
        batch = folder / "calls.jsonl"
        batch.write_text("\n".join(json.dumps({"tool": tool["name"], "arguments": given}) for tool, given in calls))
        run = measured(folder, "call", APIS / file, "--batch", batch, "--dry-run", "--base-url", "http://soap.test/service")
        assert run.status == 0, run.errors[-2000:]
        for (tool, given), line in zip(calls, run.output.splitlines(), strict=True):
            self.compare(APIS / file, tool, given, json.loads(line), zeep)

    def compare(self, file, tool, given, request, zeep):
        operation = tool["_meta"]["hubd/operation"].removeprefix("SOAP ")
        wanted = zeep.request(file, operation, given)
        if "refused" in wanted:
            self.refused[wanted["refused"][:100]] += 1
            return
        if "error" in request:
            self.different.append((operation, given, request["error"]))
            return
        ours = canonical(literal(request["body"]))
        if ours == wanted["envelope"]:
            self.equal += 1
        else:
            self.different.append((operation, given, ours, wanted["envelope"]))


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory):
    folder, zeep = tmp_path_factory.mktemp("soap"), Zeep()
    yield cache(lambda file: Comparison(file, folder, zeep))
    zeep.stop()


@pytest.mark.parametrize("file", FILES)
def test_requests_are_equal_to_those_of_zeep(comparisons, file):
    different = comparisons(file).different
    assert not different, (len(different), *different[0])


def test_most_requests_are_compared(comparisons, note):
    equal = sum(comparisons(file).equal for file in FILES)
    refused = sum((comparisons(file).refused for file in FILES), Counter())
    note("envelopes equal to those of zeep", f"{equal}; not built by zeep: {refused.total()}")
    note("why zeep did not build", dict(refused.most_common(8)))
    assert equal > refused.total()
