"""The commands that need no running hub: `tools`, `call`, and the demo."""

import json
import re
import shlex
import subprocess

import httpx
import pytest

from conftest import FIXTURES
from harness.hub import Hub, hubd
from harness.wire import ask, call, text

HTTPBIN = FIXTURES / "httpbin.openapi.yaml"


def test_tools_prints_the_list_and_nothing_else():
    result = hubd("tools", HTTPBIN, "--json")
    assert result.returncode == 0
    tools = {tool["name"]: tool for tool in json.loads(result.stdout)["tools"]}
    assert len(tools) == 24
    assert tools["base64"]["_meta"]["hubd/operation"] == "GET /base64/{value}"


def test_tools_prints_something_to_read():
    result = hubd("tools", HTTPBIN)
    assert result.returncode == 0
    assert "uuid" in result.stdout and "GET /uuid" in result.stdout


def test_call_calls(httpbin):
    result = hubd("call", HTTPBIN, "postJson", "--arguments", '{"name":"lamp"}', "--base-url", httpbin.url)
    assert result.returncode == 0, result.stderr
    assert '"lamp"' in result.stdout


def test_a_dry_run_prints_the_request():
    arguments = {"colour": "dark blue", "sizes": [1, 2], "X_Token": "t"}
    result = hubd(
        "call", HTTPBIN, "getRequest", "--dry-run", "--base-url", "http://h.test/base", "--arguments", json.dumps(arguments)
    )
    assert result.returncode == 0, result.stderr
    request = json.loads(result.stdout)
    assert request["method"] == "GET"
    assert request["url"] == "http://h.test/base/get?colour=dark%20blue&sizes=1&sizes=2"
    assert {name.lower(): value for name, value in request["headers"].items()}["x-token"] == "t"


def test_a_dry_run_shows_the_body():
    result = hubd("call", HTTPBIN, "postJson", "--dry-run", "--base-url", "http://h.test", "--arguments", '{"name":"é"}')
    request = json.loads(result.stdout)
    assert json.loads(request["body"]) == {"name": "é"}
    assert {name.lower(): value for name, value in request["headers"].items()}["content-type"] == "application/json"


@pytest.mark.parametrize("arguments", ['{"count":1}', "[]", "{"], ids=["missing", "no object", "no JSON"])
def test_call_says_what_is_wrong_with_arguments(arguments):
    result = hubd("call", HTTPBIN, "postJson", "--dry-run", "--base-url", "http://h.test", "--arguments", arguments)
    assert result.returncode not in (0, -6, -4, 132, 134)
    assert result.stderr.strip()


def test_a_batch_of_dry_runs_prints_a_line_for_each(tmp_path):
    calls = tmp_path / "calls.jsonl"
    good = {"tool": "postJson", "arguments": {"name": "é"}}
    calls.write_text("\n".join([json.dumps(good), '{"tool":"nothing"}', "{", '{"tool":"postJson","arguments":{}}', ""]))
    result = hubd("call", HTTPBIN, "--batch", calls, "--dry-run", "--base-url", "http://h.test")
    assert result.returncode == 0, result.stderr
    lines = list(map(json.loads, result.stdout.splitlines()))
    assert [list(line) for line in lines[1:]] == [["error"]] * 3
    single = hubd("call", HTTPBIN, "postJson", "--dry-run", "--base-url", "http://h.test", "--arguments", json.dumps(good["arguments"]))
    assert lines[0] == json.loads(single.stdout)


@pytest.mark.parametrize("options", [["--batch", "x"], ["postJson", "--batch", "x", "--dry-run"], ["--dry-run"]])
def test_a_batch_is_for_dry_runs_alone(options):
    result = hubd("call", HTTPBIN, *options)
    assert result.returncode == 64 and "--batch" in result.stderr


def test_call_names_the_nearest_tool():
    result = hubd("call", HTTPBIN, "postJso", "--dry-run", "--base-url", "http://h.test")
    assert result.returncode != 0
    assert "postJson" in result.stderr


def test_a_description_by_url_is_read(background, httpbin):
    """Served from loopback by the operator's own word."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        body = HTTPBIN.read_bytes()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()

    port = background.listen(serve)
    result = hubd("tools", f"http://127.0.0.1:{port}/openapi.yaml", "--json")
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)["tools"]) == 24


@pytest.fixture
def demo(tmp_path):
    """The demo, running in an empty folder."""
    hub = Hub(tmp_path, {}, command="demo")
    yield hub
    hub.stop()


def test_the_demo_serves_tools_that_can_be_called(demo):
    path = re.search(r"/mcp/([a-z0-9-]+)", demo.output.text).group(1)
    tools = ask(demo.mcp(path), "tools/list")["result"]["tools"]
    assert tools
    reading = next(
        tool for tool in tools if tool["annotations"]["readOnlyHint"] and not tool["inputSchema"].get("required")
    )
    result = call(demo.mcp(path), reading["name"])
    assert not result.get("isError"), result


def test_the_demo_prints_settings_and_a_curl_that_works(demo):
    assert demo.output.wait_for(r"curl[^\n]*")
    settings = demo.output.text
    assert "claude mcp add" in settings and "mcpServers" in settings and '"servers"' in settings
    commands = re.findall(r"^\s*(curl (?:.*\\\n)*.*)$", settings, re.MULTILINE)
    expected = [('"result"', "Analytical engine"), ('"result"', "11800"), ("TASK_STATE_COMPLETED", "Analytical engine"), ("choices", "hello")]
    for command, said in zip(commands, expected, strict=True):
        result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
        assert result.returncode == 0, result.stderr
        assert all(word in result.stdout for word in said), (shlex.split(command), result.stdout)
        assert "TASK_STATE" not in result.stdout or '"grace"' not in result.stdout  # the agent took the customer from the words


def test_the_settings_that_the_demo_prints_lead_to_its_servers(demo):
    lines = [json.loads(line) for line in map(str.strip, demo.output.text.splitlines()) if line.startswith("{")]
    cursor, code = (next(line[key] for line in lines if key in line) for key in ("mcpServers", "servers"))
    added = dict(re.findall(r"claude mcp add --transport http (\S+) (\S+)", demo.output.text))
    addresses = {name: entry["url"] for name, entry in cursor.items()}
    assert addresses == added == {name: entry["url"] for name, entry in code.items()} and list(addresses) == ["orders", "shop"]
    for address in addresses.values():
        assert ask(address, "tools/list")["result"]["tools"]


def test_the_virtual_server_of_the_demo_has_tools_of_rest_and_of_soap(demo):
    shop = demo.mcp("shop")
    assert [tool["name"] for tool in ask(shop, "tools/list")["result"]["tools"]] == ["find_orders", "getOrder", "createOrder", "check_stock"]
    order = call(shop, "getOrder", id=1002)["structuredContent"]
    stock = call(shop, "check_stock", item=order["item"])
    assert stock["structuredContent"] == {"item": order["item"], "pieces": 11800, "shelf": "B-7"}
    assert call(shop, "check_stock", item="Analytical engine, used")["structuredContent"] == {"item": "Analytical engine, used", "pieces": 0}
    assert "no such item" in text(call(shop, "check_stock", item="<&> a \u2028 \U0001f600"))
    added = call(shop, "createOrder", customer="ada", item="Nanosecond of wire", quantity=2)
    assert added["structuredContent"]["status"] == "open"


def test_the_demo_needs_no_network_beyond_loopback(demo):
    """All that it prints to open is on loopback."""
    hosts = set(re.findall(r"https?://([^/:\s\"'`]+)", demo.output.text))
    assert hosts <= {"127.0.0.1", "localhost"}
    assert httpx.get(demo.admin + "/healthz").status_code == 200
