"""Who may call with a token: every algorithm, where keys come from, what a wrong token hears, and issuers that are down or hostile."""

import base64
import concurrent.futures
import hashlib
import hmac
import itertools
import json
import socket
import threading
import time

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from conftest import FIXTURES
from harness.hub import Hub, hubd
from harness.issuer import (
    AUDIENCE,
    BY_ALGORITHM,
    E256,
    KEYS,
    R1,
    R2,
    SECRET,
    STRANGER,
    KeySetServer,
    base64url,
    claims,
    forged,
    rsa_key,
    signed,
)
from harness.models import ModelDouble
from harness.tokens import TokenUpstream
from harness.wire import BOTH, modern, raw

API_KEY = "key-of-the-support-bot-0001"
SHARED, FILED = "https://shared.test", "https://filed.test"
SKEW = 60  # seconds by which clocks may differ
ENDED = 10  # seconds in which a stream must have ended; the hub means one
ADDRESSES = itertools.count(1)
RECOVERED = 40  # seconds in which the hub must have found the keys; it means two, and twice as many after each failure


def configuration(upstream: str, jwks: str, model="http://127.0.0.1:1", **more) -> dict:
    """One upstream behind entries that take tokens, tokens or keys, and everybody; a Model API; three issuers."""
    server = {"openapi": "tokens.openapi.yaml", "upstream": "tokens"}
    own = {"audience": AUDIENCE, "consumer": "bot", "groups": "realm_access.roles"}
    return {
        "upstreams": {"tokens": {"addresses": [upstream]}},
        "identity": {
            "jwt": [
                {"issuer": "https://issuer.test", "jwks": jwks, **own},
                {"issuer": FILED, "jwks": "keys.json", **own},
                {"issuer": SHARED, "secret": "file:shared.key", "algorithms": ["HS256", "HS384", "HS512"], **own},
            ]
        },
        "consumers": {
            "support-bot": {
                "groups": ["support"],
                "apiKeys": [{"value": "file:api.key"}],
                "jwt": [{"issuer": issuer, "claims": {"azp": "support-bot"}} for issuer in ("https://issuer.test", FILED, SHARED)],
            },
            "other": {},
        },
        "servers": {
            "tokens": {**server, "auth": ["jwt"]},
            "either": {**server, "auth": ["apiKey", "jwt"]},
            "keys": {**server, "auth": ["apiKey"]},
            "open": {**server, "auth": "none"},
        },
        "models": {"default": {"services": {"main": {"provider": "openai-compatible", "endpoint": model}}, "auth": ["jwt"]}},
        **more,
    }


def furnish(folder) -> None:
    """The files that the configuration names."""
    (folder / "shared.key").write_text(SECRET + "\n")
    (folder / "api.key").write_text(API_KEY + "\n")
    (folder / "keys.json").write_text(json.dumps({"keys": [key.public for key in KEYS]}))


@pytest.fixture(scope="module")
def issuer(background):
    return KeySetServer(background, *KEYS)


@pytest.fixture(scope="module")
def hub(tmp_path_factory, background, issuer):
    """One hub for what changes nothing. It logs all it can."""
    folder = tmp_path_factory.mktemp("tokens")
    furnish(folder)
    configured = configuration(TokenUpstream(background).url, issuer.url, ModelDouble(background).url, trustedProxies=["127.0.0.1/32"])
    hub = Hub(folder, configured, FIXTURES.glob("*.yaml"), more=["--log-level", "trace"])
    yield hub
    hub.stop()


@pytest.fixture
def start(start_hub, tokens, tmp_path):
    """Starts a hub of one's own before a key set: `start(url)`."""
    furnish(tmp_path)
    return lambda jwks, **more: start_hub(configuration(tokens.url, jwks, **more))


def somebody(token: str | None) -> dict:
    """The fields of a caller at an address of their own, whom nobody's failures slow down."""
    number = next(ADDRESSES)
    return {"x_forwarded_for": f"192.0.{number >> 8}.{number & 255}", **({"authorization": f"Bearer {token}"} if token else {})}


def listed(url: str, token: str | None = None, **fields) -> httpx.Response:
    """The answer to tools/list with a token, and with other fields."""
    fields = {**somebody(token), **fields}
    head, body = modern("tools/list", **fields)
    return httpx.post(url, headers=head, content=body, timeout=30)


def chatted(hub, token: str | None = None, query="", **fields) -> httpx.Response:
    """The answer of the Model API."""
    fields = {name.replace("_", "-"): value for name, value in {**somebody(token), **fields}.items()}
    body = {"model": "echo", "messages": [{"role": "user", "content": "hello"}]}
    return httpx.post(f"{hub.url}/v1/chat/completions{query}", headers=fields, json=body, timeout=30)


def until(found, limit=RECOVERED):
    """Waits for something to become true."""
    deadline = time.monotonic() + limit
    while not found():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)


# Good tokens


@pytest.mark.parametrize("source", ["https://issuer.test", FILED])
@pytest.mark.parametrize("algorithm", BY_ALGORITHM)
def test_every_algorithm_of_public_keys(hub, algorithm, source):
    token = signed(algorithm, iss=source)
    assert listed(hub.mcp("tokens"), token).status_code == 200
    assert chatted(hub, token).status_code == 200


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_every_algorithm_of_a_shared_secret(hub, algorithm):
    token = signed(algorithm, SECRET, iss=SHARED)
    assert listed(hub.mcp("tokens"), token).status_code == 200
    assert chatted(hub, token).status_code == 200


DATES = ("exp", "nbf", "iat")  # in seconds from now

GOOD = {
    "access token": {"typ": "at+jwt"},
    "access token by its whole type": {"typ": "application/at+jwt"},
    "audience in a list": {"aud": ["x", AUDIENCE]},
    "no date of issue": {"iat": None},
    "just ended": {"exp": -20},
    "clock of the issuer a little ahead": {"iat": 30, "nbf": 30},
    "dates with fractions": {"exp": 600.5},
    "consumer by the issuer's claim": {"azp": "nobody", "bot": "other"},
    "no groups": {"realm_access": None},
    "unknown claims": {"https://example.com/x": {"y": [1, None]}},
}


@pytest.mark.parametrize("variant", GOOD)
def test_a_token_that_is_good_all_the_same(hub, variant):
    changes = {name: time.time() + value if name in DATES and value else value for name, value in GOOD[variant].items()}
    assert listed(hub.mcp("tokens"), signed(**changes)).status_code == 200


def test_the_scheme_is_written_in_either_case(hub):
    assert listed(hub.mcp("tokens"), authorization=f"bearer {signed()}").status_code == 200


def test_a_key_or_a_token_where_both_are_taken(hub):
    assert listed(hub.mcp("either"), signed()).status_code == 200
    assert listed(hub.mcp("either"), API_KEY).status_code == 200
    assert listed(hub.mcp("keys"), signed()).status_code == 401
    assert listed(hub.mcp("tokens"), API_KEY).status_code == 401


def test_a_session_goes_on_with_a_renewed_token_and_is_nobody_elses(hub):
    url = hub.mcp("either")

    def posted(token, message, **fields):
        fields = {"accept": BOTH, "authorization": f"Bearer {token}", **fields}
        return httpx.post(url, headers=fields, json={"jsonrpc": "2.0", **message}, timeout=20)

    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "peer-tests", "version": "1"}}
    opening = posted(signed(), {"id": 0, "method": "initialize", "params": hello})
    session = {"mcp-session-id": opening.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}

    def used(token):
        return posted(token, {"id": 1, "method": "tools/list"}, **session).status_code

    assert used(signed(jti="renewed", exp=claims()["exp"] + 60)) == 200
    assert used(signed("ES256", jti="by another key")) == 200
    assert used(signed(sub="bob")) == 404, "another person"
    assert used(signed(azp="nobody", bot="other")) == 404, "another consumer"
    assert used(signed(iss=FILED)) == 404, "another issuer"
    assert used(API_KEY) == 404, "another credential"


# Wrong tokens


def cut(token: str, change) -> str:
    """A token whose three parts were changed after it was signed."""
    return ".".join(change(token.split(".")))


def tail_bits(parts: list[str]) -> list[str]:
    """The same signature in another spelling: 256 bytes leave four bits over in the last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return [*parts[:2], parts[2][:-1] + alphabet[alphabet.index(parts[2][-1]) + 1]]


def recoded(part: str, **changes) -> str:
    """A part with other members."""
    members = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return base64url(json.dumps({**members, **changes}).encode())


class Confused:
    """Signs with HMAC and the public key."""

    name, algorithm = "r1", "HS256"

    def __init__(self, secret: bytes):
        self.secret = secret

    def sign(self, data: bytes, algorithm=None) -> bytes:
        return hmac.digest(self.secret, data, hashlib.sha256)


PUBLIC = R1.private.public_key()
PEM = PUBLIC.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
DER = PUBLIC.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
NOW = int(time.time())
HALF = 32  # bytes of each half of an ECDSA signature on P-256


def der(parts: list[str]) -> list[str]:
    signature = base64.urlsafe_b64decode(parts[2] + "==")
    r, s = (int.from_bytes(half, "big") for half in (signature[:HALF], signature[HALF:]))
    return [*parts[:2], base64url(encode_dss_signature(r, s))]


def half_zero(parts: list[str]) -> list[str]:
    return [*parts[:2], base64url(bytes(HALF) + base64.urlsafe_b64decode(parts[2] + "==")[HALF:])]


# Each is a token, or fields and the status of the refusal.
WRONG = {
    # its time
    "expired": lambda: signed(exp=NOW - 3600),
    "expired past the allowance": lambda: signed(exp=NOW - SKEW - 1),
    "not yet": lambda: signed(nbf=NOW + 3600),
    "issued in the future": lambda: signed(iat=NOW + 3600),
    "without an end": lambda: signed(exp=None),
    "end as text": lambda: forged(payload=claims(exp=str(NOW + 600))),
    "end null": lambda: forged(payload={**claims(), "exp": None}),
    "end before 1970": lambda: forged(payload=claims(exp=-1)),
    "end beyond all dates": lambda: forged(payload=json.dumps(claims(exp="X")).replace('"X"', "1e300")),
    "end true": lambda: forged(payload=claims(exp=True)),
    "beginning as text": lambda: forged(payload=claims(nbf="0")),
    # who issued it
    "another issuer": lambda: signed(iss="https://evil.test"),
    "issuer with a slash": lambda: signed(iss="https://issuer.test/"),
    "issuer in capitals": lambda: signed(iss="https://ISSUER.test"),
    "no issuer": lambda: signed(iss=None),
    "issuers in a list": lambda: forged(payload={**claims(), "iss": ["https://issuer.test"]}),
    "one issuer by the key of another": lambda: signed("HS256", SECRET),
    # for whom
    "another audience": lambda: signed(aud="other"),
    "longer audience": lambda: signed(aud=AUDIENCE + "2"),
    "shorter audience": lambda: signed(aud=AUDIENCE[:-1]),
    "no audience": lambda: signed(aud=None),
    "an empty list of audiences": lambda: signed(aud=[]),
    "audience an object": lambda: forged(payload={**claims(), "aud": {AUDIENCE: True}}),
    "a number among audiences": lambda: forged(payload={**claims(), "aud": [AUDIENCE, 1]}),
    # of whom
    "no subject": lambda: signed(sub=None),
    "subject a number": lambda: forged(payload={**claims(), "sub": 1}),
    "consumer's claim a list": lambda: signed(bot=["support-bot"]),
    "groups an object": lambda: signed(realm_access={"roles": {"admins": True}}),
    "means nobody": lambda: ({"authorization": "Bearer " + signed(azp="nobody")}, 403),
    "names nobody": lambda: ({"authorization": "Bearer " + signed(azp=None, bot="nobody-there")}, 403),
    "consumer in capitals": lambda: ({"authorization": "Bearer " + signed(azp="Support-Bot")}, 403),
    # its key
    "a stranger's key": lambda: signed(key=STRANGER),
    "the key of another name": lambda: signed(name="r2"),
    "the name of a key of another kind": lambda: signed(name="e256"),
    "an unknown name": lambda: signed(name="invented"),
    "no name where two keys would do": lambda: forged({"kid": None}),
    "name a number": lambda: forged({"kid": 1}),
    "name with a zero": lambda: forged({"kid": "r1\0"}),
    "name a path": lambda: forged({"kid": "../../../../dev/null"}, key=Confused(b"")),
    "name of SQL": lambda: forged({"kid": "r1' OR '1'='1"}),
    "name of 600 bytes": lambda: forged({"kid": "k" * 600}),
    # its algorithm
    **{f"alg {name!r}": (lambda name=name: forged({"alg": name}, signature=b"")) for name in ("none", "None", "NONE", "nOnE", "", "none ")},
    "alg none, signed": lambda: forged({"alg": "none"}),
    "no alg": lambda: forged({"alg": None}),
    "alg a list": lambda: forged({"alg": ["RS256"]}),
    "alg in small letters": lambda: forged({"alg": "rs256"}),
    "alg of encryption": lambda: forged({"alg": "RSA-OAEP"}),
    "HMAC with the public key as PEM": lambda: forged(key=Confused(PEM)),
    "HMAC with the public key as PEM, trimmed": lambda: forged(key=Confused(PEM.strip())),
    "HMAC with the public key as DER": lambda: forged(key=Confused(DER)),
    "HMAC with the modulus": lambda: forged(key=Confused(base64.urlsafe_b64decode(R1.public["n"] + "=="))),
    "HMAC with the published key": lambda: forged(key=Confused(json.dumps(R1.public).encode())),
    "HMAC with nothing": lambda: forged(key=Confused(b""), payload=claims(iss=SHARED)),
    "another secret": lambda: signed("HS256", SECRET[::-1], iss=SHARED),
    "RSA for an issuer with a secret": lambda: signed(iss=SHARED),
    "PKCS #1 called PSS": lambda: forged({"alg": "PS256"}),
    "SHA-256 called SHA-512": lambda: forged({"alg": "RS512"}),
    "ECDSA called RSA": lambda: forged({"alg": "RS256"}, key=E256),
    "P-256 called P-384": lambda: forged({"alg": "ES384"}, key=E256),
    # its header
    "crit": lambda: forged({"crit": ["exp"]}),
    "crit empty": lambda: forged({"crit": []}),
    "crit unknown": lambda: forged({"crit": ["x"], "x": 1}),
    "b64": lambda: forged({"b64": False, "crit": ["b64"]}),
    "b64 without crit": lambda: forged({"b64": False}),
    "its own key": lambda: forged({"jwk": STRANGER.public}, key=STRANGER),
    "its own key, unnamed": lambda: forged({"jwk": STRANGER.public, "kid": None}, key=STRANGER),
    "x5c of its own": lambda: forged({"x5c": [base64.b64encode(DER).decode()]}, key=STRANGER),
    "a logout token": lambda: forged({"typ": "logout+jwt"}),
    "a security event": lambda: forged({"typ": "secevent+jwt"}),
    "a proof of possession": lambda: forged({"typ": "dpop+jwt"}),
    "typ a number": lambda: forged({"typ": 1}),
    "alg twice": lambda: forged('{"alg":"none","alg":"RS256","kid":"r1"}'),
    "kid twice, once in another spelling": lambda: forged('{"alg":"RS256","kid":"r2","\\u006bid":"r1"}'),
    "header a list": lambda: forged('["RS256"]'),
    "header with more after it": lambda: forged('{"alg":"RS256","kid":"r1"} {}'),
    "header nested deeply": lambda: forged('{"alg":"RS256","kid":"r1","x":' + "[" * 500 + "]" * 500 + "}"),
    # its claims
    "sub twice": lambda: forged(payload=json.dumps(claims())[:-1] + ',"sub":"bob"}'),
    "azp twice, once in another spelling": lambda: forged(payload=json.dumps(claims(azp="nobody"))[:-1] + ',"\\u0061zp":"support-bot"}'),
    "claims a list": lambda: forged(payload=json.dumps([claims()])),
    "claims nested deeply": lambda: forged(payload=json.dumps(claims())[:-1] + ',"x":' + "[" * 400 + "]" * 400 + "}"),
    "claims not JSON": lambda: forged(payload="iss=https://issuer.test"),
    "claims empty": lambda: forged(payload=" "),
    # its form
    "payload changed": lambda: cut(signed(azp="nobody"), lambda p: [p[0], recoded(p[1], azp="support-bot"), p[2]]),
    "header changed": lambda: cut(signed(), lambda p: [recoded(p[0], typ="at+jwt"), *p[1:]]),
    "signature of another token": lambda: cut(signed(), lambda p: [*p[:2], signed(jti="2").split(".")[2]]),
    "signature stripped": lambda: cut(signed(), lambda p: [*p[:2], ""]),
    "two parts": lambda: cut(signed(), lambda p: p[:2]),
    "four parts": lambda: cut(signed(), lambda p: [*p, p[2]]),
    "five parts": lambda: cut(signed(), lambda p: [*p, "", ""]),
    "truncated": lambda: signed()[:-20],
    "longer": lambda: signed() + "AAAA",
    "padded": lambda: signed() + "==",
    "the other alphabet": lambda: cut(signed(), lambda p: [p[0], p[1], p[2].replace("-", "+").replace("_", "/") + "+"]),
    "bits left over": lambda: cut(signed(), tail_bits),
    "white space within": lambda: cut(signed(), lambda p: [p[0], " " + p[1], p[2]]),
    "a tab within": lambda: cut(signed(), lambda p: [p[0] + "\t", p[1], p[2]]),
    "in quotation marks": lambda: f'"{signed()}"',
    "9 KB": lambda: signed(filler="x" * 6000),
    "ECDSA as DER": lambda: cut(signed("ES256"), der),
    "ECDSA of zeros": lambda: cut(signed("ES256"), lambda p: [*p[:2], base64url(bytes(2 * HALF))]),
    "ECDSA with r zero": lambda: cut(signed("ES256"), half_zero),
    "ECDSA a byte longer": lambda: cut(signed("ES256"), lambda p: [*p[:2], base64url(b"\0" + base64.urlsafe_b64decode(p[2] + "=="))]),
    "Ed25519 of zeros": lambda: cut(signed("EdDSA"), lambda p: [*p[:2], base64url(bytes(64))]),
    # its place
    "as an API key": lambda: ({"x_api_key": signed()}, 401),
    "as a cookie": lambda: ({"cookie": f"access_token={signed()}"}, 401),
    "without a scheme": lambda: ({"authorization": signed()}, 401),
    "of another scheme": lambda: ({"authorization": f"Token {signed()}"}, 401),
    "scheme twice": lambda: ({"authorization": f"Bearer Bearer {signed()}"}, 401),
    "two in one field": lambda: ({"authorization": f"Bearer {signed()}, Bearer {signed()}"}, 401),
    "beside a key": lambda: ({"authorization": f"Bearer {signed()}", "x_api_key": API_KEY}, 400),
    "beside itself": lambda: ({"authorization": "Bearer " + (token := signed()), "api_key": token}, 400),
}

HEARD = {
    400: ("Exactly one credential may be shown", None, ("invalid_request_error", "ambiguous_credential")),
    401: ("The credential is not accepted", 'Bearer realm="hubd", error="invalid_token"', ("authentication_error", "invalid_api_key")),
    403: ("The credential is not that of a consumer", None, ("permission_error", "unknown_consumer")),
}
NOT_SHOWN = {"as a cookie"}  # what is no credential at all is missing, and not wrong


def pieces(fields: dict) -> list[str]:
    """What of the fields must stand in no log and no answer: long stretches of them."""
    return [part for value in fields.values() for word in value.split(" ") for part in word.split(".") if len(part) > 20]


@pytest.mark.parametrize("variant", WRONG)
def test_a_wrong_token_is_refused_and_learns_nothing(hub, variant):
    made = WRONG[variant]()
    fields, status = made if isinstance(made, tuple) else ({"authorization": f"Bearer {made}"}, 401)
    message, challenge, (kind, code) = HEARD[status]
    if variant in NOT_SHOWN:
        message, challenge = "A credential is needed", 'Bearer realm="hubd"'
    answer = listed(hub.mcp("tokens"), **fields)
    assert answer.status_code == status, answer.text
    assert answer.json() == {"jsonrpc": "2.0", "error": {"code": status, "message": message}}
    assert answer.headers.get("www-authenticate") == challenge and "x-request-id" in answer.headers
    api = chatted(hub, **fields)
    assert api.status_code == status and api.headers.get("www-authenticate") == challenge
    assert api.json() == {"error": {"message": message, "type": kind, "param": None, "code": code}}
    shown = pieces(fields)
    log = hub.errors.text
    assert not [part for part in shown if part in log or part in answer.text or part in api.text], "of a credential, in a log or an answer"


def test_two_tokens_are_two_credentials(hub):
    token = signed()
    fields, body = modern("tools/list", host=hub.url.removeprefix("http://"), connection="close", content_length=None)
    lines = [f"{name}: {value}" for name, value in fields.items()] + [f"authorization: Bearer {token}"] * 2 + [f"content-length: {len(body)}"]
    answer = raw(hub.mcp("tokens"), "\r\n".join(["POST /mcp/tokens HTTP/1.1", *lines, "", ""]).encode() + body)
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("name", ["access_token", "token", "api_key", "key"])
def test_a_token_in_the_query_is_no_credential(hub, name):
    assert listed(f"{hub.mcp('tokens')}?{name}={signed()}").status_code == 401
    assert chatted(hub, query=f"?{name}={signed()}").status_code == 401


def test_what_a_token_points_to_is_never_fetched(hub, background):
    """A server of the token's own, with the key that it was signed with."""
    own = KeySetServer(background, STRANGER)
    for member in ("jku", "x5u"):
        for name in ("r1", "invented"):
            assert listed(hub.mcp("tokens"), forged({member: own.url, "kid": name}, key=STRANGER)).status_code == 401
    assert own.fetches == 0


def test_good_tokens_stand_in_no_log(hub):
    token = signed(sub="canary-of-a-good-token")
    assert listed(hub.mcp("tokens"), token).status_code == 200
    assert chatted(hub, token).status_code == 200
    assert not any(part in hub.errors.text for part in token.split("."))


# Keys that change


def test_tokens_with_invented_keys_cost_the_issuer_two_fetches_at_most(start, background):
    issuer = KeySetServer(background, R1)
    hub = start(issuer.url)
    known = signed()
    url = hub.mcp("either")
    assert listed(url, known).status_code == 200
    mine = threading.local()  # a client for each thread: one that threads share may close what another of them is reading

    def tried(number):
        if not hasattr(mine, "client"):
            mine.client = httpx.Client(timeout=60)
        fields, body = modern("tools/list", authorization=f"Bearer {forged({'kid': f'invented-{number}'}, signature=b'x' * 256)}")
        return mine.client.post(url, headers=fields, content=body).status_code

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        assert set(pool.map(tried, range(2000))) <= {401, 429}
    assert issuer.fetches <= 2
    assert listed(url, known).status_code == 200, "one who was known before suffers from what others at the same address do"
    assert listed(url, API_KEY).status_code == 200


def test_a_key_that_is_new_works_at_once_and_one_that_is_gone_no_longer(start, background):
    first, second, third = rsa_key("first"), rsa_key("second"), rsa_key("third")
    issuer = KeySetServer(background, first)
    hub = start(issuer.url)
    url, old = hub.mcp("tokens"), signed(key=first)
    assert listed(url, old).status_code == 200
    issuer.publish(second)
    assert listed(url, old).status_code == 200, "nobody has asked for newer keys"
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(lambda number: listed(url, signed(key=second, jti=str(number))).status_code, range(20)))
    assert answers == {200}, "those who come while the keys are fetched wait for them"
    assert issuer.fetches == 2
    assert listed(url, old).status_code == 401, "it was found good before, by a key that is gone"
    issuer.publish(second, third)
    assert listed(url, signed(key=third)).status_code == 401, "within a minute of the last look that a token caused"
    assert issuer.fetches == 2
    hub.reload()  # the operator need not wait
    until(lambda: listed(url, signed(key=third)).status_code == 200)
    assert issuer.fetches == 3


def test_callers_who_leave_take_no_fetch_along_and_an_issuer_that_is_slow_holds_up_nobody_else(start, background):
    issuer = KeySetServer(background, R1)
    hub = start(issuer.url)
    url, known = hub.mcp("tokens"), signed()
    assert listed(url, known).status_code == 200
    issuer.publish(R1, R2)
    issuer.hold()
    fields, body = modern("tools/list", host=hub.url.removeprefix("http://"), authorization=f"Bearer {signed(key=R2)}", content_length=None)
    lines = [f"{name}: {value}" for name, value in fields.items()] + [f"content-length: {len(body)}"]
    host, port = hub.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall("\r\n".join(["POST /mcp/tokens HTTP/1.1", *lines, "", ""]).encode() + body)
        until(lambda: issuer.fetches == 2)
    for token in (known, signed(jti="not seen before"), signed(iss=FILED)):
        assert listed(url, token).status_code == 200
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(listed, url, signed(key=R2, jti=str(number))) for number in range(8)]
        issuer.release()
        assert {answer.result().status_code for answer in waiting} == {200}
    assert issuer.fetches == 2


HOSTILE = {
    "500": (500, b"{}"),
    "redirect": (302, b"", b"location: http://127.0.0.1:1/keys\r\n"),
    "10 MB": (200, b'{"keys":[' + b" " * (10 << 20) + b"]}"),
    "many keys": (200, json.dumps({"keys": [{**R2.public, "kid": str(n)} for n in range(101)]}).encode()),
    "garbage": (200, bytes(range(256))),
    "HTML": (200, b"<html>Sign in</html>"),
    "no keys": (200, b'{"keys":[]}'),
    "symmetric keys": (200, json.dumps({"keys": [{"kty": "oct", "kid": "r1", "alg": "HS256", "k": base64url(SECRET.encode())}]}).encode()),
    "private use": (200, json.dumps({"keys": [{**R2.public, "use": "enc"}]}).encode()),
    "closed": (0, b""),
}


def test_the_last_good_keys_stay_whatever_the_issuer_says(start, background):
    issuer = KeySetServer(background, R1)
    hub = start(issuer.url)
    url = hub.mcp("tokens")
    assert listed(url, signed()).status_code == 200
    for number, (name, answer) in enumerate(HOSTILE.items()):
        issuer.answer(*answer)
        seen, asked = len(hub.errors.text), issuer.fetches
        hub.reload()
        assert hub.errors.wait_for("keys could not be fetched", start=seen), name
        assert issuer.fetches > asked
        assert listed(url, signed(jti=str(number))).status_code == 200, name
        confused = forged(key=Confused(SECRET.encode()))
        assert listed(url, confused).status_code == 401, name
    assert hub.memory() < 512 << 20
    issuer.publish(R2)
    hub.reload()
    until(lambda: listed(url, signed(key=R2)).status_code == 200)
    assert listed(url, signed()).status_code == 401


def test_a_reload_that_is_refused_leaves_the_keys_alone(start, background):
    issuer = KeySetServer(background, R1)
    hub = start(issuer.url)
    seen = len(hub.errors.text)
    hub.reload({"servers": {"broken": {"openapi": "missing.yaml"}}})
    assert hub.errors.wait_for("unchanged", start=seen)
    issuer.publish(R2)
    assert listed(hub.mcp("tokens"), signed(key=R2)).status_code == 200


def test_a_hub_that_starts_while_the_issuer_is_down(start, background):
    gone = KeySetServer(background, R1)
    gone.answer(0, b"")
    hub = start(gone.url)
    refused = listed(hub.mcp("tokens"), signed())
    assert refused.status_code == 503 and refused.headers["retry-after"] == "5" and "www-authenticate" not in refused.headers
    assert refused.json()["error"]["message"] == "The credential cannot be checked at present"
    assert chatted(hub, signed()).status_code == 503
    assert listed(hub.mcp("either"), signed()).status_code == 503
    assert listed(hub.mcp("tokens")).status_code == 401
    assert listed(hub.mcp("tokens"), signed(iss=FILED)).status_code == 200, "other issuers are not down"
    assert listed(hub.mcp("tokens"), signed("HS256", SECRET, iss=SHARED)).status_code == 200
    assert listed(hub.mcp("either"), API_KEY).status_code == 200
    assert listed(hub.mcp("keys"), API_KEY).status_code == 200
    assert listed(hub.mcp("open")).status_code == 200
    gone.publish(R1)
    until(lambda: listed(hub.mcp("tokens"), signed()).status_code == 200)
    assert hub.url in hub.output.text  # the same process


def test_check_says_what_cannot_be_reached_and_offline_asks_nobody(tokens, background, tmp_path):
    furnish(tmp_path)
    (tmp_path / "tokens.openapi.yaml").write_text((FIXTURES / "tokens.openapi.yaml").read_text())
    issuer = KeySetServer(background, R1)
    issuer.answer(500, b"")
    (tmp_path / "hub.yaml").write_text(json.dumps(configuration(tokens.url, issuer.url)))
    offline = hubd("check", "--offline", "--config", tmp_path / "hub.yaml")
    assert offline.returncode == 0 and issuer.fetches == 0, offline.stderr
    checked = hubd("check", "--config", tmp_path / "hub.yaml")
    said = checked.stdout + checked.stderr
    assert checked.returncode == 0 and issuer.fetches == 1, said
    assert "the keys of https://issuer.test are not available" in said and "HTTP 500" in said


# The end of a token


def follow(url: str, requests: dict, begun: threading.Barrier) -> tuple[dict, list]:
    """Reads streams to their end, each in a thread; how each ended, by name."""
    ended = {}

    def read(name, method, address, fields, body):
        try:
            with httpx.Client(timeout=60) as client, client.stream(method, address, headers=fields, content=body) as stream:
                assert stream.status_code == 200, name
                lines = stream.iter_lines()
                next(lines)
                begun.wait()
                for _ in lines:
                    pass
                ended[name] = "complete"
        except httpx.HTTPError as error:
            ended[name] = type(error).__name__

    threads = [threading.Thread(target=read, args=[name, *request], daemon=True) for name, request in requests.items()]
    for thread in threads:
        thread.start()
    return ended, threads


def streams(url: str, token: str) -> dict:
    """A subscription and the first transport's stream."""
    fields = {"authorization": f"Bearer {token}"}
    return {
        "subscription": ("POST", url, *modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, **fields)),
        "first transport": ("GET", f"{url}/sse", fields, None),
    }


def test_what_a_token_opened_ends_with_it(hub):
    """The token has ended already; the allowance for clocks has four seconds to go."""
    token = signed(exp=int(time.time()) - SKEW + 4)
    begun = threading.Barrier(3)
    ended, threads = follow(hub.url, streams(hub.mcp("tokens"), token), begun)
    begun.wait(20)
    for thread in threads:
        thread.join(ENDED)
    assert ended == {"subscription": "RemoteProtocolError", "first transport": "RemoteProtocolError"}
    assert listed(hub.mcp("tokens"), token).status_code == 401


@pytest.mark.parametrize("change", ["the consumer's rule", "the issuer's key"])
def test_what_a_token_opened_ends_where_a_reload_lets_it_in_no_longer(start, background, tokens, change):
    issuer = KeySetServer(background, R1, E256)
    hub = start(issuer.url)
    url = hub.mcp("tokens")
    begun = threading.Barrier(3)
    ended, threads = follow(hub.url, streams(url, signed()), begun)
    begun.wait(20)
    stays = {"authorization": "Bearer " + signed("ES256", azp="nobody", bot="other")}
    with httpx.stream("GET", f"{url}/sse", headers=stays, timeout=20) as untouched:
        lines = untouched.iter_lines()
        address = [next(lines), next(lines)][1].removeprefix("data: ")
        changed = configuration(tokens.url, issuer.url)
        if change == "the consumer's rule":
            changed["consumers"]["support-bot"]["jwt"][0]["claims"]["azp"] = "another"
        else:
            issuer.publish(E256)
        hub.reload(changed)
        for thread in threads:
            thread.join(ENDED)
        assert ended == {"subscription": "RemoteProtocolError", "first transport": "RemoteProtocolError"}
        assert httpx.post(hub.url + address, headers=stays, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, timeout=20).status_code == 202
        assert any('"id":1' in line for line in (next(lines) for _ in range(6))), "another's stream suffered"
