"""The SDKs' servers behind one virtual server, over HTTP and as processes, as the SDKs' clients see them; and ready-made servers."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import Peers
from harness.composing import await_tools, composed, settled
from harness.conformance.wire import ModernWire
from harness.hub import Hub
from harness.peer import FASTMCP, FASTMCP_LEGACY, MCP1_HTTP, MCP1_SSE, MCP2_AUTO, MCP2_LEGACY, PEERS, STDIO, Refused
from harness.programs import Program, children, command, is_running, tally
from harness.wire import text

FORM = {"action": "accept", "content": {"username": "lee", "email": "lee@example.test"}}
ANSWERS = {"elicitation": FORM, "sampling": "A sampled answer", "roots": ["file:///srv/root"]}
KINDS = ["mcp2", "mcp1", "fastmcp4"]
SERVERS = [f"{kind}-{transport}" for kind in KINDS for transport in ["http", "stdio"]]
STAGES = [name for name in SERVERS if not name.startswith("fastmcp4")]


def configuration(programs: dict[str, Program], state) -> dict:
    """Three SDKs' servers over both transports, each with addresses of its own scheme, all in one virtual server."""
    servers = {}
    for kind in KINDS:
        servers[f"{kind}-http"] = {"mcp": programs[kind].url, "trust": {"pin": "off"}}
        servers[f"{kind}-stdio"] = {
            "command": command(kind, "stdio", "--scheme", f"{kind}-stdio", "--page", "5", "--state", str(state / kind)),
            "trust": {"pin": "off"},
        }
    return composed(servers, prefixes=True)


@pytest.fixture(scope="module")
def composing(tmp_path_factory):
    """The hub before six servers."""
    programs = {kind: Program(kind, "--scheme", f"{kind}-http", "--page", "7") for kind in KINDS}
    try:
        hub = Hub(tmp_path_factory.mktemp("hub"), configuration(programs, tmp_path_factory.mktemp("state")))
        await_tools(hub, {named(server, "echo") for server in SERVERS})
        yield hub
        hub.stop()
    finally:
        for program in programs.values():
            program.stop()


CLIENTS = [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP, MCP1_SSE, FASTMCP, FASTMCP_LEGACY, STDIO[0], STDIO[2]]


@pytest.fixture(scope="module", params=CLIENTS, ids=str)
def peer(request, composing, background, tmp_path_factory):
    """An SDK client that can be asked everything."""
    peers = Peers(background, tmp_path_factory.mktemp("peers"))
    with peers.stack:
        peer = peers(request.param, composing, "all", answers=ANSWERS, log="debug")
        # `hubd stdio` starts the servers anew.
        assert settled(lambda: {named(server, "echo") for server in SERVERS} <= set(peer.tools()))
        yield peer


def named(server: str, tool: str) -> str:
    """A tool or prompt by its name in the virtual server."""
    return f"{server}_{tool}"


@pytest.mark.parametrize("server", SERVERS)
def test_its_tools_are_listed_under_its_prefix(peer, server):
    tools = peer.tools()
    assert tools[named(server, "echo")]["inputSchema"]["required"] == ["text"]
    assert tools[named(server, "add")]["inputSchema"]["properties"].keys() == {"a", "b"}
    own = [name for name in tools if name.startswith(f"{server}_")]
    assert len(own) >= (12 if server.startswith("fastmcp4") else 36), "more than one page of each list"


@pytest.mark.parametrize("server", SERVERS)
def test_a_call_gives_what_the_server_gave(peer, server):
    result = peer.call(named(server, "echo"), text='drop \U0001f4a7, \u7dd1, "quoted"')
    assert result["structuredContent"] == {"text": 'drop \U0001f4a7, \u7dd1, "quoted"'}
    assert text(peer.call(named(server, "add"), a=2, b=3)) in ("5", "5.0")


@pytest.mark.parametrize("server", SERVERS)
def test_a_tool_that_fails_is_a_tool_error(peer, server):
    result = peer.call(named(server, "test_error_handling"))
    assert result["isError"] is True
    assert "intentionally" in text(result)


@pytest.mark.parametrize("server", SERVERS)
def test_progress_arrives_in_order(peer, server):
    number, result = peer.start("call", name=named(server, "test_tool_with_progress"), progress=True)
    assert not result.result(30).get("isError")
    steps = [peer.progress[number].get(timeout=10) for _ in range(3)]
    assert [step["progress"] for step in steps] == [0, 50, 100]
    assert {step["total"] for step in steps} == {100}


@pytest.mark.parametrize("server", SERVERS)
def test_the_log_reaches_who_asked_for_it(peer, server):
    if peer.version < "2026":
        peer.do("level", level="info")
    peer.call(named(server, "test_tool_with_logging"))
    lines = [json.dumps(peer.notified("notifications/message")["params"]["data"]) for _ in range(3)]
    assert ["started" in lines[0], "processing" in lines[1], "completed" in lines[2]] == [True] * 3


@pytest.mark.parametrize("server", SERVERS)
def test_a_form_is_filled_in(peer, server):
    result = peer.call(named(server, "test_elicitation"), message="Who are you?")
    asked = peer.asked.get(timeout=10)
    assert asked["method"] == "elicitation/create"
    assert asked["params"]["message"] == "Who are you?"
    assert set(asked["params"]["requestedSchema"]["properties"]) == {"username", "email"}
    assert "action=accept" in text(result) and "lee@example.test" in text(result)
    assert peer.asked.empty()


@pytest.mark.parametrize("server", SERVERS)
def test_the_clients_model_is_asked(peer, server):
    result = peer.call(named(server, "test_sampling"), prompt="Say something")
    assert peer.asked.get(timeout=10)["params"]["messages"][0]["content"]["text"] == "Say something"
    assert text(result) == "LLM response: A sampled answer"


@pytest.mark.parametrize("server", SERVERS)
def test_the_clients_roots_are_asked_for(peer, server):
    assert text(peer.call(named(server, "test_list_roots"))) == "file:///srv/root"
    assert peer.asked.get(timeout=10)["method"] == "roots/list"


@pytest.mark.parametrize("server", STAGES)
def test_everything_that_one_call_asks_for_is_asked(peer, server):
    peer.call(named(server, "test_input_required_result_multiple_inputs"))
    methods = {peer.asked.get(timeout=10)["method"] for _ in range(3)}
    assert methods == {"elicitation/create", "sampling/createMessage", "roots/list"}


@pytest.mark.parametrize("server", SERVERS)
def test_prompts_are_listed_and_filled_in(peer, server):
    prompts = {prompt["name"]: prompt for prompt in peer.do("prompts")["prompts"]}
    arguments = prompts[named(server, "test_prompt_with_arguments")]["arguments"]
    assert [argument["name"] for argument in arguments] == ["arg1", "arg2"]
    filled = peer.do("prompt", name=named(server, "test_prompt_with_arguments"), arguments={"arg1": "one", "arg2": "two"})
    assert filled["messages"][0]["content"]["text"] == "Prompt with arguments: arg1='one', arg2='two'"


@pytest.mark.parametrize("server", SERVERS)
def test_resources_are_listed_and_read(peer, server):
    listed = {resource["uri"] for resource in peer.do("resources")["resources"]}
    assert f"{server}://static-text" in listed
    content = peer.do("read", uri=f"{server}://static-text")["contents"][0]
    assert content["text"] == "This is the content of the static text resource."
    templates = {template["uriTemplate"] for template in peer.do("templates")["resourceTemplates"]}
    assert f"{server}://template/{{id}}/data" in templates
    content = peer.do("read", uri=f"{server}://template/7/data")["contents"][0]
    assert json.loads(content["text"]) == {"id": "7", "templateTest": True}


@pytest.mark.parametrize("server", SERVERS)
def test_a_resource_that_is_not_there_is_an_error_of_the_clients_era(peer, server):
    with pytest.raises(Refused) as refused:
        peer.do("read", uri=f"{server}://nothing/here")
    assert refused.value.code == (-32602 if peer.version >= "2026" else -32002)


@pytest.mark.parametrize("server", STAGES)
def test_arguments_are_completed(peer, server):
    answer = peer.do("complete", prompt=named(server, "test_prompt_with_arguments"), argument="arg1", value="par")
    assert answer["completion"]["values"] == ["paris", "park", "party"]


@pytest.mark.parametrize("server", STAGES)
def test_a_change_of_its_list_is_told(peer, server):
    listen(peer)
    before = named(server, "test_dynamic_tool") in peer.tools()
    peer.call(named(server, "test_trigger_tool_change"))
    if can_hear(peer):
        peer.notified("notifications/tools/list_changed")
    assert settled(lambda: (named(server, "test_dynamic_tool") in peer.tools()) != before)


def can_hear(peer) -> bool:
    """Whether this SDK's client has a way to hear of changes: FastMCP's has none in the modern era."""
    return not (peer.kind.environment == "fastmcp" and peer.version >= "2026")


def listen(peer, *resources: str) -> None:
    """Lets the client hear of changes, once for each set of resources."""
    known = peer.__dict__.setdefault("heard", set())
    if peer.kind.environment == "fastmcp" or resources in known:
        return
    known.add(resources)
    peer.do("listen", resources=list(resources))


@pytest.mark.parametrize("server", STAGES)
def test_an_update_of_a_watched_resource_is_told(peer, server):
    if peer.kind.environment == "fastmcp":
        with pytest.raises(Refused):
            peer.do("listen", resources=["x"])  # this SDK's client has no word for it
        return
    uri = f"{server}://watched-resource"
    listen(peer, uri)
    edition = text(peer.call(named(server, "test_update_watched_resource")))
    while peer.notified("notifications/resources/updated")["params"]["uri"].rstrip("/") != uri:
        pass
    assert peer.do("read", uri=uri)["contents"][0]["text"] == edition


@pytest.mark.parametrize("server", SERVERS)
def test_a_call_given_up_is_given_up_at_the_server(composing, peer, server):
    def counted() -> dict:
        # By another client: calls of one to a server that cannot tell its requests apart go one after the other.
        with ModernWire(composing.mcp("all")) as watcher:
            answer = watcher.ask("tools/call", {"name": named(server, "tally"), "arguments": {}}, capabilities={})
        return tally(text(answer.result))

    before = counted()["cancelled"]
    number, result = peer.start(
        "call", name=named(server, "slow"), arguments={"seconds": 8 if peer.kind.environment == "mcp1" else 60}
    )
    assert settled(lambda: counted()["running"] > 0)
    peer.cancel(number)
    with pytest.raises(Refused):
        result.result(30)
    if peer.kind.environment != "mcp1":  # that client forgets the call, and tells nobody
        assert settled(lambda: counted()["cancelled"] > before)


@pytest.mark.parametrize("client", [MCP2_AUTO, MCP1_HTTP], ids=str)
@pytest.mark.parametrize("server", ["mcp2-http", "mcp1-http", "mcp1-stdio"])
def test_a_client_that_cannot_be_asked_is_not(composing, peers, client, server):
    peer = peers(client, composing, "all")
    try:
        result = peer.call(named(server, "test_elicitation"), message="Who are you?")
    except Refused as refused:
        assert refused.code is not None
    else:
        assert result["isError"] is True
    assert peer.asked.empty()
    assert text(peer.call(named(server, "add"), a=1, b=1)) == "2", "the connection lives on"


@pytest.mark.parametrize("action", ["decline", "cancel"])
@pytest.mark.parametrize("server", SERVERS)
def test_a_form_that_is_declined_is_declined_at_the_server(composing, peers, server, action):
    for client in [MCP2_AUTO, MCP1_HTTP]:
        peer = peers(client, composing, "all", answers={"elicitation": {"action": action}})
        assert f"action={action}" in text(peer.call(named(server, "test_elicitation"), message="Who are you?"))


@pytest.mark.parametrize("client", [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP], ids=str)
def test_content_that_the_clients_era_lacks_is_left_out(composing, peers, client):
    peer = peers(client, composing, "all")
    result = peer.call(named("mcp2-http", "test_structured_list"))
    listed = peer.tools()[named("mcp2-http", "test_structured_list")]
    if peer.version >= "2026":
        assert result["structuredContent"] == [1, 2, 3]
        assert listed["outputSchema"]["type"] == "array"
    else:
        assert "structuredContent" not in result and text(result) == "[1, 2, 3]"
        assert "outputSchema" not in listed


# Servers that are ready-made -----------------------------------------------------------------------------------------------------------


def ready(name: str, *arguments: str) -> list[str]:
    """The command of a ready-made server."""
    path = PEERS / ".venv-servers" / "bin" / f"mcp-server-{name}"
    assert path.exists(), "no .venv-servers: run scripts/peers"
    return [str(path), *arguments]


class Page(BaseHTTPRequestHandler):
    """A page for the server that fetches."""

    def do_GET(self):
        # No HTML: the server would want to install a program that simplifies it.
        body = b"# Tide table\n\nHigh water at half past six in the morning.\n"
        self.send_response(200)
        self.send_header("content-type", "text/markdown")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture(scope="module")
def page():
    """The address of a page on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/tides"
    server.shutdown()


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """The hub before three ready-made servers, in a folder with a fresh repository."""
    folder = tmp_path_factory.mktemp("workshop")
    repository = folder / "repository"
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (repository / "notes.txt").write_text("a note\n")
    servers = {
        "fetch": {"command": ready("fetch", "--allow-private-ips", "--ignore-robots-txt")},
        "git": {"command": ready("git", "--repository", str(repository))},
        "time": {"command": ready("time", "--local-timezone", "Europe/Berlin")},
    }
    hub = Hub(folder, composed(servers, prefixes=True))
    hub.repository = repository
    await_tools(hub, {"fetch_fetch", "git_git_status", "time_convert_time"})
    yield hub
    hub.stop()


@pytest.fixture(scope="module", params=[MCP2_AUTO, MCP1_HTTP, FASTMCP], ids=str)
def worker(request, workshop, background, tmp_path_factory):
    """An SDK client of the three."""
    peers = Peers(background, tmp_path_factory.mktemp("peers"))
    with peers.stack:
        yield peers(request.param, workshop, "all")


def test_three_ready_made_servers_are_one(worker):
    tools = worker.tools()
    assert {"fetch_fetch", "git_git_status", "time_get_current_time", "time_convert_time"} <= set(tools)
    assert {name.split("_")[0] for name in tools} == {"fetch", "git", "time"}


def test_the_time_is_converted(worker):
    result = worker.call("time_convert_time", source_timezone="Europe/Berlin", time="12:30", target_timezone="Asia/Shanghai")
    told = json.loads(text(result))
    assert told["source"]["timezone"] == "Europe/Berlin" and told["target"]["timezone"] == "Asia/Shanghai"
    assert told["time_difference"] in ("+6.0h", "+7.0h"), "summer or winter"


def test_the_repository_has_a_file_that_is_not_tracked(worker, workshop):
    assert "notes.txt" in text(worker.call("git_git_status", repo_path=str(workshop.repository)))


def test_a_page_is_fetched(worker, page):
    assert "half past six" in text(worker.call("fetch_fetch", url=page))


def test_the_prompt_of_a_ready_made_server_fetches(worker, page):
    filled = worker.do("prompt", name="fetch_fetch", arguments={"url": page})
    assert "half past six" in json.dumps(filled)


def test_the_ready_made_servers_end_with_the_hub(workshop):
    below = children(workshop.process.pid)
    assert len(below) >= 3
    workshop.stop()
    assert settled(lambda: not [pid for pid in below if is_running(pid)])
