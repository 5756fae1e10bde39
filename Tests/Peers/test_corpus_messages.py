"""Hostile messages, path values and header values (hostile/mcp), sent to a hub as a client would.

Cases whose id begins with `auth-` or `session-` need `auth: [apiKey]`; they come with authentication.
"""

import base64
import json
import re
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from conftest import CORPORA, FIXTURES
from harness.hub import Hub
from harness.upstreams import FaultUpstream
from harness.wire import Session, ask, message


def cases(name: str) -> list:
    """The cases of one file that need no credential, each under its id."""
    lines = (Path(CORPORA) / "hostile" / "mcp" / f"{name}.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [pytest.param(case, id=case["id"]) for case in found if not case["id"].startswith(("auth-", "session-"))]


def payload(case: dict) -> bytes:
    """The bytes of a case."""
    if "parts" in case:
        return b"".join(base64.b64decode(part["b64"]) * part["times"] for part in case["parts"])
    return base64.b64decode(case["b64"])


@pytest.fixture(scope="module")
def upstream(background):
    return FaultUpstream(background)


@pytest.fixture(scope="module")
def target(tmp_path_factory, upstream):
    """A hub with the tools that the cases expect."""
    configuration = {
        "upstreams": {"upstream": {"addresses": [upstream.url]}},
        "servers": {"target": {"openapi": "hostile.openapi.yaml", "upstream": "upstream"}},
    }
    hub = Hub(tmp_path_factory.mktemp("hostile"), configuration, FIXTURES.glob("*.yaml"))
    yield hub
    hub.stop()


def verdict(answer: httpx.Response) -> set[str]:
    """What an answer is called in `expect`: its status, and its JSON-RPC code or `result`."""
    names = {str(answer.status_code)}
    if answer.content:
        body = message(answer)
        names.add(str(body["error"]["code"]) if "error" in body else "result")
    return names


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25"])
@pytest.mark.parametrize("case", cases("messages"))
def test_a_message_gets_its_verdict_and_the_session_lives(target, upstream, case, version):
    before = len(upstream.requests)
    with Session(target.mcp("target"), version) as session:
        answer = session.post(payload(case))
        assert answer.headers["x-request-id"]
        assert answer.status_code < 500, answer.text[:500]
        if case["expect"] != "either":
            assert verdict(answer) & set(re.findall(r"-\d{5}|\d{3}|result", case["expect"])), answer.text[:500]
        assert session.ask("ping", number="alive") == {"jsonrpc": "2.0", "id": "alive", "result": {}}
    if "digits" in case["expect"] and len(upstream.requests) > before:
        digits = re.search(rb'"n":\s*([0-9.]+)', payload(case)).group(1)
        assert digits in upstream.requests[-1]


def sent(upstream, target, tool, arguments):
    """Calls a tool; gives the requests the upstream got, and whether the caller was refused."""
    before = len(upstream.requests)
    answer = ask(target.mcp("target"), "tools/call", {"name": tool, "arguments": arguments})
    refused = "error" in answer or answer["result"].get("isError", False)
    return upstream.requests[before:], refused


@pytest.mark.parametrize("case", cases("path-params"))
def test_a_path_value_stays_one_segment_or_is_refused(target, upstream, case):
    requests, refused = sent(upstream, target, "posts", {"id": case["value"]})
    if refused:
        assert not requests
        assert case["expect"] != "accept", "a harmless value was refused"
        return
    assert len(requests) == 1
    seen = requests[0].split(b" ")[1].decode("ascii")
    if seen == case["request_target"]:
        return
    assert "encode" in case["note"] or case["note"].startswith("or ") or case["expect"] == "either"
    segment = re.fullmatch(r"/v1/users/([^/?#]+)/posts", seen).group(1)
    assert unquote(segment) == case["value"]


@pytest.mark.parametrize("case", cases("header-args"))
def test_a_header_value_stays_one_value_or_is_refused(target, upstream, case):
    requests, refused = sent(upstream, target, "headed", {"X_Value": case["value"]})
    if refused:
        assert not requests
        assert case["expect"] != "accept", "a harmless value was refused"
        return
    assert case["expect"] != "reject", "a hostile value was sent"
    fields = requests[0].split(b"\r\n\r\n")[0].decode("utf-8", "replace").split("\r\n")[1:]
    values = [field.split(":", 1)[1] for field in fields if field.lower().startswith("x-value:")]
    assert [value.strip() for value in values] == [case["value"].strip()]
    assert not any(field.lower().startswith("x-evil") for field in fields)
