"""MCP servers elsewhere and commands: what hub.yaml says of them is what they get."""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import httpx
import pytest

from harness.background import read_request
from harness.hub import Hub, binary, hubd
from harness.stdio import Stdio
from harness.wire import Session, ask, call, modern, text

LINES = Path(__file__).parent / "clients" / "line_server.py"
COMMAND = [sys.executable, str(LINES)]


class HandshakeServer:
    """A handshake-era server over HTTP, by hand, with one tool. It notes the request lines and the Authorization of what it is asked."""

    def __init__(self, background):
        self.seen: set[tuple[str, str | None]] = set()
        self.port = background.listen(self._serve)
        self.url = f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader, writer):
        while True:
            head, body = await read_request(reader)
            lines = head.decode().split("\r\n")
            fields = dict(line.split(": ", 1) for line in lines[1:] if line)
            self.seen.add((lines[0].split(" ")[1], {name.lower(): value for name, value in fields.items()}.get("authorization")))
            writer.write(self._answer(lines[0].split(" ")[0], body))
            await writer.drain()

    def _answer(self, method: str, body: bytes) -> bytes:
        message = json.loads(body) if method == "POST" else {}
        if "id" not in message:
            return b"HTTP/1.1 %b\r\ncontent-length: 0\r\n\r\n" % (b"202 Accepted" if method == "POST" else b"405 Method Not Allowed")
        results = {
            "initialize": {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "by-hand", "version": "1"},
            },
            "tools/list": {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]},
            "tools/call": {"content": [{"type": "text", "text": "echoed"}]},
        }
        found = results.get(message["method"])
        answer = {"result": found} if found else {"error": {"code": -32601, "message": "Method not found"}}
        payload = json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}).encode()
        return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(payload), payload)


def names(url: str) -> list[str]:
    return [tool["name"] for tool in ask(url, "tools/list")["result"]["tools"]]


def wait_until(condition, limit=15):
    """Waits for something that happens elsewhere."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_a_command_runs_in_its_folder_with_its_variables_and_no_others(start_hub, tmp_path):
    (tmp_path / "secret").write_text("swordfish")
    (tmp_path / "sub").mkdir()
    variables = {"SERVICE_TOKEN": "file:secret", "LEVEL": "info"}
    hub = start_hub(
        {
            "servers": {
                "here": {"command": COMMAND, "env": variables},
                "below": {"command": COMMAND, "directory": "sub", "share": True},
            }
        }
    )
    assert names(hub.mcp("here")) == ["where", "variable", "grow", "die"]
    assert text(call(hub.mcp("here"), "where")).split()[0] == str(tmp_path)
    assert text(call(hub.mcp("below"), "where")).split()[0] == str(tmp_path / "sub")
    asked = {name: text(call(hub.mcp("here"), "variable", name=name)) for name in ("SERVICE_TOKEN", "LEVEL", "PATH", "PYTEST_CURRENT_TEST")}
    assert asked == {"SERVICE_TOKEN": "swordfish", "LEVEL": "info", "PATH": os.environ["PATH"], "PYTEST_CURRENT_TEST": "(unset)"}
    assert text(call(hub.mcp("below"), "variable", name="SERVICE_TOKEN")) == "(unset)"


def test_prompts_and_resources_of_a_command_are_served(start_hub):
    hub = start_hub({"servers": {"lines": {"command": COMMAND}}})
    url = hub.mcp("lines")
    assert [prompt["name"] for prompt in ask(url, "prompts/list")["result"]["prompts"]] == ["greet"]
    assert ask(url, "prompts/get", {"name": "greet"})["result"]["messages"]
    assert [resource["uri"] for resource in ask(url, "resources/list")["result"]["resources"]] == ["test://one"]
    for uri in ("test://one", "test://two"):
        read = ask(url, "resources/read", {"uri": uri}, mcp_name=uri)
        assert read["result"]["contents"][0]["text"] == uri


def test_risk_is_what_the_server_says_of_its_tools(start_hub):
    hub = start_hub({"servers": {"lines": {"command": COMMAND, "tools": {"grow": {"rename": "more", "risk": "read"}}}}})
    hints = {tool["name"]: tool.get("annotations", {}) for tool in ask(hub.mcp("lines"), "tools/list")["result"]["tools"]}
    assert hints["where"]["readOnlyHint"] and hints["more"]["readOnlyHint"]
    assert hints["variable"]["destructiveHint"] is False


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/mcp?team=a", "/deep/mcp/?team=a", ""])
def test_the_address_is_called_as_it_is_written(start_hub, background, path):
    server = HandshakeServer(background)
    hub = start_hub({"servers": {"docs": {"mcp": server.url + path}}})
    assert names(hub.mcp("docs")) == ["echo"]
    assert text(call(hub.mcp("docs"), "echo")) == "echoed"
    assert server.seen == {(path or "/", None)}


@pytest.mark.parametrize("prefix, expected", [("", "/mcp"), ("/other", "/other")])
def test_an_upstream_says_where_the_server_is_and_lets_the_hub_in(start_hub, background, tmp_path, prefix, expected):
    (tmp_path / "token").write_text("swordfish")
    server = HandshakeServer(background)
    hub = start_hub(
        {
            "upstreams": {"here": {"addresses": [server.url + prefix], "credential": {"bearer": "file:token"}}},
            "servers": {"docs": {"mcp": "https://docs.test/mcp", "upstream": "here"}},
        }
    )
    assert text(call(hub.mcp("docs"), "echo")) == "echoed"
    assert server.seen == {(expected, "Bearer swordfish")}


def test_the_start_does_not_wait_for_a_server_that_is_away_and_it_comes_when_it_is_there(start_hub, background, httpbin):
    server = HandshakeServer(background)
    away = background.listen(lambda reader, writer: reader.read())  # takes the connection and says nothing
    begun = time.monotonic()
    hub = start_hub(
        {
            "servers": {"docs": {"mcp": server.url}, "away": {"mcp": f"http://127.0.0.1:{away}/mcp"}},
            "virtualServers": {"both": {"include": [{"server": "away"}, {"server": "docs"}]}},
        }
    )
    assert time.monotonic() - begun < 10
    assert names(hub.mcp("both")) == ["echo"]
    assert ask(hub.mcp("both"), "tools/list")["result"]["_meta"]["hubd/unavailable"] == ["away"]
    headers, body = modern("tools/list")
    refused = httpx.post(hub.mcp("away"), headers=headers, content=body)
    assert refused.status_code == 503 and int(refused.headers["retry-after"]) > 0 and refused.json()["error"]
    assert str(away) not in refused.text
    assert httpx.get(hub.admin + "/readyz").json()["unavailable"] == ["mcp/away"]


def test_a_list_that_changes_is_taken_up_and_one_that_died_is_started_again(start_hub):
    hub = start_hub({"servers": {"lines": {"command": COMMAND, "share": True}}, "virtualServers": {"v": {"include": [{"server": "lines"}]}}})
    assert "grown" not in names(hub.mcp("v"))
    first = text(call(hub.mcp("v"), "where")).split()[1]
    assert call(hub.mcp("v"), "die")["isError"]
    wait_until(lambda: not call(hub.mcp("v"), "where").get("isError"))
    assert text(call(hub.mcp("v"), "where")).split()[1] != first


def test_check_reaches_servers_and_says_what_they_have(tmp_path):
    quits = [sys.executable, "-c", "import sys; sys.exit('no such folder: /srv/files')"]
    settings = {
        "servers": {
            "lines": {"command": COMMAND, "expose": False},
            "gone": {"command": ["no-such-program-here"]},
            "quits": {"command": quits},
            "nobody": {"mcp": "http://127.0.0.1:1/mcp"},
        },
        "virtualServers": {"v": {"include": [{"server": "lines", "tools": ["where"], "prompts": ["*"], "resources": ["*"]}]}},
    }
    (tmp_path / "hub.yaml").write_text(json.dumps(settings))
    said = hubd("check", cwd=tmp_path)
    assert said.returncode == 0, said.stdout
    assert re.search(r"^lines: 4 tools.*1 prompts; 2 resources; not exposed$", said.stdout, re.MULTILINE), said.stdout
    assert re.search(r"^v: 1 tools.*1 prompts; 2 resources$", said.stdout, re.MULTILINE)
    assert "gone is not available: " in said.stdout
    assert re.search("quits is not available: .*no such folder: /srv/files", said.stdout), said.stdout  # what it said itself
    assert re.search("nobody is not available: .*connection refused: nobody listens there", said.stdout), said.stdout
    assert re.search("^hub.yaml: ok, 4 servers, .*, 3 not available at present$", said.stdout, re.MULTILINE), said.stdout
    offline = hubd("check", "--offline", cwd=tmp_path)
    assert offline.returncode == 0 and "lines:" not in offline.stdout, offline.stdout
    assert "v: 0 tools, 0 bytes, about 0 tokens; not looked at: lines" in offline.stdout and "not available" not in offline.stdout


def test_standard_input_and_output_serve_a_command(tmp_path):
    (tmp_path / "hub.yaml").write_text(json.dumps({"servers": {"lines": {"command": COMMAND}}}))
    with Stdio.of([binary(), "stdio", "lines"], tmp_path) as server:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "peer-tests", "version": "1"}}
        server.ask({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})
        server.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        answer = server.ask({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "where", "arguments": {}}})
        folder, process = text(answer["result"]).split()
        assert folder == str(tmp_path)
        assert server.end() == []
    wait_until(lambda: not Path(f"/proc/{process}").exists())


def test_each_session_of_a_client_has_a_process_of_its_own_that_ends_with_it(start_hub):
    hub = start_hub({"servers": {"lines": {"command": COMMAND}}})
    where = {"name": "where", "arguments": {}}
    with Session(hub.mcp("lines")) as one, Session(hub.mcp("lines")) as other:
        mine, its = (text(session.ask("tools/call", where)["result"]).split()[1] for session in (one, other))
        assert text(one.ask("tools/call", where)["result"]).split()[1] == mine != its
        assert one.client.delete(hub.mcp("lines")).is_success
        wait_until(lambda: not Path(f"/proc/{mine}").exists())
        assert text(other.ask("tools/call", where)["result"]).split()[1] == its


def test_a_reload_keeps_the_process_of_a_server_that_stays_and_ends_that_of_one_that_goes(start_hub):
    settings = {"servers": {"stays": {"command": COMMAND, "share": True}, "goes": {"command": COMMAND, "share": True}}}
    hub = start_hub(settings)
    stays, goes = (text(call(hub.mcp(name), "where")).split()[1] for name in ("stays", "goes"))
    del settings["servers"]["goes"]
    hub.reload(settings)
    wait_until(lambda: httpx.post(hub.mcp("goes")).status_code == 404)
    assert text(call(hub.mcp("stays"), "where")).split()[1] == stays
    wait_until(lambda: not Path(f"/proc/{goes}").exists(), limit=30)
    hub.process.send_signal(signal.SIGTERM)
    hub.process.wait(20)
    wait_until(lambda: not Path(f"/proc/{stays}").exists())


GREEDY = {"memory": "512MiB", "cpuTime": "3s", "openFiles": 64, "processes": 16}


@pytest.mark.parametrize("what", ["memory", "time", "processes"])
def test_a_command_that_goes_past_a_limit_costs_itself_alone(start_hub, tmp_path, what):
    hub = start_hub(
        {
            "servers": {
                "greedy": {"command": [*COMMAND, "where", what], "share": True, "limits": GREEDY},
                "modest": {"command": [*COMMAND, "where"], "share": True, "limits": GREEDY},
            }
        }
    )
    greedy, modest = (text(call(hub.mcp(name), "where")).split()[1] for name in ("greedy", "modest"))
    failed = call(hub.mcp("greedy"), what)
    assert failed["isError"], failed
    wait_until(lambda: not Path(f"/proc/{greedy}").exists())
    children = (tmp_path / "children").read_text().split() if what == "processes" else []
    assert len(children) >= 16 or what != "processes"
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
    assert text(call(hub.mcp("modest"), "where")).split()[1] == modest
    wait_until(lambda: not call(hub.mcp("greedy"), "where").get("isError"))
    assert text(call(hub.mcp("greedy"), "where")).split()[1] != greedy


def test_a_command_has_as_many_files_as_it_is_given(start_hub):
    hub = start_hub({"servers": {"greedy": {"command": [*COMMAND, "files"], "share": True, "limits": GREEDY}}})
    assert 32 < int(text(call(hub.mcp("greedy"), "files"))) < 64


def test_a_hub_that_is_killed_leaves_no_process_of_its_servers_and_no_orphan_but_the_one_that_ends_them(tmp_path):
    hub = Hub(tmp_path, {"servers": {"lines": {"command": COMMAND}, "shared": {"command": COMMAND, "share": True}}}, [])
    try:
        with Session(hub.mcp("lines")) as session:
            mine = text(session.ask("tools/call", {"name": "where", "arguments": {}})["result"]).split()[1]
            shared = text(call(hub.mcp("shared"), "where")).split()[1]
            below = descendants(hub.process.pid)
            assert {int(mine), int(shared)} < below
            kept = {process for process in below if int(stat(process)[1]) != hub.process.pid}
    finally:
        hub.process.kill()
        hub.process.wait(20)

    def are_gone() -> bool:
        left = {process: words for process in kept if (words := stat(process))}
        assert all(int(words[1]) in below for words in left.values()), "one was left to whoever takes orphans"
        return not left

    wait_until(are_gone)
    wait_until(lambda: not any(is_running(process) for process in below))


def stat(process: int) -> list[str] | None:
    """The words of a process behind its name: its state, its parent and more."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_running(process: int) -> bool:
    """Whether a process runs; one that waits for its parent to take leave of it does not."""
    return (stat(process) or "Z")[0] != "Z"


def descendants(ancestor: int) -> set[int]:
    parents = {int(entry.name): int(words[1]) for entry in Path("/proc").iterdir() if entry.name.isdigit() and (words := stat(int(entry.name)))}
    found = {ancestor}
    while more := {process for process, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {ancestor}
