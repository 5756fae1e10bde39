"""Tools that are found, not listed: `search_tools` and `call_tool` with the SDKs, and lists narrowed by a request."""

import json

import httpx
import pytest

from conftest import FIXTURES, Peers
from harness.composing import settled
from harness.hub import Hub
from harness.peer import HTTP, STDIO, Refused
from harness.wire import Session, call, modern, text

WORDS = {
    "fresh_id": "a fresh universally unique identifier",
    "postJson": "post a JSON body",
    "imagePng": "a picture as PNG",
}


def configuration(address: str) -> dict:
    """One API behind virtual servers that differ in their routing."""
    included = [{"server": "httpbin"}, {"server": "clinic", "prefix": "clinic_"}]
    changes = {"uuid": {"rename": "fresh_id", "examples": ["make me a thing nobody has"]}}
    routings = {
        "search": {"mode": "search", "pinned": ["json"]},
        "both": {"mode": "both", "limit": 3},
        "off": {"mode": "off"},
        "learning": {"mode": "search", "learn": True, "synonyms": [["zarquon", "picture"]]},
    }
    return {
        "upstreams": {"httpbin": {"addresses": [address]}},
        "servers": {
            "httpbin": {"openapi": "httpbin.openapi.yaml", "upstream": "httpbin", "expose": False, "description": "Echoes requests."},
            "clinic": {"openapi": "clinic.openapi.yaml", "upstream": "httpbin", "expose": False},
        },
        "virtualServers": {
            name: {"include": included, "tools": changes, "routing": routing} for name, routing in routings.items()
        },
    }


@pytest.fixture(scope="module")
def hub(tmp_path_factory, httpbin):
    descriptions = [FIXTURES / "httpbin.openapi.yaml", FIXTURES / "clinic.openapi.yaml"]
    hub = Hub(tmp_path_factory.mktemp("routing"), configuration(httpbin.url), descriptions)
    yield hub
    hub.stop()


@pytest.fixture(scope="module", params=HTTP + STDIO, ids=str)
def peer(request, hub, background, tmp_path_factory):
    peers = Peers(background, tmp_path_factory.mktemp("peers"))
    with peers.stack:
        yield peers(request.param, hub, "search")


def names(url: str, path="", **headers) -> list[str]:
    head, body = modern("tools/list")
    answer = httpx.post(url + path, headers={**head, **headers}, content=body)
    assert answer.status_code == 200, answer.text
    return [tool["name"] for tool in answer.json()["result"]["tools"]]


def found(result: dict) -> list[dict]:
    return json.loads(result["content"][0]["text"])["tools"]


def test_a_client_lists_two_tools_and_what_is_pinned_and_finds_and_calls_the_rest(peer):
    assert set(peer.tools()) == {"json", "search_tools", "call_tool"}
    for name, words in WORDS.items():
        hits = found(peer.call("search_tools", query=words))
        assert name in [hit["name"] for hit in hits[:3]], hits
        hit = next(hit for hit in hits if hit["name"] == name)
        assert hit["matched"] and hit["inputSchema"]["type"] == "object"
    assert not peer.call("call_tool", name="fresh_id", arguments={}).get("isError")
    thing = {"name": "lamp", "count": 3}
    assert peer.call("call_tool", name="postJson", arguments=thing)["structuredContent"]["json"] == thing
    # The tools that are not listed are called by their names all the same.
    assert peer.call("postJson", **thing)["structuredContent"]["json"] == thing


def test_a_tool_that_is_not_there_is_unknown(peer):
    with pytest.raises(Refused) as refused:
        peer.call("call_tool", name="nothing_of_that_name", arguments={})
    assert refused.value.code == -32602 and "nothing_of_that_name" in refused.value.message


def test_arguments_that_do_not_fit_are_answered_with_what_would(hub):
    for arguments in ({}, {"code": "often"}):
        result = call(hub.mcp("search"), "call_tool", name="status", arguments=arguments)
        assert result["isError"] and "code" in text(result) and '"required"' in text(result) or "Schema of" in text(result)
    for arguments, word in [({}, "name"), ({"name": 7}, "name"), ({"name": "status", "code": 200}, "arguments")]:
        result = call(hub.mcp("search"), "call_tool", **arguments)
        assert result["isError"] and word in text(result)
    result = call(hub.mcp("search"), "call_tool", name="postJson", arguments=json.dumps({"name": "lamp"}))
    assert result["structuredContent"]["json"] == {"name": "lamp"}


@pytest.mark.parametrize(
    "arguments",
    [{}, {"query": ""}, {"query": 7}, {"query": "x" * 5000}, {"query": "a", "limit": 0}, {"query": "a", "limit": "many"}, {"query": "a", "more": 1}],
)
def test_a_search_that_asks_for_nothing_is_told_what_to_ask(hub, arguments):
    result = call(hub.mcp("search"), "search_tools", **arguments)
    assert result["isError"] and text(result)


def test_a_search_keeps_to_its_server_and_its_number(hub):
    result = call(hub.mcp("search"), "search_tools", query="request with a body", limit=2)
    assert len(found(result)) == 2
    hits = found(call(hub.mcp("search"), "search_tools", query="name of a patient, request", server="clinic", limit=50))
    assert hits and all(hit["name"].startswith("clinic_") for hit in hits)
    assert len(found(call(hub.mcp("both"), "search_tools", query="request"))) <= 3


def test_a_search_that_finds_nothing_says_so(hub):
    result = call(hub.mcp("search"), "search_tools", query="zzyzx qwfpgj")
    assert found(result) == [] and not result.get("isError")
    assert "No tool fits" in result["content"][1]["text"]
    assert json.loads(result["content"][0]["text"])["servers"] == ["httpbin", "clinic"]


def test_examples_lead_to_their_tool(hub):
    assert found(call(hub.mcp("search"), "search_tools", query="make me a thing nobody has"))[0]["name"] == "fresh_id"


def test_both_lists_all_and_the_two(hub):
    shown = names(hub.mcp("both"))
    whole = names(hub.mcp("off"))
    assert shown[-2:] == ["search_tools", "call_tool"] and len(shown) == len(whole) + 2
    assert shown[:24] == whole[:24]  # those of clinic are cut to what the name of the server leaves


def test_a_request_narrows_its_list_in_the_order_of_the_whole(hub):
    whole = names(hub.mcp("off"))
    for narrowed in [
        names(hub.mcp("off"), "?query=post+a%20JSON+body"),
        names(hub.mcp("off"), **{"X-Hubd-Query": "post a JSON body"}),
        names(hub.mcp("search"), "?query=post+a%20JSON+body"),
    ]:
        assert "postJson" in narrowed and len(narrowed) <= 9
        assert [name for name in whole if name in narrowed] == narrowed
    head, body = modern("tools/list")
    result = httpx.post(hub.mcp("off") + "?query=json", headers=head, content=body).json()["result"]
    assert result["cacheScope"] == "private"
    assert names(hub.mcp("off"), "?query=") == whole and names(hub.mcp("off"), "?other=1") == whole


def test_a_session_of_the_handshake_era_is_narrowed_by_its_address(hub):
    with Session(hub.mcp("off") + "?query=post%20a%20JSON%20body") as session:
        shown = [tool["name"] for tool in session.ask("tools/list")["result"]["tools"]]
    assert "postJson" in shown and len(shown) <= 8


def test_metrics_know_the_tool_that_was_found(start_hub, httpbin):
    hub = start_hub(configuration(httpbin.url))
    call(hub.mcp("search"), "call_tool", name="fresh_id", arguments={})
    lines = httpx.get(hub.admin + "/metrics", headers={"authorization": f"Bearer {hub.token}"}).text
    assert 'hubd_calls_total{server="httpbin",tool="uuid",outcome="ok"} 1' in lines
    assert 'tool="call_tool"' not in lines


def test_tools_of_these_names_keep_them(start_hub, httpbin):
    settings = configuration(httpbin.url)
    settings["virtualServers"] = {
        "own": {
            "include": [{"server": "httpbin"}],
            "tools": {"uuid": {"rename": "search_tools"}},
            "routing": {"mode": "search", "pinned": ["search_tools"]},
        }
    }
    hub = start_hub(settings)
    assert names(hub.mcp("own")) == ["search_tools", "search_tools_2", "call_tool"]
    assert "uuid" in call(hub.mcp("own"), "search_tools")["structuredContent"]
    assert found(call(hub.mcp("own"), "search_tools_2", query="a picture as PNG"))[0]["name"] == "imagePng"


def test_the_operators_words_of_one_meaning_are_found(hub, peers):
    client = peers(HTTP[0], hub, "learning")
    assert "imagePng" in [hit["name"] for hit in found(client.call("search_tools", query="zarquon"))]
    other = peers(HTTP[0], hub, "search")
    assert found(other.call("search_tools", query="zarquon")) == []


def test_a_search_that_led_to_a_good_call_is_an_example_of_the_tool(hub, peers):
    """A word that no tool has leads to the tool that was called after a search with it and others, once the hub has taken that up."""
    first, other = peers(HTTP[0], hub, "learning"), peers(HTTP[-1], hub, "learning")
    search = lambda client: [hit["name"] for hit in found(client.call("search_tools", query="grobnik"))]
    assert search(other) == []
    assert "fresh_id" in [hit["name"] for hit in found(first.call("search_tools", query="grobnik: a fresh unique identifier"))]
    assert search(other) == [], "a search alone leads to nothing"
    assert not first.call("call_tool", name="fresh_id", arguments={}).get("isError")
    assert settled(lambda: search(other) == ["fresh_id"], limit=25)
    assert search(peers(HTTP[0], hub, "search")) == [], "and at no other entry"
