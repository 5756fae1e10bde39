"""Amazon Bedrock behind a Model API: a double (`harness/bedrock.py`) that checks signatures and messages with botocore, and the SDKs of
OpenAI and Anthropic as clients. botocore itself is a client of the double, so that the double is held to the same."""

import json

import anthropic
import botocore.session
import openai
import pytest
from botocore.config import Config
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import ClientError, EventStreamError

from harness.bedrock import BedrockDouble, event, exception
from harness.hub import Hub
from harness.staged import StagedProviders

SECRET, SESSION, KEY = "wJalrXUtnFEMI/K7MDENG+swordfish", "session+of/swordfish==", "bedrock-api-key-swordfish"
REGION = "eu-central-1"
ECHO = "anthropic.claude-echo-v1:0"
PROFILE = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.echo"
HELLO = [{"role": "user", "content": "hello wide world"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": SCHEMA}}]


#: What a second service is there for, as nothing is known of the first one yet: an API each.
FAILING = ["limited", "refused", "lost", "ends-early", "ends-late", "cut", "spoilt"]
PAIRS = [f"{model}-{form}" for model in FAILING for form in ("whole", "stream")]


@pytest.fixture(scope="module")
def doubles(background):
    return BedrockDouble(background, SECRET, REGION, KEY)


@pytest.fixture(scope="module")
def second(background):
    return StagedProviders(background)


@pytest.fixture
def double(doubles):
    """The double, to which nothing has been said."""
    doubles.asked.clear()
    doubles.faults.clear()
    return doubles


@pytest.fixture(scope="module")
def hub(tmp_path_factory, doubles, second):
    """The double with an account as `signed`, a key as `keyed`, a wrong secret as `wrong`, and with a second service as `PAIRS`."""
    folder = tmp_path_factory.mktemp("hub")
    for name, text in {"secret": SECRET, "wrong": SECRET[::-1], "key": KEY}.items():
        (folder / name).write_text(text + "\n")
    place = {"provider": "bedrock", "region": REGION, "endpoint": doubles.url}
    signed = {**place, "credential": {"id": "AKIDSWORDFISH", "secret": "file:secret"}}
    apis = {
        "signed": {"services": {"nova": signed}},
        "keyed": {"services": {"nova": {**place, "key": "file:key"}}},
        "wrong": {"services": {"nova": {**place, "credential": {"id": "AKIDSWORDFISH", "secret": "file:wrong"}}}},
    }
    for pair in PAIRS:
        other = {"provider": "openai-compatible", "endpoint": second.url(pair)}
        routes = [{"to": [{"service": "nova"}], "fallback": [{"service": "other", "model": "m"}]}]
        apis[pair] = {"services": {"nova": signed, "other": other}, "routes": routes}
    hub = Hub(folder, {"models": apis})
    yield hub
    hub.stop()


def chat(hub, api="signed") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{hub.url}/models/{api}/v1", api_key="sk-of-the-caller", max_retries=0, timeout=20)


def messages(hub, api="signed") -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=f"{hub.url}/models/{api}", api_key="sk-of-the-caller", max_retries=0, timeout=20)


def bedrock(double):
    """botocore's client."""
    return botocore.session.get_session().create_client(
        "bedrock-runtime",
        region_name=REGION,
        endpoint_url=double.url,
        aws_access_key_id="AKID",
        aws_secret_access_key=SECRET,
        config=Config(retries={"max_attempts": 0}),
    )


def test_the_double_is_one_for_botocore(double):
    client = bedrock(double)
    question = [{"role": "user", "content": [{"text": "hello wide world"}]}]
    for model in [ECHO, PROFILE]:
        answer = client.converse(modelId=model, messages=question)
        assert answer["output"]["message"]["content"] == [{"text": "hello wide world"}] and answer["usage"]["outputTokens"] == 5
        events = list(client.converse_stream(modelId=model, messages=question)["stream"])
        said = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
        assert said == ["hello", " wide", " world"] and list(events[-1]) == ["metadata"]
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.converse(modelId="limited", messages=question)
    with pytest.raises(EventStreamError, match="modelStreamErrorException"):
        list(client.converse_stream(modelId="ends-late", messages=question)["stream"])
    assert double.faults == []


def test_frames_are_read_by_botocore():
    buffer = EventStreamBuffer()
    text = event("messageStart", {"role": "assistant"}) + exception("throttlingException", "é")
    for byte in text:
        buffer.add_data(bytes([byte]))
    begun, failed = [message.to_response_dict() for message in buffer]
    assert begun["headers"][":event-type"] == "messageStart" and json.loads(begun["body"]) == {"role": "assistant"}
    assert failed["headers"][":exception-type"] == "throttlingException" and json.loads(failed["body"]) == {"message": "é"}


@pytest.mark.parametrize("model", [ECHO, PROFILE, "a b/ü%2F+echo"])
def test_a_completion_is_signed_as_botocore_signs(hub, double, model):
    answer = chat(hub).chat.completions.create(model=model, messages=HELLO, max_completion_tokens=50, temperature=0.5)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("hello wide world", "stop")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (14, 5)
    assert answer.usage.prompt_tokens_details.cached_tokens == 3
    assert double.faults == []
    (asked,) = double.asked
    assert (asked.model, asked.operation) == (model, "converse")
    assert asked.message["inferenceConfig"] == {"maxTokens": 50, "temperature": 0.5}
    assert asked.wire.scope[0] == "AKIDSWORDFISH" and {"host", "x-amz-date"} <= set(asked.wire.covered)
    assert "sk-of-the-caller" not in str(asked.wire.fields) and SECRET not in str(asked.wire.fields)


def test_a_session_token_is_shown_and_signed(start_hub, background, tmp_path):
    double = BedrockDouble(background, SECRET, "us-east-1", KEY, token=SESSION)
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "session").write_text(SESSION)
    account = {"id": "ASIASWORDFISH", "secret": "file:secret", "sessionToken": "file:session"}
    service = {"provider": "bedrock", "region": "us-east-1", "endpoint": double.url, "credential": account}
    hub = start_hub({"models": {"signed": {"services": {"nova": service}}}})
    assert chat(hub).chat.completions.create(model=ECHO, messages=HELLO).choices[0].message.content == "hello wide world"
    assert double.faults == [] and "x-amz-security-token" in double.asked[0].wire.covered


def test_a_stream_in_both_dialects(hub, double):
    stream = chat(hub).chat.completions.create(model=ECHO, messages=HELLO, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    said = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert said == ["hello", " wide", " world"]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason] == ["stop"]
    # What it used comes after the reason for the end.
    assert chunks[-1].usage.completion_tokens == 5 and chunks[-1].usage.prompt_tokens == 14
    with messages(hub).messages.stream(model=ECHO, max_tokens=50, messages=HELLO) as stream:
        final = stream.get_final_message()
    assert final.content[0].text == "hello wide world" and final.stop_reason == "end_turn"
    assert (final.usage.output_tokens, final.usage.cache_read_input_tokens) == (5, 3)
    assert double.faults == [] and [asked.operation for asked in double.asked] == ["converse-stream"] * 2


@pytest.mark.parametrize("isStreamed", [False, True], ids=["whole", "stream"])
def test_a_tool_is_called_and_its_answer_goes_back(hub, double, isStreamed):
    client = chat(hub)
    if isStreamed:
        with client.chat.completions.stream(model="tool", messages=HELLO, tools=WEATHER) as stream:
            message = stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(model="tool", messages=HELLO, tools=WEATHER, tool_choice="required").choices[0].message
        assert double.asked[0].message["toolConfig"]["toolChoice"] == {"any": {}}
    (call,) = message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Oslo"})
    assert double.asked[0].message["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"] == {"json": SCHEMA}
    called = {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}
    history = [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": call.id, "content": "rain"},
        {"role": "user", "content": "and now in words"},
    ]
    answer = client.chat.completions.create(model=ECHO, messages=history, tools=WEATHER)
    assert answer.choices[0].message.content.endswith("and now in words")
    sent = json.dumps(double.asked[-1].message)
    assert double.faults == [] and "rain" in sent and '"input": {"city": "Oslo"}' in sent and sent.count(call.id) == 2


def test_a_tool_is_called_for_anthropics_client(hub, double):
    tools = [{"name": "get_weather", "description": "Weather", "input_schema": SCHEMA}]
    choice = {"type": "tool", "name": "get_weather"}
    answer = messages(hub).messages.create(model="tool", max_tokens=50, messages=HELLO, tools=tools, tool_choice=choice)
    assert answer.stop_reason == "tool_use" and answer.content[0].input == {"city": "Oslo"}
    assert double.asked[0].message["toolConfig"]["toolChoice"] == {"tool": {"name": "get_weather"}}
    with messages(hub).messages.stream(model="tool", max_tokens=50, messages=HELLO, tools=tools) as stream:
        assert stream.get_final_message().content[0].input == {"city": "Oslo"}
    assert double.faults == []


def test_an_api_key_is_a_bearer_token(hub, double):
    assert chat(hub, "keyed").chat.completions.create(model=ECHO, messages=HELLO).choices[0].message.content == "hello wide world"
    with messages(hub, "keyed").messages.stream(model=ECHO, max_tokens=50, messages=HELLO) as stream:
        assert "".join(stream.text_stream) == "hello wide world"
    assert double.faults == [] and {asked.wire["authorization"] for asked in double.asked} == {f"Bearer {KEY}"}
    assert all(asked.wire["x-amz-date"] is None for asked in double.asked)


def test_a_wrong_signature_is_no_fault_of_the_caller(hub, double):
    with pytest.raises(openai.InternalServerError) as refused:
        chat(hub, "wrong").chat.completions.create(model=ECHO, messages=HELLO)
    assert (refused.value.status_code, refused.value.code) == (502, "upstream_refused")
    assert refused.value.response.headers["x-should-retry"] == "false" and "wrong credential" not in refused.value.response.text
    assert double.faults == ["wrong credential: signature"]


@pytest.mark.parametrize(
    "model, status, code",
    [("limited", 429, "rate_limit_exceeded"), ("refused", 400, "context_length_exceeded"), ("lost", 502, "upstream_failed")],
)
@pytest.mark.parametrize("isStreamed", [False, True], ids=["whole", "stream"])
def test_errors_are_told_in_the_callers_words(hub, model, status, code, isStreamed):
    with pytest.raises(openai.APIStatusError) as refused:
        chat(hub).chat.completions.create(model=model, messages=HELLO, stream=isStreamed)
    assert (refused.value.status_code, refused.value.code) == (status, code)
    with pytest.raises(anthropic.APIStatusError) as refused:
        messages(hub).messages.create(model=model, max_tokens=9, messages=HELLO, stream=isStreamed)
    assert refused.value.status_code == status and refused.value.response.json()["type"] == "error"


def test_an_exception_in_place_of_the_answer_has_a_status(hub):
    with pytest.raises(openai.RateLimitError):
        chat(hub).chat.completions.create(model="ends-early", messages=HELLO, stream=True)


@pytest.mark.parametrize("model", ["ends-late", "cut", "spoilt"])
def test_a_stream_that_breaks_off_ends_with_an_error(hub, model):
    api = f"{model}-stream"
    said: list[str] = []
    with pytest.raises(openai.APIError):
        for chunk in chat(hub, api).chat.completions.create(model=model, messages=HELLO, stream=True):
            said.append(chunk.choices[0].delta.content or "" if chunk.choices else "")
    assert "".join(said) == "hello"
    with pytest.raises(anthropic.APIError), messages(hub, api).messages.stream(model=model, max_tokens=9, messages=HELLO) as stream:
        stream.get_final_message()


@pytest.mark.parametrize(
    "model, form", [("limited", "whole"), ("limited", "stream"), ("ends-early", "stream"), ("refused", "whole"), ("lost", "stream")]
)
def test_another_service_answers(hub, double, second, model, form):
    api = f"{model}-{form}"
    answer = chat(hub, api).chat.completions.create(model=model, messages=HELLO, stream=form == "stream")
    if form == "stream":
        text = "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)
    else:
        text = answer.choices[0].message.content
    assert text == f"answer 1 of {api} as m"
    assert len(double.asked) == 1 and double.faults == []
    assert not any("AKID" in value or "amz" in name for asked in second.asked for name, value in asked.fields.items())
