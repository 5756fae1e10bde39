"""Agents that are applications: A2A's SDKs of 1.0 and 0.3 before the hub; doubles of Dify (`harness/dify.py`), of Model Studio
(`harness/modelstudio.py`) and of a model (`harness/models.py`) behind it."""

import hashlib
import json
import time

import httpx
import pytest

from harness.dify import DifyDouble
from harness.hub import Hub
from harness.models import ModelDouble
from harness.modelstudio import ModelStudioDouble
from harness.peer import A2A, A2A_OLDER, Connection, Peer, Refused

CALLERS = {"one": "the-key-of-one-0123456789", "two": "the-key-of-two-0123456789"}
KEY = "app-double-4471-of-the-hub"
#: Agents by the kind of Dify's application in the configuration, and the mode of the double.
DIFY = {"chat": ("chat", "chat"), "thinker": ("agent", "agent"), "board": ("chat", "advanced-chat"), "flow": ("workflow", "workflow")}
DIFY |= {"writer": ("completion", "completion")}
#: What the double of a model is told by the name of the model, others are by their first word.
MODELS = {"model": "echo", "model-slow": "gate", "model-cut": "cut", "model-error": "error", "model-limited": "status-429"}
MODELS |= {"model-leak": "leak"}
AGENTS = [*DIFY, "studio", "model"]
CHATS = ["chat", "thinker", "board", "studio", "model"]
HELLO = "hello wide world"


@pytest.fixture(scope="module")
def doubles(background):
    doubles = {name: DifyDouble(background, mode, KEY) for name, (_, mode) in DIFY.items()}
    return doubles | {"studio": ModelStudioDouble(background, KEY), "model": ModelDouble(background)}


@pytest.fixture(scope="module")
def hub(tmp_path_factory, doubles):
    folder = tmp_path_factory.mktemp("applications")
    (folder / "key").write_text(KEY + "\n")
    (folder / "wrong").write_text("another-" + KEY + "\n")
    consumers = {name: {"apiKeys": [{"sha256": hashlib.sha256(key.encode()).hexdigest()}]} for name, key in CALLERS.items()}
    agents = {name: {"dify": {"upstream": name, "key": "file:key", "app": kind}} for name, (kind, _) in DIFY.items()}
    agents |= {name: {"model": {"api": "models", "model": model, "instructions": "Be kind."}} for name, model in MODELS.items()}
    agents["studio"] = {"modelStudio": {"appId": "app-1", "key": "file:key", "upstream": "studio"}}
    agents["shut"] = {"dify": {"upstream": "chat", "key": "file:wrong", "app": "chat"}}
    agents["ones"] = {"dify": {"upstream": "chat", "key": "file:key", "app": "chat"}, "access": [{"consumers": ["one"], "tools": ["*"]}]}
    service = {"provider": "openai-compatible", "endpoint": doubles["model"].url, "key": "file:key"}
    configuration = {
        "consumers": consumers,
        "upstreams": {name: {"addresses": [double.url]} for name, double in doubles.items() if name != "model"},
        "models": {"models": {"services": {"main": service}, "auth": ["apiKey"]}},
        "agents": {name: agent | {"auth": ["apiKey"]} for name, agent in agents.items()},
    }
    hub = Hub(folder, configuration)
    yield hub
    hub.stop()
    assert KEY not in hub.output.text + hub.errors.text and not any(key in hub.errors.text for key in CALLERS.values())


@pytest.fixture(autouse=True)
def closed(background, doubles):
    """What is slow waits in each test anew."""
    for double in doubles.values():
        background.loop.call_soon_threadsafe(double.gate.clear)


@pytest.fixture(scope="module", params=[A2A[0], A2A_OLDER[1]], ids=str)
def connect(request, hub):
    """The SDK's client of an agent: `connect(agent, key=)`."""
    url = f"{hub.url}/a2a/"
    peer = Peer(request.param, {"url": url + "model", "binding": request.param.transport, "key": CALLERS["one"]})
    yield lambda agent, key="one", **more: peer.at(url=url + agent, key=CALLERS[key], **more)
    peer.close()


def double_of(doubles, agent: str):
    return doubles["model" if agent in MODELS else agent]


def told(agent: str, word: str) -> tuple[str, str]:
    """The agent, and what it is told so that its application does something of a name."""
    return (f"{agent}-{word}" if agent == "model" else agent, f"{word} wide world")


def send(client: Connection, text: str, **more) -> list:
    return client.do("send", parts=[{"text": text}], **more)


def kinds(events: list) -> list:
    return [one["kind"] if one["kind"] in ("artifact", "message") else f"{one['kind']} {one['state']}" for one in events]


def text(events: list) -> str:
    """The text of the answer: of a task, and of what came to it."""
    parts = []
    for event in events:
        if event["kind"] == "task":
            parts += [part for artifact in event["artifacts"] for part in artifact]
        elif event["kind"] == "artifact":
            parts += event["says"]
    return "".join(part for part in parts if isinstance(part, str))


def conversation(doubles, agent: str):
    """How the last request to an application says which conversation it is of: its id, or what was said before."""
    match agent:
        case "studio": return doubles["studio"].requests[-1][2]["input"].get("session_id", "")
        case "model": return [one["role"] for one in json.loads(doubles["model"].requests[-1][2])["messages"]]
        case _: return doubles[agent].bodies("/v1/chat-messages")[-1]["conversation_id"]


@pytest.mark.parametrize("agent", AGENTS)
def test_an_answer_is_streamed_as_it_comes(connect, agent):
    events = send(connect(agent), HELLO)
    assert kinds(events)[:2] == ["task submitted", "status working"] and kinds(events)[-1] == "status completed"
    assert text(events) == HELLO and kinds(events).count("artifact") >= 2


@pytest.mark.parametrize("agent", AGENTS)
def test_a_client_that_waits_gets_the_task_as_it_ended(connect, agent):
    [task] = send(connect(agent, streaming=False), HELLO)
    assert task["state"] == "completed" and task["artifacts"][0] == [HELLO]
    assert agent != "flow" or task["artifacts"][1] == [{"result": HELLO}]


@pytest.mark.parametrize("agent", CHATS)
def test_a_conversation_is_one_of_the_application_and_of_one_caller(connect, doubles, agent):
    context = send(connect(agent), HELLO)[0]["context"]
    first = conversation(doubles, agent)
    send(connect(agent), "and again", context=context)
    second = conversation(doubles, agent)
    send(connect(agent), "and once more", context=context)
    third = conversation(doubles, agent)
    if agent == "model":
        assert (first, second) == (["system", "user"], ["system", "user", "assistant", "user"])
        assert third == second + ["assistant", "user"]
    else:
        assert first == "" and second and third == second
    for events in [send(connect(agent, key="two"), HELLO, context=context), send(connect(agent), HELLO)]:
        assert kinds(events)[-1] == "status completed" and conversation(doubles, agent) == first
    if agent in DIFY:
        users = [body["user"] for body in doubles[agent].bodies("/v1/chat-messages")[-5:]]
        assert len({*users[:3], users[4]}) == 1 and users[3] != users[0] and "one" not in users[0]


@pytest.mark.parametrize("agent", ["board", "flow"])
def test_a_run_that_waits_for_a_form_waits_for_the_client(connect, doubles, agent):
    client = connect(agent, streaming=False)
    [task] = send(client, "pause please")
    assert task["state"] == "input-required" and "Please review the draft." in json.dumps(task["says"])
    form = next(part for part in task["says"] if isinstance(part, dict))
    assert {"comment", "action"} <= set(form["schema"]["required"]) and "token" not in json.dumps(task)
    same = {"task": task["task"], "context": task["context"]}
    [task] = send(client, "Approve", **same)
    assert task["state"] == "input-required" and "comment" in json.dumps(task["says"])
    [task] = client.do("send", parts=[{"data": {"comment": "well done", "action": "approve"}}], **same)
    assert task["state"] == "completed" and task["artifacts"][0] == ["approve: well done"]
    assert [one[0] for one in task["history"]].count("user") == 3


@pytest.mark.parametrize("agent", ["chat", "flow", "writer", "studio"])
def test_what_an_application_needs_is_asked_for(connect, agent):
    client = connect(agent, streaming=False)
    [task] = client.do("send", parts=[{"data": {} if agent == "studio" else {"inputs": {"tone": "curt"}}}])
    assert task["state"] == "input-required", task
    [wanted] = next(part for part in task["says"] if isinstance(part, dict))["schema"]["required"]
    assert wanted == {"chat": "query", "studio": "prompt"}.get(agent, "text")
    [task] = send(client, HELLO, task=task["task"], context=task["context"])
    assert task["state"] == "completed" and task["artifacts"][0] == [HELLO]


@pytest.mark.parametrize("agent", AGENTS)
def test_a_task_that_is_canceled_stops_the_application(connect, doubles, agent):
    double, (agent, words) = double_of(doubles, agent), told(agent, "slow")
    stopped = len(double.stopped) if agent in DIFY else double.left.count
    task = send(connect(agent), words, until="artifact")[0]["task"]
    assert connect(agent).do("stop", task=task)["state"] == "canceled"
    if agent in DIFY:
        assert len(double.stopped) == stopped + 1
    else:
        double.left.wait(stopped + 1)
    assert connect(agent).do("get", task=task)["state"] == "canceled"


@pytest.mark.parametrize("agent", AGENTS)
def test_a_stream_that_was_cut_is_taken_up_again(connect, doubles, agent):
    double, (agent, words) = double_of(doubles, agent), told(agent, "slow")
    client = connect(agent)
    task = send(client, words, until="artifact")[0]["task"]
    number, again = client.start("subscribe", task=task, progress=True)
    client.peer.progress[number].get(timeout=20)
    double.open_gate()
    events = again.result(20)
    assert events[0]["kind"] == "task" and kinds(events)[-1] == "status completed" and text(events) == words


@pytest.mark.parametrize("agent", ["chat", "studio"])
def test_what_is_slow_is_asked_for_later(connect, doubles, agent):
    client = connect(agent, streaming=False)
    [task] = send(client, "slow wide world", immediately=True)
    assert task["state"] in ("submitted", "working")
    double_of(doubles, agent).open_gate()
    deadline = time.monotonic() + 20
    while (task := client.do("get", task=task["task"]))["state"] != "completed":
        assert time.monotonic() < deadline, task
        time.sleep(0.05)
    assert task["artifacts"][0] == ["slow wide world"]


FAILURES = {"cut": "broke off", "limited": "takes no more requests at present"}
REASONS = {"model": "It broke", "studio": "It broke"}


@pytest.mark.parametrize("word", ["cut", "error", "limited"])
@pytest.mark.parametrize("agent", AGENTS)
def test_a_failure_of_the_application_ends_the_task_with_its_reason(connect, agent, word):
    agent, words = told(agent, "throttled" if (agent, word) == ("studio", "limited") else word)
    events = send(connect(agent), words)
    said = json.dumps(events[-1]["says"])
    assert kinds(events)[-1] == "status failed" and "127.0.0.1" not in said
    assert FAILURES.get(word) or REASONS.get(agent.split("-")[0], "The provider's quota is used up") in said
    assert word == "limited" or text(events).startswith(word)


OTHERS = [
    ("chat", "replace this", "completed", '"Hush."'),
    ("thinker", "file please", "completed", "https://files.example/cat.png"),
    ("flow", "file please", "completed", "https://files.example/a.pdf"),
    ("flow", "failed run", "failed", "The node Echo failed"),
    ("writer", "malformed answer", "failed", "makes no sense"),
    ("studio", "malformed answer", "failed", "makes no sense"),
    ("studio", "nodes of it", "completed", "nodes of it"),
    ("studio", "references please", "completed", "manual.pdf"),
    ("studio", "throttled-late by it", "failed", "takes no more requests at present"),
    ("shut", "hello", "failed", "The application refused the hub's credential"),
]


@pytest.mark.parametrize("agent, words, state, part", OTHERS, ids=lambda value: str(value).split(" ")[0])
def test_what_else_applications_do(connect, agent, words, state, part):
    [task] = send(connect(agent, streaming=False), words)
    assert task["state"] == state and part in json.dumps(task)


def test_tasks_are_listed_for_their_caller_alone(connect):
    made = [send(connect("flow", key="two"), HELLO)[0]["task"] for _ in range(2)]
    if connect("flow").peer.kind in A2A:
        page = connect("flow", key="two").do("list", size=2)
        assert [one["task"] for one in page["tasks"]] == made[::-1] and all(one["state"] == "completed" for one in page["tasks"])
        assert not {one["task"] for one in connect("flow").do("list")["tasks"]} & set(made)
    for command in ("get", "stop", "subscribe"):
        with pytest.raises(Refused):
            connect("flow").do(command, task=made[0])


def test_the_hub_lets_in_before_the_application_is_asked(hub, doubles):
    body = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": HELLO}]}}
    before = [len(double.requests) for double in doubles.values()]
    for agent in AGENTS:
        for headers in ({}, {"x-api-key": "nobody-has-this"}, {"authorization": f"Bearer {KEY}"}):
            assert httpx.post(f"{hub.url}/a2a/{agent}/message:send", json=body, headers=headers, timeout=20).status_code == 401
    assert before == [len(double.requests) for double in doubles.values()]


def test_who_may_use_the_application_uses_it(connect, doubles):
    assert kinds(send(connect("ones"), HELLO))[-1] == "status completed"
    before = len(doubles["chat"].requests)
    with pytest.raises(Refused):
        send(connect("ones", key="two"), HELLO)
    assert before == len(doubles["chat"].requests)


@pytest.mark.parametrize("agent", AGENTS)
def test_the_key_is_shown_to_no_caller(connect, agent):
    agent, words = told(agent, "leak")
    answers = [send(connect(agent), words), send(connect(agent, streaming=False), words), connect(agent).do("card")]
    answers.append(connect(agent).do("get", task=answers[0][0]["task"]))
    assert text(answers[0]) and "***" in text(answers[0]) and "double-4471" not in json.dumps(answers)
