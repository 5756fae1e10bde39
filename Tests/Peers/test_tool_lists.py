"""Lists as they are served: for one client, by name alone, within a budget. The SDKs list, describe and call, httpbin says what came."""

import json

import pytest

from conftest import FIXTURES, Peers
from harness.hub import Hub, hubd
from harness.peer import HTTP, MCP2_AUTO, STDIO
from harness.profiles import PROFILES, refusals
from harness.wire import ask, call, text

LONG = "aNameThatIsLongerThanCursorTakesAndThatEndsInTheLetter"
BUDGETS = [200, 350, 450, 10_000]


def configuration(address: str) -> dict:
    """The same API with every setting of its list."""
    lists = {"full": {}, "lazy": {"list": "lazy"}}
    lists |= {profile: {"profile": profile} for profile in PROFILES}
    lists |= {f"lazy-{profile}": {"profile": profile, "list": "lazy"} for profile in PROFILES}
    lists |= {f"within-{tokens}": {"list": {"tokens": tokens}} for tokens in BUDGETS}
    servers = {name: {"openapi": "clinic.openapi.yaml", "upstream": "httpbin", **settings} for name, settings in lists.items()}
    return {"upstreams": {"httpbin": {"addresses": [address]}}, "servers": servers}


@pytest.fixture(scope="module")
def clinic(tmp_path_factory, httpbin):
    hub = Hub(tmp_path_factory.mktemp("lists"), configuration(httpbin.url), [FIXTURES / "clinic.openapi.yaml"])
    yield hub
    hub.stop()


@pytest.fixture(scope="module")
def peer(clinic, background, tmp_path_factory):
    """An SDK client at a server, one for each: `peer(server, kind)`."""
    peers = Peers(background, tmp_path_factory.mktemp("peers"))
    opened = {}

    def open(server, kind=MCP2_AUTO):
        if (server, kind) not in opened:
            opened[server, kind] = peers(kind, clinic, server)
        return opened[server, kind]

    with peers.stack:
        yield open


def listed(clinic, server) -> list[dict]:
    return ask(clinic.mcp(server), "tools/list")["result"]["tools"]


def size(tools) -> int:
    return len(json.dumps(tools, separators=(",", ":"), ensure_ascii=False).encode())


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("prefix", ["", "lazy-"])
def test_nothing_is_served_that_the_client_refuses(peer, prefix, profile):
    server = prefix + profile
    tools = list(peer(server).tools().values())
    assert len(tools) == (6 if prefix else 5)
    assert refusals(tools, profile, server=server) == []


def test_a_name_that_was_cut_leads_back(peer, clinic):
    names = [name for name in peer("cursor").tools() if name.startswith("aName")]
    assert all(len(name) <= 48 and name.startswith(LONG[:40]) for name in names)
    for name, letter in zip(names, "ab"):
        result = peer("cursor").call(name)
        assert json.loads(text(result))["url"].endswith(f"/anything/{letter}")
    assert "error" in ask(clinic.mcp("cursor"), "tools/call", {"name": LONG + "A", "arguments": {}}), "it is not listed"


def test_hubd_call_knows_the_names_of_every_profile():
    description = FIXTURES / "clinic.openapi.yaml"
    for profile in PROFILES:
        for tool in json.loads(hubd("tools", description, "--json", "--profile", profile).stdout)["tools"]:
            arguments = {"findVisits": {"patient": 1}, "bookVisit": {"patient": 1, "at": "x"}}.get(tool["name"], {})
            options = ["--arguments", json.dumps(arguments), "--base-url", "http://h.test", "--dry-run"]
            run = hubd("call", description, tool["name"], *options)
            assert run.returncode == 0, run.stderr
            path = tool["_meta"]["hubd/operation"].split(" ")[1]
            assert json.loads(run.stdout)["url"].split("?")[0] == "http://h.test" + path


@pytest.mark.parametrize("kind", HTTP + STDIO, ids=str)
def test_a_lazy_list_says_names_and_the_rest_when_it_is_asked(peer, kind):
    client = peer("lazy", kind)
    tools = client.tools()
    assert list(tools) == ["findVisits", "bookVisit", LONG + "A", LONG + "B", "describe_tool", "describe_tool_2"]
    assert all(tools[name]["inputSchema"] == {"type": "object"} for name in list(tools)[:5])
    assert tools["findVisits"]["description"] == "Visits of a patient, newest first"
    described = json.loads(text(client.call("describe_tool_2", name=["bookVisit", "findVisits"])))["tools"]
    whole = peer("full", kind).tools()
    for tool in described:
        assert tool["inputSchema"] == whole[tool["name"]]["inputSchema"]
        assert tool["description"] == whole[tool["name"]]["description"]
    # Without the `pin`, which the API never tells.
    assert described[1]["returns"] == '[{id: integer, at: string, state: "booked" | "held" | "cancelled"}]'
    assert not any("outputSchema" in tool for tool in [*whole.values(), *described])
    # Both sides of the API's own tool of that name.
    assert json.loads(text(client.call("describe_tool")))["url"].endswith("/anything/describe")


def test_the_schema_of_an_answer_is_told_on_request(peer):
    [tool] = json.loads(text(peer("lazy").call("describe_tool_2", name="findVisits", output=True)))["tools"]
    assert list(tool["outputSchema"]["items"]["properties"]) == ["id", "at", "state"]


def sent(result) -> dict:
    """The body that httpbin got."""
    assert not result.get("isError"), result
    return json.loads(json.loads(text(result))["data"])


def test_a_lazy_tool_is_called_at_once(peer):
    assert sent(peer("lazy").call("bookVisit", patient=7, at="now")) == {"patient": 7, "at": "now", "kind": "visit"}


def test_what_has_one_value_is_sent_without_being_asked_for(peer):
    assert "kind" not in peer("full").tools()["bookVisit"]["inputSchema"]["properties"]
    assert sent(peer("full").call("bookVisit", patient=7, at="now"))["kind"] == "visit"
    assert sent(peer("full").call("bookVisit", patient=7, at="now", kind="visit"))["kind"] == "visit"
    assert peer("full").call("bookVisit", patient=7, at="now", kind="operation")["isError"]


def test_slips_deep_inside_are_put_right(peer):
    contact = {"name": "A", "phones": json.dumps([{"number": "1", "hours": '{"from":"8","to":9}'}])}
    right = {"name": "A", "phones": [{"number": "1", "hours": {"from": 8, "to": 9}}]}
    assert sent(peer("full").call("bookVisit", patient="7", at="now", contact=contact)) == {
        "patient": 7, "at": "now", "kind": "visit", "contact": right
    }
    assert sent(peer("lazy").call("bookVisit", patient="7", at="now", contact=json.dumps(contact)))["contact"] == right


def test_who_gets_the_arguments_of_a_lazy_tool_wrong_is_told_the_schema(peer):
    result = peer("lazy").call("findVisits", patient="x")
    assert result["isError"]
    assert 'Schema of "patient": {"description":"The number of the patient.","type":"integer"}' in text(result)
    missing = peer("lazy").call("bookVisit")
    assert missing["isError"] and 'Schema of "patient"' in text(missing)
    unknown = peer("lazy").call("findVisits", patient=1, stat="held")
    assert unknown["isError"] and '"enum":["booked","held","cancelled"]' in text(unknown)
    assert "Schema of" not in text(peer("full").call("findVisits", patient="x"))


def test_unknown_tools_cannot_be_described(peer):
    assert peer("lazy").call("describe_tool_2", name="nothing")["isError"]
    both = json.loads(text(peer("lazy").call("describe_tool_2", name=["nothing", "bookVisit"])))["tools"]
    assert both[0] == {"name": "nothing", "error": "there is no such tool"} and both[1]["name"] == "bookVisit"


@pytest.mark.parametrize("tokens", BUDGETS)
def test_a_list_keeps_its_budget(peer, clinic, tokens):
    tools = list(peer(f"within-{tokens}").tools().values())
    names = size(listed(clinic, "lazy"))
    assert size(listed(clinic, f"within-{tokens}")) <= max(4 * tokens, names + 1)
    whole = peer("full").tools()
    for tool in tools:
        if tool["name"] in whole:
            shown, known = (found["inputSchema"].get("properties", {}) for found in (tool, whole[tool["name"]]))
            assert shown.keys() <= known.keys()
    described = [tool["name"] for tool in tools if tool["name"] not in whole]
    assert described == ([] if tokens == 10_000 else ["describe_tool_2"])
    if described:
        answer = json.loads(text(peer(f"within-{tokens}").call("describe_tool_2", name="bookVisit")))
        assert answer["tools"][0]["inputSchema"] == whole["bookVisit"]["inputSchema"]


def test_a_shortened_tool_takes_what_the_whole_one_takes(peer):
    contact = {"name": "A", "phones": [{"number": "+1", "hours": {"from": 8, "to": 9}}]}
    for tokens in BUDGETS:
        assert sent(peer(f"within-{tokens}").call("bookVisit", patient=7, at="now", contact=contact))["contact"] == contact


def test_check_reports_each_list(clinic):
    run = hubd("check", "--config", clinic.file)
    assert run.returncode == 0
    lines = run.stdout.splitlines()
    assert any(line.startswith("full: 5 tools, ") for line in lines)
    reports = {line.split(":")[0]: line for line in lines}
    assert "by name alone: findVisits, bookVisit" in reports["lazy"]
    assert "shortened: " in reports["within-350"] + reports["within-450"]
    for name, report in reports.items():
        if name in ("full", "lazy"):
            stated = int(report.split(" bytes")[0].split(", ")[-1])
            assert abs(stated - size(listed(clinic, name))) <= 1
    warnings = [line for line in lines if "warning" in line]
    assert len(warnings) == 1 and "more than 200" in warnings[0]


def test_check_warns_of_more_tools_than_the_client_takes(tmp_path):
    paths = {f"/p{number}": {"get": {"operationId": f"get{number}", "responses": {}}} for number in range(129)}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    (tmp_path / "many.json").write_text(json.dumps(document))
    servers = {profile: {"openapi": "many.json", "upstream": "u", "profile": profile} for profile in PROFILES}
    hub = {"upstreams": {"u": {"addresses": ["http://127.0.0.1:1"]}}, "servers": servers}
    (tmp_path / "hub.yaml").write_text(json.dumps(hub))
    run = hubd("check", "--offline", "--config", tmp_path / "hub.yaml")
    assert run.returncode == 0
    warnings = [line for line in run.stdout.splitlines() if "warning" in line]
    assert len(warnings) == 2
    assert "openai lists 129 tools, of which openai takes 128" in run.stdout
    assert "cursor lists 129 tools, of which cursor takes 40" in run.stdout
