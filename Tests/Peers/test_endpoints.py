"""Endpoints written by hand, and those that `hubd import` writes, called over MCP; httpbin says what came."""

import json

import pytest
import yaml

from harness.hub import hubd
from harness.wire import ask, call


def configuration(address: str, *endpoints: dict) -> dict:
    """A server of these endpoints."""
    return {"upstreams": {"httpbin": {"addresses": [address]}}, "servers": {"hand": {"upstream": "httpbin", "http": list(endpoints)}}}


def arrived(result: dict) -> dict:
    """The request as httpbin saw it."""
    assert not result.get("isError"), result
    return json.loads(result["content"][0]["text"])


@pytest.fixture
def hand(start_hub, httpbin):
    """A hub with an endpoint of each kind."""
    return start_hub(
        configuration(
            httpbin.url,
            {
                "name": "find",
                "request": "GET /anything/{id}?kind=open&q={text}",
                "description": "Finds things.",
                "headers": {"X-Source": "hub"},
                "parameters": {"text": {"type": "string", "default": "all"}, "X-Tenant": {"in": "header", "type": "string"}},
            },
            {
                "name": "note",
                "request": "POST /anything/notes",
                "risk": "destructive",
                "parameters": {"text": {"type": "string", "required": True}, "count": {"type": "integer"}, "tags": {"type": "array"}},
                "body": {"note": {"text": "{text}", "count": "{count}", "tags": ["fixed", "{tags}"], "title": "About {text}"}},
            },
            {
                "name": "form",
                "request": "PUT /anything/form",
                "contentType": "application/x-www-form-urlencoded",
                "parameters": {"a": {"type": "string"}, "b": {"type": "array"}},
            },
            {
                "name": "upload",
                "request": "POST /anything/upload",
                "contentType": "multipart/form-data",
                "parameters": {"title": {"type": "string"}, "data": {"type": "file"}},
            },
        )
    ).mcp("hand")


def test_the_list_is_what_was_written(hand):
    tools = {tool["name"]: tool for tool in ask(hand, "tools/list")["result"]["tools"]}
    assert list(tools) == ["find", "note", "form", "upload"]
    assert tools["find"]["description"] == "Finds things."
    assert tools["find"]["annotations"]["readOnlyHint"] is True
    assert tools["note"]["annotations"]["destructiveHint"] is True
    assert tools["note"]["inputSchema"]["required"] == ["text"]


def test_path_query_and_headers(hand):
    request = arrived(call(hand, "find", id="a/b c", X_Tenant="t"))
    assert request["url"].endswith("/anything/a%2Fb%20c?kind=open&q=all") or request["args"] == {"kind": "open", "q": "all"}
    assert request["headers"]["X-Source"] == "hub" and request["headers"]["X-Tenant"] == "t"
    assert arrived(call(hand, "find", id="1", text="ü&"))["args"] == {"kind": "open", "q": "ü&"}


def test_a_body_template_is_filled_in(hand):
    request = arrived(call(hand, "note", text='say "hi"', count=3, tags=["x", 1]))
    assert request["json"] == {"note": {"text": 'say "hi"', "count": 3, "tags": ["fixed", ["x", 1]], "title": 'About say "hi"'}}
    assert request["headers"]["Content-Type"] == "application/json"
    assert arrived(call(hand, "note", text="x"))["json"] == {"note": {"text": "x", "tags": ["fixed"], "title": "About x"}}


def test_forms(hand):
    request = arrived(call(hand, "form", a="x y&z", b=[1, 2]))
    assert request["form"] == {"a": "x y&z", "b": ["1", "2"]}
    request = arrived(call(hand, "upload", title="t", data="YWJj"))
    assert request["form"] == {"title": "t"} and request["files"] == {"data": "abc"}


@pytest.mark.parametrize(
    "endpoint, complaint",
    [
        ({"request": "GET /x", "parameters": {"id": {"in": "path"}}}, "the path of the request has no {id}"),
        ({"request": "POST /x", "body": {"a": "{b}"}}, "there is no parameter {b}"),
        ({"request": "GET /x", "headers": {"Authorization": "Bearer x"}}, "a credential does not belong here"),
    ],
)
def test_a_mistake_is_an_error_at_its_place(tmp_path, endpoint, complaint):
    file = tmp_path / "hub.yaml"
    file.write_text(yaml.safe_dump(configuration("http://h.test", {"name": "bad", **endpoint})))
    result = hubd("check", "--offline", "--json", "--config", file)
    assert result.returncode == 1
    (finding,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert finding["message"].startswith(complaint) and finding["file"].endswith("hub.yaml") and finding["line"] > 3


def test_an_imported_command_line_is_called(start_hub, httpbin):
    line = f"""curl -X POST '{httpbin.url}/anything/tickets/7/notes?notify=true' -H 'Authorization: Bearer SWORDFISH' \\
        -H 'Content-Type: application/json' -H 'X-App: mine' --data-raw $'{{"text":"it\\'s","count":1.5,"nested":{{"a":[1]}}}}'"""
    result = hubd("import", "--curl", line, "--name", "notes")
    assert result.returncode == 0, result.stderr
    assert "SWORDFISH" not in result.stdout
    imported = yaml.safe_load(result.stdout)
    assert imported["upstreams"]["notes"].pop("credential") == {"bearer": "env:NOTES_TOKEN"}

    hub = start_hub(imported)
    (tool,) = ask(hub.mcp("notes"), "tools/list")["result"]["tools"]
    arguments = {"ticket_id": 8, "notify": False, "text": "é", "count": 2, "nested": {"a": []}}
    request = arrived(call(hub.mcp("notes"), tool["name"], **arguments))
    assert request["url"].endswith("/anything/tickets/8/notes?notify=false")
    assert request["json"] == {"text": "é", "count": 2, "nested": {"a": []}}
    assert request["headers"]["X-App"] == "mine"


def test_an_imported_recording_passes_the_check(tmp_path, httpbin):
    def entry(method, url, kind, body=None):
        post = {"postData": {"mimeType": "application/json", "text": body}} if body else {}
        headers = [{"name": "Cookie", "value": "sid=SWORDFISH"}, {"name": "X-Csrf-Token", "value": "SWORDFISH"}]
        return {"request": {"method": method, "url": url, "headers": headers, **post}, "response": {"content": {"mimeType": kind}}}

    entries = [
        entry("GET", "https://a.test/", "text/html"),
        entry("GET", "https://a.test/api/users/1?page=2", "application/json"),
        entry("GET", "https://a.test/api/users/2?page=3", "application/json"),
        entry("POST", "https://b.test/graphql", "application/json", '{"query":"{ me { id } }","variables":{}}'),
    ]
    (tmp_path / "seen.har").write_text(json.dumps({"log": {"entries": entries}}))
    result = hubd("import", "--har", tmp_path / "seen.har")
    assert result.returncode == 0, result.stderr
    assert "SWORDFISH" not in result.stdout
    imported = yaml.safe_load(result.stdout)
    requests = [[endpoint["request"] for endpoint in server["http"]] for server in imported["servers"].values()]
    assert requests == [["GET /api/users/{user_id}"], ["POST /graphql"]]
    (tmp_path / "hub.yaml").write_text(result.stdout)
    assert hubd("check", "--offline", "--config", tmp_path / "hub.yaml").returncode == 0
