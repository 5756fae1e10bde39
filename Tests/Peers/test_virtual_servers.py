"""Virtual servers: what several servers have, at one address."""

import json

import httpx
import pytest

from conftest import FIXTURES
from harness.hub import binary, hubd
from harness.stdio import Stdio
from harness.wire import Session, ask, call, modern, text


def configuration(address: str, virtual: dict, **servers) -> dict:
    """httpbin, taken off the listener, and an upstream that nobody listens at, with virtual servers of them."""
    return {
        "upstreams": {"httpbin": {"addresses": [address]}, "nobody": {"addresses": ["http://127.0.0.1:1"]}},
        "servers": {
            "httpbin": {"openapi": "httpbin.openapi.yaml", "upstream": "httpbin", "expose": False},
            "nobody": {"openapi": "fault.openapi.yaml", "upstream": "nobody"},
            **servers,
        },
        "virtualServers": virtual,
    }


def names(url: str) -> list[str]:
    return [tool["name"] for tool in ask(url, "tools/list")["result"]["tools"]]


BOTH = {
    "include": [
        {"server": "httpbin", "tools": ["uuid", "echo*"], "prefix": "b_"},
        {"server": "nobody", "tools": ["*"]},
    ],
    "tools": {"b_uuid": {"rename": "fresh_id", "description": "A fresh id"}},
}


def test_tools_of_several_servers_are_listed_and_called_in_both_eras(start_hub, httpbin):
    hub = start_hub(configuration(httpbin.url, {"both": BOTH}))
    shown = names(hub.mcp("both"))
    assert shown[0] == "fresh_id" and set(names(hub.mcp("nobody"))) <= set(shown)
    assert not call(hub.mcp("both"), "fresh_id").get("isError")
    failed = call(hub.mcp("both"), shown[-1])
    assert failed["isError"] and "127.0.0.1" not in text(failed)
    with Session(hub.mcp("both")) as session:
        assert [tool["name"] for tool in session.ask("tools/list")["result"]["tools"]] == shown
        assert not session.ask("tools/call", {"name": "fresh_id", "arguments": {}})["result"].get("isError")
    assert "error" in ask(hub.mcp("both"), "tools/call", {"name": "uuid", "arguments": {}})
    lines = httpx.get(hub.admin + "/metrics", headers={"authorization": f"Bearer {hub.token}"}).text
    assert 'hubd_calls_total{server="httpbin",tool="uuid",outcome="ok"} 2' in lines


def test_a_server_that_is_not_exposed_is_told_from_one_that_is_not_there_in_nothing(start_hub, httpbin):
    hub = start_hub(configuration(httpbin.url, {"both": BOTH}))
    headers, body = modern("tools/list")
    hidden, absent = (httpx.post(hub.mcp(name), headers=headers, content=body) for name in ("httpbin", "nothing"))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content
    assert {name for name in hidden.headers} == {name for name in absent.headers}


def test_two_tools_of_one_name_are_refused_with_the_fix(tmp_path, httpbin):
    for description in FIXTURES.glob("httpbin*.yaml"):
        (tmp_path / description.name).write_text(description.read_text())
    again = {"openapi": "httpbin.openapi.yaml", "upstream": "httpbin", "expose": False}
    settings = {
        "upstreams": {"httpbin": {"addresses": [httpbin.url]}},
        "servers": {"one": again, "two": again},
        "virtualServers": {"both": {"include": [{"server": "one", "tools": ["uuid"]}, {"server": "two"}]}},
    }
    (tmp_path / "hub.yaml").write_text(json.dumps(settings))
    said = hubd("check", "--offline", cwd=tmp_path)
    assert said.returncode == 1
    assert 'one and two both have a tool "uuid" for both' in said.stdout and "prefix:" in said.stdout
    settings["virtualServers"]["both"]["include"][1]["prefix"] = "two_"
    (tmp_path / "hub.yaml").write_text(json.dumps(settings))
    said = hubd("check", "--offline", cwd=tmp_path)
    assert said.returncode == 0, said.stdout
    assert "hub.yaml: ok, 2 servers" in said.stdout and "1 virtual servers" in said.stdout
    assert "one: " in said.stdout and "not exposed" in said.stdout


def test_a_description_that_is_away_costs_only_what_is_of_it(start_hub, httpbin):
    away = {"openapi": "http://127.0.0.1:1/openapi.yaml", "upstream": "httpbin", "expose": False}
    virtual = {"some": {"include": [{"server": "away"}, {"server": "httpbin", "tools": ["uuid"]}]}}
    hub = start_hub(configuration(httpbin.url, virtual, away=away))
    assert names(hub.mcp("some")) == ["uuid"]
    assert not call(hub.mcp("some"), "uuid").get("isError")
    ready = httpx.get(hub.admin + "/readyz").json()
    assert ready["unavailable"] == ["mcp/away"]
    assert ask(hub.mcp("some"), "tools/list")["result"]["_meta"]["hubd/unavailable"] == ["away"]


@pytest.mark.parametrize("name", ["both", "nobody"])
def test_standard_input_and_output_serve_a_virtual_server(tmp_path, httpbin, name):
    for description in FIXTURES.glob("*.yaml"):
        (tmp_path / description.name).write_text(description.read_text())
    # What the server has nothing to do with may be broken.
    broken = {"openapi": "missing.yaml", "upstream": "nobody"}
    (tmp_path / "hub.yaml").write_text(json.dumps(configuration(httpbin.url, {"both": BOTH}, broken=broken)))
    with Stdio.of([binary(), "stdio", name], tmp_path) as server:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "peer-tests", "version": "1"}}
        server.ask({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})
        server.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert server.ask({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})["result"]["tools"]


def test_a_reload_that_changes_an_ingredient_changes_the_virtual_server(start_hub, httpbin):
    settings = configuration(httpbin.url, {"both": BOTH})
    hub = start_hub(settings)
    settings["virtualServers"]["both"]["include"][0]["prefix"] = "c_"
    del settings["virtualServers"]["both"]["tools"]
    hub.write(settings)
    assert hubd("reload", "--config", hub.file, "--data", hub.data).returncode == 0
    assert names(hub.mcp("both"))[0] == "c_uuid"
