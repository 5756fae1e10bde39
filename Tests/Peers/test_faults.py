"""Upstreams that are down, slow, broken or endless: the caller gets a clear tool error, the hub stays small and serves on."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import fault_configuration, httpbin_configuration
from harness.peer import MCP1_HTTP, MCP2_AUTO
from harness.wire import call, text

MEMORY = 256 << 20
FAILS = [
    "trickle",
    "stalls",
    "garbage",
    "closes",
    "cut",
    "cut-chunk",
    "gigabyte",
    "gigabyte-announced",
    "gigabyte-head",
    "gzip-bomb",
    "two-lengths",
    "redirect",
    "html-500",
]


def checked(result, fault):
    """Checks that a result names nothing of the upstream; gives its text."""
    said = text(result)
    assert said.strip()
    for secret in ["127.0.0.1", "localhost", str(fault.port), "/secret", "Error Domain", ".swift"]:
        assert secret not in said
    return said


@pytest.mark.parametrize("kind", FAILS)
def test_a_faulty_upstream_is_a_clear_tool_error(fault_hub, fault, kind):
    result = call(fault_hub.mcp("fault"), "fault", kind=kind)
    assert result["isError"] is True
    assert re.search(r"\w+ \w+", checked(result, fault)), "a sentence, not a code"
    assert call(fault_hub.mcp("fault"), "good")["structuredContent"] == {"good": True}
    assert fault.strangers == 0, "the hub went where the upstream sent it"
    assert fault_hub.memory() < MEMORY


def test_an_upstream_that_never_answers_is_given_up(fault_hub, fault):
    result = call(fault_hub.mcp("fault"), "hang")
    assert result["isError"] is True
    assert "time" in checked(result, fault).lower()
    assert fault.left.wait(limit=5) < 5


def test_an_upstream_that_is_down_is_a_clear_tool_error(fault_hub, fault):
    result = call(fault_hub.mcp("nobody"), "good")
    assert result["isError"] is True
    checked(result, fault)
    assert call(fault_hub.mcp("fault"), "good")["structuredContent"] == {"good": True}


def test_no_json_under_the_name_of_json_is_never_structured(fault_hub, fault):
    result = call(fault_hub.mcp("fault"), "fault", kind="not-json")
    assert "structuredContent" not in result
    checked(result, fault)


def test_text_that_is_no_utf8_still_makes_a_good_answer(fault_hub, fault):
    result = call(fault_hub.mcp("fault"), "fault", kind="not-utf8")
    assert result["content"]


def test_a_second_answer_is_never_given_to_the_next_caller(fault_hub, fault):
    for _ in range(5):
        result = call(fault_hub.mcp("fault"), "fault", kind="too-long")
        assert "stolen" not in str(result)
        assert call(fault_hub.mcp("fault"), "good")["structuredContent"] == {"good": True}


@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP1_HTTP], ids=str)
def test_an_sdk_outlives_all_faults_on_one_connection(peers, fault_hub, fault, kind):
    peer = peers(kind, fault_hub, "fault")
    answers = [peer.start("call", name="fault", arguments={"kind": fault})[1] for fault in FAILS]
    assert all(answer.result(30)["isError"] for answer in answers)
    assert peer.call("good")["structuredContent"] == {"good": True}
    assert fault_hub.memory() < MEMORY


def test_three_megabytes_are_below_the_limit(fault_hub):
    assert len(call(fault_hub.mcp("fault"), "large", bytes=3_000_000)["structuredContent"]["filler"]) == 3_000_000


def test_an_endless_upstream_does_not_slow_its_neighbours(start_hub, fault, httpbin):
    """Ten callers draw gigabytes while an eleventh has its calls of another upstream answered."""
    with ThreadPoolExecutor(10) as pool:
        configuration = fault_configuration(fault.url)
        for part, entries in httpbin_configuration(httpbin.url).items():
            configuration[part].update(entries)
        both = start_hub(configuration)
        drawing = [pool.submit(call, both.mcp("fault"), "fault", kind="gigabyte") for _ in range(10)]
        for _ in range(20):
            assert call(both.mcp("httpbin"), "uuid")["structuredContent"]["uuid"]
        assert all(one.result(30)["isError"] for one in drawing)
        assert both.memory() < 2 * MEMORY


def test_the_upstream_gets_one_well_formed_request(fault_hub, fault):
    """One request, no second try of a call that may have acted, and none of the caller's own headers."""
    call(fault_hub.mcp("fault"), "echo")
    assert len(fault.requests) == 1
    head = fault.requests[0].decode("latin-1").lower()
    assert head.startswith("get /echo http/1.1\r\n")
    assert head.count("\r\nhost: ") == 1
    assert "mcp-" not in head and "text/event-stream" not in head
