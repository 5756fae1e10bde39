"""Answers of Model APIs from memory: the SDKs of OpenAI and Anthropic ask the same question twice; doubles (`harness/staged.py`), whose
answers say which request they are to, stand behind the hub."""

import hashlib
import time

import anthropic
import httpx
import openai
import pytest

from harness.hub import Hub
from harness.staged import StagedProviders

KEYS = {"ann": "key-of-ann-0001", "bob": "key-of-bob-0002"}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
FORMS = ["whole", "stream"]
CALLERS = ["openai", "anthropic"]
PROVIDERS = {"openai": "openai-compatible", "anthropic": "anthropic"}


class Desk:
    """A hub with an API for each kind of provider, own and shared, and callers who have keys."""

    def __init__(self, folder, background):
        self.doubles = StagedProviders(background)

        def service(name: str, stage="well", provider="openai-compatible"):
            return {"provider": provider, "endpoint": self.doubles.url(name, stage)}

        def api(service: dict, **more) -> dict:
            return {"services": {"main": service}, "auth": ["apiKey"], "cache": {"ttl": "10m"}, **more}

        apis = {provider: api(service(provider, provider=kind)) for provider, kind in PROVIDERS.items()}
        apis["shared"] = api(service("shared"), cache={"ttl": "10m", "shared": True})
        apis["short"] = api(service("short"), cache={"ttl": "1s"})
        apis["calls"] = api(service("calls", "calls"))
        apis["failing"] = api(service("failing", "500"))
        apis["cut"] = api(service("cut", "cut-late"))
        apis["plain"] = {"services": {"main": service("plain")}, "auth": ["apiKey"]}
        apis["fallen"] = {
            **api(service("fallen", "500")),
            "services": {"first": service("fallen", "500"), "second": service("second")},
            "routes": [{"to": [{"service": "first"}], "fallback": [{"service": "second"}]}],
        }
        apis["routed"] = {
            **api(service("routed")),
            "services": {"one": service("one"), "two": service("two")},
            "routes": [{"when": {"header": {"x-tier": "gold"}}, "to": [{"service": "one"}]}, {"to": [{"service": "two"}]}],
        }
        consumers = {name: {"apiKeys": [{"sha256": hashlib.sha256(key.encode()).hexdigest()}]} for name, key in KEYS.items()}
        self.hub = Hub(folder, {"consumers": consumers, "models": apis})
        self.chat = openai.OpenAI(base_url=self.hub.url, api_key=KEYS["ann"], max_retries=0, timeout=20)
        self.messages = anthropic.Anthropic(base_url=self.hub.url, api_key=KEYS["ann"], max_retries=0, timeout=20)

    def ask(self, api: str, text: str, caller="openai", form="whole", who="ann", headers=None, **more) -> tuple[str | None, str]:
        """What the head says of the memory, and the text of an answer."""
        messages = more.pop("messages", [{"role": "user", "content": text}])
        more = {"model": "m", "messages": messages, "stream": form == "stream", "extra_headers": headers, **more}
        if caller == "openai":
            client = self.chat.with_options(base_url=f"{self.hub.url}/models/{api}/v1", api_key=KEYS[who])
            raw = client.chat.completions.with_raw_response.create(**more)
            answer = raw.parse()
            if form == "stream":
                chunks = list(answer)
                # From memory or not, it is a whole stream.
                assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
                said = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
            else:
                said = answer.choices[0].message.content
                assert answer.usage is None or answer.usage.completion_tokens == 5
        else:
            client = self.messages.with_options(base_url=f"{self.hub.url}/models/{api}", api_key=KEYS[who])
            raw = client.messages.with_raw_response.create(max_tokens=9, **more)
            answer = raw.parse()
            if form == "stream":
                events = list(answer)
                assert (events[0].type, events[-1].type) == ("message_start", "message_stop")
                said = "".join(event.delta.text for event in events if event.type == "content_block_delta")
            else:
                said = answer.content[0].text
                assert answer.usage.output_tokens == 5
        return raw.headers.get("x-hubd-cache"), said

    def count(self, name: str) -> int:
        """How often a service was asked."""
        return self.doubles.names().count(name)


@pytest.fixture(scope="module")
def desk(tmp_path_factory, background):
    desk = Desk(tmp_path_factory.mktemp("desk"), background)
    yield desk
    desk.hub.stop()


@pytest.mark.parametrize("again", FORMS)
@pytest.mark.parametrize("first", FORMS)
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_same_question_is_answered_from_memory(desk, provider, caller, first, again):
    question = f"{provider} {caller} {first} {again}"
    number = desk.count(provider) + 1
    answer = f"answer {number} of {provider} as m"
    assert desk.ask(provider, question, caller, first) == ("miss", answer)
    assert desk.ask(provider, question, caller, again) == ("hit", answer)
    assert desk.ask(provider, question, caller, first) == ("hit", answer)
    assert desk.count(provider) == number


def test_another_question_is_another_one(desk):
    begin = desk.count("openai")
    asked = [
        {},
        {"temperature": 0.5},
        {"temperature": 0.50001},
        {"model": "n"},
        {"max_completion_tokens": 5},
        {"messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "other"}]},
        {"messages": [{"role": "user", "content": "Other"}]},
        {"tools": TOOLS},
    ]
    for more in asked:
        assert desk.ask("openai", "other", **more)[0] == "miss", more
    for more in asked:
        assert desk.ask("openai", "other", **more)[0] == "hit", more
    assert desk.count("openai") == begin + len(asked)


def test_who_a_question_is_for_does_not_change_it(desk):
    assert desk.ask("openai", "for whom")[0] == "miss"
    assert desk.ask("openai", "for whom", user="u1", metadata={"a": "b"})[0] == "hit"


def test_one_consumer_is_not_given_what_another_asked_for(desk):
    (missed, first), (again, second) = desk.ask("openai", "mine"), desk.ask("openai", "mine", who="bob")
    assert (missed, again) == ("miss", "miss") and first != second
    assert desk.ask("openai", "mine") == ("hit", first) and desk.ask("openai", "mine", who="bob") == ("hit", second)


def test_shared_answers_are_everybodys(desk):
    missed, first = desk.ask("shared", "ours")
    assert missed == "miss" and desk.ask("shared", "ours", who="bob") == ("hit", first)
    # Who has no key is given nothing, from memory neither.
    client = desk.chat.with_options(base_url=f"{desk.hub.url}/models/shared/v1", api_key="key-of-nobody")
    with pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "ours"}])


def test_an_answer_is_kept_for_its_time(desk):
    missed, first = desk.ask("short", "soon")
    assert missed == "miss"
    # It may be over by now on a busy machine; then there is another answer.
    kept, second = desk.ask("short", "soon")
    assert (kept, second == first) in [("hit", True), ("miss", False)]
    time.sleep(1.1)
    kept, third = desk.ask("short", "soon")
    assert kept == "miss" and third not in (first, second)


def test_a_caller_who_wants_no_memory_gets_none(desk):
    missed, first = desk.ask("openai", "fresh")
    again, second = desk.ask("openai", "fresh", headers={"cache-control": "no-cache"})
    assert (missed, again) == ("miss", "miss") and first != second
    assert desk.ask("openai", "fresh") == ("hit", second)  # it was kept in place of the first
    skipped, third = desk.ask("openai", "fresh", headers={"cache-control": "no-store"})
    assert skipped == "skip" and third not in (first, second)
    assert desk.ask("openai", "fresh") == ("hit", second)


def test_the_age_of_an_answer_is_told_and_its_id_is_new(desk):
    body = {"model": "m", "messages": [{"role": "user", "content": "age"}]}
    headers = {"authorization": f"Bearer {KEYS['ann']}"}
    first, again = (httpx.post(f"{desk.hub.url}/models/openai/v1/chat/completions", json=body, headers=headers, timeout=20) for _ in "12")
    assert "age" not in first.headers and 0 <= int(again.headers["age"]) < 60
    assert first.headers["x-request-id"] != again.headers["x-request-id"]
    assert again.headers["x-hubd-cache"] == "hit" and again.json()["choices"] == first.json()["choices"]
    assert again.headers["content-type"].startswith("application/json")


def test_what_is_no_whole_answer_is_not_kept(desk):
    for _ in range(2):
        with pytest.raises(openai.InternalServerError) as failed:
            desk.ask("failing", "fail")
        assert failed.value.response.headers.get("x-hubd-cache") == "miss"
    for _ in range(2):
        with pytest.raises(openai.APIError):
            desk.ask("cut", "cut", form="stream")
    assert (desk.count("failing"), desk.count("cut")) == (2, 2)
    # What another service said is no answer of the first one.
    assert [desk.ask("fallen", "fall")[0] for _ in range(2)] == ["miss", "miss"]


def test_calls_of_tools_and_what_tools_told_are_not_kept(desk):
    for form in FORMS:
        for _ in range(2):
            client = desk.chat.with_options(base_url=f"{desk.hub.url}/models/calls/v1")
            message = [{"role": "user", "content": "weather"}]
            raw = client.chat.completions.with_raw_response.create(model="m", messages=message, tools=TOOLS, stream=form == "stream")
            assert raw.headers["x-hubd-cache"] == "miss"
            if form == "stream":
                list(raw.parse())
    assert desk.count("calls") == 4
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    history = [
        {"role": "user", "content": "weather"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
    ]
    assert [desk.ask("openai", "", messages=history, tools=TOOLS)[0] for _ in range(2)] == ["skip", "skip"]


def test_each_route_has_answers_of_its_own(desk):
    one, two = desk.ask("routed", "where", headers={"x-tier": "gold"}), desk.ask("routed", "where")
    assert (one, two) == (("miss", "answer 1 of one as m"), ("miss", "answer 1 of two as m"))
    assert desk.ask("routed", "where", headers={"x-tier": "gold"}) == ("hit", one[1]) and desk.ask("routed", "where") == ("hit", two[1])


def test_without_a_cache_nothing_is_kept_or_said(desk):
    assert [desk.ask("plain", "again") for _ in range(2)] == [(None, "answer 1 of plain as m"), (None, "answer 2 of plain as m")]
