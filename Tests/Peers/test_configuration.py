"""What is wrong in the configuration is said with its place and what to do; what is right is served."""

import json
import shutil
import signal
import socket
import subprocess

import pytest

from conftest import FIXTURES, fault_configuration, httpbin_configuration
from harness.hub import binary, environment, hubd
from harness.wire import ask, call

GOOD = """\
upstreams:
  orders: { addresses: ["http://127.0.0.1:9"] }
servers:
  orders: { openapi: httpbin.openapi.yaml, upstream: orders }
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with the descriptions and a good hub.yaml."""
    for description in FIXTURES.glob("*.yaml"):
        shutil.copy(description, tmp_path)
    (tmp_path / "hub.yaml").write_text(GOOD)
    return tmp_path


def test_a_good_file_passes(folder):
    assert hubd("check", "--offline", cwd=folder).returncode == 0
    assert hubd("check", "--offline", "--config", folder / "hub.yaml").returncode == 0


@pytest.mark.parametrize(
    "text, place, words",
    [
        (GOOD.replace("servers:", "server:"), "hub.yaml:3:1", ["server", "servers"]),
        (GOOD.replace("addresses:", "adresses:"), "hub.yaml:2:13", ["adresses", "addresses"]),
        (GOOD.replace("upstream: orders", "upstream: order"), "hub.yaml:4:", ["order", "orders"]),
        (GOOD.replace("httpbin.openapi.yaml", "missing.yaml"), "hub.yaml:4:", ["missing.yaml"]),
        (GOOD.replace("  orders: { openapi", "  Orders!: { openapi"), "hub.yaml:4:3", ["Orders!"]),
        (GOOD + "listen: nowhere\n", "hub.yaml:5:", ["listen", "nowhere"]),
        (GOOD + "listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n", "hub.yaml:6:1", ["listen"]),
        (GOOD + "servers: {}\n", "hub.yaml:5:1", ["servers"]),
        (GOOD.replace("]", ""), "hub.yaml:", []),
        (GOOD + "admin: { token: plain-words }\n", "hub.yaml:5:", ["token", "env:", "file:"]),
    ],
    ids=[
        "unknown section",
        "unknown key",
        "unknown upstream",
        "missing description",
        "bad name",
        "bad address",
        "repeated key",
        "repeated section",
        "no YAML",
        "bare secret",
    ],
)
def test_a_mistake_is_named_with_file_line_column_and_a_hint(folder, text, place, words):
    (folder / "hub.yaml").write_text(text)
    result = hubd("check", "--offline", cwd=folder)
    assert result.returncode == 1, result
    said = result.stdout + result.stderr
    assert place in said
    assert all(word in said for word in words), said
    assert "plain-words" not in said, "a secret was printed"


def test_all_mistakes_are_named_at_once(folder):
    (folder / "hub.yaml").write_text(GOOD.replace("addresses:", "adresses:") + "servrs: {}\n")
    said = hubd("check", "--offline", cwd=folder)
    assert "adresses" in said.stdout + said.stderr and "servrs" in said.stdout + said.stderr


def test_check_answers_in_json(folder):
    (folder / "hub.yaml").write_text(GOOD.replace("servers:", "server:"))
    result = hubd("check", "--offline", "--json", cwd=folder)
    assert result.returncode == 1
    said = json.dumps(json.loads(result.stdout))
    assert '"line": 3' in said and '"column": 1' in said


def test_a_section_for_later_is_not_in_this_version(folder):
    (folder / "hub.yaml").write_text(GOOD + "policies: { limits: [] }\n")
    result = hubd("check", "--offline", cwd=folder)
    assert result.returncode == 1
    assert "not in this version" in result.stdout + result.stderr
    assert "hub.yaml:5:" in result.stdout + result.stderr


def test_serve_does_not_start_on_a_bad_file(folder):
    (folder / "hub.yaml").write_text(GOOD.replace("servers:", "server:"))
    result = hubd("serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", cwd=folder)
    assert result.returncode == 1
    assert "hub.yaml:3:1" in result.stderr


def test_serve_without_a_file_names_the_demo(tmp_path):
    result = hubd("serve", cwd=tmp_path)
    assert result.returncode not in (0, 64)
    assert "hub.yaml" in result.stderr and "hubd demo" in result.stderr


def test_a_named_file_that_is_not_there_is_an_error(tmp_path):
    result = hubd("serve", "--config", "other.yaml", cwd=tmp_path)
    assert result.returncode != 0
    assert "other.yaml" in result.stderr


def test_a_port_in_use_is_said_and_what_to_do(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = hubd("serve", "--listen", address, "--admin", "127.0.0.1:0", cwd=folder)
    assert result.returncode != 0
    assert address in result.stderr and "--listen" in result.stderr
    assert "in use" in result.stderr


@pytest.mark.parametrize("server", ["http://localhost:3000", "http://127.0.0.1:3000", "http://169.254.169.254", "http://10.0.0.1"])
def test_a_private_server_in_a_description_is_refused_with_the_ways_to_allow_it(folder, server):
    description = (FIXTURES / "httpbin.openapi.yaml").read_text() + f"servers: [{{ url: '{server}' }}]\n"
    (folder / "private.yaml").write_text(description)
    (folder / "hub.yaml").write_text("servers: { local: { openapi: private.yaml } }\n")
    for result in [
        hubd("check", "--offline", cwd=folder),
        hubd("call", "private.yaml", "uuid", cwd=folder),
    ]:
        assert result.returncode != 0
        assert "upstream:" in result.stdout + result.stderr and "--base-url" in result.stdout + result.stderr


def test_a_description_without_a_server_asks_for_one(folder):
    (folder / "hub.yaml").write_text("servers: { nowhere: { openapi: httpbin.openapi.yaml } }\n")
    result = hubd("check", "--offline", cwd=folder)
    assert result.returncode == 1
    assert "upstream" in result.stdout + result.stderr


def test_wrong_usage_exits_with_64(tmp_path):
    for arguments in [["--nonsense"], ["nonsense"], ["tools"], ["serve", "--listen"]]:
        assert hubd(*arguments, cwd=tmp_path).returncode == 64


@pytest.mark.parametrize("command", ["serve", "demo", "check", "reload", "tools", "call", "stdio", "version"])
def test_every_command_has_help_with_an_example(command, tmp_path):
    result = hubd(command, "--help", cwd=tmp_path)
    assert result.returncode == 0
    assert f"hubd {command}" in result.stdout


def test_version_names_the_protocol_revisions(tmp_path):
    said = hubd("version", cwd=tmp_path).stdout
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]:
        assert version in said


def test_a_bad_reload_changes_nothing_and_says_why(start_hub, httpbin):
    hub = start_hub(httpbin_configuration(httpbin.url))
    before = ask(hub.mcp("httpbin"), "tools/list")["result"]
    hub.reload({"server": {}})
    assert hub.errors.wait_for(r"hub\.yaml:1:1")
    assert ask(hub.mcp("httpbin"), "tools/list")["result"] == before
    result = hubd("reload", "--config", hub.file, "--data", hub.data)
    assert result.returncode == 1
    assert "hub.yaml:1:1" in result.stdout + result.stderr


def test_the_reload_command_waits_until_the_new_file_is_served(start_hub, httpbin):
    configuration = httpbin_configuration(httpbin.url)
    hub = start_hub(configuration)
    configuration["servers"]["httpbin"]["tools"] = {"uuid": {"rename": "fresh"}}
    hub.write(configuration)
    assert hubd("reload", "--config", hub.file, "--data", hub.data).returncode == 0
    assert call(hub.mcp("httpbin"), "fresh")["structuredContent"]["uuid"]


def test_a_changed_listen_address_needs_a_restart(start_hub, httpbin):
    hub = start_hub({**httpbin_configuration(httpbin.url), "listen": "127.0.0.1:0"})
    hub.reload({**httpbin_configuration(httpbin.url), "listen": "127.0.0.1:1"})
    assert hub.errors.wait_for("needs a restart")
    assert call(hub.mcp("httpbin"), "uuid")["structuredContent"]["uuid"]


def test_tools_are_renamed_hidden_and_their_arguments_fixed(start_hub, httpbin):
    configuration = httpbin_configuration(httpbin.url)
    configuration["servers"]["httpbin"]["tools"] = {
        "uuid": {"rename": "fresh_uuid", "title": "A fresh one", "description": "Makes a UUID"},
        "xml": {"hidden": True},
        "postJson": {"risk": "destructive", "arguments": {"count": {"fix": 7}, "name": {"description": "Its name"}}},
    }
    hub = start_hub(configuration)
    tools = {tool["name"]: tool for tool in ask(hub.mcp("httpbin"), "tools/list")["result"]["tools"]}
    assert (tools["fresh_uuid"]["title"], tools["fresh_uuid"]["description"]) == ("A fresh one", "Makes a UUID")
    assert "uuid" not in tools and "xml" not in tools
    assert tools["postJson"]["annotations"]["destructiveHint"] is True
    assert "count" not in tools["postJson"]["inputSchema"]["properties"]
    assert tools["postJson"]["inputSchema"]["properties"]["name"]["description"] == "Its name"
    assert call(hub.mcp("httpbin"), "postJson", name="x")["structuredContent"]["json"] == {"name": "x", "count": 7}
    for gone in ["uuid", "xml"]:
        answer = ask(hub.mcp("httpbin"), "tools/call", {"name": gone, "arguments": {}})
        assert answer["error"]["code"] == -32602


@pytest.mark.parametrize(
    "credential, seen",
    [
        ({"bearer": "file:secret"}, "authorization: bearer s3cret"),
        ({"basic": {"username": "hub", "password": "file:secret"}}, "authorization: basic ahvionmzy3jlda=="),
        ({"header": {"name": "X-Key", "value": "file:secret"}}, "x-key: s3cret"),
        ({"query": {"name": "key", "value": "file:secret"}}, "/echo?key=s3cret"),
    ],
    ids=["bearer", "basic", "header", "query"],
)
def test_the_hubs_own_credential_goes_upstream_and_no_further(start_hub, fault, tmp_path, credential, seen):
    """Also where the upstream repeats the request in its answer."""
    (tmp_path / "secret").write_text("s3cret\n")
    configuration = fault_configuration(fault.url)
    configuration["upstreams"]["fault"]["credential"] = credential
    hub = start_hub(configuration)
    answer = str(call(hub.mcp("fault"), "echo"))
    assert seen in fault.requests[-1].decode().lower()
    assert "s3cret" not in answer and "aHViOnMzY3JldA" not in answer and "***" in answer


def test_base_paths_follow_the_upstreams_own_path(start_hub, httpbin):
    """An address with a path replaces the description's prefix."""
    configuration = httpbin_configuration(httpbin.url)
    configuration["upstreams"]["httpbin"]["addresses"] = [f"{httpbin.url}/anything/v2"]
    hub = start_hub(configuration)
    assert call(hub.mcp("httpbin"), "json")["structuredContent"]["url"].endswith("/anything/v2/json")


def test_serve_stops_on_sigint_too(start_hub, httpbin):
    hub = start_hub(httpbin_configuration(httpbin.url))
    hub.process.send_signal(signal.SIGINT)
    assert hub.process.wait(20) == 0


def test_the_environment_says_where_things_are(folder):
    """HUBD_CONFIG stands before ./hub.yaml, and a flag before both."""
    (folder / "bad.yaml").write_text("server: {}\n")
    variables = {**environment(), "HUBD_CONFIG": str(folder / "bad.yaml")}
    check = [binary(), "check", "--offline"]
    assert subprocess.run(check, cwd=folder, env=variables).returncode == 1
    assert subprocess.run([*check, "--config", "hub.yaml"], cwd=folder, env=variables).returncode == 0


def test_a_description_may_refer_to_its_root_and_no_further(folder):
    (folder / "api" / "shared").mkdir(parents=True)
    (folder / "api" / "pets").mkdir()
    (folder / "outside.yaml").write_text("type: object\nproperties: { secret: { type: string } }\n")
    (folder / "api" / "shared" / "pet.yaml").write_text("type: object\nproperties: { name: { type: string } }\n")
    (folder / "api" / "pets" / "api.yaml").write_text(
        """\
openapi: 3.1.0
info: { title: Pets, version: "1" }
paths:
  /pets: { post: { operationId: add, requestBody: { content: { application/json: { schema: { $ref: ../shared/pet.yaml } } } } } }
  /more: { post: { operationId: more, requestBody: { content: { application/json: { schema: { $ref: ../../outside.yaml } } } } } }
"""
    )

    def arguments(*options):
        result = hubd("tools", "api/pets/api.yaml", "--json", *options, cwd=folder)
        assert result.returncode == 0, result.stderr
        tools = json.loads(result.stdout)["tools"]
        return {tool["name"]: list(tool["inputSchema"].get("properties", {})) for tool in tools}, result.stderr

    assert arguments()[0] == {"add": ["body"], "more": ["body"]}
    found, errors = arguments("--root", "api")
    assert found == {"add": ["name"], "more": ["body"]} and "leads out of the folder" in errors
    assert arguments("--root", ".")[0] == {"add": ["name"], "more": ["secret"]}
    assert hubd("tools", "api/pets/api.yaml", "--root", "api/shared", cwd=folder).returncode == 1

    (folder / "hub.yaml").write_text(GOOD.replace("openapi: httpbin.openapi.yaml", "openapi: api/pets/api.yaml, root: api"))
    result = hubd("check", "--offline", cwd=folder)
    assert result.returncode == 0 and "1 unresolved" in result.stdout, result.stdout
    (folder / "hub.yaml").write_text(GOOD.replace("openapi: httpbin.openapi.yaml", "openapi: 'http://h.test/x', root: api"))
    result = hubd("check", "--offline", cwd=folder)
    assert result.returncode == 1 and "hub.yaml:4:" in result.stdout and "is for a description that is a file" in result.stdout
