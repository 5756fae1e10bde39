"""Signed requests over the wire, in each of the three forms: what is good once, and what is not."""

import time
from functools import partial

import httpx
import pytest

from harness.signers import sign_apisix, sign_ca, sign_kong
from harness.wire import Session, modern

KEY, SECRET = "support-bot", "swordfish-of-the-support-bot"
FORMS = {
    "ca": sign_ca,
    "apisix": sign_apisix,
    "kong": sign_kong,
    "kong-proxy": partial(sign_kong, proxy=True),
    "kong-x-date": partial(sign_kong, date_name="x-date"),
}


@pytest.fixture
def hub(start_hub, tokens, tmp_path):
    (tmp_path / "signing.key").write_text(SECRET + "\n")
    return start_hub(
        {
            "upstreams": {"tokens": {"addresses": [tokens.url]}},
            "identity": {"hmac": {"clockSkew": "5m"}},
            "consumers": {"support-bot": {"hmac": {"key": KEY, "secret": "file:signing.key"}}},
            "servers": {"tokens": {"openapi": "tokens.openapi.yaml", "upstream": "tokens", "auth": ["hmac"]}},
        }
    )


def signed(sign, key=KEY, secret=SECRET, target="/mcp/tokens", **more) -> tuple[dict, bytes]:
    """A request for the list of tools, signed."""
    fields, body = modern("tools/list")
    return fields | sign(key, secret, "POST", target, fields, body, **more), body


def send(hub, fields: dict, body: bytes, target="/mcp/tokens", method="POST") -> int:
    return httpx.request(method, hub.url + target, headers=fields, content=body, timeout=20).status_code


@pytest.mark.parametrize("form", FORMS)
def test_a_signed_request_is_good_once(hub, form):
    request = signed(FORMS[form])
    assert send(hub, *request) == 200
    assert send(hub, *request) == 401, "a replay was answered"
    assert send(hub, *signed(FORMS[form])) == 200


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_the_fields_does_not_matter(hub, form):
    fields, body = signed(FORMS[form])
    assert send(hub, dict(reversed(fields.items())), body) == 200


@pytest.mark.parametrize("skew,status", [(-299, 401), (290, 200), (330, 401), (-330, 401), (86_400, 401), (-86_400, 401)])
@pytest.mark.parametrize("form", FORMS)
def test_a_clock_may_be_off_by_five_minutes(hub, form, skew, status):
    """What was signed before the hub began to remember may have been sent before, so that it is refused too."""
    assert send(hub, *signed(FORMS[form], at=time.time() + skew)) == status


def change(fields: dict, body: bytes, **more):
    return fields | {name.replace("_", "-"): value for name, value in more.items()}, body


def without(fields: dict, body: bytes, *names: str):
    return {name: value for name, value in fields.items() if name not in names}, body


def spoilt(fields: dict, body: bytes):
    """The signature with another first character."""
    name = next(name for name in ("x-ca-signature", "authorization", "proxy-authorization") if name in fields)
    before, quote, code = fields[name].rpartition('signature="')
    return fields | {name: before + quote + ("A" if code[0] != "A" else "B") + code[1:]}, body


WRONG = {
    "the secret of somebody else": lambda sign: signed(sign, secret="another"),
    "the key of nobody": lambda sign: signed(sign, key="nobody"),
    "an empty key": lambda sign: signed(sign, key=""),
    "another signature": lambda sign: spoilt(*signed(sign)),
    "another body": lambda sign: (lambda fields, body: (fields, body.replace(b'"id": 1', b'"id": 2')))(*signed(sign)),
    "no body": lambda sign: (signed(sign)[0], b""),
    "another path": lambda sign: signed(sign, target="/mcp/other"),
    "a query that was signed": lambda sign: signed(sign, target="/mcp/tokens?a=1"),
    "another time": lambda sign: (lambda fields, body: change(fields, body, **{n: v for n, v in {"date": "Mon, 30 Nov 2026 00:00:00 GMT", "x_date": "Mon, 30 Nov 2026 00:00:00 GMT", "x_ca_timestamp": "1795996800000"}.items() if n.replace("_", "-") in fields}))(*signed(sign)),
    "no time": lambda sign: without(*signed(sign), "date", "x-date", "x-ca-timestamp"),
    "no digest": lambda sign: without(*signed(sign), "digest", "content-md5"),
    "no signature": lambda sign: without(*signed(sign), "x-ca-signature", "authorization", "proxy-authorization"),
    "nothing": lambda sign: modern("tools/list"),
    "SHA-1": lambda sign: signed(sign, algorithm="sha1"),
}


@pytest.mark.parametrize("variant", WRONG)
@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_signature_is_refused_and_learns_nothing(hub, form, variant):
    fields, body = WRONG[variant](FORMS[form])
    answer = httpx.post(hub.url + "/mcp/tokens", headers=fields, content=body, timeout=20)
    assert answer.status_code == 401, answer.text
    assert not any(known in answer.text + hub.errors.text for known in (SECRET, "Third", "sha256", "X-Ca"))


@pytest.mark.parametrize("form", FORMS)
def test_the_order_and_the_values_of_a_query_are_signed(hub, form):
    target = "/mcp/tokens?b=2&a=1"
    fields, body = signed(FORMS[form], target=target)
    turned = httpx.post(hub.url + "/mcp/tokens?a=1&b=2", headers=fields, content=body, timeout=20).status_code
    # Form A signs the parameters by name, so that their order says nothing there; that is once, too.
    assert turned == (200 if form == "ca" else 401)
    assert send(hub, fields, body, target) == (401 if form == "ca" else 200)
    fields, body = signed(FORMS[form], target=target)
    assert send(hub, fields, body, "/mcp/tokens?b=2&a=3") == 401


def test_two_signatures_are_two_credentials(hub):
    fields, body = signed(sign_ca)
    assert send(hub, fields | signed(sign_apisix)[0], body) == 400
    both = signed(sign_apisix)[0] | signed(partial(sign_kong, proxy=True))[0]
    assert send(hub, both, body) == 400
    assert send(hub, fields | {"x-api-key": "key"}, body) == 400


def test_a_whole_session_is_signed_request_by_request(hub):
    """A client of the handshake revisions whose every request is signed."""

    class Signer(httpx.Auth):
        requires_request_body = True

        def auth_flow(self, request):
            target = request.url.raw_path.decode()
            request.headers.update(sign_apisix(KEY, SECRET, request.method, target, dict(request.headers), request.content))
            yield request

    class Signed(Session):
        def post(self, body):
            self.client.auth = Signer()
            return super().post(body)

    with Signed(hub.mcp("tokens")) as session:
        assert [tool["name"] for tool in session.ask("tools/list")["result"]["tools"]]
        taken = session.client.headers["mcp-session-id"]
    assert httpx.get(hub.mcp("tokens"), headers={"mcp-session-id": taken, "accept": "text/event-stream"}, timeout=20).status_code == 401
