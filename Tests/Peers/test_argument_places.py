"""What a caller writes into an argument stays in its place: the bytes of each request as the upstream reads them off the socket."""

import json

import httpx
import pytest

from conftest import FIXTURES
from harness.hub import Hub, hubd
from harness.upstreams import FaultUpstream
from harness.wire import ask, message, modern

KEY = "sk-the-hubs-own"
RESERVED = [
    "Host", "Cookie", "Proxy-Authorization", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via", "Content-Length",
    "Transfer-Encoding", "Connection", "TE", "Trailer", "Upgrade", "Expect",
]  # fmt: skip
BREAKS = ["\r\n", "\n", "\r", "\0", "\x0b", "\x85", "\u2028", "\u560a\u560d"]


@pytest.fixture(scope="module")
def upstream(background):
    return FaultUpstream(background)


@pytest.fixture(scope="module")
def target(tmp_path_factory, upstream):
    configuration = {
        "upstreams": {"api": {"addresses": [upstream.url], "credential": {"header": {"name": "X-Api-Key", "value": "file:key"}}}},
        "servers": {"places": {"openapi": "places.openapi.yaml", "upstream": "api"}},
    }
    folder = tmp_path_factory.mktemp("places")
    (folder / "key").write_text(KEY)
    hub = Hub(folder, configuration, FIXTURES.glob("*.yaml"))
    yield hub
    hub.stop()


@pytest.fixture
def sent(target, upstream):
    """Calls a tool; gives the fields, the target and the body of each request that came of it, and whether the caller was refused."""

    def send(tool, **arguments):
        before = len(upstream.requests)
        answer = ask(target.mcp("places"), "tools/call", {"name": tool, "arguments": arguments})
        refused = "error" in answer or answer["result"].get("isError", False)
        requests = []
        for request in upstream.requests[before:]:
            head, _, body = request.partition(b"\r\n\r\n")
            line, *lines = head.split(b"\r\n")
            fields = [tuple(part.strip() for part in field.split(b":", 1)) for field in lines]
            requests.append((line.split(b" ")[1], [(name.lower().decode(), value) for name, value in fields], body))
        return requests, refused

    return send


def test_what_is_the_hubs_own_to_write_is_no_argument_and_is_named(tmp_path):
    listed = hubd("tools", FIXTURES / "places.openapi.yaml", "--json")
    [tool] = [tool for tool in json.loads(listed.stdout)["tools"] if tool["name"] == "headers"]
    assert set(tool["inputSchema"]["properties"]) == {"X_Api_Key", "X_Fine"} and not tool["inputSchema"].get("required")
    named = [name for name in RESERVED if f'header parameter "{name}" is the hub\'s own to write; it is left out' in listed.stderr]
    assert named == RESERVED


@pytest.mark.parametrize("name", [*RESERVED, "Authorization"])
@pytest.mark.parametrize("spelling", [str, str.lower, lambda name: name.replace("-", "_")])
def test_an_argument_of_such_a_name_is_refused(sent, name, spelling):
    requests, refused = sent("headers", **{spelling(name): "evil", "X_Fine": "a"})
    assert refused and not requests


def test_the_hubs_own_header_is_there_once_whatever_the_caller_says(sent, upstream):
    [(_, fields, _)], refused = sent("headers", X_Api_Key="stolen", X_Fine="a")
    assert not refused
    assert [value for name, value in fields if name == "x-api-key"] == [KEY.encode()]
    assert [value for name, value in fields if name == "host"] == [upstream.url.removeprefix("http://").encode()]
    assert not {"authorization", "cookie", "transfer-encoding", "via", "x-forwarded-for"} & {name for name, _ in fields}


PLACES = [
    ("places", "id", str), ("places", "q", str), ("places", "list", lambda text: ["a", text]), ("places", "deep", lambda text: {text: text}),
    ("places", "X_Text", str), ("places", "X_List", lambda text: ["a", text]), ("places", "crumb", str), ("places", "plain", str),
    ("form", "text", str), ("parts", "text", str), ("parts", "file", lambda text: {"data": "aGk=", "name": text}),
    ("parts", "file", lambda text: {"data": "aGk=", "mimeType": text}),
]  # fmt: skip


@pytest.mark.parametrize("ending", BREAKS, ids=ascii)
@pytest.mark.parametrize("tool, argument, form", PLACES, ids=[f"{tool}-{argument}-{number}" for number, (tool, argument, _) in enumerate(PLACES)])
def test_a_line_break_in_an_argument_ends_nothing(sent, tool, argument, form, ending):
    """Refused, or one request with the fields that a harmless value has, and in its body one part of each name."""
    others = {"id": "1"} if tool == "places" else {}
    [harmless], refused = sent(tool, **{**others, argument: form("text/plain")})
    assert not refused
    evil = f"a{ending}X-Evil: 1{ending}{ending}GET /evil HTTP/1.1{ending}Host: evil{ending}{ending}"
    requests, refused = sent(tool, **{**others, argument: form(evil)})
    if refused:
        assert not requests
        return
    [(target, fields, body)] = requests
    assert [name for name, _ in fields] == [name for name, _ in harmless[1]]
    assert not any(byte < 0x20 and byte != 9 for _, value in fields for byte in value)
    assert target.count(b"/") == harmless[0].count(b"/")
    if tool == "parts":
        assert body.lower().count(b"content-disposition:") == harmless[2].lower().count(b"content-disposition:")
        heads = [part.split(b"\r\n\r\n")[0].lower() for part in body.split(b"--" + boundary(fields))]
        assert not any(b"\nx-evil" in head or b"\rx-evil" in head for head in heads)


def boundary(fields) -> bytes:
    return dict(fields)["content-type"].split(b"boundary=")[1].strip(b'"')


@pytest.mark.parametrize("value", ["\t text", "a; admin=1", 'a" b', "a, b", "user:secret@host", "http://user:secret@127.0.0.1/"])
def test_what_is_data_arrives_as_data(sent, value):
    [(_, fields, _)], refused = sent("places", id="1", X_Text=value, crumb=value)
    assert not refused
    assert [text.decode().strip() for name, text in fields if name == "x-text"] == [value.strip()]
    assert [name for name, _ in fields].count("cookie") == 1 and b"; admin" not in dict(fields)["cookie"]
    assert "authorization" not in dict(fields)


TWICE = ['{"id":"1","id":"2"}', '{"id":"1","i\\u0064":"2"}', '{"id":"1","deep":{"a":"1","a":"2"}}']


@pytest.mark.parametrize("arguments, expected", [('{"id":"1","deep":{"a":"1","b":"2"}}', 1), *((text, 0) for text in TWICE)])
def test_a_name_that_stands_twice_is_refused_at_every_depth(target, upstream, arguments, expected):
    before = len(upstream.requests)
    fields, body = modern("tools/call", {"name": "places", "arguments": "HERE"})
    answer = message(httpx.post(target.mcp("places"), headers=fields, content=body.replace(b'"HERE"', arguments.encode()), timeout=30))
    assert len(upstream.requests) - before == expected
    assert "result" in answer if expected else answer["error"]["code"] in (-32700, -32600, -32602)
