"""OAuth for MCP clients: the SDKs sign in at a real authorization server with nobody's help, and what the hub checks of what they bring."""

import hashlib
import json
import socket
import time

import httpx
import pytest

from conftest import SCHEMAS
from harness.authority import Authority
from harness.issuer import claims, forged, rsa_key, signed
from harness.peer import MCP1_HTTP, MCP1_SSE, MCP2_AUTO, MCP2_LEGACY, Peer, Refused
from harness.recorder import Recorder
from harness.wire import BOTH, modern

API_KEY = "key-of-the-support-bot-0001"
READ, WRITE = "orders:read", "orders:write"
WELL_KNOWN = "/.well-known/oauth-protected-resource"
RECOVERED = 40  # seconds in which the hub must have found the keys


class World:
    """A hub that clients know by the address of a recorder, an authorization server, and an upstream that keeps what it was sent."""

    def __init__(self, start_hub, background, upstream, folder):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.listen = "127.0.0.1:%d" % free.getsockname()[1]
        self.start_hub = start_hub
        self.folder = folder
        self.upstream = upstream
        self.recorder = Recorder(background, f"http://{self.listen}")
        self.public = self.recorder.url
        self.authority = Authority({READ, WRITE})
        self.peers = []

    def configuration(self, **more) -> dict:
        """Servers that differ by who may call; `scoped` has scopes for three of its tools."""
        server = {"openapi": "fault.openapi.yaml", "upstream": "fault"}
        oauth = {"authorizationServers": [self.authority.issuer]}
        scopes = {READ: ["good", "echo"], WRITE: ["large"]}
        (self.folder / "other.json").write_text(json.dumps({"keys": [OTHER.public]}))
        return {
            "listen": self.listen,
            "publicUrl": self.public,
            "upstreams": {"fault": {"addresses": [self.upstream.url]}},
            "identity": {"jwt": [{"issuer": "https://issuer.test", "jwks": "other.json", "audience": ["hub"]}]},
            "consumers": {
                "support-bot": {
                    "apiKeys": [{"sha256": hashlib.sha256(API_KEY.encode()).hexdigest()}],
                    "jwt": {"issuer": "https://issuer.test", "claims": {"azp": "support-bot"}},
                }
            },
            "servers": {
                "scoped": {**server, "auth": ["oauth"], "oauth": {**oauth, "scopes": scopes}},
                "plain": {**server, "auth": ["oauth"], "oauth": oauth},
                "keys-too": {**server, "auth": ["apiKey", "oauth"], "oauth": oauth},
                "tokens-too": {**server, "auth": ["jwt", "oauth"], "oauth": {**oauth, "scopes": scopes}},
                "keys": {**server, "auth": ["apiKey"]},
            },
            **more,
        }

    def start(self, configuration=None, **more):
        """Starts the hub."""
        self.hub = self.start_hub(configuration or self.configuration(**more), more=["--log-level", "trace"])
        return self

    def url(self, server: str) -> str:
        """Where clients know a server."""
        return f"{self.public}/mcp/{server}"

    def metadata_url(self, server: str) -> str:
        """Where its metadata is."""
        return f"{self.public}{WELL_KNOWN}/mcp/{server}"

    def sign_in(self, kind, server: str) -> Peer:
        """An SDK client that is told the address and no more."""
        target = self.url(server) + ("/sse" if kind.transport == "sse" else "")
        peer = Peer(kind, {"url": target, "oauth": True})
        self.peers.append(peer)
        return peer

    def asked(self, path: str) -> list[dict]:
        """What the authorization server was asked at a path."""
        return [form for at, form in self.authority.requests if at == path]

    def stop(self):
        for peer in self.peers:
            peer.close()
        self.authority.stop()
        sent = b"".join(self.upstream.requests).decode("latin-1")
        for token in self.authority.tokens:
            parts = token.split(".")
            assert not any(part in sent for part in parts), "the caller's token went to the upstream"
            assert not any(part in self.hub.errors.text for part in parts), "the caller's token is in the log"


OTHER = rsa_key("other")


@pytest.fixture
def world(start_hub, background, fault, tmp_path):
    world = World(start_hub, background, fault, tmp_path)
    yield world
    world.stop()


def listed(url: str, token: str | None = None, **fields) -> httpx.Response:
    """The answer to tools/list."""
    head, body = modern("tools/list", **({"authorization": f"Bearer {token}"} if token else {}), **fields)
    return httpx.post(url, headers=head, content=body, timeout=30)


def called(url: str, tool: str, token: str, **arguments) -> httpx.Response:
    """The answer to a call."""
    head, body = modern("tools/call", {"name": tool, "arguments": arguments}, authorization=f"Bearer {token}")
    return httpx.post(url, headers=head, content=body, timeout=30)


def names(answer: httpx.Response) -> set[str]:
    """The tools of a list."""
    return {tool["name"] for tool in answer.json()["result"]["tools"]}


# The SDKs


@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP, MCP1_SSE], ids=str)
def test_an_sdk_signs_in_by_itself_lists_and_calls(world, kind):
    world.start()
    peer = world.sign_in(kind, "scoped")
    assert set(peer.tools()) == {"good", "echo", "large"}, "what no scope opens is not there"
    assert peer.call("good")["structuredContent"] == {"good": True}
    first, second = world.recorder.exchanges[:2]
    assert first.status == 401 and first.headers["www-authenticate"] == (
        f'Bearer resource_metadata="{world.metadata_url("scoped")}", scope="{READ} {WRITE}"'
    )
    assert (second.method, second.target, second.status) == ("GET", f"{WELL_KNOWN}/mcp/scoped", 200)
    assert [path for path, _ in world.authority.requests if path != "/keys"][-4:] == [
        "/.well-known/oauth-authorization-server",
        "/register",
        "/authorize",
        "/token",
    ]
    (asked,), (exchanged,) = world.asked("/authorize"), world.asked("/token")
    assert asked["resource"] == exchanged["resource"] == world.url("scoped")
    assert asked["code_challenge_method"] == "S256" and set(asked["scope"].split()) == {READ, WRITE}
    assert len(world.authority.tokens) == 1
    if SCHEMAS:
        served = [exchange for exchange in world.recorder.exchanges if exchange.target.startswith("/mcp/") and exchange.status < 300]
        SCHEMAS.check_exchanges(served, peer.version)


@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP, MCP1_SSE], ids=str)
def test_an_sdk_asks_for_more_where_a_call_needs_it(world, kind):
    world.authority.granted = {READ}
    world.start()
    peer = world.sign_in(kind, "scoped")
    assert set(peer.tools()) == {"good", "echo"}
    world.authority.granted = {READ, WRITE}
    result = peer.call("large", bytes=10)
    assert not result.get("isError"), result
    refused = [exchange for exchange in world.recorder.exchanges if exchange.status == 403]
    assert len(refused) == 1 and refused[0].headers["www-authenticate"] == (
        f'Bearer error="insufficient_scope", resource_metadata="{world.metadata_url("scoped")}", scope="{WRITE}"'
    )
    assert len(world.authority.tokens) == 2 and set(world.asked("/authorize")[1]["scope"].split()) >= {WRITE}
    assert "large" in peer.tools()


@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP], ids=str)
def test_an_sdk_refreshes_its_token_and_its_session_goes_on(world, kind):
    world.authority.lifetime = 1
    world.start()
    peer = world.sign_in(kind, "plain")
    assert peer.tools()
    world.authority.lifetime = 600
    time.sleep(1.1)  # the SDK looks at the wall clock
    assert peer.call("good")["structuredContent"] == {"good": True}
    refreshed = [form for form in world.asked("/token") if form["grant_type"] == "refresh_token"]
    assert refreshed and refreshed[0]["resource"] == world.url("plain")
    assert len(world.asked("/authorize")) == 1, "nobody had to sign in again"
    shown = {exchange.request_headers.get("authorization") for exchange in world.recorder.exchanges} - {None}
    assert {f"Bearer {token}" for token in world.authority.tokens[-1:]} <= shown


@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP1_HTTP], ids=str)
def test_an_sdk_signs_in_where_keys_or_tokens_are_taken_too(world, kind):
    world.start()
    for server in ("keys-too", "tokens-too"):
        assert world.sign_in(kind, server).call("good")["structuredContent"] == {"good": True}


def test_an_sdk_that_may_not_sign_in_says_so(world):
    """The authorization server gives no scope at all: the client is in, and sees nothing."""
    world.authority.granted = set()
    world.start()
    peer = world.sign_in(MCP2_AUTO, "scoped")
    assert peer.tools() == {}
    with pytest.raises(Refused):
        peer.call("fault", kind="garbage")  # opened by no scope: unknown, so that no scope would help
    assert len(world.asked("/authorize")) == 1


# What the hub checks


def test_a_token_is_for_one_server_alone(world):
    world.start()
    token = world.authority.issue(world.url("plain"))
    assert listed(world.url("plain"), token).status_code == 200
    for other in ("scoped", "keys-too", "tokens-too", "keys"):
        refused = listed(world.url(other), token)
        assert refused.status_code == 401, other
        assert refused.json() == {"jsonrpc": "2.0", "error": {"code": 401, "message": "The credential is not accepted"}}
    challenge = listed(world.url("scoped"), token).headers["www-authenticate"]
    assert challenge == f'Bearer error="invalid_token", resource_metadata="{world.metadata_url("scoped")}", scope="{READ} {WRITE}"'


WRONG = {
    "no audience": lambda world: world.authority.issue(None),
    "the hub": lambda world: world.authority.issue(world.public),
    "the hub with a slash": lambda world: world.authority.issue(world.public + "/"),
    "all servers": lambda world: world.authority.issue(f"{world.public}/mcp/"),
    "the transport's address": lambda world: world.authority.issue(world.url("plain") + "/sse"),
    "a longer name": lambda world: world.authority.issue(world.url("plain") + "2"),
    "capitals": lambda world: world.authority.issue(world.url("plain").replace("plain", "Plain")),
    "another host": lambda world: world.authority.issue(world.url("plain").replace("127.0.0.1", "localhost")),
    "a query": lambda world: world.authority.issue(world.url("plain") + "?x=1"),
    "where the hub listens": lambda world: world.authority.issue(f"http://{world.listen}/mcp/plain"),
    "another server's": lambda world: world.authority.issue(world.url("scoped")),
    "the client": lambda world: world.authority.issue("c1"),
    "ended": lambda world: world.authority.issue(world.url("plain"), exp=int(time.time()) - 61),
    "nobody's": lambda world: world.authority.issue(world.url("plain"), sub=None),
    "an issuer for consumers": lambda world: signed(key=OTHER, aud=world.url("plain")),
    "a stranger's key": lambda world: signed(key=rsa_key("as1"), aud=world.url("plain"), iss=world.authority.issuer),
    "unsigned": lambda world: forged({"alg": "none"}, claims(aud=world.url("plain"), iss=world.authority.issuer), signature=b""),
    "an API key": lambda world: API_KEY,
}


def test_what_is_not_for_here_is_refused(world):
    world.start()
    url = world.url("plain")
    challenge = f'Bearer error="invalid_token", resource_metadata="{world.metadata_url("plain")}"'
    for name, made in WRONG.items():
        for answer in (listed(url, token := made(world)), httpx.get(f"{url}/sse", headers={"authorization": f"Bearer {token}"}, timeout=20)):
            assert (answer.status_code, answer.headers.get("www-authenticate")) == (401, challenge), name
            assert token not in answer.text
        assert token not in world.hub.errors.text
    assert listed(url, world.authority.issue([world.url("plain"), "x"])).status_code == 200
    assert listed(url, world.authority.issue(world.url("plain") + "/")).status_code == 200, "the same server, written with a slash"
    assert listed(url + "/", world.authority.issue(world.url("plain"))).status_code == 200


def test_scopes_open_tools_in_either_era(world):
    world.start()
    url = world.url("scoped")
    for scope, expected in [(None, set()), ("x", set()), (READ, {"good", "echo"}), (f"{WRITE} x", {"large"}), (f"{READ} {WRITE}", {"good", "echo", "large"})]:
        assert names(listed(url, world.authority.issue(url, scope))) == expected
    token = world.authority.issue(url, READ)
    assert called(url, "good", token).status_code == 200
    refused = called(url, "large", token, bytes=1)
    assert refused.status_code == 403 and refused.json()["error"]["code"] == 403
    assert refused.headers["www-authenticate"] == (
        f'Bearer error="insufficient_scope", resource_metadata="{world.metadata_url("scoped")}", scope="{WRITE}"'
    )
    unknown, hidden = called(url, "no_such_tool", token), called(url, "hang", token)
    assert unknown.status_code == hidden.status_code == 400
    assert unknown.json()["error"]["code"] == hidden.json()["error"]["code"] == -32602
    assert unknown.text.replace("no_such_tool", "hang") == hidden.text, "what no scope opens is told from what does not exist"
    fields = {"accept": BOTH, "authorization": f"Bearer {token}"}
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "peer-tests", "version": "1"}}
    opening = httpx.post(url, headers=fields, json={"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}, timeout=20)
    fields |= {"mcp-session-id": opening.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}

    def in_session(method, **params):
        return httpx.post(url, headers=fields, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, timeout=20)

    assert names(in_session("tools/list")) == {"good", "echo"}
    assert in_session("tools/call", name="large", arguments={"bytes": 1}).status_code == 403
    assert in_session("tools/call", name="hang", arguments={}).status_code == 200
    assert "insufficient_scope" not in in_session("tools/call", name="hang", arguments={}).headers.get("www-authenticate", "")
    assert not any(request.startswith(b"GET /large") for request in world.upstream.requests)


def test_a_message_of_the_first_transport_may_do_what_its_own_token_may(world):
    """The stream was opened with a token for everything; of the two that post, one may less."""
    world.start()
    url = world.url("scoped")
    opener, lesser = world.authority.issue(url, f"{READ} {WRITE}"), world.authority.issue(url, READ)
    with httpx.stream("GET", f"{url}/sse", headers={"authorization": f"Bearer {opener}"}, timeout=20) as stream:
        lines = stream.iter_lines()
        address = world.public + [next(lines), next(lines)][1].removeprefix("data: ")

        def posted(token, tool, number):
            body = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": {"bytes": 1} if tool == "large" else {}}}
            return httpx.post(address, headers={"authorization": f"Bearer {token}"}, json=body, timeout=20)

        def answered(number):
            return next(message for line in lines if line.startswith("data: {") and (message := json.loads(line[6:])).get("id") == number)

        refused = posted(lesser, "large", 1)
        assert refused.status_code == 403 and f'scope="{WRITE}"' in refused.headers["www-authenticate"]
        assert posted(opener, "large", 2).status_code == 202 and "result" in answered(2)
        assert posted(lesser, "good", 3).status_code == 202 and "result" in answered(3)
        list_of = {"jsonrpc": "2.0", "id": 4, "method": "tools/list"}
        assert httpx.post(address, headers={"authorization": f"Bearer {lesser}"}, json=list_of, timeout=20).status_code == 202
        assert {tool["name"] for tool in answered(4)["result"]["tools"]} == {"good", "echo"}
    assert sum(request.startswith(b"GET /large") for request in world.upstream.requests) == 1


def test_what_tells_of_tools_tells_of_those_that_scopes_open(world):
    configured = world.configuration()
    configured["servers"]["scoped"]["list"] = "lazy"
    world.start(configured)
    url = world.url("scoped")
    token = world.authority.issue(url, READ)
    assert names(listed(url, token)) == {"good", "echo", "describe_tool"}
    assert names(listed(url, world.authority.issue(url, "x"))) == set()
    told = called(url, "describe_tool", token, name="good")
    assert told.status_code == 200 and "Answers as it should" in told.text
    hidden, unknown = called(url, "describe_tool", token, name="large"), called(url, "describe_tool", token, name="enorm")
    assert hidden.text.replace("large", "enorm") == unknown.text and hidden.json()["result"]["isError"] is True
    assert "large" in called(url, "describe_tool", world.authority.issue(url, WRITE), name="large").text


def test_each_way_in_has_its_own_rules_where_there_are_two(world):
    world.start()
    url = world.url("tokens-too")
    token = signed(key=OTHER)
    assert names(listed(url, token)) >= {"good", "echo", "large", "hang"}, "a consumer's token knows no scopes"
    assert names(listed(url, world.authority.issue(url, READ))) == {"good", "echo"}
    assert listed(url, signed(key=OTHER, azp="nobody")).status_code == 403
    assert listed(url, signed(key=OTHER, aud=url)).status_code == 401, "an issuer for consumers issues no access tokens"
    assert listed(url, world.authority.issue("hub")).status_code == 401, "an authorization server issues no consumers' tokens"
    url = world.url("keys-too")
    assert listed(url, API_KEY).status_code == 200
    assert listed(url, world.authority.issue(url)).status_code == 200
    assert listed(url, signed(key=OTHER)).status_code == 401
    assert listed(url, world.authority.issue(url), x_api_key=API_KEY).status_code == 400


def test_clients_of_one_authorization_server_are_told_apart(world):
    world.start()
    url = world.url("plain")

    def posted(token, message, **fields):
        return httpx.post(url, headers={"accept": BOTH, "authorization": f"Bearer {token}", **fields}, json={"jsonrpc": "2.0", **message}, timeout=20)

    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "peer-tests", "version": "1"}}
    opening = posted(world.authority.issue(url), {"id": 0, "method": "initialize", "params": hello})
    session = {"mcp-session-id": opening.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
    for changes, status in [({}, 200), ({"client_id": "c2"}, 404), ({"sub": "bob"}, 404)]:
        assert posted(world.authority.issue(url, **changes), {"id": 1, "method": "tools/list"}, **session).status_code == status


def test_an_authorization_server_that_the_configuration_knows_has_consumers(world):
    configured = world.configuration()
    configured["identity"]["jwt"].append({"issuer": world.authority.issuer, "jwks": f"{world.authority.issuer}/keys", "audience": ["hub"]})
    configured["consumers"]["support-bot"]["jwt"] = [{"issuer": world.authority.issuer, "claims": {"client_id": "c1"}}]
    world.start(configured)
    url = world.url("plain")
    assert listed(url, world.authority.issue(url)).status_code == 200
    refused = listed(url, world.authority.issue(url, client_id="c2"))
    assert refused.status_code == 403 and "www-authenticate" not in refused.headers


# Metadata


def test_metadata_is_where_clients_look_and_says_what_they_need(world):
    world.start()
    answer = httpx.get(world.metadata_url("scoped"))
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*" and "x-request-id" in answer.headers
    assert answer.json() == {
        "resource": world.url("scoped"),
        "authorization_servers": [world.authority.issuer],
        "scopes_supported": [READ, WRITE],
        "bearer_methods_supported": ["header"],
        "resource_name": "scoped",
    }
    assert "scopes_supported" not in httpx.get(world.metadata_url("plain")).json()
    assert httpx.get(world.metadata_url("scoped") + "/").json() == answer.json()
    for server in ("keys", "nothing"):
        assert httpx.get(world.metadata_url(server)).status_code == 404
    assert httpx.get(world.public + WELL_KNOWN).status_code == 404, "which of several would it be?"
    assert httpx.get(f"{world.url('scoped')}{WELL_KNOWN}").status_code == 401
    head = httpx.head(world.metadata_url("scoped"))
    assert head.status_code == 200 and head.content == b"" and head.headers["content-length"] == answer.headers["content-length"]
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        refused = httpx.request(method, world.metadata_url("scoped"))
        assert refused.status_code == 405 and refused.headers["allow"] == "GET, HEAD", method


def test_pages_may_read_metadata_with_the_fields_that_sdks_send(world):
    world.start()
    asked = {"origin": "https://app.example.com", "access-control-request-method": "GET", "access-control-request-headers": "mcp-protocol-version"}
    answer = httpx.options(world.metadata_url("scoped"), headers=asked)
    assert answer.status_code == 204 and answer.headers["access-control-allow-origin"] == "*"
    assert "GET" in answer.headers["access-control-allow-methods"] and answer.headers["access-control-allow-headers"] == "mcp-protocol-version"
    assert "access-control-allow-origin" not in httpx.options(world.url("scoped"), headers=asked).headers


def test_pages_that_may_call_hear_where_to_sign_in(world):
    configured = world.configuration()
    page = "https://app.example.com"
    configured["servers"]["plain"]["cors"] = {"origins": [page]}
    world.start(configured)
    asked = {"origin": page, "access-control-request-method": "POST", "access-control-request-headers": "authorization, mcp-protocol-version"}
    answer = httpx.options(world.url("plain"), headers=asked)
    assert answer.status_code == 204 and "authorization" in answer.headers["access-control-allow-headers"]
    refused = listed(world.url("plain"), origin=page)
    assert refused.status_code == 401 and refused.headers["access-control-allow-origin"] == page
    assert "www-authenticate" in refused.headers["access-control-expose-headers"]
    assert listed(world.url("plain"), world.authority.issue(world.url("plain")), origin=page).status_code == 200


def test_the_root_form_is_there_where_one_server_takes_tokens(world):
    configured = world.configuration()
    configured["servers"] = {name: configured["servers"][name] for name in ("scoped", "keys")}
    world.start(configured)
    root = httpx.get(world.public + WELL_KNOWN)
    assert root.status_code == 200 and root.json() == httpx.get(world.metadata_url("scoped")).json()


def test_a_public_url_with_a_path_is_found_with_it_and_without(world):
    configured = world.configuration(publicUrl=f"{world.public}/hub")
    configured["servers"] = {name: configured["servers"][name] for name in ("plain", "scoped")}
    world.start(configured)
    found = httpx.get(f"{world.public}{WELL_KNOWN}/hub/mcp/plain")
    assert found.status_code == 200 and found.json()["resource"] == f"{world.public}/hub/mcp/plain"
    assert httpx.get(f"{world.public}{WELL_KNOWN}/mcp/plain").json() == found.json()
    challenge = listed(world.url("plain")).headers["www-authenticate"]
    assert challenge == f'Bearer resource_metadata="{world.public}{WELL_KNOWN}/hub/mcp/plain"'
    assert listed(world.url("plain"), world.authority.issue(f"{world.public}/hub/mcp/plain")).status_code == 200


# Authorization servers that are down, or not to be trusted


def until(found):
    """Waits for something to become true."""
    deadline = time.monotonic() + RECOVERED
    while not found():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)


UNTRUSTED = {
    "another issuer": lambda world: {**world.authority.metadata, "issuer": "https://evil.test"},
    "no key set": lambda world: {name: value for name, value in world.authority.metadata.items() if name != "jwks_uri"},
    "keys in the network behind the hub": lambda world: {**world.authority.metadata, "jwks_uri": f"{world.upstream.url}/good"},
    "keys in a file": lambda world: {**world.authority.metadata, "jwks_uri": "file:///etc/passwd"},
}


@pytest.mark.parametrize("elsewhere", [(404, "text/plain", ""), (403, "application/json", "{}"), (200, "text/html", "<html>Sign in</html>"), (500, "text/plain", "")])
def test_an_authorization_server_that_has_the_metadata_of_openid_connect_alone(world, elsewhere):
    """At the place of RFC 8414 there is nothing, a wall, a page, or a failure."""
    world.authority.elsewhere = elsewhere
    world.start()
    assert listed(world.url("plain"), world.authority.issue(world.url("plain"))).status_code == 200


@pytest.mark.parametrize("kind", UNTRUSTED)
def test_metadata_that_is_not_to_be_trusted_lets_nobody_in_until_it_is(world, kind):
    world.authority.published = UNTRUSTED[kind](world)
    world.start()
    url = world.url("keys-too")
    token = world.authority.issue(url)
    assert listed(url, token).status_code == 503
    assert listed(url, API_KEY).status_code == 200
    assert listed(url).status_code == 401 and httpx.get(world.metadata_url("keys-too")).status_code == 200
    assert world.upstream.requests == []
    ready = httpx.get(f"{world.hub.admin}/readyz").json()
    assert ready["unavailable"] == ["mcp/plain", "mcp/scoped"], "the others have another way in"
    world.authority.published = None
    until(lambda: listed(url, token).status_code == 200)
    assert httpx.get(f"{world.hub.admin}/readyz").json()["unavailable"] == []

