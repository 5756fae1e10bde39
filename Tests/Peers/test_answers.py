"""What becomes of answers: parts, bounds, items, pages, files and failures, as the official SDK gets them."""

import base64
import json
import re
import shutil

import pytest
import yaml

from conftest import FIXTURES, Peers
from harness.answers import PNG, TOTAL, AnswerUpstream, order
from harness.hub import Hub, hubd
from harness.peer import MCP2_AUTO, MCP2_LEGACY

KIB = 1 << 10


def configuration(address: str, response: dict | None = None, tools: dict | None = None, **servers) -> dict:
    """The upstream as the server `answers`, with these settings."""
    timeouts = {"connect": "1s", "firstByte": "5s", "idle": "5s", "total": "10s"}
    own = {"openapi": "answers.openapi.yaml", "upstream": "answers"}
    server = {**own, **({"response": response} if response else {}), **({"tools": tools} if tools else {})}
    return {
        "upstreams": {"answers": {"addresses": [address], "timeouts": timeouts}},
        "servers": {"answers": server, **{name: {**own, **more} for name, more in servers.items()}},
    }


@pytest.fixture(scope="module")
def upstream(background):
    return AnswerUpstream(background)


@pytest.fixture(scope="module")
def answers(tmp_path_factory, upstream):
    """A hub with the upstream as it comes (`answers`), with pages put together (`folded`), and with small bounds (`small`)."""
    pages = {"response": {"pages": 20, "bytes": "1MiB"}}
    small = {"response": {"items": 5, "bytes": "8KiB", "files": "1KiB", "wait": "1s", "pages": 3, "fields": True}}
    hub = Hub(
        tmp_path_factory.mktemp("answers"), configuration(upstream.url, folded=pages, small=small), FIXTURES.glob("*.yaml")
    )
    yield hub
    hub.stop()


@pytest.fixture(scope="module", params=[MCP2_AUTO, MCP2_LEGACY], ids=str)
def connect(request, answers, background, tmp_path_factory):
    """One SDK client for each server: `connect(server)`."""
    peers, open_peers = Peers(background, tmp_path_factory.mktemp("peers")), {}
    with peers.stack:

        def connect(server):
            if server not in open_peers:
                open_peers[server] = peers(request.param, answers, server)
            return open_peers[server]

        yield connect


def value(result: dict):
    """The JSON of an answer, which text and structure agree on."""
    assert not result.get("isError"), result
    found = json.loads(result["content"][0]["text"])
    assert result.get("structuredContent", found) == found
    return found


def notes(result: dict) -> str:
    """What is said about an answer."""
    return "\n".join(block["text"] for block in result["content"][1:])


# Parts


def test_a_caller_chooses_parts(connect, upstream):
    result = connect("answers").call("listOrders", per_page=2, _fields=["id", "customer.name", "lines.sku"])
    expected = [{"id": n, "customer": {"name": f"Customer {n}"}, "lines": [{"sku": "a"}]} for n in range(2)]
    assert value(result) == expected and notes(result) == ""
    assert upstream.requests[-1] == "/orders?page=1&per_page=2" or upstream.requests[-1] == "/orders?per_page=2"


def test_a_caller_who_chooses_what_is_not_there_is_told_what_is(connect):
    result = connect("answers").call("listOrders", per_page=1, _fields=["nmae"])
    assert '"customer"' in notes(result)
    assert connect("answers").call("listOrders", _fields=7)["isError"] is True


def test_an_argument_of_that_name_stays_the_operations(connect):
    assert value(connect("answers").call("hasFields", _fields="x")) == {"asked": "x"}


def test_the_argument_is_listed_where_the_operator_wants_it(connect):
    small, plain = connect("small").tools(), connect("answers").tools()
    assert small["listAll"]["inputSchema"]["properties"]["_fields"]["type"] == "array"
    assert small["hasFields"]["inputSchema"]["properties"]["_fields"] == plain["hasFields"]["inputSchema"]["properties"]["_fields"]
    assert "_fields" not in plain["listAll"]["inputSchema"]["properties"]


def test_the_operator_keeps_parts(start_hub, upstream, peers):
    keep = {"keep": ["/orders/*/id", "/orders/*/customer/name", "/currency"]}
    endpoint = {"name": "hand", "request": "GET /all", "response": {**keep, "items": 2}}
    hub = start_hub(
        {**(found := configuration(upstream.url, tools={"listAll": {"response": keep}})),
         "servers": {**found["servers"], "hand": {"upstream": "answers", "http": [endpoint]}}}
    )  # fmt: skip
    kept = value(peers(MCP2_AUTO, hub, "answers").call("listAll"))
    assert kept["currency"] == "EUR" and "total" not in kept
    assert kept["orders"][1] == {"id": 1, "customer": {"name": "Customer 1"}} and len(kept["orders"]) > 1000
    hand = peers(MCP2_AUTO, hub, "hand").call("hand")
    assert value(hand) == {"orders": [{"id": n, "customer": {"name": f"Customer {n}"}} for n in range(2)], "currency": "EUR"}
    assert f"Showing 2 of {TOTAL:,} items" in notes(hand)


def test_what_is_not_json_has_no_parts_to_keep(start_hub, upstream, peers):
    endpoint = {"name": "log", "request": "GET /file/log?bytes=3", "response": {"keep": ["/x"]}}
    hub = start_hub({"upstreams": {"a": {"addresses": [upstream.url]}}, "servers": {"hand": {"upstream": "a", "http": [endpoint]}}})
    (block,) = peers(MCP2_AUTO, hub, "hand").call("log")["content"]
    assert "line" not in block["text"] and "not JSON" in block["text"]


# Bounds


def test_a_long_list_is_cut_with_its_count_and_the_way_to_the_rest(connect):
    result = connect("answers").call("listAll")
    found = value(result)
    shown = len(found["orders"])
    assert found == {"total": TOTAL, "orders": [order(n) for n in range(shown)], "currency": "EUR"}, "whole orders, and the envelope"
    assert len(result["content"][0]["text"].encode()) <= 64 * KIB and 300 < shown < TOTAL
    assert f'Showing {shown:,} of {TOTAL:,} items of "orders"' in notes(result)
    assert '_fields=["orders.id", "orders.total"]' in notes(result)
    smaller = connect("answers").call("listAll", _fields=["orders.id", "orders.total"])
    assert len(value(smaller)["orders"]) == TOTAL and notes(smaller) == ""


def test_the_way_to_the_rest_leads_there(connect):
    result = connect("answers").call("listOrders", per_page=TOTAL)
    shown = len(value(result))
    size, page = map(int, re.search(r"pass per_page=(\d+), and for the one after the first page=(\d+)", notes(result)).groups())
    assert size == shown and page == 2
    rest = connect("answers").call("listOrders", per_page=size, page=page)
    assert value(rest)[0] == order(shown)

    result = connect("small").call("listByOffset", limit=20, offset=100)
    offset = int(re.search(r"offset=(\d+)", notes(result)).group(1))
    assert value(result)["items"][-1]["id"] == offset - 1


def test_a_bound_on_elements(connect):
    result = connect("small").call("listAll")
    assert [found["id"] for found in value(result)["orders"]] == [0, 1, 2, 3, 4]
    assert f"Showing 5 of {TOTAL:,} items" in notes(result)


def test_long_text_is_cut_behind_a_line(connect):
    result = connect("answers").call("file", kind="log", bytes=20_000)
    text = result["content"][0]["text"]
    assert text.endswith(" é\n") and 60 * KIB < len(text.encode()) <= 64 * KIB
    assert re.search(r"Showing the first [\d,]+ of [\d,]+ bytes", notes(result))


# Files


def test_files_are_blocks_of_their_kind(connect):
    (block,) = connect("answers").call("file", kind="picture")["content"]
    assert (block["type"], block["mimeType"]) == ("image", "image/png") and base64.b64decode(block["data"]) == PNG
    (block,) = connect("answers").call("file", kind="sound")["content"]
    assert (block["type"], block["mimeType"]) == ("audio", "audio/wav")
    (block,) = connect("answers").call("file", kind="archive", bytes=3_000_000)["content"]
    assert block["type"] == "resource" and block["resource"]["mimeType"] == "application/zip"
    assert len(base64.b64decode(block["resource"]["blob"])) == 3_000_004


def test_more_than_is_ever_taken_is_an_error(connect):
    result = connect("answers").call("file", kind="archive", bytes=9_000_000)
    assert result["isError"] is True and "larger than 8388608 bytes" in result["content"][0]["text"]


@pytest.mark.parametrize("kind, type", [("picture", "image/png"), ("sound", "audio/wav"), ("archive", "application/zip")])
def test_a_file_that_is_too_large_is_left_out_and_named(connect, kind, type):
    (block,) = connect("small").call("file", kind=kind, bytes=20_000)["content"]
    assert block["type"] == "text" and re.search(rf"is {type} of 20,\d+ bytes, more than 1 KiB", block["text"])


# Failures


def test_failures_are_tool_errors_with_a_short_body(connect):
    page = connect("answers").call("fails", kind="page")
    assert page["isError"] is True and page["content"][0]["text"] == "HTTP 502\nBad & broken"
    problem = connect("answers").call("fails", kind="json")
    assert problem["isError"] is True and "Unfit" in problem["content"][0]["text"] and len(problem["content"][0]["text"]) < 4500
    assert connect("answers").call("fails", kind="bytes")["content"][0]["text"] == "HTTP 500"
    assert connect("answers").call("fails", kind="page", _fields=["x"])["content"][0]["text"] == "HTTP 502\nBad & broken"


# Items


def test_a_stream_that_ends_is_an_array(connect):
    assert value(connect("answers").call("stream", kind="chat")) == [{"delta": "Hel"}, {"delta": "lo"}]
    for kind in ["feed", "sequence"]:
        result = connect("answers").call("stream", kind=kind)
        assert value(result) == [{"n": 0}, {"n": 1}, {"n": 2}] and notes(result) == ""


@pytest.mark.parametrize("kind", ["lines", "events"])
def test_a_stream_without_end_is_left_at_the_bound(connect, upstream, kind):
    before = upstream.left.count
    result = connect("answers").call("stream", kind=kind)
    items = value(result)
    assert len(items) == 1000 and "1,000 items of a stream" in notes(result)
    assert items[7] == ({"n": 7} if kind == "lines" else {"event": "tick", "id": "7", "data": {"n": 7}})
    upstream.left.wait(before + 1)


def test_a_stream_of_large_items_is_left_at_the_bytes(connect, upstream):
    before = upstream.left.count
    result = connect("answers").call("stream", kind="large")
    assert value(result) == ["x" * 20_000] * 3 and "under 64 KiB" in notes(result)
    upstream.left.wait(before + 1)


def test_a_stream_that_falls_silent_is_left_when_the_time_is_up(connect, upstream):
    before = upstream.left.count
    result = connect("small").call("stream", kind="slow")
    assert value(result) == [1, 2] and "listened to for 1 s" in notes(result)
    upstream.left.wait(before + 1)


def test_parts_of_items(connect):
    result = connect("small").call("stream", kind="events", _fields=["data.n"])
    assert value(result) == [{"data": {"n": n}} for n in range(5)]


# Pages


def asked(upstream, peer, tool: str, /, **arguments):
    """The result of a call, and the requests that it took."""
    before = len(upstream.requests)
    return peer.call(tool, **arguments), upstream.requests[before:]


@pytest.mark.parametrize("tool", ["listOrders", "listByCursor"])
def test_pages_are_put_together_by_link_and_by_cursor(connect, upstream, tool):
    result, requests = asked(upstream, connect("folded"), tool)
    found = value(result)
    assert (found if tool == "listOrders" else found["data"]) == [order(n) for n in range(TOTAL)]
    assert len(requests) == 13 and notes(result) == ""
    if tool == "listByCursor":
        assert found["next_cursor"] is None


def test_pages_are_put_together_by_offset_and_by_number(connect, upstream):
    result, requests = asked(upstream, connect("folded"), "listByOffset", offset=1000)
    assert [found["id"] for found in value(result)["items"]] == list(range(1000, TOTAL))
    assert [request.split("?")[1] for request in requests[1:]] == ["offset=1100", "offset=1200"]
    result, requests = asked(upstream, connect("folded"), "listByPage", page=2)
    assert [found["id"] for found in value(result)["results"]] == list(range(20, 50)) and len(requests) == 3


def test_pages_are_put_together_by_the_address_in_the_answer(connect, upstream):
    result, requests = asked(upstream, connect("folded"), "listByAddress", kind="good")
    assert value(result) == {"results": [{"page": "1"}, {"page": "2"}, {"page": "3"}], "next": None} and len(requests) == 3


def test_an_address_elsewhere_is_not_followed(connect, upstream):
    result, requests = asked(upstream, connect("folded"), "listByAddress", kind="elsewhere")
    assert len(value(result)["results"]) == 1 and "another address" in notes(result)
    assert len(requests) == 1 and upstream.strangers == 0


def test_the_same_page_for_ever_ends_at_once(connect, upstream):
    result, requests = asked(upstream, connect("folded"), "listByAddress", kind="same")
    assert len(value(result)["results"]) == 1 and len(requests) == 2


def test_no_more_pages_than_allowed(connect, upstream):
    result, requests = asked(upstream, connect("folded"), "listByAddress", kind="endless")
    assert len(value(result)["results"]) == len(requests) == 20 and "20 pages; there are more" in notes(result)
    result, requests = asked(upstream, connect("small"), "listByCursor", limit=1)
    assert len(value(result)["data"]) == len(requests) == 3 and value(result)["next_cursor"] == "after 3"
    assert 'To go on, pass cursor="after 3"' in notes(result)


def test_no_page_is_taken_beyond_the_bounds(connect, upstream):
    result, requests = asked(upstream, connect("small"), "listByCursor", limit=3)
    assert len(value(result)["data"]) == 3 and value(result)["next_cursor"] == "after 3" and len(requests) == 2
    assert 'pass cursor="after 3"' in notes(result)


def test_a_page_that_fails_costs_itself(connect, upstream):
    result, requests = asked(upstream, connect("folded"), "listByCursor", limit=99)
    assert len(value(result)["data"]) == 198 and len(requests) == 3
    assert "HTTP 503" in notes(result) and 'cursor="after 198"' in notes(result)


def test_parts_of_pages(connect, upstream):
    result, requests = asked(upstream, connect("folded"), "listByCursor", limit=500, _fields=["data.id", "next_cursor"])
    assert value(result) == {"data": [{"id": n} for n in range(TOTAL)], "next_cursor": None} and len(requests) == 3


def test_what_changes_something_is_asked_once(connect, upstream):
    result, requests = asked(upstream, connect("folded"), "makeByAddress")
    assert len(value(result)["results"]) == 1 and len(requests) == 1


def test_pages_are_left_alone_unless_the_operator_wants_it(connect, upstream):
    result, requests = asked(upstream, connect("answers"), "listByCursor", limit=10)
    assert len(value(result)["data"]) == 10 and len(requests) == 1 and notes(result) == ""


# Mistakes


@pytest.mark.parametrize(
    "tool, pages, complaint",
    [
        ("listByPage", {"most": 3, "page": "pge"}, 'listByPage has no argument "pge"'),
        ("makeByAddress", 3, "the pages of makeByAddress are not put together, because it does not only read"),
        ("listByPage", {"most": 3, "page": "page"}, None),
        ("listAll", 3, None),
    ],
)
def test_a_mistake_is_named_at_its_place(tmp_path, tool, pages, complaint):
    shutil.copy(FIXTURES / "answers.openapi.yaml", tmp_path)
    (tmp_path / "hub.yaml").write_text(yaml.safe_dump(configuration("http://h.test", tools={tool: {"response": {"pages": pages}}})))
    result = hubd("check", "--offline", "--json", cwd=tmp_path)
    findings = [json.loads(line) for line in result.stdout.splitlines()]
    assert [finding["message"] for finding in findings if finding["severity"] == "error"] == ([complaint] if complaint else [])
