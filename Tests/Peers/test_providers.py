"""Model APIs before providers of other protocols than the caller's: the SDKs of OpenAI and Anthropic as clients, doubles of the providers
(`harness/providers.py`, `harness/models.py`) behind the hub."""

import json

import anthropic
import httpx
import openai
import pytest

from harness.models import ModelDouble
from harness.providers import ProviderDouble

KEY = "sk-double-7723-of-the-hub"
HELLO = [{"role": "user", "content": "hello wide world"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": SCHEMA}}]
PROVIDERS = ["anthropic", "gemini"]


@pytest.fixture
def double(background):
    return ProviderDouble(background)


@pytest.fixture
def hub(start_hub, double, background, tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    services = {kind: {"provider": kind, "endpoint": double.url, "key": "file:key"} for kind in PROVIDERS}
    services["compatible"] = {"provider": "openai-compatible", "endpoint": ModelDouble(background).url, "key": "file:key"}
    locked = {"locked": {"services": {"main": services["anthropic"]}, "auth": ["apiKey"]}}
    return start_hub({"models": {name: {"services": {"main": service}} for name, service in services.items()} | locked})


def chat(hub, api: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{hub.url}/models/{api}/v1", api_key="sk-of-the-caller", max_retries=0, timeout=20)


def messages(hub, api: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=f"{hub.url}/models/{api}", api_key="sk-of-the-caller", max_retries=0, timeout=20)


@pytest.mark.parametrize("api", PROVIDERS)
def test_a_completion_by_a_provider_of_another_protocol(hub, double, api):
    answer = chat(hub, api).chat.completions.create(model="echo", messages=HELLO, max_completion_tokens=50)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("hello wide world", "stop")
    assert answer.usage.completion_tokens == 5 and answer.usage.prompt_tokens >= 11
    path, fields, _ = double.requests[0]
    shown = {"anthropic": fields.get("x-api-key"), "gemini": fields.get("x-goog-api-key")}
    assert shown[api] == KEY and "authorization" not in fields and "sk-of-the-caller" not in str(fields)
    assert path == {"anthropic": "/v1/messages", "gemini": "/v1beta/models/echo:generateContent"}[api]


@pytest.mark.parametrize("api", PROVIDERS)
def test_a_stream_by_a_provider_of_another_protocol(hub, api):
    chunks = list(chat(hub, api).chat.completions.create(model="echo", messages=HELLO, stream=True))
    said = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert len(said) >= 2 and "".join(said) == "hello wide world"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason] == ["stop"]


@pytest.mark.parametrize("api", PROVIDERS)
@pytest.mark.parametrize("isStreamed", [False, True], ids=["whole", "stream"])
def test_a_tool_is_called_and_its_answer_goes_back(hub, double, api, isStreamed):
    client = chat(hub, api)
    if isStreamed:
        with client.chat.completions.stream(model="tool", messages=HELLO, tools=WEATHER) as stream:
            message = stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(model="tool", messages=HELLO, tools=WEATHER).choices[0].message
    (call,) = message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Oslo"})
    called = {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}
    history = [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": call.id, "content": "rain"},
        {"role": "user", "content": "and now in words"},
    ]
    answer = client.chat.completions.create(model="echo", messages=history, tools=WEATHER)
    assert answer.choices[0].message.content.endswith("and now in words")
    assert "rain" in json.dumps(double.requests[-1][2]) and "Oslo" in json.dumps(double.requests[-1][2])


@pytest.mark.parametrize("api", PROVIDERS)
def test_a_limit_of_the_provider_is_one_in_the_callers_words(hub, api):
    with pytest.raises(openai.RateLimitError, match="limit") as refused:
        chat(hub, api).chat.completions.create(model="limited", messages=HELLO)
    if api == "anthropic":
        assert refused.value.response.headers["retry-after"] == "7"


@pytest.mark.parametrize("api", PROVIDERS)
def test_a_stream_that_is_cut_ends_as_an_error(hub, api):
    with pytest.raises(openai.APIError):
        list(chat(hub, api).chat.completions.create(model="cut", messages=HELLO, stream=True))


@pytest.mark.parametrize("api", ["anthropic", "gemini", "compatible"])
def test_anthropics_client_reaches_any_provider(hub, api):
    client = messages(hub, api)
    answer = client.messages.create(model="echo", max_tokens=50, messages=HELLO)
    assert answer.content[0].text == "hello wide world" and answer.stop_reason == "end_turn"
    with client.messages.stream(model="echo", max_tokens=50, messages=HELLO) as stream:
        assert "".join(stream.text_stream) == "hello wide world"


def test_responses_reach_any_provider(hub):
    for api in [*PROVIDERS, "compatible"]:
        assert chat(hub, api).responses.create(model="echo", input="hello wide world").output_text == "hello wide world"


def test_a_caller_of_anthropics_protocol_is_refused_in_its_words(hub):
    with pytest.raises(anthropic.AuthenticationError) as refused:
        messages(hub, "locked").messages.create(model="echo", max_tokens=5, messages=HELLO)
    assert refused.value.response.json()["type"] == "error"
    plain = httpx.post(f"{hub.url}/models/locked/v1/chat/completions", json={"model": "echo", "messages": HELLO})
    assert plain.status_code == 401 and "message" in plain.json()["error"]
