"""Token servers and clouds: Authlib's server, moto's Secrets Manager, and what botocore and Alibaba Cloud's SDK would have signed."""

import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx
from alibabacloud_tea_openapi.utils import Utils
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from darabonba.request import DaraRequest

from harness.service import Service

PEERS = Path(__file__).resolve().parent.parent


def environment(name: str, program: str) -> Path:
    """A program of a virtual environment."""
    path = PEERS / f".venv-{name}" / "bin" / program
    assert path.exists(), f"no .venv-{name}: run scripts/peers"
    return path


class TokenServer:
    """The token server of clients/token_server.py."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            program = [environment("main", "python"), PEERS / "clients" / "token_server.py", str(listener.fileno())]
            self.process = subprocess.Popen(program, pass_fds=[listener.fileno()])

    def state(self, **changes) -> dict:
        """What it knows, after changes."""
        return (httpx.post(f"{self.url}/state", json=changes, timeout=20) if changes else httpx.get(f"{self.url}/state", timeout=20)).json()

    def stop(self):
        self.process.kill()
        self.process.wait()


class Moto:
    """moto's server, which checks signatures and rights once it has seen as many requests as `open_requests`."""

    def __init__(self, open_requests: int):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [environment("moto", "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(open_requests)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None, "moto does not listen"
                time.sleep(0.1)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Signed:
    """One request as it came over the wire."""

    def __init__(self, request):
        self.method, self.target, _ = request.raw_requestline.decode("ascii").split(" ")
        # The wire has bytes; http.server takes them for ISO 8859-1.
        self.fields = [(name.lower(), value.encode("latin-1").decode()) for name, value in request.headers.items()]
        self.body = request.rfile.read(int(request.headers.get("content-length", 0)))

    def __getitem__(self, name: str) -> str | None:
        return next((value for found, value in self.fields if found == name), None)

    @property
    def covered(self) -> list[str]:
        """The names of the fields that the signature covers."""
        return re.search(r"SignedHeaders=([^,]+)", self["authorization"]).group(1).split(";")

    @property
    def signature(self) -> str:
        """The signature."""
        return re.search(r"Signature=([0-9a-f]{64})$", self["authorization"]).group(1)

    @property
    def scope(self) -> list[str]:
        """Identifier, date, region, service of AWS's form."""
        return re.search(r"Credential=([^,]+)", self["authorization"]).group(1).split("/")

    def covered_fields(self) -> list[tuple[str, str]]:
        """The fields that the signature covers."""
        return [(name, value) for name, value in self.fields if name in self.covered]


class Recording(Service):
    """Keeps each request, and repeats its credential in the answer."""

    def __init__(self, status=lambda request: 200):
        super().__init__(self.take)
        self.seen: list[Signed] = []
        self.status = status

    def take(self, request):
        seen = Signed(request)
        self.seen.append(seen)
        return self.status(seen), {"content-type": "text/plain"}, f"{seen['authorization']} {seen.fields}".encode()


def botocore_signature(request: Signed, secret: str, token: str | None = None) -> str:
    """What botocore signs for a request that is as this one came over the wire."""
    identifier, _, region, service, _ = request.scope
    made = AWSRequest(request.method, f"http://{request['host']}{request.target}", data=request.body)
    for name, value in request.covered_fields():
        made.headers.add_header(name, value)
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials(identifier, secret, token), service, region)
    made.context["timestamp"] = request["x-amz-date"]
    return signer.signature(signer.string_to_sign(made, signer.canonical_request(made)), made)


def botocore_query(pairs: list[tuple[str, str]]) -> str:
    """The canonical query of parameters, as botocore makes it of their meaning."""
    made = AWSRequest("GET", "http://x/", params=pairs)
    return SigV4Auth(Credentials("a", "b"), "c", "d").canonical_query_string(made)


def alibaba_signature(request: Signed, identifier: str, secret: str) -> str:
    """What Alibaba Cloud's SDK puts into Authorization for a request that is as this one came over the wire; no parameter may repeat."""
    made = DaraRequest()
    made.method = request.method
    made.pathname = urlsplit(request.target).path
    # The SDK encodes values and leaves names as they are; the documentation has both encoded.
    pairs = [pair.partition("=")[::2] for pair in urlsplit(request.target).query.split("&") if pair]
    made.query = {quote(unquote(name), safe="~"): unquote(value) for name, value in pairs}
    assert len(made.query) == len(pairs)
    made.headers = dict(request.covered_fields())
    return Utils.get_authorization(made, "ACS3-HMAC-SHA256", request["x-acs-content-sha256"], identifier, secret)


class KMSDouble(Recording):
    """A double of Alibaba Cloud KMS by its API reference: `GetSecretValue` of hub/support-bot, for whoever signs as the SDK does."""

    def __init__(self, secret: str, kept: dict):
        self.secret, self.kept = secret, kept
        super().__init__()

    def take(self, request):
        super().take(request)
        seen = self.seen[-1]
        good = seen["authorization"] == alibaba_signature(seen, "LTAI", self.secret)
        if not good or (seen["x-acs-action"], seen["x-acs-version"]) != ("GetSecretValue", "2016-01-20"):
            return 400, {}, json.dumps({"Code": "SignatureDoesNotMatch", "Message": "swordfish"}).encode()
        if dict(parse_qsl(urlsplit(seen.target).query)) != {"SecretName": "hub/support-bot"}:
            return 404, {}, json.dumps({"Code": "Forbidden.ResourceNotFound", "Message": "swordfish"}).encode()
        return 200, {}, json.dumps({"SecretData": json.dumps(self.kept), "SecretDataType": "text", "VersionId": "v1"}).encode()
