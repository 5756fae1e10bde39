"""Requests with many tools at a Model API that cuts them down: what arrives at the provider (`harness/staged.py`), sent by the SDKs of OpenAI
and Anthropic."""

import json

import anthropic
import httpx
import openai
import pytest

from harness.staged import StagedProviders

LIMIT = 6
THINGS = ["order", "invoice", "customer", "ticket", "flight", "hotel", "parcel", "recipe", "song", "meeting"]
DEEDS = {"find": "Finds", "create": "Creates a new", "delete": "Deletes"}
#: Thirty functions.
FUNCTIONS = [
    {
        "name": f"{deed}_{thing}",
        "description": f"{said} {thing}",
        "parameters": {"type": "object", "properties": {thing: {"type": "string"}}},
    }
    for thing in THINGS
    for deed, said in DEEDS.items()
]
NAMES = [function["name"] for function in FUNCTIONS]
CHAT = [{"type": "function", "function": function} for function in FUNCTIONS]
MESSAGES = [
    {"name": function["name"], "description": function["description"], "input_schema": function["parameters"]} for function in FUNCTIONS
]
QUESTION = [{"role": "user", "content": "Please delete the invoice of last month"}]
OTHER = [{"role": "user", "content": "What is the weather like?"}]
PROVIDERS = {"openai": "openai-compatible", "anthropic": "anthropic"}


@pytest.fixture
def doubles(background):
    return StagedProviders(background)


@pytest.fixture
def hub(start_hub, doubles):
    """An API for each protocol of a provider, and one that cuts nothing."""
    services = {name: {"provider": provider, "endpoint": doubles.url(name, "calls")} for name, provider in PROVIDERS.items()}
    apis = {name: {"services": {"main": service}, "toolSelection": {"limit": LIMIT}} for name, service in services.items()}
    return start_hub({"models": {**apis, "all": {"services": {"main": services["openai"]}}}})


def chat(hub, api="openai") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{hub.url}/models/{api}/v1", api_key="sk-of-the-caller", max_retries=0, timeout=20)


def messages(hub, api="anthropic") -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=f"{hub.url}/models/{api}", api_key="sk-of-the-caller", max_retries=0, timeout=20)


def arrived(doubles) -> list[str]:
    """The names of the tools of the last request, as the provider got them."""
    return [tool.get("function", tool)["name"] for tool in doubles.asked[-1].message["tools"]]


def in_order(names: list[str]) -> bool:
    """Whether some of the thirty stand as they were sent."""
    return names == [name for name in NAMES if name in names]


@pytest.mark.parametrize("isStreamed", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_few_tools_arrive_those_that_are_asked_about(hub, doubles, provider, isStreamed):
    client = chat(hub, provider)
    if isStreamed:
        with client.chat.completions.stream(model="m", messages=QUESTION, tools=CHAT) as stream:
            (call,) = stream.get_final_completion().choices[0].message.tool_calls
    else:
        (call,) = client.chat.completions.create(model="m", messages=QUESTION, tools=CHAT).choices[0].message.tool_calls
    names = arrived(doubles)
    assert len(names) == LIMIT and in_order(names)
    assert {"delete_invoice", "find_invoice", "create_invoice"} <= set(names)
    assert call.function.name == names[0]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_anthropics_tools_too(hub, doubles, provider):
    answer = messages(hub, provider).messages.create(model="m", max_tokens=9, messages=QUESTION, tools=MESSAGES)
    names = arrived(doubles)
    assert len(names) == LIMIT and in_order(names) and "delete_invoice" in names
    assert answer.stop_reason == "tool_use" and answer.content[0].name == names[0]


def test_what_is_kept_is_kept_as_it_was(hub, doubles):
    """Each tool, and all else of the message, byte for byte."""
    spelled = [json.dumps(tool, indent=1) for tool in CHAT]
    before, after = '{ "model":"m",\t"seed": 1.0,"tools" : ', ', "messages":' + json.dumps(QUESTION) + ',"x":"\\u00e9" }'
    text = before + "[" + " ,\n".join(spelled) + "]" + after
    headers = {"content-type": "application/json"}
    answer = httpx.post(f"{hub.url}/models/openai/v1/chat/completions", content=text, headers=headers, timeout=20)
    assert answer.status_code == 200
    body = doubles.asked[-1].body.decode()
    names = arrived(doubles)
    assert [tool for name, tool in zip(NAMES, spelled) if name in names] == [tool for tool in spelled if tool in body]
    assert body.startswith(before + "[") and body.endswith("]" + after)


def test_tools_that_were_called_stay(hub, doubles):
    call = {"id": "call_1", "type": "function", "function": {"name": "create_song", "arguments": "{}"}}
    told = {"role": "tool", "tool_call_id": "call_1", "content": "la"}
    history = [*OTHER, {"role": "assistant", "content": None, "tool_calls": [call]}, told, *QUESTION]
    chat(hub).chat.completions.create(model="m", messages=history, tools=CHAT)
    names = arrived(doubles)
    assert {"create_song", "delete_invoice"} <= set(names) and len(names) == LIMIT and in_order(names)
    used = {"type": "tool_use", "id": "toolu_1", "name": "create_song", "input": {}}
    told = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "la"}
    asked = {"type": "text", "text": QUESTION[0]["content"]}
    history = [*OTHER, {"role": "assistant", "content": [used]}, {"role": "user", "content": [told, asked]}]
    messages(hub).messages.create(model="m", max_tokens=9, messages=history, tools=MESSAGES)
    names = arrived(doubles)
    assert {"create_song", "delete_invoice"} <= set(names) and len(names) == LIMIT and in_order(names)


def test_at_least_half_of_the_places_go_to_what_is_asked_about(hub, doubles):
    """However many have been called."""
    calls = [{"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": "{}"}} for n, name in enumerate(NAMES[-12:])]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "done"} for call in calls]
    history = [*OTHER, {"role": "assistant", "content": None, "tool_calls": calls}, *results, *QUESTION]
    chat(hub).chat.completions.create(model="m", messages=history, tools=CHAT)
    names = arrived(doubles)
    assert set(NAMES[-12:]) <= set(names) and "delete_invoice" in names
    assert len(names) == 12 + LIMIT // 2 and in_order(names)


def test_the_tool_that_must_be_called_stays(hub, doubles):
    choice = {"type": "function", "function": {"name": "find_meeting"}}
    chat(hub).chat.completions.create(model="m", messages=QUESTION, tools=CHAT, tool_choice=choice)
    assert {"find_meeting", "delete_invoice"} <= set(arrived(doubles)) and len(arrived(doubles)) == LIMIT
    assert doubles.asked[-1].message["tool_choice"] == choice
    choice = {"type": "tool", "name": "find_meeting"}
    messages(hub).messages.create(model="m", max_tokens=9, messages=QUESTION, tools=MESSAGES, tool_choice=choice)
    assert {"find_meeting", "delete_invoice"} <= set(arrived(doubles)) and len(arrived(doubles)) == LIMIT
    assert doubles.asked[-1].message["tool_choice"] == choice


def test_the_tools_that_may_be_called_stay(hub, doubles):
    allowed = [{"type": "function", "function": {"name": name}} for name in ("find_recipe", "find_hotel")]
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": allowed}}
    chat(hub).chat.completions.create(model="m", messages=QUESTION, tools=CHAT, tool_choice=choice)
    assert {"find_recipe", "find_hotel", "delete_invoice"} <= set(arrived(doubles)) and len(arrived(doubles)) == LIMIT
    assert doubles.asked[-1].message["tool_choice"] == choice


def test_tools_that_the_provider_runs_stay(hub, doubles):
    search = {"type": "web_search_20250305", "name": "web_search"}
    messages(hub).messages.create(model="m", max_tokens=9, messages=QUESTION, tools=[*MESSAGES, search])
    names = [tool["name"] for tool in doubles.asked[-1].message["tools"]]
    assert names[-1] == "web_search" and "delete_invoice" in names and len(names) == LIMIT


def test_without_a_match_as_many_arrive(hub, doubles):
    chat(hub).chat.completions.create(model="m", messages=[{"role": "user", "content": "xyzzy"}], tools=CHAT)
    assert arrived(doubles) == NAMES[:LIMIT]


def test_few_tools_and_apis_without_a_limit_are_left_alone(hub, doubles):
    chat(hub).chat.completions.create(model="m", messages=QUESTION, tools=CHAT[:LIMIT])
    assert arrived(doubles) == NAMES[:LIMIT]
    chat(hub, "all").chat.completions.create(model="m", messages=QUESTION, tools=CHAT)
    assert arrived(doubles) == NAMES


def test_the_responses_of_openai_too(hub, doubles):
    tools = [{"type": "function", **function, "strict": False} for function in FUNCTIONS]
    chat(hub).responses.create(model="m", input="Please delete the invoice of last month", tools=tools)
    assert len(arrived(doubles)) == LIMIT and "delete_invoice" in arrived(doubles) and in_order(arrived(doubles))
