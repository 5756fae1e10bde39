"""Hostile tokens over the socket (hostile/jwt): each gets its verdict at every door, whatever it says of itself."""

import json
from pathlib import Path

import pytest

from conftest import CORPORA, FIXTURES
from harness.hub import Hub
from harness.tokens import TokenUpstream
from harness.wire import modern, raw

FOLDER = Path(CORPORA) / "hostile" / "jwt"
CASES = [json.loads(line) for line in (FOLDER / "tokens.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def hubs(tmp_path_factory, background):
    """A hub that has the issuer's key set, and one that shares its secret: no issuer has both."""
    keys = json.loads((FOLDER / "jwks.json").read_text())
    upstream = TokenUpstream(background).url
    hubs = []
    for source, algorithms in [({"jwks": "keys.json"}, ["RS256", "ES256"]), ({"secret": "file:secret.key"}, ["HS256"])]:
        folder = tmp_path_factory.mktemp("corpus")
        (folder / "keys.json").write_text(json.dumps({"keys": keys["keys"]}))
        (folder / "secret.key").write_text(keys["hs256_secret"])
        issuer = {"issuer": "https://issuer.test", "audience": ["hub"], "algorithms": algorithms, **source}
        configuration = {
            "upstreams": {"tokens": {"addresses": [upstream]}},
            "identity": {"jwt": [issuer]},
            "consumers": {"alice": {"jwt": {"issuer": "https://issuer.test", "claims": {"sub": "alice"}}}},
            "servers": {"tokens": {"openapi": "tokens.openapi.yaml", "upstream": "tokens", "auth": ["jwt"]}},
        }
        hubs.append(Hub(folder, configuration, FIXTURES.glob("*.yaml"), more=["--log-level", "trace"]))
    yield hubs
    for hub in hubs:
        hub.stop()


def status(hub, token: str) -> int:
    """What a token is answered with, as it stands in the corpus."""
    fields, body = modern("tools/list", host=hub.url.removeprefix("http://"), connection="close", authorization=f"Bearer {token}")
    lines = [f"{name}: {value}" for name, value in {**fields, "content-length": len(body)}.items()]
    answer = raw(hub.url, "\r\n".join(["POST /mcp/tokens HTTP/1.1", *lines, "", ""]).encode() + body)
    return int(answer.split(b" ")[1])


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_a_token_gets_its_verdict(hubs, case):
    found = [status(hub, case["token"]) for hub in hubs]
    match case["expect"]:
        case "accept":
            assert sorted(found) == [200, 401]
        case "reject":
            assert set(found) <= {400, 401, 431}
        case "either":
            assert set(found) <= {200, 400, 401}
    long = [part for part in case["token"].split(".") if len(part) > 30]
    assert not any(part in hub.errors.text for part in long for hub in hubs)
