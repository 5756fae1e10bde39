"""Who may call: addresses, also behind proxies, and web pages of other origins."""

import httpx
import pytest

from conftest import fault_configuration
from harness.wire import modern, raw

PAGE = "https://app.example.com"


def post(hub, **headers) -> httpx.Response:
    """A tool call with more header fields (with `_` for `-`)."""
    fields, body = modern("tools/call", {"name": "good", "arguments": {}}, **headers)
    return httpx.post(hub.mcp("fault"), headers=fields, content=body, timeout=10)


def is_good(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and answer.json()["result"]["structuredContent"] == {"good": True}


@pytest.fixture
def proxied(start_hub, fault):
    """A hub that trusts this machine as a proxy, and lets in one network but for a part of it."""
    configuration = fault_configuration(fault.url)
    for server in configuration["servers"].values():
        server["auth"] = "none"
    network = {"allow": ["198.51.100.0/24", "2001:db8::/32"], "deny": ["198.51.100.128/25"]}
    return start_hub({"trustedProxies": ["127.0.0.0/8"], "policies": {"network": network}, **configuration})


@pytest.mark.parametrize(
    "forwarded, is_let_in",
    [
        ("198.51.100.7", True),
        ("2001:db8::7", True),
        ("198.51.100.200", False),
        ("203.0.113.7", False),
        ("198.51.100.7, 203.0.113.7", False),
        ("203.0.113.7, 198.51.100.7", True),
        ("198.51.100.7, 127.0.0.9", True),
        ("::ffff:198.51.100.7", True),
        ("198.51.100.7, nonsense", False),
        ("", False),
    ],
)
def test_the_address_behind_a_trusted_proxy_decides(proxied, forwarded, is_let_in):
    answer = post(proxied, x_forwarded_for=forwarded)
    if is_let_in:
        assert is_good(answer)
    else:
        assert answer.status_code == 403
        assert answer.json() == {"error": {"code": 403, "message": "Calls from this address are not taken"}}


@pytest.mark.parametrize("name", ["forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-forwarded"])
def test_no_other_header_gives_an_address(proxied, name):
    assert post(proxied, **{name: "for=198.51.100.7" if name == "forwarded" else "198.51.100.7"}).status_code == 403


def test_no_header_gives_another_host(proxied):
    headers = {"x_forwarded_for": "198.51.100.7", "host": "evil.test"}
    assert post(proxied, **headers, x_forwarded_host="localhost", x_forwarded_proto="https").status_code == 421


def test_without_proxies_a_denied_address_is_disconnected(start_hub, fault):
    configuration = fault_configuration(fault.url)
    hub = start_hub({"policies": {"network": {"deny": ["127.0.0.1/32"]}}, **configuration})
    try:
        assert raw(hub.url, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
    except ConnectionError:
        pass  # closed before the request was out
    assert httpx.get(hub.admin + "/healthz").status_code == 200, "the admin listener has no such list"
    hub.reload(configuration)
    assert hub.errors.wait_for("reloaded")
    assert is_good(post(hub))


@pytest.fixture
def shared(start_hub, fault):
    """A hub whose server `fault` is for pages of one origin."""
    configuration = fault_configuration(fault.url)
    configuration["servers"]["fault"]["cors"] = {"origins": [PAGE]}
    return start_hub(configuration)


def preflight(hub, origin, server="fault") -> httpx.Response:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type,mcp-method"}
    return httpx.options(hub.mcp(server), headers={"origin": origin, **asked})


def test_a_page_of_an_allowed_origin_may_call_and_read(shared):
    allowed = preflight(shared, PAGE)
    assert allowed.status_code == 204 and allowed.content == b""
    assert allowed.headers["access-control-allow-origin"] == PAGE
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert allowed.headers["access-control-allow-headers"] == "authorization,content-type,mcp-method"
    assert "origin" in allowed.headers["vary"]
    answer = post(shared, origin=PAGE)
    assert is_good(answer)
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert {"mcp-session-id", "x-request-id"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    assert answer.headers["vary"] == "origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://app.example.com", "https://app.example.com:8443", "null"])
def test_other_pages_are_refused_as_ever(shared, origin):
    for answer in [post(shared, origin=origin), preflight(shared, origin)]:
        assert answer.status_code == 403
        assert not any(name.startswith("access-control-") for name in answer.headers)


def test_an_entry_without_cors_is_for_no_other_page(shared):
    for answer in [preflight(shared, PAGE, "nobody"), httpx.post(shared.mcp("nobody"), headers={"origin": PAGE}, content=b"{}")]:
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_callers_that_are_no_pages_are_told_nothing_of_pages(shared):
    answer = post(shared)
    assert is_good(answer)
    assert "access-control-allow-origin" not in answer.headers and answer.headers["vary"] == "origin"
