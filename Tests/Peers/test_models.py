"""Model APIs, with the official OpenAI SDK as the client and a double of a provider (`harness/models.py`) behind the hub."""

import asyncio
import json
import signal
import time

import httpx
import openai
import pytest

from harness.models import ModelDouble, completion

KEY = "sk-double-5190-of-the-hub"
HELLO = [{"role": "user", "content": "hello wide world"}]


def configuration(url: str) -> dict:
    """The double as the API `default`, and by an upstream, without a key and impatient, as `local`; `nobody` does not listen."""
    service = {"provider": "openai-compatible", "endpoint": url, "key": "file:key"}
    return {
        "bounds": {"bodyBytes": "2MiB"},
        "upstreams": {"gpu": {"addresses": [f"{url}/own/base"], "timeouts": {"firstByte": "1s"}}},
        "models": {
            "default": {"services": {"main": service}},
            "local": {"services": {"main": {"provider": "openai-compatible", "upstream": "gpu"}}},
            "nobody": {"services": {"main": {**service, "endpoint": "http://127.0.0.1:1"}}},
        },
    }


@pytest.fixture
def double(background):
    return ModelDouble(background)


@pytest.fixture
def hub(start_hub, double, tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    return start_hub(configuration(double.url))


@pytest.fixture
def client(hub):
    with openai.OpenAI(base_url=f"{hub.url}/v1", api_key="sk-of-the-caller", max_retries=0, timeout=20) as client:
        yield client


def post(hub, body: bytes, path="/v1/chat/completions", **fields) -> httpx.Response:
    return httpx.post(hub.url + path, content=body, headers={"content-type": "application/json", **fields}, timeout=20)


def test_a_completion_and_what_the_provider_sees_of_it(client, hub, double):
    answer = client.chat.completions.with_raw_response.create(model="echo", messages=HELLO, temperature=0.5)
    assert answer.parse().choices[0].message.content == "hello wide world"
    assert answer.headers["x-ratelimit-remaining-requests"] == "9"
    assert answer.headers["x-upstream-request-id"] == "req_double"
    assert len(answer.headers["x-request-id"]) == 32
    assert "server" not in answer.headers
    line, fields, body = double.requests[0]
    assert line == "POST /v1/chat/completions HTTP/1.1"
    assert fields["authorization"] == f"Bearer {KEY}"
    assert fields["content-type"] == "application/json"
    assert fields["user-agent"] == "hubd"
    assert not any(name.startswith(("x-stainless", "openai")) for name in fields), fields
    assert json.loads(body)["temperature"] == 0.5


def test_each_event_arrives_when_it_is_sent(client, double):
    stream = client.chat.completions.create(model="gate", messages=HELLO, stream=True)
    assert next(stream).choices[0].delta.role == "assistant"
    assert next(stream).choices[0].delta.content == "hello"
    double.open_gate()
    rest = list(stream)
    assert "".join(event.choices[0].delta.content or "" for event in rest) == " wide world"
    assert rest[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("path", ["/v1", "/models/default/v1"])
def test_the_default_api_has_two_addresses(client, hub, double, path):
    client = client.with_options(base_url=hub.url + path)
    assert client.chat.completions.create(model="echo", messages=HELLO).choices[0].message.content == "hello wide world"


def test_an_upstream_with_a_path_of_its_own_and_no_key(client, hub, double):
    client = client.with_options(base_url=f"{hub.url}/models/local/v1")
    client.chat.completions.create(model="echo", messages=HELLO)
    line, fields, _ = double.requests[0]
    assert line == "POST /own/base/chat/completions HTTP/1.1"
    assert "authorization" not in fields


def test_what_is_not_there_is_not_found(client, hub):
    with pytest.raises(openai.NotFoundError):
        client.files.list()
    with pytest.raises(openai.NotFoundError) as unknown:
        client.with_options(base_url=f"{hub.url}/models/none/v1").chat.completions.create(model="echo", messages=HELLO)
    assert unknown.value.type == "invalid_request_error"
    assert unknown.value.body == openai_error(post(hub, b"{}", "/models/default/v1/chat"))


def openai_error(answer: httpx.Response) -> dict:
    """The error of a refusal, which has all members of one."""
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["message"]
    assert "x-request-id" in answer.headers
    return error


@pytest.mark.parametrize(
    "body, parameter",
    [(b"{", None), (b"[]", None), (b"{}", "model"), (b'{"model":"a","model":"b"}', None), (b'{"model":"a","stream":"yes"}', "stream")],
)
def test_a_request_that_is_none_reaches_nobody(hub, double, body, parameter):
    answer = post(hub, body)
    assert answer.status_code == 400
    assert openai_error(answer)["param"] == parameter
    assert double.requests == []


def test_methods_types_and_sizes_are_checked(hub, double):
    assert openai_error(httpx.get(f"{hub.url}/v1/chat/completions"))["code"] == "method_not_supported"
    assert post(hub, b"{}", **{"content-type": "text/plain"}).status_code == 415
    assert post(hub, b"{}", origin="https://evil.example").status_code == 403
    assert post(hub, b" " * (3 << 20)).status_code == 413
    assert double.requests == []


def test_bytes_are_not_touched_on_either_way(hub, double):
    text = "\u00e9\u0301 \U0001f600 \u2028 \u212a"
    messages = f'"messages":[{{"role":"user","content":"{text}"}}]'
    body = ('{ "model" : "echo",\r\n\t"n":1.50,"seed":12345678901234567890, %s,"x":"\\u00E9" }\n' % messages).encode()
    answer = post(hub, body)
    assert double.requests[0][2] == body
    assert answer.content == completion(text)


def test_a_megabyte_each_way(client, double):
    text = "\u00fc" * (1 << 19)
    answer = client.chat.completions.create(model="echo", messages=[{"role": "user", "content": text}])
    assert answer.choices[0].message.content == text
    stream = client.chat.completions.create(model="echo", messages=[{"role": "user", "content": text}], stream=True)
    assert "".join(event.choices[0].delta.content or "" for event in stream) == text


@pytest.mark.parametrize("model", ["cut", "cut-half", "cut-long"])
def test_a_stream_that_breaks_off_is_raised_and_never_whole(client, model):
    words = []
    with pytest.raises((openai.APIError, json.JSONDecodeError)) as raised:
        for event in client.chat.completions.create(model=model, messages=HELLO, stream=True):
            words.append(event.choices[0].delta.content)
    assert words == ["", "hello", " wide"]
    if model != "cut-long":  # of which half was out before it broke off
        assert isinstance(raised.value, openai.APIError) and raised.value.type == "upstream_error"


def test_an_answer_that_breaks_off_is_raised(client):
    with pytest.raises(openai.APIError):
        client.chat.completions.create(model="cut", messages=HELLO)


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_closes_the_providers_connection(hub, double, stream):
    async def leave():
        async with openai.AsyncOpenAI(base_url=f"{hub.url}/v1", api_key="x", max_retries=0) as client:
            call = asyncio.create_task(client.chat.completions.create(model="gate", messages=HELLO, stream=stream))
            if stream:
                events = await call
                assert (await anext(events)).choices[0].delta.role == "assistant"
                await events.close()
            else:
                while not double.requests:
                    await asyncio.sleep(0.01)
                call.cancel()

    began = time.monotonic()
    asyncio.run(leave())
    assert double.left.wait(limit=5) < 0.5, f"{time.monotonic() - began} s after the request"


@pytest.mark.parametrize(
    "status, error",
    [
        (400, openai.BadRequestError),
        (404, openai.NotFoundError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (529, openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_providers_error_is_the_callers(client, status, error, stream):
    with pytest.raises(error) as raised:
        client.chat.completions.create(model=f"status-{status}", messages=HELLO, stream=stream)
    assert raised.value.status_code == status
    assert raised.value.body["message"] == f"double says {status}"
    assert raised.value.response.headers["retry-after"] == "0"
    assert "set-cookie" not in raised.value.response.headers


def test_a_client_tries_again_what_may_pass(client, double):
    with pytest.raises(openai.RateLimitError):
        client.with_options(max_retries=2).chat.completions.create(model="status-429", messages=HELLO)
    assert len(double.requests) == 3


@pytest.mark.parametrize("status", [401, 403])
def test_that_the_hubs_key_is_refused_is_no_fault_of_the_caller(client, double, status):
    with pytest.raises(openai.InternalServerError) as raised:
        client.with_options(max_retries=2).chat.completions.create(model=f"status-{status}", messages=HELLO)
    assert raised.value.status_code == 502
    assert raised.value.code == "upstream_refused"
    assert len(double.requests) == 1, "tried again, though nothing can have changed"


def test_a_provider_that_is_not_there_or_too_slow(client, hub, double):
    with pytest.raises(openai.InternalServerError) as nobody:
        client.with_options(base_url=f"{hub.url}/models/nobody/v1").chat.completions.create(model="echo", messages=HELLO)
    assert (nobody.value.status_code, nobody.value.type) == (502, "upstream_error")
    assert "127.0.0.1" not in nobody.value.message
    with pytest.raises(openai.InternalServerError) as slow:
        client.with_options(base_url=f"{hub.url}/models/local/v1").chat.completions.create(model="gate", messages=HELLO)
    assert (slow.value.status_code, slow.value.code) == (504, "upstream_timeout")


@pytest.mark.parametrize("model, stream", [("leak", False), ("leak", True), ("leak-split", True)])
def test_the_hubs_key_is_shown_to_nobody(hub, model, stream):
    answer = post(hub, json.dumps({"model": model, "stream": stream, "messages": HELLO}).encode())
    assert answer.status_code == 200
    assert KEY not in answer.text and "***" in answer.text
    for part in ["double-5190", "of-the-hub"]:
        assert part not in answer.text


def test_many_streams_at_once(hub, double):
    async def many():
        async with openai.AsyncOpenAI(base_url=f"{hub.url}/v1", api_key="x", max_retries=0) as client:

            async def one(number):
                messages = [{"role": "user", "content": f"stream number {number}"}]
                stream = await client.chat.completions.create(model="echo", messages=messages, stream=True)
                return "".join([event.choices[0].delta.content or "" async for event in stream])

            return await asyncio.gather(*(one(number) for number in range(100)))

    assert asyncio.run(many()) == [f"stream number {number}" for number in range(100)]


def test_calls_are_counted_by_api_and_never_by_what_a_caller_named(client, hub):
    client.chat.completions.create(model="echo", messages=HELLO)
    # To the last byte: the SDK leaves at `[DONE]`, and who leaves before the end is counted so.
    assert post(hub, json.dumps({"model": "echo", "messages": HELLO, "stream": True}).encode()).content.endswith(b"[DONE]\n\n")
    text = httpx.get(f"{hub.admin}/metrics", headers={"authorization": f"Bearer {hub.token}"}).text
    assert 'hubd_calls_total{server="models/default",tool="chat/completions",outcome="ok"} 2\n' in text
    assert "echo" not in text


def test_a_reload_changes_the_provider_and_cuts_no_stream(client, hub, double, background):
    stream = client.chat.completions.create(model="gate", messages=HELLO, stream=True)
    assert next(stream).choices[0].delta.role == "assistant"
    other = ModelDouble(background)
    hub.reload(configuration(other.url))
    deadline = time.monotonic() + 10
    while not other.requests and time.monotonic() < deadline:
        client.chat.completions.create(model="echo", messages=HELLO)
    assert other.requests
    double.open_gate()
    assert [event.choices[0].delta.content for event in stream] == ["hello", " wide", " world", None]


def test_a_silent_stream_is_kept_in_use_and_ended_with_a_word_when_the_hub_stops(hub, double):
    """A comment after 15 seconds of silence; a stop cancels after 15 seconds what is still open."""
    request = {"model": "gate", "stream": True, "messages": HELLO}
    with httpx.stream("POST", f"{hub.url}/v1/chat/completions", json=request, timeout=30) as answer:
        pieces = answer.iter_raw()
        assert b'"assistant"' in next(pieces)
        time.sleep(2)  # so that the comment comes before the end
        hub.process.send_signal(signal.SIGTERM)
        received = b"".join(pieces)
    assert b': keep-alive\n\ndata: {"error"' in received
    last = received.removesuffix(b"\n\n").rpartition(b"\n\n")[2]
    assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "overloaded"
    double.left.wait()


def test_what_a_bad_file_says_of_models(hub, double):
    broken = configuration(double.url)
    broken["models"]["default"]["services"]["main"]["provider"] = "openai-compatble"
    hub.reload(broken)
    assert hub.errors.wait_for(r"hub\.yaml:\d+:\d+: error: .*did you mean .*openai-compatible")
    assert hub.errors.wait_for("note: entries without auth are open")
