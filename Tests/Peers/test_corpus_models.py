"""The hostile answers of upstreams (hostile/http) through a Model API, where bytes pass as they are: what must not pass, and who must not see it."""

import itertools
import json

import httpx
import pytest

from conftest import FIXTURES
from harness.hub import Hub
from test_corpus_http import cases, payload

NUMBERS = itertools.count()
# Well-framed answers, which the hub hands on without looking into them.
PASSES = {"up-json-depth"}
# Answers without a length, which any end of the connection completes.
EVENTS = {"up-sse-cr", "up-sse-bom", "up-sse-inject-id", "up-sse-wrong-id"}
FIELDS = {"set-cookie", "location", "x", "x-a"}


class RawProvider:
    """Answers the model `{id}` with the bytes of that case, and `good-{token}` with its token, on connections that stay if `stays`."""

    def __init__(self, background):
        self.payloads = {case.values[0]["id"]: payload(case.values[0]) for case in cases("upstream-answers")}
        self.stays = False
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{background.listen(self._serve)}"

    async def _serve(self, reader, writer):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            model = json.loads(await reader.readexactly(int(length.split(b":")[1])))["model"]
            self.asked.append(model)
            if model not in self.payloads or model == "up-early":
                body = json.dumps({"model": model}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            if model in self.payloads:
                await writer.drain()
                writer.write(self.payloads[model])
                await writer.drain()
                if not self.stays and model != "up-slow-first":
                    return


@pytest.fixture(scope="module")
def provider(background):
    return RawProvider(background)


@pytest.fixture(scope="module")
def hub(tmp_path_factory, provider):
    configuration = {
        "upstreams": {"raw": {"addresses": [provider.url], "timeouts": {"firstByte": "2s", "idle": "1s", "total": "5s"}}},
        "models": {"default": {"services": {"main": {"provider": "openai-compatible", "upstream": "raw"}}}},
    }
    hub = Hub(tmp_path_factory.mktemp("hostile-provider"), configuration, FIXTURES.glob("*.yaml"))
    yield hub
    assert hub.memory() < 256 << 20
    hub.stop()


def ask(hub, model: str, stream: bool) -> httpx.Response | None:
    """The answer, or nothing when it was cut, as an answer that cannot be completed must be."""
    body = {"model": model, "stream": stream, "messages": []}
    try:
        return httpx.post(f"{hub.url}/v1/chat/completions", json=body, timeout=20)
    except httpx.RemoteProtocolError:
        return None


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("stays", [False, True], ids=["closes", "stays"])
@pytest.mark.parametrize("case", cases("upstream-answers"))
def test_an_answer_is_an_error_or_the_providers_and_never_the_next_callers(hub, provider, case, stays, stream):
    provider.stays = stays
    before = len(provider.asked)
    answer = ask(hub, case["id"], stream)
    if answer is not None:
        assert "x-request-id" in answer.headers
        assert not FIELDS & {name.lower() for name in answer.headers}
        assert answer.status_code != 500 and not answer.is_redirect
    if case["id"] == "up-early":
        assert answer.json() == {"model": "up-early"}
    elif case["id"] in PASSES and not stays:
        assert answer.content == payload(case).split(b"\r\n\r\n", 1)[1]
    elif case["expect"] == "reject" and case["id"] not in PASSES | EVENTS and answer is not None:
        if stream and answer.status_code == 200:
            assert b'data: {"error":' in answer.content and b"[DONE]" not in answer.content, answer.content[:500]
        else:
            assert answer.status_code in (502, 504), f"{answer.status_code} {answer.content[:500]}"
            assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert provider.asked[before:].count(case["id"]) == 1, "a call that may have acted is not made twice"
    for _ in range(3):
        model = f"good-{next(NUMBERS)}"
        following = ask(hub, model, stream)
        assert following is not None and following.status_code == 200, "a good answer after a hostile one"
        assert following.json() == {"model": model}
