"""Who may call: API keys in every place that clients put them, and what a caller hears who has none."""

import hashlib
import json
import threading
import time

import anthropic
import httpx
import openai
import pytest

from harness.hub import hubd
from harness.models import ModelDouble
from harness.wire import BOTH, Session, modern, raw

GOOD, OTHER = "key-of-the-support-bot-0001", "key-of-somebody-else-0002"
ENDED = 10  # seconds in which a stream must have ended; the hub means one


def digest(key: str) -> dict:
    return {"sha256": hashlib.sha256(key.encode()).hexdigest()}


def configuration(address: str, model: str, keys=(GOOD,), **more) -> dict:
    """The upstream of tokens as `tokens`, with a header and a parameter of its own as `named`, open as `open`; a Model API."""
    server = {"openapi": "tokens.openapi.yaml", "upstream": "tokens"}
    return {
        "upstreams": {"tokens": {"addresses": [address]}},
        "consumers": {
            "support-bot": {"groups": ["support"], "apiKeys": [digest(key) for key in keys]} if keys else {"groups": ["support"]},
            "other": {"apiKeys": [{"value": "file:other.key"}]},
        },
        "servers": {
            "tokens": {**server, "auth": ["apiKey"]},
            "named": {**server, "auth": [{"apiKey": {"header": "X-My-Key"}}, {"apiKey": {"query": "my_key"}}]},
            "open": {**server, "auth": "none"},
        },
        "models": {
            "default": {"services": {"main": {"provider": "openai-compatible", "endpoint": model}}, "auth": ["apiKey"]},
        },
        **more,
    }


@pytest.fixture
def double(background):
    return ModelDouble(background)


@pytest.fixture
def hub(start_hub, tokens, double, tmp_path):
    (tmp_path / "other.key").write_text(OTHER + "\n")
    return start_hub(configuration(tokens.url, double.url))


def listed(url: str, **headers) -> httpx.Response:
    fields, body = modern("tools/list", **headers)
    return httpx.post(url, headers=fields, content=body, timeout=20)


@pytest.mark.parametrize(
    "fields",
    [{"authorization": f"Bearer {GOOD}"}, {"x_api_key": GOOD}, {"api_key": GOOD}, {"x_goog_api_key": GOOD}, {"authorization": f"Bearer {OTHER}"}],
)
def test_a_key_is_taken_where_clients_put_it(hub, fields):
    assert listed(hub.mcp("tokens"), **fields).status_code == 200


def test_an_entry_can_name_places_of_its_own(hub):
    url = hub.mcp("named")
    assert listed(url, x_my_key=GOOD).status_code == 200
    assert listed(f"{url}?my_key={GOOD}").status_code == 200
    assert listed(f"{hub.mcp('tokens')}?my_key={GOOD}").status_code == 401
    assert listed(hub.mcp("tokens"), x_my_key=GOOD).status_code == 401
    assert listed(f"{url}?my_key={GOOD}", x_my_key=GOOD).status_code == 400


def test_the_openai_sdk_sends_its_key_and_understands_the_refusal(hub, double):
    hello = [{"role": "user", "content": "hello"}]
    with openai.OpenAI(base_url=f"{hub.url}/v1", api_key=GOOD, max_retries=0, timeout=20) as client:
        assert client.chat.completions.create(model="echo", messages=hello).choices[0].message.content == "hello"
    seen = str(double.requests)
    assert GOOD not in seen, "the caller's key went to the provider"
    with openai.OpenAI(base_url=f"{hub.url}/v1", api_key="sk-wrong", max_retries=0, timeout=20) as client:
        with pytest.raises(openai.AuthenticationError) as refused:
            client.chat.completions.create(model="echo", messages=hello)
    assert refused.value.code == "invalid_api_key" and "sk-wrong" not in refused.value.response.text
    assert len(double.requests) == 1


def test_the_anthropic_sdk_sends_its_key_in_its_own_way(hub):
    """Its protocol leads to a provider of another, and its key is taken in either place."""
    ask = {"model": "echo", "max_tokens": 1, "messages": [{"role": "user", "content": "hello"}]}
    options = {"base_url": f"{hub.url}/models/default", "max_retries": 0, "timeout": 20}
    for good in ({"api_key": GOOD}, {"auth_token": GOOD}):
        with anthropic.Anthropic(**options, **good) as client:
            assert client.messages.create(**ask).role == "assistant"
    for wrong in ({"api_key": "sk-ant-wrong"}, {"auth_token": "sk-ant-wrong"}):
        with anthropic.Anthropic(**options, **wrong) as client, pytest.raises(anthropic.AuthenticationError) as refused:
            client.messages.create(**ask)
        assert "sk-ant-wrong" not in refused.value.response.text


WRONG = {
    "none": ({}, 401),
    "unknown": ({"authorization": "Bearer nobody-has-this-key"}, 401),
    "shorter": ({"authorization": f"Bearer {GOOD[:-1]}"}, 401),
    "longer": ({"authorization": f"Bearer {GOOD}1"}, 401),
    "other case": ({"authorization": f"Bearer {GOOD.upper()}"}, 401),
    "its digest": ({"authorization": f"Bearer {digest(GOOD)['sha256']}"}, 401),
    "empty": ({"authorization": "Bearer"}, 401),
    "no scheme": ({"authorization": GOOD}, 401),
    "basic": ({"authorization": "Basic a2V5OmtleQ=="}, 401),
    "as text": ({"authorization": f'Bearer "{GOOD}"'}, 401),
    "a list": ({"x_api_key": f"{GOOD}, {GOOD}"}, 401),
    "no value": ({"x_api_key": ""}, 401),
    "both places": ({"authorization": f"Bearer {GOOD}", "x_api_key": GOOD}, 400),
    "one good, one bad": ({"authorization": f"Bearer {GOOD}", "api_key": "x"}, 400),
    "in a cookie": ({"cookie": f"key={GOOD}"}, 401),
    "said by a proxy": ({"x_forwarded_user": "support-bot", "x_mse_consumer": "support-bot"}, 401),
    "a header of SQL": ({"authorization": "Bearer ' OR 1=1 --"}, 401),
}


@pytest.mark.parametrize("variant", WRONG)
def test_a_wrong_credential_is_refused_and_learns_nothing(hub, variant):
    fields, status = WRONG[variant]
    answer = listed(hub.mcp("tokens"), **fields)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == status and "x-request-id" in answer.headers
    assert ("www-authenticate" in answer.headers) == (status == 401)
    for known in ("support-bot", "other", GOOD, digest(GOOD)["sha256"][:16]):
        assert known not in answer.text
    api = httpx.post(f"{hub.url}/v1/chat/completions", headers={k.replace("_", "-"): v for k, v in fields.items()}, json={"model": "echo"}, timeout=20)
    assert api.status_code == status and set(api.json()["error"]) == {"message", "type", "param", "code"}
    assert not any(known in hub.errors.text for known in (GOOD, "nobody-has-this-key")), "a credential is in the log"


def test_two_authorization_fields_are_two_credentials(hub):
    fields, body = modern("tools/list", host=hub.url.removeprefix("http://"), connection="close", content_length=None)
    lines = [f"{name}: {value}" for name, value in fields.items()] + [f"authorization: Bearer {GOOD}"] * 2 + [f"content-length: {len(body)}"]
    answer = raw(hub.mcp("tokens"), "\r\n".join(["POST /mcp/tokens HTTP/1.1", *lines, "", ""]).encode() + body)
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_an_entry_that_is_open_asks_nobody(hub):
    assert listed(hub.mcp("open")).status_code == 200
    assert listed(hub.mcp("open"), authorization="Bearer whatever").status_code == 200


@pytest.mark.parametrize("path", ["/mcp/tokens", "/mcp/tokens/", "/mcp/tokens/sse", "/mcp/tokens/messages?session_id=1", "/mcp/tokens/x", "/v1/models", "/v1/chat/completions", "/models/default/v1/chat/completions", "/v1"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"])
def test_every_door_of_an_entry_asks(hub, method, path):
    answer = httpx.request(method, hub.url + path, headers={"accept": BOTH}, timeout=20)
    assert answer.status_code == 401


def test_a_session_is_its_openers_alone(hub):
    with Session(hub.mcp("open")) as anonymous:
        foreign = anonymous.client.headers["mcp-session-id"]
    url = hub.mcp("tokens")

    def opened(key):
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "peer-tests", "version": "1"}}
        body = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}
        answer = httpx.post(url, headers={"accept": BOTH, "authorization": f"Bearer {key}"}, json=body, timeout=20)
        assert answer.status_code == 200
        return answer.headers["mcp-session-id"]

    def used(session, key, method="POST"):
        fields = {"accept": BOTH, "authorization": f"Bearer {key}", "mcp-session-id": session, "mcp-protocol-version": "2025-11-25"}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"} if method == "POST" else None
        answer = httpx.request(method, url, headers=fields, json=body, timeout=20)
        return answer.status_code, answer.text

    mine = opened(GOOD)
    assert used(mine, GOOD)[0] == 200
    unknown = used("A" * len(mine), OTHER)
    assert unknown[0] == 404
    assert used(mine, OTHER) == unknown and used(foreign, GOOD) == unknown
    for method in ("GET", "DELETE"):
        assert used(mine, OTHER, method) == used("A" * len(mine), OTHER, method)
    assert used(mine, GOOD)[0] == 200, "another's DELETE ended the session"


def test_a_stream_of_the_first_transport_is_its_openers_alone(hub):
    fields = {"authorization": f"Bearer {GOOD}"}
    with httpx.stream("GET", f"{hub.mcp('tokens')}/sse", headers=fields, timeout=20) as stream:
        lines = stream.iter_lines()  # kept: the stream ends with it
        address = next(line.removeprefix("data: ") for line in lines if line.startswith("data: "))
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        theirs = httpx.post(hub.url + address, headers={"authorization": f"Bearer {OTHER}"}, json=ping, timeout=20)
        assert theirs.status_code == 404
        assert httpx.post(hub.url + address, headers=fields, json=ping, timeout=20).status_code == 202


def test_what_a_key_opened_ends_with_it(hub, tokens, double, note):
    """A GET stream, a subscription, the first transport's stream, and a call under way, all of a key that a reload takes away."""
    url, key = hub.mcp("tokens"), {"authorization": f"Bearer {GOOD}"}
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "peer-tests", "version": "1"}}
    opening = httpx.post(url, headers={"accept": BOTH, **key}, json={"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}, timeout=20)
    session = {"mcp-session-id": opening.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25", **key}
    subscription = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, **{"authorization": key["authorization"]})
    held = modern("tools/call", {"name": "token", "arguments": {"token": "T-0000000000000001", "kind": "hang"}}, **key)
    requests = {
        "stream": ("GET", url, {"accept": "text/event-stream", **session}, None),
        "subscription": ("POST", url, *subscription),
        "first transport": ("GET", f"{url}/sse", key, None),
        "call": ("POST", url, *held),
    }
    ended, begun = {}, threading.Barrier(len(requests) + 1)

    def follow(name, method, address, fields, body):
        try:
            with httpx.Client(timeout=30) as client:
                if name == "call":
                    begun.wait()
                    ended[name] = client.request(method, address, headers=fields, content=body).status_code
                else:
                    with client.stream(method, address, headers=fields, content=body) as stream:
                        lines = stream.iter_lines()
                        next(lines)
                        begun.wait()
                        for _ in lines:
                            pass
                        ended[name] = "complete"
        except httpx.HTTPError as error:
            ended[name] = type(error).__name__

    threads = [threading.Thread(target=follow, args=[name, *request], daemon=True) for name, request in requests.items()]
    for thread in threads:
        thread.start()
    begun.wait(20)
    tokens.waiting.wait(1)
    other = {"authorization": f"Bearer {OTHER}"}
    with httpx.stream("GET", f"{url}/sse", headers=other, timeout=20) as untouched:
        lines = untouched.iter_lines()
        address = [next(lines), next(lines)][1].removeprefix("data: ")
        begin = time.monotonic()
        hub.reload(configuration(tokens.url, double.url, keys=()))
        for thread in threads:
            thread.join(ENDED)
        note("streams and calls ended after", f"{time.monotonic() - begin:.2f} s")
        assert set(ended) == set(requests), f"still open: {set(requests) - set(ended)}"
        assert all(how == "RemoteProtocolError" for how in ended.values()), ended
        assert listed(url, **key).status_code == 401
        assert httpx.post(hub.url + address, headers=other, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, timeout=20).status_code == 202
        assert any('"id":1' in line for line in (next(lines) for _ in range(6))), "another's stream suffered"


def test_a_hundred_thousand_consumers_of_a_file_of_their_own(start_hub, tokens, double, tmp_path, note):
    lines = [f'consumer-{n}: {{ groups: [many], apiKeys: [ {{ sha256: "{digest(f"key-{n}")["sha256"]}" }} ] }}' for n in range(100_000)]
    (tmp_path / "consumers.yaml").write_text("\n".join(lines))
    (tmp_path / "other.key").write_text(OTHER + "\n")
    configured = configuration(tokens.url, double.url)
    hub = start_hub({**configured, "consumers": {"file": "consumers.yaml"}})
    for n in (0, 4711, 99_999):
        assert listed(hub.mcp("tokens"), x_api_key=f"key-{n}").status_code == 200
    assert listed(hub.mcp("tokens"), x_api_key="key-100000").status_code == 401
    note("memory", f"{hub.memory() >> 20} MiB")


def test_a_flood_of_bad_keys_is_slowed_and_good_keys_are_not(hub):
    url = hub.mcp("tokens")
    with httpx.Client(timeout=30) as client:
        fields, body = modern("tools/list")
        statuses = {client.post(url, headers={**fields, "x-api-key": f"guess-{n}"}, content=body).status_code for n in range(330)}
        assert statuses == {401}
        assert client.post(url, headers={**fields, "x-api-key": GOOD}, content=body).status_code == 200


def test_a_key_that_stands_twice_is_an_error_of_the_configuration(tmp_path):
    keys = {"apiKeys": [digest(GOOD)]}
    (tmp_path / "hub.yaml").write_text(json.dumps({"consumers": {"a": keys, "b": keys}}))
    checked = hubd("check", "--offline", "--config", tmp_path / "hub.yaml")
    assert checked.returncode == 1 and "stands here a second time" in checked.stderr + checked.stdout
