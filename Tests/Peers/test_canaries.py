"""Secrets of every kind, planted and used: none of them is in a log of any level, an answer, a metric, or the data folder."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import time

import httpx
import pytest

from harness.hub import binary, environment, hubd
from harness.models import ModelDouble
from harness.service import Service
from harness.signers import sign_apisix, sign_ca, sign_kong
from harness.wire import BOTH, modern

# Each is a word that stands nowhere else; those in files are read by the hub, the others are shown by callers.
FILES = [
    "admin", "bearer", "header", "query", "basic", "client", "aws", "alibaba", "scheme", "issuer", "signing", "apikey", "model", "soap",
]  # fmt: skip
SHOWN = ["caller-key", "unknown-key", "wrong-signing"]


def canary(name: str) -> str:
    return f"canary-{name}-{hashlib.sha256(name.encode()).hexdigest()[:24]}"


def spellings(secret: str) -> list[bytes]:
    """A secret as it is, and as encodings would hide it."""
    plain = secret.encode()
    return [plain, base64.b64encode(plain).rstrip(b"=")[1:-2], plain.hex().encode(), plain[::-1]]


class Echo(Service):
    """An upstream, a token endpoint and a key set that fails: says back all that it was sent, as the worst of them do."""

    def __init__(self):
        self.seen = ""
        super().__init__(self.echo)

    def echo(self, request):
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        text = f"{request.path}\n{request.headers}\n{body.decode('latin-1')}"
        self.seen += text
        if request.path.startswith("/token"):
            return 400, {"content-type": "application/json"}, json.dumps({"error": "invalid_client", "error_description": text}).encode()
        return 500 if "fail" in request.path else 200, {"content-type": "application/json"}, json.dumps({"echo": text}).encode()


@pytest.fixture
def echo():
    service = Echo()
    yield service
    service.stop()


def token(claims: dict) -> str:
    encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    text = encode(b'{"alg":"HS256"}') + b"." + encode(json.dumps(claims).encode())
    return (text + b"." + encode(hmac.new(canary("issuer").encode(), text, "sha256").digest())).decode()


def description(url: str) -> dict:
    path = lambda name: {"get": {"operationId": name, "security": [{"k": []}], "responses": {"default": {"description": "x"}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Echo", "version": "1"},
        "servers": [{"url": url}],
        "paths": {"/say": path("say"), "/fail": path("fail")},
        "components": {"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "x-scheme"}}},
    }


def configuration(url: str, model: str) -> dict:
    """One upstream for each kind of credential, a server on each, and every way in."""
    service = {"tokenUrl": f"{url}/token", "clientId": "hub", "clientSecret": "file:client"}
    key = lambda name: {"id": "AKIDEXAMPLE", "secret": f"file:{name}"}
    credentials = {
        "bearer": {"bearer": "file:bearer"},
        "header": {"header": {"name": "x-secret", "value": "file:header"}},
        "query": {"query": {"name": "secret", "value": "file:query"}},
        "basic": {"basic": {"username": "hub", "password": "file:basic"}},
        "client": {"oauthClient": service},
        "exchange": {"tokenExchange": service},
        "aws": {"sigv4": {"region": "eu-central-1", "service": "execute-api", **key("aws")}},
        "alibaba": {"alibaba": {"region": "cn-hangzhou", **key("alibaba")}},
        "stored": {"bearer": "store:kept"},
    }
    return {
        "admin": {"token": "file:admin"},
        "upstreams": {name: {"addresses": [url], "credential": credential} for name, credential in credentials.items()},
        "identity": {"jwt": [{"issuer": "https://issuer.test", "secret": "file:issuer", "audience": "hub", "consumer": "azp"}]},
        "consumers": {
            "bot": {"apiKeys": [{"value": "file:apikey"}], "hmac": {"key": "bot", "secret": "file:signing"}},
        },
        "servers": {
            name: {"openapi": "echo.json", "upstream": name, "auth": ["apiKey", "jwt", "hmac"], "credentials": {"k": "file:scheme"}}
            for name in credentials
        },
        "models": {"default": {"services": {"main": {"provider": "openai-compatible", "endpoint": model, "key": "file:model"}}, "auth": ["apiKey"]}},
    }


def shown(answers: list[bytes], name: str, secret: str) -> list[str]:
    return [f"{name} in {answer[:300]!r}" for answer in answers if any(text in answer for text in spellings(secret))]


def hubd_input(*arguments, text: str):
    """Runs one command with text on its standard input."""
    command = [binary(), *map(str, arguments)]
    return subprocess.run(command, env=environment(), input=text, capture_output=True, text=True, timeout=30)


def test_no_secret_is_anywhere_it_should_not_be(start_hub, background, echo, tmp_path):
    double = ModelDouble(background)
    for name in FILES:
        (tmp_path / name).write_text(canary(name) + "\n")
    (tmp_path / "echo.json").write_text(json.dumps(description(echo.url)))
    configured = configuration(echo.url, double.url)
    (tmp_path / "hub.yaml").write_text(json.dumps(configured))
    kept = hubd_input("secrets", "set", "kept", "--config", tmp_path / "hub.yaml", "--data", tmp_path / "data", text=canary("stored"))
    assert kept.returncode == 0, kept.stderr
    hub = start_hub(configured, more=["--log-level", "trace"])
    answers: list[bytes] = [kept.stdout.encode(), kept.stderr.encode()]

    def keep(answer: httpx.Response) -> httpx.Response:
        answers.append(str(answer.headers).encode() + answer.content)
        return answer

    good = {"azp": "bot", "iss": "https://issuer.test", "aud": "hub", "sub": "bot", "exp": int(time.time()) + 600}
    tokens = [token(good), token({**good, "exp": 1}), token({**good, "azp": "nobody"})]
    with httpx.Client(verify=False, timeout=30) as client:
        for server in configured["servers"]:
            for tool in ("say", "fail", "none"):
                fields, body = modern("tools/call", {"name": tool, "arguments": {}})
                url, target = hub.mcp(server), f"/mcp/{server}"
                called = keep(client.post(url, headers={**fields, "x-api-key": canary("apikey")}, content=body))
                assert called.status_code in (200, 400)
                for text in tokens:
                    keep(client.post(url, headers={**fields, "authorization": f"Bearer {text}"}, content=body))
                for sign in (sign_ca, sign_apisix, sign_kong):
                    keep(client.post(url, headers=fields | sign("bot", canary("signing"), "POST", target, fields, body), content=body))
                    keep(client.post(url, headers=fields | sign("bot", canary("wrong-signing"), "POST", target, fields, body), content=body))
                keep(client.post(url, headers={**fields, "x-api-key": canary("unknown-key")}, content=body))
                keep(client.post(url + "?key=" + canary("caller-key"), headers={**fields, "authorization": "Basic " + canary("caller-key")}, content=body))
        for model in ("echo", "leak", "status-401", "status-500"):
            message = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
            keep(client.post(hub.url + "/v1/chat/completions", headers={"authorization": f"Bearer {canary('apikey')}"}, json=message))
        admin = {"authorization": f"Bearer {canary('admin')}"}
        for path in ("/metrics", "/readyz", "/healthz", "/openapi.json"):
            keep(client.get(hub.admin + path, headers=admin))
        assert keep(client.post(hub.admin + "/api/v1/reload", headers=admin)).status_code == 200
        keep(client.get(hub.admin + "/metrics", headers={"authorization": f"Bearer {canary('unknown-key')}"}))
    checked = hubd("check", "--config", tmp_path / "hub.yaml", "--data", tmp_path / "data", cwd=tmp_path)
    listed = hubd("secrets", "list", "--config", tmp_path / "hub.yaml", "--data", tmp_path / "data", cwd=tmp_path)
    answers += [text.encode() for done in (checked, listed) for text in (done.stdout, done.stderr)]
    environment = open(f"/proc/{hub.process.pid}/cmdline", "rb").read()
    hub.stop()
    answers += [hub.output.text.encode(), hub.errors.text.encode(), environment]
    assert len(hub.errors.text) > 10_000, "nothing was logged, so that nothing was looked at"
    for folder, _, names in os.walk(tmp_path / "data"):
        answers += [open(os.path.join(folder, name), "rb").read() for name in names]
    basic = base64.b64encode(f"hub:{canary('basic')}".encode()).decode()
    sent = echo.seen + str(double.requests)
    for name in ("bearer", "header", "query", "scheme", "stored", "model"):
        assert canary(name) in sent, f"{name} was not used, so that it could not be lost"
    assert basic in sent and "Credential=AKIDEXAMPLE/" in sent and "ACS3-HMAC-SHA256" in sent
    found = [line for name in [*FILES, *SHOWN, "stored"] for line in shown(answers, name, canary(name))]
    found += [line for text in tokens for line in shown(answers, "a token", text.split(".")[2])]
    assert not found, "\n".join(found[:10])


def test_the_process_leaves_no_core_and_lets_nobody_of_its_user_in(hub):
    limits = open(f"/proc/{hub.process.pid}/limits").read()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    # PR_SET_DUMPABLE 0 gives what is in /proc of the process to root (proc(5)).
    assert os.stat(f"/proc/{hub.process.pid}/environ").st_uid == 0
    status = open(f"/proc/{hub.process.pid}/status").read()
    assert "CoreDumping:\t0" in status
