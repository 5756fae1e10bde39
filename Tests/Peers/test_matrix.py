"""Every operation that the hub describes of itself × every form of credential × every kind of caller: one rule decides, on every door.

The operations come from `specs/public.openapi.yaml` and the description that the admin listener serves, so that one that is added is in the
matrix without a word here; what they should answer comes from their `security`.
"""

import base64
import hashlib
import hmac
import json
import time

import httpx
import pytest
import yaml

from conftest import FIXTURES
from harness.hub import ROOT, Hub
from harness.models import ModelDouble
from harness.signers import sign_apisix, sign_ca, sign_kong
from harness.wire import BOTH

SECRET = "a-shared-secret-of-at-least-32-bytes"
KEYS = {"a": "the-api-key-of-a", "b": "the-api-key-of-b"}
METHODS = {"get", "post", "put", "delete", "patch", "head", "options"}
# Each entry of the hub and what it takes.
ENTRIES = {
    "keys": ["apiKey"],
    "tokens": ["jwt"],
    "signed": ["hmac"],
    "all": ["apiKey", "jwt", "hmac"],
    "open": "none",
}


def token(claims: dict, secret=SECRET) -> str:
    """An HS256 token, by hand."""
    encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    text = encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + b"." + encode(json.dumps(claims).encode())
    return (text + b"." + encode(hmac.new(secret.encode(), text, "sha256").digest())).decode()


def claims(azp: str, **more) -> dict:
    return {"iss": "https://issuer.test", "aud": "hub", "azp": azp, "sub": azp, "exp": int(time.time()) + 600, **more}


def bearer(text: str):
    return lambda *_: {"authorization": f"Bearer {text}"}


def credentials(admin: str) -> dict:
    """Forms of credentials: which way in each is, whether it is good, and how it is shown in a request (method, target, fields, body)."""
    forms = {
        "none": (None, None, lambda *_: {}),
        "the admin token": ("admin", True, bearer(admin)),
        "an unknown key": ("apiKey", False, bearer("nobody-has-this")),
        "a wrong token": ("jwt", False, bearer(token(claims("a"), "another-secret-of-at-least-32-bytes"))),
        "an expired token": ("jwt", False, bearer(token(claims("a", exp=int(time.time()) - 3600)))),
        "a token of nobody": ("jwt", None, bearer(token(claims("nobody")))),
        "two keys": ("apiKey", "two", lambda *_: {"authorization": f"Bearer {KEYS['a']}", "x-api-key": KEYS["b"]}),
    }
    for consumer in "ab":
        for name in ("x-api-key", "api-key", "x-goog-api-key"):
            forms[f"the key of {consumer} in {name}"] = ("apiKey", True, lambda *_, name=name, consumer=consumer: {name: KEYS[consumer]})
        forms[f"the key of {consumer} as bearer"] = ("apiKey", True, bearer(KEYS[consumer]))
        forms[f"a token of {consumer}"] = ("jwt", True, bearer(token(claims(consumer))))
        for form, sign in {"A": sign_ca, "B": sign_apisix, "C": sign_kong}.items():
            forms[f"form {form} of {consumer}"] = ("hmac", True, lambda *request, sign=sign, consumer=consumer: sign(consumer, SECRET, *request))
            forms[f"form {form} of {consumer} by another"] = ("hmac", False, lambda *request, sign=sign, consumer=consumer: sign(consumer, "x", *request))
    return forms


@pytest.fixture(scope="module")
def double(background):
    return ModelDouble(background)


@pytest.fixture(scope="module")
def hub(tmp_path_factory, httpbin, double):
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "secret").write_text(SECRET)
    model = {"services": {"main": {"provider": "openai-compatible", "endpoint": double.url}}}
    server = {"openapi": "httpbin.openapi.yaml", "upstream": "httpbin"}
    consumer = lambda name: {
        "apiKeys": [{"sha256": hashlib.sha256(KEYS[name].encode()).hexdigest()}],
        "jwt": {"issuer": "https://issuer.test", "claims": {"azp": name}},
        "hmac": {"key": name, "secret": "file:secret"},
    }
    configuration = {
        "upstreams": {"httpbin": {"addresses": [httpbin.url]}},
        "identity": {"jwt": [{"issuer": "https://issuer.test", "secret": "file:secret", "audience": "hub"}]},
        "consumers": {name: consumer(name) for name in "ab"},
        "servers": {name: {**server, "auth": auth} for name, auth in ENTRIES.items()},
        "agents": {
            name: {"skills": {"server": name, "tools": ["get*"]}, "auth": auth, "default": name == "all"} for name, auth in ENTRIES.items()
        },
        "models": {**{name: {**model, "auth": auth} for name, auth in ENTRIES.items()}, "default": {**model, "auth": ENTRIES["all"]}},
    }
    hub = Hub(folder, configuration, FIXTURES.glob("*.yaml"))
    yield hub
    hub.stop()


def operations(description: dict):
    """`(method, path, whether it asks)` of each operation; `"a shown one"`: only a credential that is shown must be good."""
    for path, item in description["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                security = operation.get("security", description["security"])
                yield method.upper(), path, "a shown one" if {} in security else bool(security)


@pytest.fixture(scope="module")
def client():
    with httpx.Client(verify=False, timeout=20) as client:
        yield client


def status(client, url: str, method: str, target: str, show) -> int:
    fields = {"accept": BOTH, **({"content-type": "application/json"} if method == "POST" else {})}
    body = b'{"jsonrpc":"2.0","id":1,"method":"ping"}' if method == "POST" else b""
    fields |= show(method, target, fields, body)
    # A stream that is let in stays open: its head is all that is wanted.
    with client.stream(method, url + target, headers=fields, content=body) as answer:
        return answer.status_code


def test_each_operation_of_an_entry_lets_in_whom_its_entry_says(hub, client):
    described = list(operations(yaml.safe_load((ROOT / "specs" / "public.openapi.yaml").read_text())))
    wrong, count = [], 0
    for method, path, asks in described:
        for entry in ENTRIES if "{" in path else ["all"]:
            taken = ENTRIES[entry]
            target = path.format(server=entry, api=entry, agent=entry, task="x", configuration="x")
            for name, (kind, is_good, show) in credentials(hub.token).items():
                found = status(client, hub.url, method, target, show)
                if not asks or taken == "none":
                    expected = "open"
                elif kind is None:
                    expected = "open" if asks == "a shown one" else 401
                elif is_good == "two":
                    expected = 400
                elif kind not in taken or is_good is False:
                    expected = 401
                else:
                    expected = 403 if is_good is None else "open"
                fits = found not in (401, 403) if expected == "open" else found == expected
                count += 1
                if not fits:
                    wrong.append(f"{method} {target} ({taken}) with {name}: {found}, not {expected}")
    assert count > 1000
    assert not wrong, "\n".join(wrong[:40])


def test_each_operation_of_the_admin_listener_lets_in_the_admin_token_alone(hub, client):
    description = httpx.get(f"{hub.admin}/openapi.json", headers={"authorization": f"Bearer {hub.token}"}, timeout=20).json()
    assert description == yaml.safe_load((ROOT / "specs" / "admin.openapi.yaml").read_text())
    wrong = []
    for method, path, asks in operations(description):
        for name, (kind, _, show) in credentials(hub.token).items():
            found = status(client, hub.admin, method, path, show)
            is_let_in = found not in (401, 403)
            if is_let_in != (kind == "admin" or not asks):
                wrong.append(f"{method} {path} with {name}: {found}")
    assert not wrong, "\n".join(wrong)


def test_what_is_not_described_is_not_there(hub):
    """Neighbours of what there is, on both listeners: without the admin token nothing of the admin listener tells whether it exists."""
    for path in ["/", "/admin", "/api/v1", "/api/v1/consumers", "/metrics/", "/openapi.yaml", "/.well-known/mcp", "/debug"]:
        assert httpx.get(hub.admin + path, timeout=20).status_code == 401
        assert httpx.get(hub.url + path, timeout=20).status_code == 404
