"""What those find who look for servers: the catalogue, as its reader sees it, and the cards that it names."""

import base64
import hashlib
import hmac
import json
import re
import time

import httpx
import pytest

from conftest import FIXTURES
from harness.hub import Hub
from harness.peer import MCP2_AUTO, Peer

SECRET = "a-shared-secret-of-at-least-32-bytes"
KEY = "the-api-key-of-a"
CATALOGUE = "/.well-known/ai-catalog.json"
CARD = "application/mcp-server-card+json"
SCHEMA = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json"


def token(**more) -> str:
    encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    claims = {"iss": "https://issuer.test", "aud": "hub", "azp": "a", "sub": "a", "exp": int(time.time()) + 600, **more}
    text = encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + b"." + encode(json.dumps(claims).encode())
    return (text + b"." + encode(hmac.new(SECRET.encode(), text, "sha256").digest())).decode()


@pytest.fixture(scope="module")
def configuration(httpbin):
    server = {"openapi": "httpbin.openapi.yaml", "upstream": "httpbin"}
    return {
        "upstreams": {"httpbin": {"addresses": [httpbin.url]}},
        "identity": {"jwt": [{"issuer": "https://issuer.test", "secret": "file:secret", "audience": "hub"}]},
        "consumers": {
            "a": {
                "apiKeys": [{"sha256": hashlib.sha256(KEY.encode()).hexdigest()}],
                "jwt": {"issuer": "https://issuer.test", "claims": {"azp": "a"}},
            }
        },
        "servers": {
            "open": {**server, "auth": "none", "description": "Answers everybody."},
            "keys": {**server, "auth": ["apiKey"]},
            "tokens": {**server, "auth": ["jwt"]},
            "both": {**server, "auth": ["apiKey", "jwt"]},
        },
    }


@pytest.fixture(scope="module")
def hub(tmp_path_factory, configuration):
    folder = tmp_path_factory.mktemp("discovery")
    (folder / "secret").write_text(SECRET)
    hub = Hub(folder, configuration, FIXTURES.glob("*.yaml"))
    yield hub
    hub.stop()


def get(url: str, **fields) -> httpx.Response:
    return httpx.get(url, headers={name.replace("_", "-"): value for name, value in fields.items()}, timeout=20)


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/ai-catalog+json"
    return [entry["displayName"] for entry in answer.json()["entries"]]


def test_each_caller_finds_the_servers_that_the_credential_opens(hub):
    url = hub.url + CATALOGUE
    assert names(get(url)) == ["open"]
    assert names(get(url, x_api_key=KEY)) == ["open", "keys", "both"]
    assert names(get(url, authorization=f"Bearer {KEY}")) == ["open", "keys", "both"]
    assert names(get(url, authorization=f"Bearer {token()}")) == ["open", "tokens", "both"]
    for wrong in ["no-such-key", token(exp=1), token(aud="another")]:
        answer = get(url, authorization=f"Bearer {wrong}")
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer") and "entries" not in answer.text
    assert get(url, authorization=f"Bearer {KEY}", x_api_key=KEY).status_code == 400


def test_a_catalogue_is_never_another_callers(hub):
    url = hub.url + CATALOGUE
    open_, own = get(url), get(url, x_api_key=KEY)
    assert open_.headers["cache-control"] == "no-cache" and own.headers["cache-control"] == "private, no-cache"
    assert open_.headers["etag"] != own.headers["etag"]
    assert get(url, if_none_match=open_.headers["etag"]).status_code == 304
    assert get(url, if_none_match=open_.headers["etag"], x_api_key=KEY).status_code == 200
    assert get(url, if_none_match=own.headers["etag"], x_api_key=KEY).status_code == 304


def test_the_cards_have_the_form_of_their_schema_and_lead_to_the_servers(hub):
    for entry in get(hub.url + CATALOGUE, x_api_key=KEY).json()["entries"]:
        name = entry["displayName"]
        assert re.fullmatch(r"urn:air:[a-zA-Z0-9.-]+(:[a-zA-Z0-9._-]+)+", entry["identifier"])
        assert entry["type"] == CARD and entry["url"] == f"{hub.url}/mcp/{name}/server-card" and "data" not in entry
        assert get(entry["url"], accept=CARD).status_code == (200 if name == "open" else 401)
        answer = get(entry["url"], accept=CARD, x_api_key=KEY)
        assert answer.status_code == 200 and answer.headers["content-type"] == CARD
        assert answer.headers["access-control-allow-origin"] == "*" and answer.headers["etag"]
        card = answer.json()
        assert card["$schema"] == SCHEMA
        assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", card["name"]) and 3 <= len(card["name"]) <= 200
        assert 1 <= len(card["description"]) <= 100 and 1 <= len(card["version"]) <= 255
        assert set(card) <= {"$schema", "name", "version", "description", "title", "remotes"}
        remote = {remote["type"]: remote for remote in card["remotes"]}["streamable-http"]
        assert remote["url"] == f"{hub.url}/mcp/{name}"
        assert "2026-07-28" in remote["supportedProtocolVersions"]
    peer = Peer(MCP2_AUTO, {"url": remote["url"].replace(name, "open")})
    try:
        assert peer.tools()
    finally:
        peer.close()


def test_the_hub_is_called_by_its_public_address(start_hub, configuration):
    hub = start_hub({
        "publicUrl": "https://hub.example.com/x",
        "hosts": ["localhost"],
        "upstreams": configuration["upstreams"],
        "servers": {"open": configuration["servers"]["open"]},
    })
    (entry,) = get(hub.url + CATALOGUE, host="localhost").json()["entries"]
    assert entry["identifier"] == "urn:air:hub.example.com:open:mcp"
    assert entry["url"] == "https://hub.example.com/x/mcp/open/server-card"
    assert get(hub.url + "/mcp/open/server-card", host="localhost").json()["name"] == "com.example.hub/open"
