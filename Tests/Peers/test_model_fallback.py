"""What a caller of a Model API sees, and who is asked, when the first of two services fails: at every stage, whole and as a stream, with
services of either protocol for callers of either. The SDKs of OpenAI and Anthropic are the clients, doubles (`harness/staged.py`) the
services."""

import itertools

import anthropic
import openai
import pytest

from harness.hub import Hub
from harness.staged import ERRORS, RETRY_AFTER, StagedProviders

QUESTION = [{"role": "user", "content": "hello wide world"}]
CALLERS = ["openai", "anthropic"]
FORMS = ["whole", "stream"]
PROVIDERS = {"openai": "openai-compatible", "anthropic": "anthropic"}
#: The first service, and the second.
PAIRS = [("openai", "openai"), ("anthropic", "openai"), ("openai", "anthropic"), ("anthropic", "anthropic")]
#: Where another service is asked.
PASSING = ["refuse", "429", "401", "500", "503", "event", "event-at-once", "stall", "cut-early", "long"]
#: Where none is: it would be the same everywhere.
FINAL = ["bad", "none"]
#: Where it matters whether the second speaks as the first does: what the first has said so far waits or is converted.
STREAMED = ["event", "event-at-once", "cut-early", "cut-late"]
CELLS = [
    (stage, pair)
    for stage, pair in itertools.product([*PASSING, *FINAL, "cut-late"], PAIRS)
    if stage in STREAMED or pair[0] != pair[1]
]


def cells(*stages: str):
    """The cells of some stages."""
    chosen = [cell for cell in CELLS if cell[0] in stages]
    return pytest.mark.parametrize("stage, pair", chosen, ids=["-".join([stage, *pair]) for stage, pair in chosen])


def stage_of(services: list[tuple[str, str]]) -> str:
    """How the first of an API's services fails."""
    return services[0][1]


class Desk:
    """A hub with an API for each cell of a table, as what is known of a service outlasts a request."""

    def __init__(self, folder, background):
        self.doubles = StagedProviders(background)
        self.apis: dict[str, dict] = {}
        self.upstreams: dict[str, dict] = {}
        for (stage, pair), caller, form in itertools.product(CELLS, [*CALLERS, "responses"], FORMS):
            self.add(f"{stage}-{'-'.join(pair)}-{caller}-{form}", [(pair[0], stage), (pair[1], "well")])
        for stage, provider, caller, form in itertools.product([*PASSING, "short-at-once"], PROVIDERS, CALLERS, FORMS):
            self.add(f"{stage}-{provider}-{caller}-{form}", [(provider, stage)])
        for caller in CALLERS:
            self.add(f"fixed-{caller}", [(caller, "none"), (caller, "well")], model="fixed")
            self.add(f"all-{caller}", [("openai", "500"), ("anthropic", "500"), ("openai", "429")])
            self.add(f"most-{caller}", [("openai", "500"), ("anthropic", "500"), ("openai", "well")], attempts=2)
            self.add(f"rest-{caller}", [(caller, "429"), (caller, "well")])
            self.add(f"broken-{caller}", [(caller, "500"), (caller, "well")])
            self.add(f"silent-{caller}", [("openai", "hang-late"), (caller, "well")], timeouts={"idle": "1s"})
            self.add(f"late-{caller}", [("openai", "stall"), (caller, "well")], timeouts={"total": "1s"})
        self.hub = Hub(folder, {"upstreams": self.upstreams, "models": self.apis})
        self.chat = openai.OpenAI(base_url=f"{self.hub.url}/v1", api_key="sk-of-the-caller", max_retries=0, timeout=20)
        self.messages = anthropic.Anthropic(base_url=self.hub.url, api_key="sk-of-the-caller", max_retries=0, timeout=20)

    def add(self, api: str, services: list[tuple[str, str]], model=None, **more):
        """An API whose services follow one another; `NAME-0` is the first."""
        written, names = {}, []
        for place, (provider, stage) in enumerate(services):
            name = f"{api}-{place}"
            service = {"provider": PROVIDERS[provider]}
            if stage == "stall" and api.endswith("whole"):
                # There is no first event to be waited for.
                self.upstreams[f"{api}-up"] = {"addresses": [self.doubles.url(name, stage)], "timeouts": {"firstByte": "700ms"}}
                service["upstream"] = f"{api}-up"
            else:
                service["endpoint"] = "http://127.0.0.1:1" if stage == "refuse" else self.doubles.url(name, stage)
            written[f"s{place}"] = service
            names.append({"service": f"s{place}"} | ({"model": model} if model and place == 0 else {}))
        route = {"to": names[:1]} | ({"fallback": names[1:]} if names[1:] else {})
        limits = {"timeouts": {"firstEvent": "700ms"}} if stage_of(services) == "stall" else {}
        self.apis[api] = {"services": written, "routes": [route], **limits, **more}

    def ask(self, caller: str, api: str, form="whole") -> str:
        """The text of an answer."""
        said: list[str] = []
        self.ask_into(said, caller, api, form)
        return "".join(said)

    def ask_into(self, said: list[str], caller: str, api: str, form="whole"):
        """Asks, and adds what is said as it comes."""
        if caller == "openai":
            client = self.chat.with_options(base_url=f"{self.hub.url}/models/{api}/v1")
            if form == "whole":
                said.append(client.chat.completions.create(model="m", messages=QUESTION).choices[0].message.content)
                return
            for event in client.chat.completions.create(model="m", messages=QUESTION, stream=True):
                said.append(event.choices[0].delta.content or "" if event.choices else "")
        else:
            client = self.messages.with_options(base_url=f"{self.hub.url}/models/{api}")
            if form == "whole":
                said.append(client.messages.create(model="m", max_tokens=9, messages=QUESTION).content[0].text)
                return
            with client.messages.stream(model="m", max_tokens=9, messages=QUESTION) as stream:
                said += stream.text_stream

    def places(self, api: str) -> list[int]:
        """Which services of an API were asked, in order."""
        rests = [name.removeprefix(f"{api}-") for name in self.doubles.names() if name.startswith(f"{api}-")]
        return [int(rest) for rest in rests if rest.isdigit()]


@pytest.fixture(scope="module")
def desk(tmp_path_factory, background):
    desk = Desk(tmp_path_factory.mktemp("desk"), background)
    yield desk
    desk.chat.close()
    desk.messages.close()
    desk.hub.stop()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("caller", CALLERS)
@cells(*PASSING)
def test_where_the_first_fails_the_second_answers(desk, stage, pair, caller, form):
    api = f"{stage}-{'-'.join(pair)}-{caller}-{form}"
    assert desk.ask(caller, api, form) == f"answer 1 of {api}-1 as m"
    assert desk.places(api) == ([1] if stage == "refuse" else [0, 1])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("caller", CALLERS)
@cells("cut-late")
def test_what_has_been_said_is_not_taken_back(desk, stage, pair, caller, form):
    api = f"{stage}-{'-'.join(pair)}-{caller}-{form}"
    if form == "whole":  # of which the caller has heard nothing
        assert desk.ask(caller, api) == f"answer 1 of {api}-1 as m"
        assert desk.places(api) == [0, 1]
        return
    said: list[str] = []
    with pytest.raises((openai.APIError, anthropic.APIError)):
        desk.ask_into(said, caller, api, form)
    assert "".join(said) == "answer 1"
    assert desk.places(api) == [0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("caller", CALLERS)
@cells(*FINAL)
def test_where_the_request_is_at_fault_nobody_else_is_asked(desk, stage, pair, caller, form):
    api = f"{stage}-{'-'.join(pair)}-{caller}-{form}"
    with pytest.raises((openai.APIStatusError, anthropic.APIStatusError)) as refused:
        desk.ask(caller, api, form)
    assert refused.value.status_code == ERRORS[stage][0] and ERRORS[stage][4] in refused.value.message
    assert desk.places(api) == [0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pair", [("openai", "anthropic"), ("anthropic", "openai")], ids="-".join)
@pytest.mark.parametrize("stage", ["503", "event", "cut-early"])
def test_responses_fall_back_too(desk, stage, pair, form):
    api = f"{stage}-{'-'.join(pair)}-responses-{form}"
    client = desk.chat.with_options(base_url=f"{desk.hub.url}/models/{api}/v1")
    if form == "whole":
        said = client.responses.create(model="m", input="hello").output_text
    else:
        events = list(client.responses.create(model="m", input="hello", stream=True))
        assert events[-1].type == "response.completed"
        said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said == f"answer 1 of {api}-1 as m"
    assert desk.places(api) == [0, 1]


#: The status that tells of a failure after which nobody is left; of 500, another one where the provider's own words pass.
ALONE = {"refuse": 502, "429": 429, "401": 502, "500": 502, "503": 503, "event": 502, "stall": 504, "cut-early": 502, "long": 400}
ALONE["event-at-once"] = ALONE["event"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("stage", ALONE)
def test_what_a_caller_hears_where_nobody_is_left(desk, stage, provider, caller, form):
    api = f"{stage}-{provider}-{caller}-{form}"
    isPassed = provider == caller
    errors = openai if caller == "openai" else anthropic
    if stage == "cut-early" and form == "whole" and isPassed:
        # Half of a body may have been on its way, which only a cut can end.
        with pytest.raises((errors.APIConnectionError, errors.InternalServerError)):
            desk.ask(caller, api, form)
        return
    with pytest.raises(errors.APIStatusError) as refused:
        desk.ask(caller, api, form)
    answer = refused.value.response
    assert answer.status_code == (500 if stage == "500" and isPassed else ALONE[stage])
    body = answer.json()
    assert "x-request-id" in answer.headers and "127.0.0.1" not in answer.text
    if caller == "openai":
        assert set(body["error"]) == {"message", "type", "param", "code"}
    else:
        assert body["type"] == "error" and set(body["error"]) == {"type", "message"}
    if stage == "429":
        assert answer.headers["retry-after"] == str(RETRY_AFTER)
    if stage == "401":
        assert answer.headers["x-should-retry"] == "false" and "wrong key" not in answer.text
    if stage == "long":
        assert "prompt is too long" in body["error"]["message"]
        assert caller == "anthropic" or body["error"]["code"] == "context_length_exceeded"


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_stream_without_its_last_words_is_no_whole_one(desk, provider, caller):
    with pytest.raises((openai.APIError, anthropic.APIError)):
        desk.ask(caller, f"short-at-once-{provider}-{caller}-stream", "stream")


@pytest.mark.parametrize("caller", CALLERS)
def test_a_model_that_only_the_configuration_names_may_be_missing(desk, caller):
    assert desk.ask(caller, f"fixed-{caller}") == f"answer 1 of fixed-{caller}-1 as m"
    assert desk.places(f"fixed-{caller}") == [0, 1]
    assert [asked.message["model"] for asked in desk.doubles.asked if asked.name == f"fixed-{caller}-0"] == ["fixed"]


@pytest.mark.parametrize("caller", CALLERS)
def test_of_several_failures_the_last_is_told(desk, caller):
    with pytest.raises((openai.RateLimitError, anthropic.RateLimitError)) as refused:
        desk.ask(caller, f"all-{caller}")
    assert refused.value.response.headers["retry-after"] == str(RETRY_AFTER)
    assert desk.places(f"all-{caller}") == [0, 1, 2]


@pytest.mark.parametrize("caller", CALLERS)
def test_no_more_are_asked_than_attempts_says(desk, caller):
    with pytest.raises((openai.InternalServerError, anthropic.InternalServerError)):
        desk.ask(caller, f"most-{caller}")
    assert desk.places(f"most-{caller}") == [0, 1]


@pytest.mark.parametrize("caller", CALLERS)
def test_a_stream_that_falls_silent_ends_with_an_error(desk, caller):
    said: list[str] = []
    with pytest.raises((openai.APIError, anthropic.APIError)):
        desk.ask_into(said, caller, f"silent-{caller}", "stream")
    assert "".join(said) == "answer 1" and desk.places(f"silent-{caller}") == [0]


@pytest.mark.parametrize("caller", CALLERS)
def test_when_the_whole_time_is_over_nobody_else_is_asked(desk, caller):
    with pytest.raises((openai.InternalServerError, anthropic.InternalServerError)) as late:
        desk.ask(caller, f"late-{caller}")
    assert late.value.status_code == 504 and desk.places(f"late-{caller}") == [0]


@pytest.mark.parametrize("caller", CALLERS)
def test_who_is_at_a_limit_rests(desk, caller):
    api = f"rest-{caller}"
    assert [desk.ask(caller, api) for _ in range(3)] == [f"answer {number} of {api}-1 as m" for number in (1, 2, 3)]
    assert desk.places(api) == [0, 1, 1, 1]


@pytest.mark.parametrize("caller", CALLERS)
def test_who_fails_three_times_in_a_row_rests(desk, caller):
    api = f"broken-{caller}"
    for number in range(1, 6):
        assert desk.ask(caller, api) == f"answer {number} of {api}-1 as m"
    assert desk.places(api) == [0, 1, 0, 1, 0, 1, 1, 1]
