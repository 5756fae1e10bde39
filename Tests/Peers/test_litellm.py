"""LiteLLM's proxy behind the hub, as a provider of OpenAI's protocol and as one of Anthropic's: a peer that was written by others, which
answers by itself or converts what a double (`harness/staged.py`) answers. The SDKs of OpenAI and Anthropic are the clients."""

import itertools

import anthropic
import openai
import pytest

from harness.hub import Hub
from harness.litellm import KEY, SAID, LiteLLM
from harness.staged import StagedProviders

QUESTION = [{"role": "user", "content": "hello wide world"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
CHAT = [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": SCHEMA}}]
MESSAGES = [{"name": "get_weather", "description": "Weather", "input_schema": SCHEMA}]
CALLERS = ["openai", "anthropic"]
PROVIDERS = {"openai": "openai-compatible", "anthropic": "anthropic"}
FORMS = ["whole", "stream"]
#: A model that pretends does not stream in Anthropic's protocol, whoever asks; where its bytes pass, there are no events.
PRETENDING = [cell for cell in itertools.product(PROVIDERS, CALLERS, FORMS) if cell != ("anthropic", "anthropic", "stream")]


@pytest.fixture(scope="module")
def doubles(background):
    return StagedProviders(background)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory, doubles):
    proxy = LiteLLM(tmp_path_factory.mktemp("litellm"), {"behind": doubles.url("behind"), "calls": doubles.url("calls", "calls")})
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def hub(tmp_path_factory, proxy):
    """The proxy as a provider of each protocol, and as one that falls back from a model to another."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "key").write_text(KEY + "\n")
    services = {name: {"provider": provider, "endpoint": proxy.url, "key": "file:key"} for name, provider in PROVIDERS.items()}
    apis = {name: {"services": {"main": service}} for name, service in services.items()}
    for (name, api), failing in itertools.product(list(apis.items()), ["limited", "long", "failing"]):
        route = {"to": [{"service": "main", "model": failing}], "fallback": [{"service": "spare", "model": "pretends"}]}
        apis[f"{name}-{failing}"] = {"services": {**api["services"], "spare": api["services"]["main"]}, "routes": [route]}
    hub = Hub(folder, {"models": apis})
    yield hub
    hub.stop()


def chat(hub, api: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{hub.url}/models/{api}/v1", api_key="sk-of-the-caller", max_retries=0, timeout=30)


def messages(hub, api: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=f"{hub.url}/models/{api}", api_key="sk-of-the-caller", max_retries=0, timeout=30)


def ask(hub, api: str, model: str, caller: str, form: str) -> str:
    """The text of an answer."""
    if caller == "openai":
        create = chat(hub, api).chat.completions.create
        if form == "whole":
            answer = create(model=model, messages=QUESTION)
            assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens > 0
            return answer.choices[0].message.content
        chunks = list(create(model=model, messages=QUESTION, stream=True))
        assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == ["stop"]
        return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    client = messages(hub, api).messages
    if form == "whole":
        answer = client.create(model=model, max_tokens=50, messages=QUESTION)
        assert answer.stop_reason == "end_turn" and answer.usage.output_tokens > 0
        return answer.content[0].text
    with client.stream(model=model, max_tokens=50, messages=QUESTION) as stream:
        answer = stream.get_final_message()
    assert answer.stop_reason == "end_turn"
    return "".join(block.text for block in answer.content)


@pytest.mark.parametrize("provider, caller, form", PRETENDING)
def test_a_model_that_pretends(hub, provider, caller, form):
    assert ask(hub, provider, "pretends", caller, form) == SAID


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_model_behind_the_proxy(hub, doubles, provider, caller, form):
    begin = doubles.names().count("behind")
    assert ask(hub, provider, "behind", caller, form) == f"answer {begin + 1} of behind as behind"
    request = doubles.asked[-1]
    assert request.message["messages"][-1]["content"] in (QUESTION[0]["content"], [{"type": "text", "text": QUESTION[0]["content"]}])
    assert KEY not in str(request.fields) and "sk-of-the-caller" not in str(request.fields)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_tool_is_called_through_both(hub, provider, form):
    client = chat(hub, provider).chat.completions
    if form == "stream":
        with client.stream(model="calls", messages=QUESTION, tools=CHAT) as stream:
            choice = stream.get_final_completion().choices[0]
    else:
        choice = client.create(model="calls", messages=QUESTION, tools=CHAT).choices[0]
    (call,) = choice.message.tool_calls
    assert (choice.finish_reason, call.function.name, call.function.arguments) == ("tool_calls", "get_weather", "{}")
    client = messages(hub, provider).messages
    if form == "stream":
        with client.stream(model="calls", max_tokens=50, messages=QUESTION, tools=MESSAGES) as stream:
            answer = stream.get_final_message()
    else:
        answer = client.create(model="calls", max_tokens=50, messages=QUESTION, tools=MESSAGES)
    (used,) = [block for block in answer.content if block.type == "tool_use"]
    assert (answer.stop_reason, used.name, used.input) == ("tool_use", "get_weather", {})


@pytest.mark.parametrize("provider", PROVIDERS)
def test_its_errors_are_the_callers(hub, provider):
    for model, status in [("limited", 429), ("long", 400)]:
        with pytest.raises(openai.APIStatusError) as refused:
            ask(hub, provider, model, "openai", "whole")
        assert refused.value.status_code == status and KEY not in refused.value.response.text
        with pytest.raises(anthropic.APIStatusError) as refused:
            ask(hub, provider, model, "anthropic", "whole")
        assert refused.value.status_code == status and KEY not in refused.value.response.text


@pytest.mark.parametrize("failing", ["limited", "long", "failing"])
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_where_a_model_of_it_fails_another_answers(hub, provider, caller, failing):
    assert ask(hub, f"{provider}-{failing}", "any", caller, "whole") == SAID


def test_its_models_are_listed(hub):
    assert {model.id for model in chat(hub, "openai").models.list().data} >= {"pretends", "behind", "calls"}
