"""Signing in at upstream MCP servers: FastMCP's authorization server and Authlib's, an operator's browser, and what goes wrong on the way."""

import json
import socket
import time
from http.server import BaseHTTPRequestHandler

import httpx
import pytest

from harness.authority import Authority
from harness.composing import settled
from harness.hub import hubd
from harness.service import Service
from harness.signin import SignIn, SignInServer, query, secrets_in, write_configuration
from harness.wire import ask, call, text

NEVER, AGAIN = "an operator can sign in: hubd signin docs", "an operator can sign in again: hubd signin docs"


@pytest.fixture
def server():
    server = SignInServer()
    yield server
    server.stop()


@pytest.fixture
def authority():
    authority = Authority({"read", "write"})
    yield authority
    authority.stop()


@pytest.fixture
def sign_in(tmp_path):
    """Begins to sign in at the server `docs`."""
    running = []

    def start(*more: str) -> SignIn:
        running.append(SignIn(tmp_path, "docs", *(more or ["--port", "0"])))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.wait()


def configuration(url: str, **user) -> dict:
    return {"servers": {"docs": {"mcp": url, "credential": {"oauthUser": user}}}}


def signed_in(hub) -> bool:
    """Whether the hub lists what only somebody who is signed in sees."""
    answer = httpx.post(hub.mcp("docs"), **wire("tools/list"), timeout=30)
    return answer.status_code == 200 and "whoami" in answer.text and "docs" not in ready(hub).get("signIn", [])


def wire(method: str, params: dict | None = None) -> dict:
    from harness.wire import modern

    fields, body = modern(method, params)
    return {"headers": fields, "content": body}


def ready(hub) -> dict:
    return httpx.get(f"{hub.admin}/readyz").json()


def whoami(hub) -> dict:
    return call(hub.mcp("docs"), "whoami")


# At FastMCP's own authorization server


def test_a_running_hub_takes_up_a_sign_in_keeps_it_over_a_restart_and_forgets_it(start_hub, server, sign_in, tmp_path):
    hub = start_hub(configuration(server.url))
    assert ready(hub)["signIn"] == ["docs"] and ready(hub)["unavailable"] == ["mcp/docs"]
    assert httpx.post(hub.mcp("docs"), **wire("tools/list")).status_code == 503
    assert "nobody is signed in there" in hub.errors.text and "hubd signin docs" in hub.errors.text

    operator = sign_in()
    asked = query(operator.url)
    assert asked["resource"] == server.url and asked["code_challenge_method"] == "S256" and asked["scope"] == "read"
    page = operator.browse()
    assert page.status_code == 200 and "page can be closed" in page.text
    assert page.headers["referrer-policy"] == "no-referrer" and page.headers["cache-control"] == "no-store"
    assert operator.end() == 0, operator.text
    (client,) = server.state()["clients"]
    assert client["client_name"] == "hubd" and client["redirect_uris"] == [asked["redirect_uri"]]
    assert client["application_type"] == "native"

    assert settled(lambda: signed_in(hub), 10)
    assert whoami(hub)["structuredContent"]["client"] == client["client_id"]
    assert "unavailable" not in ready(hub) or ready(hub)["unavailable"] == []
    kept = server.state()
    issued = kept["access"] + kept["refresh"]
    store = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("hub.sqlite*"))
    assert len(issued) == 2 and not any(token.encode() in store for token in issued), "sealed"
    assert hubd("secrets", "list", "--config", hub.file, "--data", hub.data).stdout == "", "no secret of the operator's"
    hub.stop()

    again = start_hub(configuration(server.url))
    assert settled(lambda: signed_in(again), 10) and not whoami(again)["isError"]
    assert server.state()["used"] == [], "the token that was there is used"

    forgotten = hubd("signin", "docs", "--forget", "--config", again.file, "--data", again.data)
    assert forgotten.returncode == 0 and "forgot" in forgotten.stdout
    assert settled(lambda: ready(again).get("signIn") == ["docs"], 10)
    refused = whoami(again)
    assert refused["isError"] and NEVER in text(refused) and server.url not in text(refused)
    assert hubd("signin", "docs", "--forget", "--config", again.file, "--data", again.data).returncode == 1
    again.stop()
    shown = operator.text + hub.errors.text + again.errors.text + hub.output.text + again.output.text
    assert secrets_in(shown) == []


def test_tokens_are_renewed_and_each_refresh_token_is_used_once(start_hub, server, sign_in):
    server.state(life=3)
    hub = start_hub(configuration(server.url), more=["--log-level", "trace"])
    operator = sign_in()
    operator.browse()
    assert operator.end() == 0, operator.text
    assert settled(lambda: signed_in(hub), 10)
    end = time.monotonic() + 9
    while time.monotonic() < end:
        assert not whoami(hub)["isError"]
        time.sleep(0.2)
    state = server.state()
    assert len(state["used"]) >= 2 and state["replayed"] == [] and len(set(state["used"])) == len(state["used"])
    # Another process on the same data finds what this one left.
    checked = hubd("check", "--config", hub.file, "--data", hub.data)
    assert checked.returncode == 0 and "away" not in checked.stdout, checked.stdout
    time.sleep(4)
    assert not whoami(hub)["isError"]
    assert server.state()["replayed"] == []
    hub.stop()
    assert secrets_in(hub.errors.text) == []


def test_a_refused_token_is_renewed_and_the_call_made_once_more(start_hub, server, sign_in):
    hub = start_hub(configuration(server.url))
    sign_in().browse()
    assert settled(lambda: signed_in(hub), 10)
    server.state(refuse=True)
    assert not whoami(hub)["isError"]
    state = server.state()
    assert len(state["used"]) == 1 and state["replayed"] == []


def test_when_the_grant_is_gone_the_operator_is_told_to_sign_in_again(start_hub, server, sign_in):
    hub = start_hub(configuration(server.url))
    sign_in().browse()
    assert settled(lambda: signed_in(hub), 10)
    server.state(signOut=True)
    answers = [whoami(hub)]
    assert settled(lambda: ready(hub).get("signIn") == ["docs"], 20)
    answers.append(whoami(hub))
    assert all(answer["isError"] for answer in answers) and AGAIN in text(answers[1]), answers
    assert server.origin not in json.dumps(answers)
    tried = len(server.state()["replayed"])
    for _ in range(5):
        whoami(hub)
    assert len(server.state()["replayed"]) == tried, "the authorization server is not asked again"
    checked = hubd("check", "--config", hub.file, "--data", hub.data)
    assert checked.returncode == 0 and "the sign-in there has ended" in checked.stdout and "hubd signin docs" in checked.stdout
    operator = sign_in()
    operator.browse()
    assert operator.end() == 0, operator.text
    assert settled(lambda: signed_in(hub), 10) and not whoami(hub)["isError"]


def test_scopes_that_the_server_comes_to_want_are_asked_for_when_somebody_signs_in_again(start_hub, server, sign_in):
    hub = start_hub(configuration(server.url))
    sign_in().browse()
    assert settled(lambda: signed_in(hub), 10)
    server.state(want=["write"])
    refused = whoami(hub)
    assert refused["isError"] and "does not cover this" in text(refused) and AGAIN in text(refused)
    operator = sign_in()
    assert set(query(operator.url)["scope"].split()) == {"read", "write"}
    operator.browse()
    assert operator.end() == 0, operator.text
    assert settled(lambda: not whoami(hub)["isError"], 10)
    assert whoami(hub)["structuredContent"]["scopes"] == ["read", "write"]


def test_a_pasted_answer_does_too_and_nothing_else(server, sign_in, tmp_path):
    write_configuration(tmp_path, configuration(server.url))
    operator = sign_in("--no-browser")
    asked = query(operator.url)
    assert asked["redirect_uri"] == "http://127.0.0.1:8082/callback"
    with pytest.raises(httpx.ConnectError):
        httpx.get(asked["redirect_uri"])
    operator.paste("nonsense")
    operator.paste(f"{asked['redirect_uri']}?code=a&state=b")
    assert operator.errors.wait_for("this is no answer")
    operator.paste(operator.redirected())
    assert operator.end() == 0, operator.text
    assert len(server.state()["refresh"]) == 1

    closed = sign_in("--no-browser")
    assert closed.url
    closed.process.stdin.close()
    assert closed.end() == 1 and "standard input ended" in closed.text


def test_an_answer_with_another_state_is_nobodys_and_waiting_goes_on(server, sign_in, tmp_path):
    write_configuration(tmp_path, configuration(server.url))
    operator = sign_in()
    asked = query(operator.url)
    for wrong in ["", "?code=a", "?code=a&state=b", f"?code=a&code=b&state={asked['state']}", f"?code=a&state={asked['state']}&state=x"]:
        answer = httpx.get(asked["redirect_uri"] + wrong)
        assert answer.status_code == 400 and "code=" not in answer.text
    assert httpx.get(asked["redirect_uri"].replace("/callback", "/")).status_code == 404
    assert httpx.get(asked["redirect_uri"], headers={"host": "evil.test"}).status_code == 404
    assert operator.process.poll() is None and server.state()["refresh"] == []
    assert operator.browse().status_code == 200
    assert operator.end() == 0, operator.text


def test_a_refusal_is_told_in_one_word(server, sign_in, tmp_path):
    write_configuration(tmp_path, configuration(server.url))
    operator = sign_in()
    asked = query(operator.url)
    answer = httpx.get(asked["redirect_uri"], params={"error": "access_denied", "error_description": "swordfish", "state": asked["state"]})
    assert answer.status_code == 200 and "swordfish" not in answer.text
    assert operator.end() == 1 and "access_denied" in operator.text and "swordfish" not in operator.text


# At Authlib's, elsewhere


@pytest.fixture
def resource(authority):
    server = SignInServer(authority.issuer)
    yield server
    server.stop()


def test_an_authorization_server_elsewhere_signs_in_with_its_issuer_and_for_the_resource(start_hub, authority, resource, sign_in):
    hub = start_hub(configuration(resource.url, authorizationServer=authority.issuer))
    operator = sign_in()
    operator.browse()
    assert operator.end() == 0, operator.text
    assert f"signed in at {authority.issuer}" in operator.text
    assert settled(lambda: signed_in(hub), 10) and not whoami(hub)["isError"]
    asked = {path: form for path, form in authority.requests}
    assert asked["/authorize"]["resource"] == asked["/token"]["resource"] == resource.url
    assert asked["/token"]["code_verifier"] and "client_secret" not in asked["/token"]
    hub.stop()
    assert not any(part in hub.errors.text + operator.text for token in authority.tokens for part in token.split("."))


def test_an_answer_of_another_authorization_server_is_a_mix_up(authority, resource, sign_in, tmp_path):
    write_configuration(tmp_path, configuration(resource.url, authorizationServer=authority.issuer))
    for change in [lambda url: url.copy_set_param("iss", "http://evil.test"), lambda url: url.copy_remove_param("iss")]:
        operator = sign_in()
        answer = httpx.get(change(httpx.URL(operator.redirected())))
        assert answer.status_code == 400
        assert operator.end() == 1 and "another authorization server's" in operator.text
    assert not any(path == "/token" for path, _ in authority.requests) and not authority.tokens


def test_an_authorization_server_that_only_a_document_names_must_be_public(authority, resource, sign_in, tmp_path):
    write_configuration(tmp_path, configuration(resource.url))
    operator = sign_in()
    assert operator.end() == 1 and "the hub does not go there" in operator.text, operator.text
    assert authority.requests == []


@pytest.mark.parametrize(
    "changes, complaint",
    [
        ({"issuer": "http://evil.test"}, "another issuer"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({"token_endpoint": "http://127.0.0.1:1/token"}, "token_endpoint"),
        ({"token_endpoint": "http://10.0.0.1/token"}, "token_endpoint"),
        ({"registration_endpoint": None}, "register a client there by hand"),
    ],
)
def test_metadata_that_leads_astray_ends_it(authority, resource, sign_in, tmp_path, changes, complaint):
    authority.published = {**authority.metadata, **changes}
    write_configuration(tmp_path, configuration(resource.url, authorizationServer=authority.issuer))
    operator = sign_in()
    assert operator.end() == 1 and complaint in operator.text, operator.text


def test_a_client_of_the_operators_needs_no_registration(authority, resource, sign_in, tmp_path):
    authority.published = {**authority.metadata, "registration_endpoint": None}
    from harness.authority import Client

    metadata = {
        "redirect_uris": ["http://127.0.0.1:8082/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }
    authority.clients["own"] = Client("own", "swordfish", metadata, authority)
    (tmp_path / "own").write_text("swordfish\n")
    user = {"clientId": "own", "clientSecret": "file:own", "scopes": ["read"], "authorizationServer": authority.issuer}
    write_configuration(tmp_path, configuration(resource.url, **user))
    operator = sign_in("--no-browser")
    assert query(operator.url)["client_id"] == "own" and query(operator.url)["scope"] == "read"
    operator.paste(operator.redirected())
    assert operator.end() == 0 and "swordfish" not in operator.text, operator.text
    assert not any(path == "/register" for path, _ in authority.requests)


def test_the_address_of_the_hubs_own_document_is_its_client_where_that_is_taken(start_hub, authority, resource, sign_in):
    authority.published = {**authority.metadata, "client_id_metadata_document_supported": True}
    more = {"publicUrl": "https://hub.example.com/hub", "hosts": ["127.0.0.1", "localhost"]}
    settings = configuration(resource.url, authorizationServer=authority.issuer)
    settings["servers"]["docs"]["auth"] = "none"
    hub = start_hub({**settings, **more})
    place = "https://hub.example.com/hub/.well-known/oauth-client.json"
    asked = query(sign_in("--no-browser").url)
    assert asked["client_id"] == place and not any(path == "/register" for path, _ in authority.requests)
    for path in ["/.well-known/oauth-client.json", "/hub/.well-known/oauth-client.json"]:
        document = httpx.get(hub.url + path).json()
        assert document["client_id"] == place and asked["redirect_uri"] in document["redirect_uris"]
        assert document["token_endpoint_auth_method"] == "none"


# Servers that lie


def lying(resource_metadata: dict, challenge=True) -> Service:
    """A server whose metadata is what is said; it notes who asks with a token."""

    def answer(request: BaseHTTPRequestHandler):
        if "oauth-protected-resource" in request.path:
            return 200, {"content-type": "application/json"}, json.dumps(resource_metadata).encode()
        if request.path == "/mcp":
            return 401, {"www-authenticate": "Bearer" if challenge else "Basic"}, b""
        return 404, {}, b""

    return Service(answer)


@pytest.mark.parametrize("named", ["https://mcp.notion.test/mcp", "http://127.0.0.1:1/mcp", "SELF/other", "SELF/mcp/below", "nonsense"])
def test_metadata_of_another_resource_is_refused(authority, sign_in, tmp_path, named):
    metadata = {"authorization_servers": [authority.issuer]}
    server = lying(metadata)
    metadata["resource"] = named.replace("SELF", server.url)
    write_configuration(tmp_path, configuration(f"{server.url}/mcp", authorizationServer=authority.issuer))
    operator = sign_in()
    assert operator.end() == 1 and "resource" in operator.text, operator.text
    assert authority.requests == []
    server.stop()


def test_a_server_that_hangs_or_floods_ends_the_attempt(sign_in, tmp_path):
    flood = Service(lambda request: (200, {"content-type": "application/json"}, b'"' + b"a" * (1 << 20) + b'"'))
    write_configuration(tmp_path, configuration(f"{flood.url}/mcp"))
    operator = sign_in()
    assert operator.end() == 1 and "larger than" in operator.text, operator.text
    flood.stop()


def test_wrong_usage_says_what_to_do(tmp_path, sign_in):
    write_configuration(tmp_path, {"servers": {"docs": {"mcp": "https://a.test/mcp"}}})
    ended = sign_in()
    assert ended.end() == 1 and "credential: { oauthUser: {} }" in ended.text
    other = hubd("signin", "dosc", "--config", tmp_path / "hub.yaml", "--data", tmp_path / "data")
    assert other.returncode == 1 and "has no server" in other.stderr
    assert hubd("signin", "docs", "--port", "70000").returncode == 64
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = SignInServer()
        write_configuration(tmp_path, configuration(server.url))
        busy = sign_in("--port", str(taken.getsockname()[1]))
        assert busy.end() == 1 and "--port" in busy.text and "--no-browser" in busy.text
        assert server.state()["clients"] == [], "nobody is registered for nothing"
        server.stop()
