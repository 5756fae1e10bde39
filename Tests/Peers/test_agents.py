"""REST and SOAP services as A2A agents, by configuration alone: httpbin and spyne behind, A2A's SDKs of 1.0 and 0.3 before."""

import hashlib
import json
import time

import httpx
import pytest

from conftest import FIXTURES
from harness.hub import Hub, hubd
from harness.peer import A2A, A2A_OLDER, Peer, Refused
from harness.soap import SoapService

KEYS = {"one": "the-key-of-one-0123456789", "two": "the-key-of-two-0123456789"}


@pytest.fixture(scope="module")
def soap():
    server = SoapService("1.1")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def hub(tmp_path_factory, httpbin, soap):
    folder = tmp_path_factory.mktemp("agents")
    (folder / "echo.wsdl").write_bytes(soap.wsdl())
    consumers = {name: {"apiKeys": [{"sha256": hashlib.sha256(key.encode()).hexdigest()}]} for name, key in KEYS.items()}
    configuration = {
        "consumers": consumers,
        "upstreams": {"httpbin": {"addresses": [httpbin.url]}, "echo": {"addresses": [soap.url]}},
        "servers": {
            "httpbin": {
                "openapi": "httpbin.openapi.yaml",
                "upstream": "httpbin",
                "expose": False,
                "tools": {"uuid": {"examples": ["give me a new identifier"]}},
            },
            "echo": {"wsdl": "echo.wsdl", "upstream": "echo", "expose": False},
        },
        "agents": {
            "web": {
                "skills": {"server": "httpbin"},
                "card": {"name": "Web", "description": "Asks httpbin.", "version": "2.0", "organization": "Example"},
                "auth": ["apiKey"],
                "default": True,
            },
            "few": {
                "skills": {"server": "httpbin"},
                "auth": ["apiKey"],
                "access": [{"consumers": ["one"], "tools": ["u*", "json"]}],
            },
            "echo": {"skills": {"server": "echo", "tools": ["say", "divide", "who"]}},
        },
    }
    hub = Hub(folder, configuration, FIXTURES.glob("*.yaml"))
    yield hub
    hub.stop()


@pytest.fixture(params=[*A2A, *A2A_OLDER], ids=str)
def connect(request, hub):
    """Connects the SDK: `connect(agent, key=)`."""
    peers = []

    def connect(agent="web", key="one", **more):
        peers.append(Peer(request.param, {"url": f"{hub.url}/a2a/{agent}", "binding": request.param.transport, "key": KEYS.get(key), **more}))
        return peers[-1]

    yield connect
    for peer in peers:
        peer.close()


def skill(name: str, **arguments) -> list:
    return [{"data": {"skill": name, "arguments": arguments}}]


def kinds(events: list) -> list:
    return [one["kind"] if one["kind"] in ("artifact", "message") else f"{one['kind']} {one['state']}" for one in events]


DONE = ["task submitted", "status working", "artifact", "status completed"]


def test_the_card_says_what_the_agent_does_and_how_it_is_reached(hub, connect):
    card = connect().do("card")
    assert card["name"] == "Web" and card["version"] == "2.0" and card["provider"]["organization"] == "Example"
    assert {"uuid", "delay"} <= {one["id"] for one in card["skills"]}
    assert card["capabilities"]["streaming"] is True
    text = json.dumps(card)
    assert f"{hub.url}/a2a/web" in text and "x-api-key" in text


def test_a_message_streams_its_task(connect):
    events = connect().do("send", parts=skill("uuid"))
    assert kinds(events) == DONE
    assert len(events[2]["says"][0]["uuid"]) == 36


def test_a_message_that_waits_gets_the_task_as_it_ended(connect):
    [task] = connect(streaming=False).do("send", parts=skill("uuid"))
    assert task["state"] == "completed" and len(task["artifacts"][0][0]["uuid"]) == 36


def test_plain_text_finds_the_skill_and_its_arguments(connect):
    [task] = connect(streaming=False).do("send", parts=[{"text": "give me a new identifier, please"}])
    assert task["state"] == "completed" and "uuid" in task["artifacts"][0][0]


def test_what_is_missing_is_asked_for_and_the_answer_goes_on(connect):
    peer = connect(streaming=False)
    [task] = peer.do("send", parts=skill("delay"))
    assert task["state"] == "input-required"
    form = next(part for part in task["says"] if isinstance(part, dict))
    assert "seconds" in form["schema"]["required"]
    [done] = peer.do("send", parts=[{"data": {"seconds": 0}}], task=task["task"], context=task["context"])
    assert done["task"] == task["task"] and done["state"] == "completed"
    assert [one[0] for one in done["history"]][:3] == ["user", "agent", "user"]


def test_what_destroys_waits_for_a_yes(connect):
    peer = connect(streaming=False)
    [task] = peer.do("send", parts=skill("deleteRequest", id=1))
    assert task["state"] == "input-required", task
    [done] = peer.do("send", parts=[{"text": "no"}], task=task["task"], context=task["context"])
    assert done["state"] in ("canceled", "rejected", "completed") and not done["artifacts"]
    [other] = peer.do("send", parts=skill("deleteRequest", id=1))
    [done] = peer.do("send", parts=[{"text": "yes"}], task=other["task"], context=other["context"])
    assert done["state"] == "completed" and done["artifacts"][0][0]["args"] == {"id": "1"}


def test_a_task_is_canceled_and_stays_so(connect):
    peer = connect()
    events = peer.do("send", parts=skill("delay", seconds=8), first=2)
    began = time.monotonic()
    assert peer.do("stop", task=events[0]["task"])["state"] == "canceled"
    assert time.monotonic() - began < 5
    assert peer.do("get", task=events[0]["task"])["state"] == "canceled"


def test_a_stream_that_was_cut_is_taken_up_again(connect):
    peer = connect()
    events = peer.do("send", parts=skill("delay", seconds=2), first=1)
    again = peer.do("subscribe", task=events[0]["task"])
    assert kinds(again)[0].startswith("task ") and kinds(again)[-2:] == ["artifact", "status completed"]


def test_each_caller_sees_its_own_tasks_alone(connect):
    [task] = connect(streaming=False).do("send", parts=skill("uuid"))
    other, unknown = connect(key="two"), "0190a0a0-0000-7000-8000-000000000000"
    for command in ("get", "stop"):
        with pytest.raises(Refused) as refused:
            other.do(command, task=task["task"])
        with pytest.raises(Refused) as invented:
            other.do(command, task=unknown)
        assert refused.value.message.replace(task["task"], unknown) == invented.value.message


def test_a_failure_of_the_service_ends_the_task_with_its_reason(connect):
    [task] = connect(streaming=False).do("send", parts=skill("status", code=503))
    assert task["state"] == "failed" and "503" in json.dumps(task["says"])
    assert "127.0.0.1" not in json.dumps(task)


def test_the_extended_card_has_what_its_caller_may_use(hub, connect):
    public = httpx.get(f"{hub.url}/a2a/few/.well-known/agent-card.json", timeout=20).json()
    assert public["skills"] == []
    mine = connect("few").do("extended")
    assert mine["skills"] and all(one["id"].startswith(("u", "json")) for one in mine["skills"])
    [task] = connect("few", streaming=False).do("send", parts=skill("uuid"))
    assert task["state"] == "completed"
    for name in ("delay", "invented"):
        with pytest.raises(Refused):
            connect("few", streaming=False).do("send", parts=skill(name))


def test_a_soap_service_is_an_agent(connect):
    peer = connect("echo", key=None, streaming=False)
    [task] = peer.do("send", parts=skill("say", words="hello", times=2))
    assert task["state"] == "completed" and "hello" in json.dumps(task["artifacts"])
    [failed] = peer.do("send", parts=skill("divide", a=1, b=0))
    assert failed["state"] == "failed" and "b must not be 0" in json.dumps(failed["says"])


def test_tasks_are_listed_in_pages(hub):
    peer = Peer(A2A[0], {"url": f"{hub.url}/a2a/web", "binding": "JSONRPC", "key": KEYS["two"]})
    try:
        made = [peer.do("send", parts=skill("uuid"))[0]["task"] for _ in range(5)]
        seen, token = [], ""
        while True:
            page = peer.do("list", size=2, token=token)
            seen += [one["task"] for one in page["tasks"]]
            token = page["token"]
            if not token:
                break
        assert seen[:5] == made[::-1] and page["total"] == len(seen)
    finally:
        peer.close()


def test_cards_are_for_everybody_and_everything_else_for_who_is_let_in(hub):
    card = f"{hub.url}/a2a/web/.well-known/agent-card.json"
    first = httpx.get(card, timeout=20)
    assert first.status_code == 200 and first.json()["capabilities"].get("extendedAgentCard") is not True
    assert httpx.get(card, headers={"if-none-match": first.headers["etag"]}, timeout=20).status_code == 304
    assert httpx.get(card, headers={"x-api-key": "nobody-has-this"}, timeout=20).status_code == 401
    assert httpx.get(f"{hub.url}/.well-known/agent-card.json", timeout=20).json()["name"] == "Web"
    body = {"jsonrpc": "2.0", "id": 7, "method": "GetTask", "params": {"id": "x"}}
    refused = httpx.post(f"{hub.url}/a2a/web", json=body, timeout=20)
    assert refused.status_code == 401 and refused.json()["error"]["code"] == 401 and refused.json()["id"] == 7
    older = httpx.post(f"{hub.url}/a2a/web/v1/message:send", json={}, timeout=20)
    assert older.status_code == 401 and older.json()["code"] == 401
    newer = httpx.post(f"{hub.url}/a2a/web/message:send", json={}, timeout=20)
    assert newer.status_code == 401 and newer.json()["error"]["status"] == "UNAUTHENTICATED"
    unknown = httpx.post(f"{hub.url}/a2a/nobody", json=body, timeout=20)
    assert unknown.status_code == 404 and unknown.json()["error"]["message"] == "There is nothing here"


def test_the_catalogue_names_agents_for_whom_they_are(hub):
    catalogue = lambda **headers: {
        entry["identifier"].rsplit(":", 2)[1]: entry
        for entry in httpx.get(f"{hub.url}/.well-known/ai-catalog.json", headers=headers, timeout=20).json()["entries"]
    }
    assert set(catalogue()) == {"echo"}
    all_ = catalogue(**{"x-api-key": KEYS["one"]})
    assert set(all_) == {"echo", "web", "few"} and all_["web"]["type"] == "application/a2a-agent-card+json"
    assert httpx.get(all_["web"]["url"], timeout=20).json()["name"] == "Web"


def test_tasks_at_work_end_with_the_hub(start_hub, httpbin):
    hub = start_hub(
        {
            "upstreams": {"httpbin": {"addresses": [httpbin.url]}},
            "servers": {"httpbin": {"openapi": "httpbin.openapi.yaml", "upstream": "httpbin"}},
            "agents": {"web": {"skills": {"server": "httpbin"}}},
        }
    )
    message = {"messageId": "m", "role": "ROLE_USER", "parts": skill("delay", seconds=9)}
    with httpx.stream("POST", f"{hub.url}/a2a/web/message:stream", json={"message": message}, timeout=20) as answer:
        lines = answer.iter_lines()
        while "WORKING" not in next(lines):
            pass
        began = time.monotonic()
        hub.process.terminate()
        rest = "\n".join(lines)
    assert "TASK_STATE_FAILED" in rest and time.monotonic() - began < 8


def test_check_explains_which_rule_of_an_agent_decides(hub):
    explain = lambda *words: hubd("check", "--offline", "--config", hub.file, "--explain", *words).stdout.splitlines()
    assert "one may call uuid (read)" in explain("one", "few/uuid")
    assert "two may not call uuid (read), and does not see it" in explain("two", "few/uuid")
