"""Agents whose skills are tools of httpbin and whose planner is a model: A2A's SDKs of 1.0 and 0.3 before the hub, a double of a model that plans
(`harness/planner.py`) behind it."""

import hashlib
import json

import pytest

from conftest import FIXTURES
from harness.hub import Hub
from harness.peer import A2A, A2A_OLDER, Connection, Peer
from harness.planner import PlannerDouble, ask, call, say

CALLERS = {"one": "the-key-of-one-0123456789", "two": "the-key-of-two-0123456789"}
FIND = "make a new uuid"


@pytest.fixture(scope="module")
def planner(background):
    return PlannerDouble(background)


@pytest.fixture(scope="module")
def hub(tmp_path_factory, httpbin, planner):
    folder = tmp_path_factory.mktemp("planners")
    consumers = {name: {"apiKeys": [{"sha256": hashlib.sha256(key.encode()).hexdigest()}]} for name, key in CALLERS.items()}
    skills = {"server": "httpbin", "tools": ["uuid", "delay", "deleteRequest", "json"]}
    access = [{"consumers": ["one"], "tools": ["*"], "maxRisk": "destructive"}, {"consumers": ["two"], "tools": ["json"]}]
    planned = {"skills": skills, "planner": {"api": "plans", "model": "plans"}, "auth": ["apiKey"]}
    providers = {"plans": planner.url, "away": "http://127.0.0.1:1"}
    service = {"provider": "openai-compatible"}
    configuration = {
        "consumers": consumers,
        "upstreams": {"httpbin": {"addresses": [httpbin.url]}},
        "servers": {"httpbin": {"openapi": "httpbin.openapi.yaml", "upstream": "httpbin", "expose": False}},
        "models": {name: {"services": {"main": service | {"endpoint": url}}, "auth": ["apiKey"]} for name, url in providers.items()},
        "agents": {"planned": planned | {"access": access}, "unplanned": planned | {"planner": {"api": "away", "model": "plans"}}},
    }
    hub = Hub(folder, configuration, FIXTURES.glob("*.yaml"))
    yield hub
    hub.stop()


@pytest.fixture(scope="module", params=[A2A[0], A2A_OLDER[1]], ids=str)
def connect(request, hub):
    """The SDK's client of an agent: `connect(agent, key=)`."""
    url = f"{hub.url}/a2a/"
    peer = Peer(request.param, {"url": url + "planned", "binding": request.param.transport, "key": CALLERS["one"]})
    yield lambda agent, key="one", **more: peer.at(url=url + agent, key=CALLERS[key], **more)
    peer.close()


def send(client: Connection, text: str, **more) -> list:
    return client.do("send", parts=[{"text": text}], **more)


def kinds(events: list) -> list:
    return [one["kind"] if one["kind"] in ("artifact", "message") else f"{one['kind']} {one['state']}" for one in events]


def test_a_model_plans_calls_and_answers(connect, planner):
    planner.play(call("invented"), call("uuid"), say("Here it is"))
    events = send(connect("planned"), FIND)
    assert kinds(events) == ["task submitted", "status working", "artifact", "artifact", "status completed"]
    assert len(events[2]["says"][0]["uuid"]) == 36 and events[3]["says"] == ["Here it is"]
    first, corrected, last = planner.requests
    assert "There is no such function" in corrected["messages"][-1]["content"]
    assert events[2]["says"][0]["uuid"] in last["messages"][-1]["content"]
    assert {one["function"]["name"] for one in first["tools"]} == {"uuid", "delay", "deleteRequest", "json", "ask_client"}
    planner.play(call("uuid"), call("json"), say("You have it"))
    events = send(connect("planned", key="two"), FIND)
    assert {one["function"]["name"] for one in planner.requests[0]["tools"]} == {"json", "ask_client"}
    assert "slideshow" in events[2]["says"][0] and kinds(events)[-1] == "status completed"


def test_a_model_asks_and_goes_on_with_the_answer(connect, planner):
    planner.play(ask("How long?"), call("delay"), call("deleteRequest", id=1), say("Deleted"))
    client = connect("planned", streaming=False)
    [task] = send(client, "wait a little and delete it")
    same = {"task": task["task"], "context": task["context"]}
    assert task["state"] == "input-required" and task["says"] == ["How long?"]
    [task] = send(client, "no time at all", **same)
    assert task["state"] == "input-required" and "seconds" in json.dumps(task["says"])
    assert [one["content"] for one in planner.requests[1]["messages"][-2:]] == ["How long?", "no time at all"]
    [task] = client.do("send", parts=[{"data": {"seconds": 0}}], **same)
    assert task["state"] == "input-required" and "deleteRequest" in json.dumps(task["says"])
    [task] = send(client, "yes", **same)
    assert task["state"] == "completed" and task["artifacts"][-1] == ["Deleted"] and len(task["artifacts"]) == 3


def test_without_a_model_that_makes_sense_keywords_plan(connect, planner):
    for agent, moves in [("planned", [say(""), say(" ")]), ("planned", ["down"]), ("unplanned", [])]:
        planner.play(*moves)
        [task] = send(connect(agent, streaming=False), FIND)
        assert task["state"] == "completed" and len(task["artifacts"][0][0]["uuid"]) == 36
    planner.play(call("uuid"), "down")
    [task] = send(connect("planned", streaming=False), FIND)
    assert task["state"] == "failed" and "what was done so far stands" in json.dumps(task["says"])
    assert len(task["artifacts"]) == 1 and "127.0.0.1" not in json.dumps(task)


def test_planning_is_canceled_with_its_task(connect, planner):
    planner.play(call("uuid"), "wait")
    left = planner.left.count
    task = send(connect("planned"), FIND, until="artifact")[0]["task"]
    planner.waiting.wait(left + 1)
    assert connect("planned").do("stop", task=task)["state"] == "canceled"
    planner.left.wait(left + 1)
