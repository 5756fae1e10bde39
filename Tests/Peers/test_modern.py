"""2026-07-28 by hand: the checks before a request is dispatched, in their order."""

import json
import re
import threading

import httpx
import jsonschema
import pytest

from conftest import httpbin_configuration
from harness.wire import BOTH, META, MODERN, ask, call, listening, message, modern, raw

CALL = ("tools/call", {"name": "uuid", "arguments": {}})


def post(hub, fields_and_body, target="httpbin"):
    fields, body = fields_and_body
    return httpx.post(hub.mcp(target), headers=fields, content=body, timeout=30)


def refused(answer, status, code):
    """Checks a refusal, and gives its error object."""
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert answer.headers["x-request-id"]
    assert answer.json()["error"]["message"]
    return answer.json()["error"]


def without(key):
    return {name: value for name, value in META.items() if not name.endswith(key)}


@pytest.mark.requirement("MCP-2026-HTTP-01", "MCP-2026-META-03", "MCP-2026-META-04", "MCP-2026-META-05", "MCP-BASE-03")
def test_a_good_call_is_answered_in_plain_json(hub):
    answer = post(hub, modern(*CALL, number="own-id"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-request-id"]
    assert "mcp-session-id" not in answer.headers
    assert answer.json()["id"] == "own-id"
    assert answer.json()["result"]["resultType"] == "complete"
    assert "io.modelcontextprotocol/serverInfo" in answer.json()["result"]["_meta"]


@pytest.mark.requirement(
    "MCP-2026-CACHE-01", "MCP-2026-CACHE-02", "MCP-2026-CACHE-03", "MCP-2026-DISC-01", "MCP-2026-DISC-02", "MCP-TOOL-01"
)
def test_discover_names_versions_and_how_long_to_keep_them(hub):
    result = ask(hub.mcp("httpbin"), "server/discover")["result"]
    assert MODERN in result["supportedVersions"]
    assert result["capabilities"]["tools"]["listChanged"] is True
    assert isinstance(result["ttlMs"], int) and result["ttlMs"] >= 0 and result["cacheScope"] in ("public", "private")


@pytest.mark.requirement("MCP-2026-CACHE-01", "MCP-2026-CACHE-02", "MCP-2026-CACHE-03", "MCP-TOOL-04")
def test_the_list_is_stable_and_says_how_long_to_keep_it(hub):
    first, second = (ask(hub.mcp("httpbin"), "tools/list")["result"] for _ in range(2))
    assert first == second
    assert isinstance(first["ttlMs"], int) and first["ttlMs"] >= 0 and first["cacheScope"] in ("public", "private")


def test_a_trailing_slash_is_the_same_address(hub):
    assert call(hub.mcp("httpbin") + "/", "uuid")["structuredContent"]["uuid"]


@pytest.mark.requirement("MCP-2026-HTTP-02")
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_other_methods_are_405_and_name_post(hub, method):
    answer = httpx.request(method, hub.mcp("httpbin"), headers={"mcp-protocol-version": MODERN, "accept": BOTH})
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]
    assert answer.headers["x-request-id"]


@pytest.mark.requirement("MCP-2026-HTTP-03")
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream", "text/html"])
def test_accept_has_to_list_both_types(hub, accept):
    answer = post(hub, modern(*CALL, accept=accept))
    assert answer.status_code == 406
    assert answer.headers["x-request-id"]


@pytest.mark.requirement("MCP-2026-HTTP-03")
@pytest.mark.parametrize("accept", ["*/*", "text/event-stream;q=0.5, application/json", "application/*, text/*"])
def test_accept_may_be_spelt_in_any_way_that_covers_both(hub, accept):
    assert post(hub, modern(*CALL, accept=accept)).status_code == 200


@pytest.mark.requirement("MCP-BASE-01", "MCP-BASE-04")
@pytest.mark.parametrize("body", [b"{", b"", b"{'jsonrpc': '2.0'}", b"\xff\xfe", b'{"jsonrpc":"2.0","id":1} {}'])
def test_what_is_no_json_is_a_parse_error(hub, body):
    fields, _ = modern(*CALL)
    refused(post(hub, (fields, body)), 400, -32700)


def test_a_name_given_twice_is_refused(hub):
    fields, body = modern(*CALL)
    doubled = body.replace(b'"method": "tools/call"', b'"method": "tools/call", "method": "tools/list"')
    assert doubled != body
    assert post(hub, (fields, doubled)).json()["error"]["code"] in (-32700, -32600)


@pytest.mark.requirement("MCP-2026-HTTP-05", "MCP-BASE-06")
def test_a_notification_is_accepted_and_dropped(hub):
    fields, _ = modern("notifications/cancelled")
    body = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1, "_meta": META}}
    answer = post(hub, (fields, json.dumps(body)))
    assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.requirement("MCP-2026-HTTP-04", "MCP-BASE-02", "MCP-BASE-07")
@pytest.mark.parametrize(
    "body",
    [
        [{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": META}}],
        [],
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "2.0", "id": None, "method": "tools/list", "params": {"_meta": META}},
        {"jsonrpc": "1.0", "id": 1, "method": "tools/list", "params": {"_meta": META}},
        5,
    ],
    ids=["batch", "empty batch", "posted response", "null id", "other jsonrpc", "number"],
)
def test_only_one_request_is_a_request(hub, body):
    fields, _ = modern("tools/list")
    refused(post(hub, (fields, json.dumps(body))), 400, -32600)


@pytest.mark.requirement("MCP-2026-HDR-01")
@pytest.mark.parametrize("field", ["mcp-method: tools/list", "mcp-method: tools/call", "mcp-protocol-version: 2026-07-28"])
def test_a_routing_header_given_twice_is_refused(hub, field):
    fields, body = modern(*CALL)
    lines = [f"{name}: {value}" for name, value in fields.items()] + [field, f"content-length: {len(body)}"]
    head = "\r\n".join(["POST /mcp/httpbin HTTP/1.1", "host: 127.0.0.1", "connection: close", *lines])
    answer = raw(hub.url, head.encode() + b"\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 400") and b"-32020" in answer


@pytest.mark.requirement("MCP-2026-META-01")
@pytest.mark.parametrize("key", ["protocolVersion", "clientCapabilities"])
def test_meta_has_to_carry_version_and_capabilities(hub, key):
    refused(post(hub, modern(*CALL, meta=without(key))), 400, -32602)


@pytest.mark.requirement("MCP-2026-META-02")
def test_meta_may_leave_the_client_unnamed(hub):
    assert post(hub, modern(*CALL, meta=without("clientInfo"))).status_code == 200


@pytest.mark.requirement("MCP-2026-HDR-01", "MCP-2026-HDR-02", "MCP-2026-HDR-04", "MCP-2026-HDR-05", "MCP-2026-HDR-07")
@pytest.mark.parametrize(
    "headers",
    [
        {"mcp_method": None},
        {"mcp_method": "tools/list"},
        {"mcp_method": "TOOLS/CALL"},
        {"mcp_name": None},
        {"mcp_name": "json"},
        {"mcp_name": "=?base64?anNvbg==?="},
        {"mcp_name": "=?base64?dXVpZA?="},
    ],
    ids=str,
)
def test_the_routing_headers_have_to_equal_the_body(hub, headers):
    refused(post(hub, modern(*CALL, **headers)), 400, -32020)


@pytest.mark.requirement("MCP-2026-VER-02")
def test_the_version_header_has_to_equal_meta(hub):
    other = {**META, "io.modelcontextprotocol/protocolVersion": "2025-11-25"}
    refused(post(hub, modern(*CALL, meta=other)), 400, -32020)


@pytest.mark.requirement("MCP-2026-HDR-05")
def test_a_name_may_come_in_base64(hub):
    assert post(hub, modern(*CALL, mcp_name="=?base64?dXVpZA==?=")).status_code == 200


@pytest.mark.requirement("MCP-2026-VER-03")
def test_an_unknown_version_is_told_the_known_ones(hub):
    other = {**META, "io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    error = refused(post(hub, modern(*CALL, meta=other, mcp_protocol_version="2099-01-01")), 400, -32022)
    assert MODERN in error["data"]["supported"]
    assert error["data"]["requested"] == "2099-01-01"


@pytest.mark.requirement("MCP-2026-VER-04", "MCP-BASE-04", "MCP-BASE-08")
@pytest.mark.parametrize("method", ["tools/nothing", "ping", "initialize", "logging/setLevel"])
def test_an_unknown_method_is_404(hub, method):
    refused(post(hub, modern(method)), 404, -32601)


@pytest.mark.requirement("MCP-TOOL-14")
def test_an_unknown_tool_is_400(hub):
    error = refused(post(hub, modern("tools/call", {"name": "no_such", "arguments": {}})), 400, -32602)
    assert "127.0.0.1" not in error["message"]


@pytest.mark.requirement("MCP-TOOL-17")
def test_bad_arguments_are_a_tool_error(hub):
    answer = post(hub, modern("tools/call", {"name": "deleteRequest", "arguments": {}}))
    assert answer.status_code == 200
    assert answer.json()["result"]["isError"] is True


@pytest.mark.parametrize(
    "order",
    [
        ({"accept": "text/html"}, b"{", 406),
        ({}, b"{", 400),
        ({"mcp-method": "tools/list"}, b"[]", 400),
    ],
    ids=["accept before the body", "body before the headers", "one request before the headers"],
)
def test_the_first_check_that_fails_decides(hub, order):
    headers, body, status = order
    fields, _ = modern(*CALL)
    assert post(hub, ({**fields, **headers}, body)).status_code == status


def test_meta_is_looked_at_before_the_headers(hub):
    refused(post(hub, modern(*CALL, meta=without("clientCapabilities"), mcp_method="tools/list")), 400, -32602)


def test_headers_are_looked_at_before_the_method_is_known(hub):
    refused(post(hub, modern("tools/nothing", mcp_method="tools/list")), 400, -32020)


@pytest.mark.requirement("MCP-2026-HTTP-07")
@pytest.mark.parametrize("origin", ["https://evil.test", "http://127.0.0.1.evil.test", "null"])
def test_a_strange_origin_is_403(hub, origin):
    answer = post(hub, modern(*CALL, origin=origin))
    assert answer.status_code == 403
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test", "localhost.evil.test:8080"])
def test_a_strange_host_is_refused(hub, host):
    answer = post(hub, modern(*CALL, host=host))
    assert answer.status_code in (403, 421)
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "localhost:9999", "[::1]:8080"])
def test_the_forms_of_localhost_are_good_hosts(hub, host):
    assert post(hub, modern(*CALL, host=host)).status_code == 200


@pytest.mark.parametrize("path", ["no-such-server", "httpbin/nothing", "HTTPBIN", "httpbin%2f", ".."])
def test_an_unknown_entry_is_404(hub, path):
    answer = post(hub, modern(*CALL), target=path)
    assert answer.status_code == 404
    assert answer.headers["x-request-id"]


def test_the_wrong_content_type_is_415(hub):
    assert post(hub, modern(*CALL, content_type="text/plain")).status_code == 415


def test_a_body_beyond_the_limit_is_413(hub):
    fields, _ = modern(*CALL)
    answer = post(hub, (fields, b'{"a":"' + b"x" * (5 << 20) + b'"}'))
    assert answer.status_code == 413
    assert answer.headers["x-request-id"]


def test_an_era_before_the_first_is_told_the_known_ones(hub):
    """A version header alone, without `_meta`, is no handshake: what is not one of the four old versions is modern."""
    answer = httpx.post(
        hub.mcp("httpbin"),
        headers={"accept": BOTH, "content-type": "application/json", "mcp-protocol-version": "2020-01-01"},
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}},
    )
    assert answer.status_code == 400


@pytest.mark.requirement("MCP-BASE-02", "MCP-BASE-03")
def test_request_ids_are_given_back_as_they_came(hub):
    for number in [0, -1, 9007199254740993, "", "a b", "é"]:
        assert message(post(hub, modern(*CALL, number=number)))["id"] == number


@pytest.mark.requirement("MCP-2026-VER-01")
def test_a_modern_request_without_its_version_header_is_refused(hub):
    refused(post(hub, modern(*CALL, mcp_protocol_version=None)), 400, -32020)


@pytest.mark.requirement("MCP-2026-VER-02")
def test_the_version_header_may_not_be_of_the_other_era(hub):
    refused(post(hub, modern(*CALL, mcp_protocol_version="2025-11-25")), 400, -32020)


@pytest.mark.requirement("MCP-2026-HTTP-06")
def test_a_notification_of_an_unknown_version_is_an_http_error(hub):
    fields, _ = modern("notifications/cancelled", mcp_protocol_version="2099-01-01")
    assert post(hub, (fields, json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled"}))).status_code == 400


@pytest.mark.requirement("MCP-2026-HTTP-08")
def test_headers_of_older_sessions_are_ignored(hub):
    answer = post(hub, modern(*CALL, mcp_session_id="made-up", last_event_id="7"))
    assert answer.status_code == 200
    assert "mcp-session-id" not in answer.headers


@pytest.mark.requirement("MCP-BASE-05")
@pytest.mark.parametrize("broken", [{}, {"origin": "https://evil.test"}], ids=["no JSON", "origin"])
def test_an_error_without_a_request_has_no_id(hub, broken):
    fields, _ = modern(*CALL, **broken)
    assert "id" not in post(hub, (fields, b"{")).json()


@pytest.mark.requirement("MCP-2026-HDR-03")
@pytest.mark.parametrize("request_", [("resources/read", {"uri": "a:b"}), ("prompts/get", {"name": "a"})], ids=str)
def test_what_is_read_or_got_has_to_equal_the_name_header(hub, request_):
    refused(post(hub, modern(*request_, mcp_name="other")), 400, -32020)


@pytest.mark.requirement("MCP-2026-HDR-06")
@pytest.mark.parametrize("name", ["=?BASE64?dXVpZA==?=", "=?Base64?dXVpZA==?="])
def test_the_base64_markers_are_lower_case(hub, name):
    refused(post(hub, modern(*CALL, mcp_name=name)), 400, -32020)


@pytest.mark.requirement("MCP-2026-HDR-04")
def test_header_names_may_be_in_any_case(hub):
    fields, body = modern(*CALL)
    assert post(hub, ({name.upper(): value for name, value in fields.items()}, body)).status_code == 200


@pytest.mark.requirement("MCP-2026-HDR-09")
def test_a_name_beyond_ascii_has_to_come_in_base64(hub):
    fields, body = modern("tools/call", {"name": "é", "arguments": {}}, mcp_name="é".encode())
    refused(post(hub, (fields, body)), 400, -32020)


@pytest.mark.requirement("MCP-TOOL-02", "MCP-TOOL-03")
def test_tools_have_names_that_clients_take_and_valid_schemas(hub):
    tools = ask(hub.mcp("httpbin"), "tools/list")["result"]["tools"]
    assert len({tool["name"] for tool in tools}) == len(tools) == 24
    for tool in tools:
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", tool["name"])
        assert tool["inputSchema"]["type"] == "object"
        jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])


@pytest.mark.requirement("MCP-TOOL-05")
def test_a_cursor_that_was_never_given_is_refused(hub):
    refused(post(hub, modern("tools/list", {"cursor": "made-up"})), 400, -32602)


@pytest.mark.requirement("MCP-TOOL-15")
@pytest.mark.parametrize("params", [{"arguments": {}}, {"name": 5}, {"name": "uuid", "arguments": []}], ids=str)
def test_a_malformed_call_is_refused(hub, params):
    assert ask(hub.mcp("httpbin"), "tools/call", params, mcp_name="uuid")["error"]["code"] == -32602


@pytest.mark.requirement("MCP-TOOL-17", "MCP-TOOL-18")
@pytest.mark.parametrize("arguments", [{}, {"bytes": "many"}, {"bytes": 1, "other": 1}], ids=str)
def test_bad_arguments_never_reach_the_api(fault_hub, fault, arguments):
    assert call(fault_hub.mcp("fault"), "large", **arguments)["isError"] is True
    assert fault.requests == []


@pytest.mark.requirement("MCP-2026-SUB-01", "MCP-2026-SUB-02", "MCP-2026-SUB-03", "MCP-2026-SUB-04", "MCP-2026-SUB-06")
def test_each_subscription_hears_what_it_asked_for_under_its_own_id(start_hub, httpbin):
    configuration = httpbin_configuration(httpbin.url)
    hub = start_hub(configuration)
    url = hub.mcp("httpbin")
    more = {"promptsListChanged": True, "resourcesListChanged": True, "resourceSubscriptions": ["a:b"]}
    with (
        listening(url, "ears", toolsListChanged=True, **more) as ears,
        listening(url, 7, toolsListChanged=True) as seven,
        listening(url, "7", **more) as deaf,
    ):
        for messages, number, kinds in [(ears, "ears", {"toolsListChanged": True}), (seven, 7, {"toolsListChanged": True}), (deaf, "7", {})]:
            first = next(messages)
            assert first["method"] == "notifications/subscriptions/acknowledged"
            assert subscription(first["params"]) == number
            assert first["params"]["notifications"] == kinds
        configuration["servers"]["httpbin"]["tools"] = {"uuid": {"rename": "own"}}
        hub.reload(configuration)
        for messages, number in [(ears, "ears"), (seven, 7)]:
            change = next(messages)
            assert change["method"] == "notifications/tools/list_changed"
            assert subscription(change["params"]) == number
        threading.Thread(target=hub.stop).start()
        end = next(deaf)
        assert end["id"] == "7" and subscription(end["result"]) == "7"


def subscription(holder: dict):
    """The subscription that parameters or a result belong to."""
    return holder["_meta"]["io.modelcontextprotocol/subscriptionId"]
