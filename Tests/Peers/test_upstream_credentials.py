"""What the hub shows upstreams: tokens it fetches, requests it signs, secrets it reads elsewhere; and none of it comes back."""

import base64
import hashlib
import hmac
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, unquote, urlsplit

import botocore.session
import pytest

from harness.clouds import KMSDouble, Moto, Recording, TokenServer, alibaba_signature, botocore_query, botocore_signature
from harness.hub import hubd
from harness.service import Service
from harness.wire import ask, call, text

SECRET = "swordfish/secret+key"
ODD = [
    "a", "a b", "ä", "日本", "a/b", "a:b@c", "100%", "%41", "a+b", "a&b=c", "~_-.", "x..y", "'\"", "(!*)", "a;b,c", "[]{}|\\^`", "$", "é̂",
    "🙂", "  two  ",
]


@pytest.fixture
def upstream():
    service = Recording()
    yield service
    service.stop()


@pytest.fixture
def tokens():
    server = TokenServer()
    yield server
    server.stop()


@pytest.fixture
def secrets(tmp_path):
    """Files of secrets: `secrets(name="value")` writes them."""

    def write(**values):
        for name, value in values.items():
            (tmp_path / name).write_text(value + "\n")

    return write


def configuration(upstream: Service, credential: dict, **more) -> dict:
    return {
        "upstreams": {"api": {"addresses": [upstream.url], "credential": credential}},
        "servers": {"signed": {"openapi": "signed.openapi.yaml", "upstream": "api"}},
        **more,
    }


# Tokens


def oauth(tokens, client="basic", **more) -> dict:
    method = {"clientAuth": "client_secret_post"} if client == "post" else {}
    return {
        "oauthClient": {
            "tokenUrl": f"{tokens.url}/token", "clientId": f"{client}-client", "clientSecret": "file:client", **method, **more
        }
    }


@pytest.mark.parametrize("client", ["basic", "post"])
def test_one_token_serves_all(start_hub, secrets, tokens, upstream, client):
    secrets(client=f"swordfish-{client}")
    hub = start_hub(configuration(upstream, oauth(tokens, client, scopes=["read", "write"], audience="api", resource="https://api.test")))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: call(hub.mcp("signed"), "plain"), range(60)))
    state = tokens.state()
    (asked,), (token,) = state["asked"], state["issued"]
    assert asked["scope"] == "read write" and asked["audience"] == "api" and asked["resource"] == "https://api.test"
    assert ("client_secret" in asked) == (client == "post")
    assert [request["authorization"] for request in upstream.seen] == [f"Bearer {token}"] * 60
    assert not any(answer.get("isError") for answer in answers)
    assert "Bearer ***" in text(answers[0]) and "swordfish" not in json.dumps(answers)
    hub.stop()
    assert "swordfish" not in hub.output.text + hub.errors.text


def test_a_wrong_secret_is_told_without_it(start_hub, secrets, tokens, upstream):
    secrets(client="swordfish-wrong")
    hub = start_hub(configuration(upstream, oauth(tokens)))
    answers = [call(hub.mcp("signed"), "plain") for _ in range(5)]
    assert all(answer["isError"] for answer in answers) and "gives the hub no token" in text(answers[0])
    assert not upstream.seen and 1 <= len(tokens.state()["asked"]) < 5, "pauses are kept"
    hub.stop()
    assert "swordfish" not in json.dumps(answers) + hub.output.text + hub.errors.text and "invalid_client" in hub.errors.text


def test_a_revoked_token_is_replaced_and_the_call_made_once(start_hub, secrets, tokens, upstream):
    secrets(client="swordfish-basic")
    revoked = set()
    upstream.status = lambda request: 401 if request["authorization"].removeprefix("Bearer ") in revoked else 200
    hub = start_hub(configuration(upstream, oauth(tokens)))
    assert not call(hub.mcp("signed"), "post", body={"n": 1})["isError"]
    revoked.update(tokens.state()["issued"])
    assert not call(hub.mcp("signed"), "post", body={"n": 2})["isError"]
    assert [json.loads(request.body)["n"] for request in upstream.seen] == [1, 2, 2]
    first, second = tokens.state()["issued"]
    assert [request["authorization"] for request in upstream.seen] == [f"Bearer {token}" for token in (first, first, second)]

    revoked.update(tokens.state()["issued"])
    upstream.seen.clear()
    answers = [call(hub.mcp("signed"), "plain") for _ in range(5)]
    assert all(answer["isError"] for answer in answers) and len(upstream.seen) == 5, "refusals stand for a while"
    assert len(tokens.state()["issued"]) == 2 and "swordfish" not in json.dumps(answers)


def test_short_tokens_are_renewed_ahead_of_time_and_used_to_their_end(start_hub, secrets, tokens, upstream):
    secrets(client="swordfish-basic")
    tokens.state(life=4)
    hub = start_hub(configuration(upstream, oauth(tokens)))
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert not call(hub.mcp("signed"), "plain")["isError"]
        time.sleep(0.1)
    assert 2 <= len(tokens.state()["issued"]) <= 4
    assert not call(hub.mcp("signed"), "plain")["isError"]
    tokens.state(down=True)
    end = time.monotonic() + 20
    while not (answer := call(hub.mcp("signed"), "plain"))["isError"]:
        assert time.monotonic() < end, "a token is used beyond its end"
        time.sleep(0.1)
    assert "token service failed" in text(answer)
    tokens.state(down=False)
    end = time.monotonic() + 20
    while call(hub.mcp("signed"), "plain")["isError"]:
        assert time.monotonic() < end, "the hub does not recover"
        time.sleep(0.1)


def test_a_caller_without_a_token_is_never_exchanged_for_the_hub(start_hub, secrets, tokens, upstream):
    secrets(client="swordfish-basic")
    exchange = {"tokenExchange": oauth(tokens)["oauthClient"]}
    hub = start_hub(configuration(upstream, exchange))
    answer = call(hub.mcp("signed"), "plain")
    assert answer["isError"] and "showed no token to exchange" in text(answer)
    assert not upstream.seen and not tokens.state()["asked"]


def token_of(caller: str) -> str:
    """A token of the issuer for one caller (RFC 7515, HS256)."""
    encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    claims = {"iss": "https://issuer.test", "aud": "hub", "sub": caller, "azp": caller, "exp": int(time.time()) + 600}
    parts = [encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signature = hmac.digest(b"swordfish-issuer-0123456789-0123456789", b".".join(parts), "sha256")
    return b".".join([*parts, encode(signature)]).decode()


def test_each_callers_token_is_exchanged_for_its_own(start_hub, secrets, tokens, upstream):
    secrets(client="swordfish-basic", issuer="swordfish-issuer-0123456789-0123456789")
    issuer = {"issuer": "https://issuer.test", "secret": "file:issuer", "audience": ["hub"], "algorithms": ["HS256"]}
    good = configuration(
        upstream,
        {"tokenExchange": {**oauth(tokens)["oauthClient"], "audience": "orders"}},
        identity={"jwt": [issuer]},
        consumers={name: {"jwt": {"issuer": "https://issuer.test", "claims": {"azp": name}}} for name in ["anna", "bert"]},
    )
    good["servers"]["signed"]["auth"] = ["jwt"]
    hub = start_hub(good)
    callers = ["anna", "bert", "anna", "anna", "bert"]
    given = {caller: token_of(caller) for caller in callers}
    for caller in callers:
        answer = ask(hub.mcp("signed"), "tools/call", {"name": "plain", "arguments": {}}, authorization=f"Bearer {given[caller]}")
        assert not answer["result"]["isError"] and "swordfish" not in json.dumps(answer)
    state = tokens.state()
    assert [asked["subject_token"] for asked in state["asked"]] == [given["anna"], given["bert"]]
    assert all(asked["audience"] == "orders" for asked in state["asked"])
    owner = {token: caller for token, caller in zip(state["issued"], ["anna", "bert"], strict=True)}
    assert [owner[request["authorization"].removeprefix("Bearer ")] for request in upstream.seen] == callers


# Signatures


def generated(count: int, seed: int, alphabet=ODD):
    """Calls with odd values everywhere: the tool, its arguments, and the parameters that are meant."""
    chance = random.Random(seed)
    pick = lambda: chance.choice(alphabet)
    for _ in range(count):
        method = chance.choice(["get", "put", "post", "patch", "delete"])
        arguments = {"a": pick(), "b": pick()}
        meant = []
        if chance.random() < 0.6:
            arguments["q"] = [pick() for _ in range(chance.randrange(1, 4))]
            meant += [("q", value) for value in arguments["q"]]
        for argument, name in [("Q", "Q"), ("q_r", "q-r"), ("f", "f.é ü")]:
            if chance.random() < 0.4:
                arguments[argument] = chance.choice(["", pick()])
                meant.append((name, arguments[argument]))
        for name in ["X_Amz_Meta_Note", "X_Other"]:
            if chance.random() < 0.4:
                arguments[name] = chance.choice(["plain", "two   spaces", "a,b , c", "x=1; y", " ends ", "ü"])
        if method in ("put", "post"):
            arguments["body"] = chance.choice(["", "text", "ü" * 1000, "a\r\nb"])
        if method == "patch":
            arguments["body"] = chance.choice([{}, {"a": pick()}, {"n": [1, 2.50, None]}])
        yield f"odd_{method}", arguments, meant


@pytest.mark.parametrize("service", ["execute-api", "s3"])
@pytest.mark.parametrize("token", [None, "swordfish-session"])
def test_botocore_signs_the_same(start_hub, secrets, upstream, service, token):
    secrets(id="AKIDSWORDFISH", secret=SECRET, session=token or "")
    more = {"sessionToken": "file:session"} if token else {}
    credential = {"sigv4": {"region": "eu-central-1", "service": service, "id": "file:id", "secret": "file:secret", **more}}
    hub = start_hub(configuration(upstream, credential))
    for tool, arguments, meant in generated(150, seed=7 if token else 8):
        upstream.seen.clear()
        answer = call(hub.mcp("signed"), tool, **arguments)
        (request,) = upstream.seen
        assert request.signature == botocore_signature(request, SECRET, token), (tool, arguments, request.target, request.fields)
        assert request.scope[0] == "AKIDSWORDFISH" and request.scope[2:] == ["eu-central-1", service, "aws4_request"]
        assert sorted(parse_qsl(urlsplit(request.target).query, keep_blank_values=True)) == sorted(meant)
        segments = [unquote(segment) for segment in urlsplit(request.target).path.split("/")]
        assert segments == ["", "bucket", arguments["a"], "x:y@z,(1)", arguments["b"], ""]
        # What was meant is in canonical form on the wire already, as botocore would have sent it.
        pairs = urlsplit(request.target).query.split("&") if meant else []
        assert "&".join(sorted(pairs, key=lambda pair: pair.partition("=")[::2])) == botocore_query(meant)
        left_out = {name for name, _ in request.fields} - set(request.covered)
        assert left_out <= {"authorization", "user-agent", "accept-encoding", "content-length", "connection"}, left_out
        assert (request["x-amz-content-sha256"] is not None) == (service == "s3")
        assert request["x-amz-security-token"] == token
        assert SECRET not in json.dumps(answer) and request.signature not in json.dumps(answer)


def test_what_is_allowed_but_not_canonical_is_sent_canonical(start_hub, secrets, upstream):
    secrets(secret=SECRET)
    credential = {"sigv4": {"region": "r", "service": "s3", "id": "AKID", "secret": "file:secret"}}
    hub = start_hub(configuration(upstream, credential))
    call(hub.mcp("signed"), "odd_get", a="a", b="b", raw="a:b/c?d@e%2F")
    (request,) = upstream.seen
    assert request.target.endswith("?raw=a%3Ab%2Fc%3Fd%40e%2F") and "/x%3Ay%40z%2C%281%29/" in request.target
    assert request.signature == botocore_signature(request, SECRET)


def test_the_sdk_of_alibaba_cloud_signs_the_same(start_hub, secrets, upstream):
    secrets(id="LTAISWORDFISH", secret=SECRET, token="swordfish-token")
    chance = random.Random(9)
    key = {"id": "file:id", "secret": "file:secret", "version": "2014-05-26", "action": "Default"}
    for credential in [key, {**key, "securityToken": "file:token"}]:
        hub = start_hub(configuration(upstream, {"alibaba": credential}))
        upstream.seen.clear()
        for count in range(100):
            arguments = {name: chance.choice(ODD) for name in ["Name", "Zone", "Amount"] if chance.random() < 0.6}
            if named := chance.random() < 0.3:
                arguments["x_acs_action"] = "RunInstances"
            tool = chance.choice(["rpc_get", "rpc_post"])
            if tool == "rpc_post":
                arguments["body"] = {"n": count}
            answer = call(hub.mcp("signed"), tool, **arguments)
            request = upstream.seen[count]
            assert request["authorization"] == alibaba_signature(request, "LTAISWORDFISH", SECRET), request.fields
            assert request["x-acs-content-sha256"] == hashlib.sha256(request.body).hexdigest()
            assert request["x-acs-action"] == ("RunInstances" if named else "Default") and request["x-acs-version"] == "2014-05-26"
            assert ("x-acs-security-token" in request.covered) == ("securityToken" in credential)
            assert {name for name, _ in request.fields if name.startswith("x-acs-")} <= set(request.covered)
            assert "swordfish" not in json.dumps(answer) and request.signature not in json.dumps(answer)
        assert len({request["x-acs-signature-nonce"] for request in upstream.seen}) == 100
        hub.stop()


# Secrets kept elsewhere


class VaultDouble(Service):
    """A double of Vault by its public HTTP API: AppRole, tokens with a lease, and the key-value engine of version 2 at `hub`."""

    def __init__(self):
        super().__init__(self.serve)
        self.secrets = {"hub/data/support-bot": {"key": "swordfish-in-vault"}}
        self.tokens = set()
        self.sealed = False

    def serve(self, request):
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        status, answer = self.answer(request.path.removeprefix("/v1/"), request.headers, json.loads(body) if body else None)
        return status, {"content-type": "application/json"}, json.dumps(answer).encode()

    def answer(self, path, headers, body):
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if path == "auth/approle/login":
            if body != {"role_id": "the-role", "secret_id": "swordfish-role"}:
                return 400, {"errors": ["invalid role or secret ID"]}
            token = f"swordfish-vault-token-{len(self.tokens)}"
            self.tokens.add(token)
            return 200, {"auth": {"client_token": token, "lease_duration": 3600, "renewable": True}}
        if headers.get("x-vault-token") not in self.tokens or headers.get("x-vault-namespace") != "team":
            return 403, {"errors": ["permission denied"]}
        secret = self.secrets.get(path)
        return (200, {"data": {"data": secret, "metadata": {"version": 1}}}) if secret else (404, {"errors": []})


def test_a_secret_in_vault_opens_an_upstream(start_hub, secrets, upstream):
    vault = VaultDouble()
    secrets(role="swordfish-role")
    place = {"address": vault.url, "appRole": {"roleId": "the-role", "secretId": "file:role"}, "namespace": "team"}
    good = configuration(upstream, {"bearer": "vault:hub/support-bot#key"}, secrets={"vault": place})
    hub = start_hub(good)
    answer = call(hub.mcp("signed"), "plain")
    assert upstream.seen[-1]["authorization"] == "Bearer swordfish-in-vault" and "swordfish" not in json.dumps(answer)

    def complaint(severity="warning", **changes) -> dict:
        """What is elsewhere costs the entries that need it, and is tried again: a warning. What is missing here is an error."""
        hub.write({**good, **changes})
        result = hubd("check", "--json", "--config", hub.file)
        assert result.returncode == (severity == "error") and "swordfish" not in result.stdout + result.stderr
        return next(finding for line in result.stdout.splitlines() if (finding := json.loads(line))["severity"] == severity)

    def bearer(reference):
        return configuration(upstream, {"bearer": reference})["upstreams"]

    assert "has no field other" in complaint(upstreams=bearer("vault:hub/support-bot#other"))["message"]
    assert "has no secret hub/none" in complaint(upstreams=bearer("vault:hub/none#key"))["message"]
    assert "add `secrets: { vault:" in complaint("error", secrets={})["hint"]
    secrets(role="swordfish-wrong")
    assert "does not let the hub in" in complaint()["message"]
    vault.sealed = True
    assert "sealed" in complaint()["message"]
    vault.stop()
    assert "cannot be asked" in complaint()["message"]


def test_a_secret_in_aws_secrets_manager_opens_an_upstream(start_hub, secrets, upstream):
    moto = Moto(open_requests=5)
    try:
        session = botocore.session.get_session()
        options = {"region_name": "eu-central-1", "endpoint_url": moto.url, "aws_access_key_id": "a", "aws_secret_access_key": "b"}
        iam = session.create_client("iam", **options)
        iam.create_user(UserName="hub")
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]}
        iam.put_user_policy(UserName="hub", PolicyName="read", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="hub")["AccessKey"]
        manager = session.create_client("secretsmanager", **options)
        manager.create_secret(Name="hub/support bot", SecretString=json.dumps({"key": "swordfish-in-aws"}))
        manager.create_secret(Name="plain", SecretString="swordfish-plain")  # the last without a check
        secrets(aws=key["SecretAccessKey"])
        place = {"region": "eu-central-1", "endpoint": moto.url, "credential": {"id": key["AccessKeyId"], "secret": "file:aws"}}
        good = configuration(upstream, {"bearer": "aws-secrets:hub/support bot#key"}, secrets={"aws": place})
        hub = start_hub(good)
        answer = call(hub.mcp("signed"), "plain")
        assert upstream.seen[-1]["authorization"] == "Bearer swordfish-in-aws" and "swordfish" not in json.dumps(answer)

        def check(reference):
            hub.write({**good, **configuration(upstream, {"bearer": reference})})
            result = hubd("check", "--json", "--config", hub.file)
            assert "swordfish" not in result.stdout + result.stderr and key["SecretAccessKey"] not in result.stdout
            return result

        assert check("aws-secrets:plain#SecretString").returncode == 0
        assert "has no secret none" in check("aws-secrets:none#key").stdout
        assert "is not a JSON object" in check("aws-secrets:plain#key").stdout
        secrets(aws=key["SecretAccessKey"][::-1])
        assert "does not let the hub read plain" in check("aws-secrets:plain#SecretString").stdout
    finally:
        moto.stop()


def test_a_secret_in_alibaba_cloud_kms_opens_an_upstream(start_hub, secrets, upstream):
    kms = KMSDouble(SECRET, {"key": "swordfish-in-kms"})
    secrets(alibaba=SECRET)
    place = {"region": "cn-hangzhou", "endpoint": kms.url, "credential": {"id": "LTAI", "secret": "file:alibaba"}}
    good = configuration(upstream, {"bearer": "alibaba-kms:hub/support-bot#key"}, secrets={"alibaba": place})
    hub = start_hub(good)
    call(hub.mcp("signed"), "plain")
    assert upstream.seen[-1]["authorization"] == "Bearer swordfish-in-kms"
    hub.write({**good, **configuration(upstream, {"bearer": "alibaba-kms:none#key"})})
    result = hubd("check", "--json", "--config", hub.file)
    assert "has no secret none" in result.stdout and "swordfish" not in result.stdout + result.stderr
    secrets(alibaba="wrong")
    hub.write(good)
    assert "does not let the hub read hub/support-bot" in hubd("check", "--json", "--config", hub.file).stdout
    kms.stop()


def test_a_reload_that_is_refused_takes_no_secret_from_the_places_that_it_names(start_hub, secrets, upstream):
    places = [KMSDouble(SECRET, {"key": word}) for word in ("swordfish-in-force", "swordfish-elsewhere")]
    secrets(alibaba=SECRET)

    def written(place, **more):
        credential = {"id": "LTAI", "secret": "file:alibaba"}
        keeping = {"alibaba": {"region": "cn-hangzhou", "endpoint": place.url, "credential": credential}}
        return configuration(upstream, {"bearer": "alibaba-kms:hub/support-bot#key"}, secrets=keeping, **more)

    hub = start_hub(written(places[0]))
    bad = written(places[1])
    bad["servers"]["other"] = {"openapi": "not-there.yaml", "upstream": "api"}
    hub.reload(bad)
    assert hub.errors.wait_for("not-there.yaml")
    assert places[1].seen, "the secrets were not read at all, so that nothing was shown"
    time.sleep(2.5)  # the hub has looked at what changed at least twice
    call(hub.mcp("signed"), "plain")
    assert upstream.seen[-1]["authorization"] == "Bearer swordfish-in-force"
    hub.reload(written(places[1]))
    assert hub.errors.wait_for("reloaded")
    call(hub.mcp("signed"), "plain")
    assert upstream.seen[-1]["authorization"] == "Bearer swordfish-elsewhere"
    for place in places:
        place.stop()
