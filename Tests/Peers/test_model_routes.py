"""Model APIs with several services: which of them a request goes to, which models are listed, and keys that take turns. The SDKs of OpenAI
and Anthropic are the clients, doubles (`harness/staged.py`) the services."""

import time

import anthropic
import httpx
import openai
import pytest

from harness.staged import StagedProviders

QUESTION = [{"role": "user", "content": "hello wide world"}]
KEYS = ["key-one-0001", "key-two-0002", "key-three-0003"]


@pytest.fixture
def doubles(background):
    return StagedProviders(background)


@pytest.fixture
def services(doubles):
    """A service of each protocol, and one more, as they stand in hub.yaml."""
    return {
        "small": {"provider": "openai-compatible", "endpoint": doubles.url("small"), "key": "file:key-0"},
        "large": {"provider": "anthropic", "endpoint": doubles.url("large"), "key": "file:key-1"},
        "other": {"provider": "vllm", "endpoint": doubles.url("other")},
    }


@pytest.fixture
def start(start_hub, services, tmp_path):
    """Starts a hub with the three services and some routes as the API `default`."""
    for place, key in enumerate(KEYS):
        (tmp_path / f"key-{place}").write_text(key + "\n")

    def start(routes: list[dict], **more):
        return start_hub({"models": {"default": {"services": services, "routes": routes, **more}}})

    return start


def chat(hub) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{hub.url}/v1", api_key="sk-of-the-caller", max_retries=0, timeout=20)


def messages(hub) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=hub.url, api_key="sk-of-the-caller", max_retries=0, timeout=20)


def ask(hub, model: str, headers: dict | None = None) -> str:
    """The text of an answer in OpenAI's protocol."""
    return chat(hub).chat.completions.create(model=model, messages=QUESTION, extra_headers=headers).choices[0].message.content


def ask_in_anthropics(hub, model: str, headers: dict | None = None) -> str:
    """The text of an answer in Anthropic's protocol."""
    return messages(hub).messages.create(model=model, max_tokens=9, messages=QUESTION, extra_headers=headers).content[0].text


ROUTES = [
    {"when": {"header": {"x-tier": "gold"}, "model": "*-max"}, "to": [{"service": "other", "model": "best"}]},
    {"when": {"header": {"x-tier": "gold"}}, "to": [{"service": "large", "model": "claude-large"}]},
    {"when": {"model": "qwen-*"}, "to": [{"service": "small"}]},
    {"when": {"model": "claude-*-latest"}, "to": [{"service": "large"}]},
    {"when": {"model": "qwen-max"}, "to": [{"service": "other", "model": "never"}]},
    {"when": {"model": "alias"}, "to": [{"service": "small", "model": "real-name"}]},
]


@pytest.mark.parametrize(
    "model, headers, service, asked",
    [
        ("qwen-max", {"x-tier": "gold"}, "other", "best"),  # all of a condition, and the first that holds
        ("qwen-min", {"X-Tier": "gold"}, "large", "claude-large"),
        ("nothing-known", {"x-tier": "gold"}, "large", "claude-large"),
        ("qwen-max", {"x-tier": "Gold"}, "small", "qwen-max"),  # values are compared byte for byte
        ("qwen-max", {"x-tier": "gold, silver"}, "small", "qwen-max"),
        ("qwen-", {}, "small", "qwen-"),
        ("claude-x-latest", {}, "large", "claude-x-latest"),
        ("alias", {}, "small", "real-name"),
    ],
)
@pytest.mark.parametrize("caller", [ask, ask_in_anthropics])
def test_the_first_route_that_matches_decides(start, doubles, caller, model, headers, service, asked):
    hub = start(ROUTES)
    assert caller(hub, model, headers) == f"answer 1 of {service} as {asked}"
    (request,) = doubles.asked
    assert (request.name, request.message["model"]) == (service, asked)
    assert request.key == {"small": KEYS[0], "large": KEYS[1], "other": None}[service]
    assert "x-tier" not in request.fields


@pytest.mark.parametrize("model", ["Qwen-max", "xqwen-max", "claude-latest", "claude--latestx", "aliases", "*"])
def test_a_model_that_no_route_is_for_is_not_found(start, doubles, model):
    hub = start(ROUTES)
    with pytest.raises(openai.NotFoundError) as refused:
        ask(hub, model)
    assert (refused.value.code, refused.value.param, refused.value.type) == ("model_not_found", "model", "invalid_request_error")
    with pytest.raises(anthropic.NotFoundError) as refused:
        ask_in_anthropics(hub, model)
    body = refused.value.response.json()
    assert body["type"] == "error" and body["error"]["type"] == "not_found_error" and body["request_id"]
    assert "x-request-id" in refused.value.response.headers
    assert doubles.asked == []


def test_a_stream_and_other_doors_go_the_same_way(start, doubles):
    hub = start(ROUTES)
    with messages(hub).messages.stream(model="qwen-max", max_tokens=9, messages=QUESTION) as stream:
        assert "".join(stream.text_stream) == "answer 1 of small as qwen-max"
    assert chat(hub).responses.create(model="claude-1-latest", input="hello").output_text == "answer 1 of large as claude-1-latest"
    with pytest.raises(openai.NotFoundError) as refused:
        chat(hub).embeddings.create(model="claude-1-latest", input="hello")
    assert refused.value.code == "not_supported_by_provider"
    with pytest.raises(openai.NotFoundError) as refused:
        chat(hub).embeddings.create(model="nobody", input="hello")
    assert refused.value.code == "model_not_found"


def test_requests_are_split_by_weight(start, doubles):
    """Of 400 requests 90 % are 360, give or take 6; the bounds are six times as wide. Weight 0 is never chosen."""
    hub = start(
        [
            {
                "to": [
                    {"service": "small", "model": "llama-4", "weight": 90},
                    {"service": "large", "weight": 10},
                    {"service": "other", "weight": 0},
                ],
            }
        ]
    )
    with httpx.Client(base_url=hub.url, timeout=20) as client:
        for _ in range(400):
            assert client.post("/v1/chat/completions", json={"model": "m", "messages": QUESTION}).status_code == 200
    names = doubles.names()
    assert len(names) == 400 and 324 <= names.count("small") <= 396 and "other" not in names
    assert {(asked.name, asked.message["model"]) for asked in doubles.asked} == {("small", "llama-4"), ("large", "m")}


def test_a_reload_moves_the_weight(start, services, doubles):
    hub = start([{"to": [{"service": "small", "weight": 1}, {"service": "other", "weight": 0}]}])
    assert {ask(hub, "m").split()[3] for _ in range(10)} == {"small"}
    routes = [{"to": [{"service": "small", "weight": 0}, {"service": "other", "weight": 1}]}]
    hub.reload({"models": {"default": {"services": services, "routes": routes}}})
    deadline = time.monotonic() + 10
    while ask(hub, "m").split()[3] != "other":
        assert time.monotonic() < deadline
    assert {ask(hub, "m").split()[3] for _ in range(10)} == {"other"}


def test_the_models_that_are_listed(start, doubles):
    doubles.models = {"small": ["qwen-max", "qwen-min", "llama"], "large": ["claude-3-latest", "claude-3"], "other": ["never-asked"]}
    hub = start(ROUTES)
    listed = chat(hub).models.list().data
    # What a route names, and what a provider lists as far as a route is for it; names behind a header are for those who send it.
    assert [model.id for model in listed] == ["qwen-max", "qwen-min", "claude-3-latest", "alias"]
    assert listed[0].owned_by == "small" and {model.object for model in listed} == {"model"}
    assert {asked.name for asked in doubles.asked} == {"small", "large"}
    page = messages(hub).models.list()
    assert [model.id for model in page.data] == [model.id for model in listed] and not page.has_more
    gold = chat(hub).models.list(extra_headers={"x-tier": "gold"}).data
    assert [model.id for model in gold][:2] == ["claude-large", "qwen-max"]


def test_a_provider_that_lists_nothing_costs_its_own_names_alone(start, services, doubles):
    doubles.models = {"small": ["qwen-max"]}
    services["large"]["endpoint"] = "http://127.0.0.1:1"
    assert [model.id for model in chat(start(ROUTES)).models.list().data] == ["qwen-max", "alias"]


def test_several_services_need_routes(start_hub, services, start):
    hub = start(ROUTES)
    hub.reload({"models": {"default": {"services": services}}})
    assert hub.errors.wait_for(r"hub\.yaml:\d+:\d+: error: nothing says which of the services answers")
    hub.reload({"models": {"default": {"services": services, "routes": [{"to": [{"service": "smal"}]}]}}})
    assert hub.errors.wait_for(r"hub\.yaml:\d+:\d+: error: .*smal")


@pytest.fixture
def keyed(start, services, doubles):
    """A hub whose only service has three keys, and to which a second may be the fallback."""

    def keyed(hasFallback=False):
        services["small"] = {**services["small"], "keys": [f"file:key-{place}" for place in range(3)]}
        del services["small"]["key"]
        route = {"to": [{"service": "small"}]} | ({"fallback": [{"service": "other"}]} if hasFallback else {})
        return start([route])

    return keyed


def test_keys_take_turns(keyed, doubles):
    hub = keyed()
    for _ in range(6):
        ask(hub, "m")
    assert [asked.key for asked in doubles.asked] == KEYS * 2


def test_a_key_at_its_limit_rests_while_the_others_are_used(keyed, doubles):
    hub = keyed()
    doubles.limited[KEYS[1]] = "60"
    assert [ask(hub, "m") for _ in range(6)]  # nobody hears of it
    used = [asked.key for asked in doubles.asked]
    assert used.count(KEYS[1]) == 1 and set(used) == set(KEYS) and len(used) == 7


def test_a_key_that_is_refused_rests_while_the_others_are_used(keyed, doubles):
    hub = keyed()
    doubles.refused.add(KEYS[0])
    assert [ask(hub, "m") for _ in range(6)]  # nobody hears of it
    used = [asked.key for asked in doubles.asked]
    assert used.count(KEYS[0]) == 1 and set(used) == set(KEYS) and len(used) == 7


def test_a_key_is_used_again_when_its_rest_is_over(keyed, doubles):
    hub = keyed()
    doubles.limited[KEYS[0]] = "1"
    ask(hub, "m")
    assert [asked.key for asked in doubles.asked] == KEYS[:2]
    doubles.limited.clear()
    deadline = time.monotonic() + 10
    while doubles.asked[-1].key != KEYS[0]:
        assert time.monotonic() < deadline
        ask(hub, "m")
        time.sleep(0.05)


@pytest.mark.parametrize("caller, refusal", [(ask, openai.RateLimitError), (ask_in_anthropics, anthropic.RateLimitError)])
def test_where_every_key_rests_the_caller_hears_when_the_first_wakes(keyed, doubles, caller, refusal):
    hub = keyed()
    doubles.limited = {KEYS[0]: "90", KEYS[1]: "30", KEYS[2]: "60"}
    with pytest.raises(refusal) as refused:
        caller(hub, "m")
    assert 20 <= int(refused.value.response.headers["retry-after"]) <= 30
    assert [asked.key for asked in doubles.asked] == KEYS
    with pytest.raises(refusal) as refused:
        caller(hub, "m")
    assert 20 <= int(refused.value.response.headers["retry-after"]) <= 30
    # The one that wakes first was tried all the same, and no other.
    assert [asked.key for asked in doubles.asked][3:] == [KEYS[1]]


def test_where_every_key_rests_another_service_answers(keyed, doubles):
    hub = keyed(hasFallback=True)
    doubles.limited = dict.fromkeys(KEYS, "60")
    assert ask(hub, "m") == "answer 1 of other as m" and doubles.names() == ["small"] * 3 + ["other"]
    assert ask(hub, "m") == "answer 2 of other as m" and doubles.names()[4:] == ["other"]
    assert not any(key in str(asked.fields) for asked in doubles.asked if asked.name == "other" for key in KEYS)


def test_a_limit_of_one_model_does_not_keep_its_service_from_another(start, doubles):
    hub = start([{"to": [{"service": "small", "model": "big"}], "fallback": [{"service": "small", "model": "little"}]}])
    doubles.limited_models.add("big")
    assert ask(hub, "m") == "answer 2 of small as little"
    assert [asked.message["model"] for asked in doubles.asked] == ["big", "little"]
    assert ask(hub, "m").endswith("of small as little")
