"""The real SDKs list and call the real httpbin through the hub: every era, transport and mode."""

import base64
import json
import random

import pytest

from conftest import Peers
from harness.peer import HTTP, STDIO, Refused
from harness.wire import text


@pytest.fixture(scope="module", params=HTTP + STDIO, ids=str)
def peer(request, hub, background, tmp_path_factory):
    peers = Peers(background, tmp_path_factory.mktemp("peers"))
    with peers.stack:
        yield peers(request.param, hub, "httpbin")


@pytest.mark.requirement("MCP-2026-VER-05")
def test_the_era_is_the_one_the_client_wants(peer):
    if peer.kind.transport == "sse":
        assert peer.version in ("2024-11-05", "2025-11-25")
    else:
        assert peer.version == peer.kind.version


@pytest.mark.requirement("MCP-TOOL-06")
def test_every_operation_is_listed_with_its_schema_and_risk(peer):
    tools = peer.tools()
    assert len(tools) == 24
    assert tools["getRequest"]["annotations"]["readOnlyHint"] is True
    assert tools["postJson"]["annotations"]["readOnlyHint"] is False
    assert tools["deleteRequest"]["annotations"]["destructiveHint"] is True
    assert tools["status"]["inputSchema"]["required"] == ["code"]
    assert tools["postJson"]["inputSchema"]["required"] == ["name"]
    assert "Returns a picture" in tools["imagePng"]["description"]


@pytest.mark.requirement("MCP-TOOL-13")
def test_a_json_answer_is_structured_and_text(peer):
    result = peer.call("json")
    assert not result.get("isError")
    assert result["structuredContent"]["slideshow"]["author"] == "Yours Truly"
    assert json.loads(text(result)) == result["structuredContent"]


def test_arguments_arrive_in_query_header_cookie_and_path(peer):
    seen = peer.call("getRequest", colour="dark blue & 緑", sizes=[1, 2], X_Token="t0ken")["structuredContent"]
    assert seen["args"] == {"colour": "dark blue & 緑", "sizes": ["1", "2"]}
    assert seen["headers"]["X-Token"] == "t0ken"
    assert peer.call("cookies", flavour="ginger")["structuredContent"] == {"cookies": {"flavour": "ginger"}}
    path = peer.call("anything", path="a/b c", page=7)["structuredContent"]
    assert path["url"].endswith("/anything/a/b%20c?page=7")  # httpbin shows %2F decoded


@pytest.mark.parametrize("tool", ["postJson", "putJson", "patchJson"])
def test_a_json_body_arrives_as_it_was_given(peer, tool):
    thing = {"name": "lamp", "count": 9007199254740993, "nested": {"deep": True}, "parts": [{"name": "bulb"}]}
    assert peer.call(tool, **thing)["structuredContent"]["json"] == thing


@pytest.mark.requirement("MCP-TOOL-08")
def test_text_answers_are_text(peer):
    assert "Herman Melville" in text(peer.call("html"))
    assert "Sample Slide Show" in text(peer.call("xml"))
    assert text(peer.call("base64", value="aGVsbG8gd29ybGQ=")) == "hello world"
    assert "▗▄▖▛▀▜" in text(peer.call("utf8"))


@pytest.mark.requirement("MCP-TOOL-08")
def test_a_picture_is_image_content(peer):
    block = next(block for block in peer.call("imagePng")["content"] if block["type"] == "image")
    assert block["mimeType"] == "image/png"
    assert base64.b64decode(block["data"]).startswith(b"\x89PNG")


@pytest.mark.requirement("MCP-TOOL-08")
def test_binary_answers_arrive_byte_for_byte(peer):
    numbers = random.Random(7)
    expected = bytes(numbers.randint(0, 255) for _ in range(5000))  # how httpbin makes them from a seed
    block = next(block for block in peer.call("bytes", n=5000, seed=7)["content"] if block["type"] == "resource")
    assert base64.b64decode(block["resource"]["blob"]) == expected


@pytest.mark.requirement("MCP-TOOL-16")
@pytest.mark.parametrize("code", [400, 404, 418, 500, 503])
def test_an_error_status_is_a_tool_error_that_names_it(peer, code):
    result = peer.call("status", code=code)
    assert result["isError"] is True
    assert str(code) in text(result)


@pytest.mark.requirement("MCP-TOOL-17")
def test_a_missing_argument_is_a_tool_error_that_names_it(peer):
    result = peer.call("postJson", count=1)
    assert result["isError"] is True
    assert "name" in text(result)


@pytest.mark.requirement("MCP-TOOL-17")
def test_an_argument_of_the_wrong_type_is_a_tool_error_that_names_it(peer):
    result = peer.call("deleteRequest", id="not a number")
    assert result["isError"] is True
    assert "id" in text(result)


@pytest.mark.requirement("MCP-TOOL-14")
def test_an_unknown_tool_is_a_protocol_error(peer):
    with pytest.raises(Refused) as refused:
        peer.call("no_such_tool")
    assert refused.value.code == -32602
    assert peer.call("uuid")["structuredContent"]["uuid"], "the connection lives on"


def test_a_megabyte_goes_there_and_back(peer):
    name = "".join(random.Random(1).choices("abc é\"\\\n", k=1_000_000))
    assert peer.call("postJson", name=name)["structuredContent"]["json"] == {"name": name}


def test_a_stream_of_documents_is_collected(peer):
    result = peer.call("stream", lines=20)
    assert not result.get("isError")
    assert [json.loads(line)["id"] for line in text(result).splitlines() if line] == list(range(20))


def test_a_compressed_answer_is_unpacked(peer):
    assert peer.call("gzip")["structuredContent"]["gzipped"] is True


def test_a_redirect_is_not_followed(peer):
    result = peer.call("redirectTo", url="/uuid")
    assert result["isError"] is True
    assert "302" in text(result)


def test_an_answer_spread_over_time_arrives_whole(peer):
    block = next(block for block in peer.call("drip", duration=1, numbytes=10)["content"] if block["type"] == "resource")
    assert base64.b64decode(block["resource"]["blob"]) == b"*" * 10


@pytest.mark.requirement("MCP-BASE-03")
def test_calls_run_side_by_side_on_one_connection(peer):
    answers = [peer.start("call", name="anything", arguments={"path": f"p{n}"})[1] for n in range(20)]
    assert [answer.result(30)["structuredContent"]["url"].rsplit("/", 1)[1] for answer in answers] == [
        f"p{n}" for n in range(20)
    ]


@pytest.mark.requirement("MCP-HS-PING-01")
def test_a_ping_is_answered_in_the_eras_that_have_it(peer):
    if peer.version < "2026":
        peer.do("ping")
    else:
        with pytest.raises(Refused):
            peer.do("ping")
