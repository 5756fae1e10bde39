"""Agents under A2A's SDKs behind the hub, and A2A's SDKs before it: each version and binding behind each."""

import hashlib
import json
import socket
import time

import httpx
import pytest
from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_decode, base64url_encode

from conftest import FIXTURES
from harness.agents import KINDS, Receiver, SDKAgent
from harness.background import read_request
from harness.hub import Hub
from harness.peer import A2A, A2A_OLDER, Peer, Refused
from harness.wire import ask, call

KEYS = {"one": "the-key-of-one-0123456789", "two": "the-key-of-two-0123456789"}


@pytest.fixture(scope="module")
def agents():
    """An agent of each kind, and a second of the first."""
    agents = {kind: SDKAgent(kind, kind) for kind in KINDS}
    agents["next"] = SDKAgent("1.0", "next")
    yield agents
    for agent in agents.values():
        agent.stop()


@pytest.fixture(scope="module")
def hub(tmp_path_factory, agents):
    """Each agent by itself; two releases of one; all in one virtual server."""
    consumers = {name: {"apiKeys": [{"sha256": hashlib.sha256(key.encode()).hexdigest()}]} for name, key in KEYS.items()}
    upstreams = {f"u-{kind.replace('.', '')}": {"addresses": [agent.url]} for kind, agent in agents.items()}
    name = lambda kind: f"a-{kind.replace('.', '')}"
    canary = [
        {"upstream": "u-10", "weight": 50},
        {"upstream": "u-next", "weight": 50},
        {"upstream": "u-next", "when": {"header": {"x-canary": "1"}}},
    ]
    configuration = {
        "consumers": consumers,
        "upstreams": upstreams,
        "agents": {
            **{
                name(kind): {"a2a": {"releases": [{"upstream": f"u-{kind.replace('.', '')}"}]}, "auth": ["apiKey"]} for kind in KINDS
            },
            "two": {"a2a": {"releases": canary}},
        },
        "virtualServers": {"all": {"include": [{"agent": name("1.0"), "prefix": "newer_"}, {"agent": name("0.3"), "prefix": "older_"}]}},
    }
    hub = Hub(tmp_path_factory.mktemp("elsewhere"), configuration)
    deadline = time.monotonic() + 20
    for kind in KINDS:  # the agents' own programs take seconds to start
        while httpx.get(f"{hub.url}/a2a/{name(kind)}/.well-known/agent-card.json", timeout=20).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    yield hub
    hub.stop()


@pytest.fixture(params=[(client, kind) for client in [*A2A, *A2A_OLDER] for kind in KINDS], ids=lambda pair: f"{pair[0]}{pair[1]}")
def connect(request, hub):
    """Connects an SDK to an agent: `connect(key=, streaming=)`."""
    client, kind = request.param
    peers = []

    def connect(key="one", **more):
        target = {"url": f"{hub.url}/a2a/a-{kind.replace('.', '')}", "binding": client.transport, "key": KEYS[key], **more}
        peers.append(Peer(client, target))
        return peers[-1]

    yield connect
    for peer in peers:
        peer.close()


def said(words: str) -> list:
    return [{"text": words}]


def kinds(events: list) -> list:
    return [one["kind"] if one["kind"] in ("artifact", "message") else f"{one['kind']} {one['state']}" for one in events]


def test_the_card_is_the_agents_and_no_address_of_it_is_in_it(hub, agents, connect):
    card = connect().do("card")
    assert card["version"] == "7.1" and card["name"].startswith("Agent ") and card["skills"][0]["id"] == "say-back"
    text = json.dumps(card)
    assert f"{hub.url}/a2a/a-" in text and not [agent.url for agent in agents.values() if agent.url in text]


def test_messages_are_answered_in_every_pair_of_versions(connect):
    events = connect().do("send", parts=said("hello"))
    assert events[0]["kind"] == "task" and kinds(events)[-1] == "status completed"
    assert [one["says"] for one in events if one["kind"] == "artifact"] == [["hello"]]
    [task] = connect(streaming=False).do("send", parts=said("hello"))
    assert task["state"] == "completed" and task["artifacts"] == [["hello"]]
    [failed] = connect(streaming=False).do("send", parts=said("fail"))
    assert failed["state"] == "failed" and failed["says"] == ["it broke"]


def test_an_answer_without_a_task_is_one(connect):
    for streaming in (True, False):
        events = connect(streaming=streaming).do("send", parts=said("reply"))
        assert kinds(events) == ["message"] and events[0]["says"] == ["no task"]


def test_pieces_come_as_pieces_and_are_kept_as_one(connect):
    peer = connect()
    events = peer.do("send", parts=said("pieces"))
    pieces = [one for one in events if one["kind"] == "artifact"]
    assert [one["says"] for one in pieces] == [[f"piece {number}"] for number in range(4)]
    assert [one["append"] for one in pieces] == [False, True, True, True]
    assert peer.do("get", task=events[0]["task"])["artifacts"] == [[f"piece {number}" for number in range(4)]]


def test_a_question_is_answered_in_the_same_task_and_conversation(connect):
    peer = connect(streaming=False)
    [task] = peer.do("send", parts=said("ask"))
    assert task["state"] == "input-required" and task["says"] == ["which word?"]
    [done] = peer.do("send", parts=said("who"), task=task["task"], context=task["context"])
    assert done["task"] == task["task"] and done["state"] == "completed"
    [again] = peer.do("send", parts=said("who"), context=task["context"])
    assert again["task"] != task["task"] and again["artifacts"] == done["artifacts"]


def test_a_task_is_followed_again_after_a_cut_and_canceled(connect):
    peer = connect()
    events = peer.do("send", parts=said("slow"), first=1)
    again = peer.do("subscribe", task=events[0]["task"])
    assert kinds(again)[0].startswith("task ") and kinds(again)[-1] == "status completed"
    events = peer.do("send", parts=said("slow"), first=2)
    assert peer.do("stop", task=events[0]["task"])["state"] == "canceled"
    with pytest.raises(Refused):
        connect(key="two").do("get", task=events[0]["task"])


def test_releases_share_conversations_and_keep_them(hub):
    send = lambda words, context=None, **headers: httpx.post(
        f"{hub.url}/a2a/two/message:send",
        json={"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": words}], **({"contextId": context} if context else {})}},
        headers={"a2a-version": "1.0", **headers},
        timeout=20,
    ).json()["task"]
    name = lambda task: task["artifacts"][0]["parts"][0]["text"].split()[0]
    tasks = [send("who") for _ in range(40)]
    assert {name(task) for task in tasks} == {"1.0", "next"}
    for task in tasks[:10]:
        assert name(send("who", task["contextId"])) == name(task)
        assert name(send("who", task["contextId"], **{"x-canary": "1"})) == name(task)
    assert {name(send("who", **{"x-canary": "1"})) for _ in range(10)} == {"next"}


def test_agents_are_tools_of_a_virtual_server(hub):
    url = hub.mcp("all")
    deadline = time.monotonic() + 10
    while {"newer_say_back", "older_say_back"} - {tool["name"] for tool in ask(url, "tools/list")["result"]["tools"]}:
        assert time.monotonic() < deadline, ask(url, "tools/list")
        time.sleep(0.2)
    for prefix in ("newer", "older"):
        result = call(url, f"{prefix}_say_back", message="hello")
        assert not result.get("isError"), result
        assert "hello" in json.dumps(result["content"]) and result["structuredContent"]["state"]


def test_an_agent_that_is_gone_costs_itself_alone(start_hub):
    agent = SDKAgent("1.0", "gone")
    hub = start_hub(
        {
            "upstreams": {"gone": {"addresses": [agent.url]}},
            "agents": {"gone": {"a2a": {"releases": [{"upstream": "gone"}]}}},
        }
    )
    send = lambda: httpx.post(
        f"{hub.url}/a2a/gone",
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "SendMessage",
            "params": {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hello"}]}},
        },
        timeout=30,
    )
    deadline = time.monotonic() + 20
    while "result" not in send().json():
        assert time.monotonic() < deadline
        time.sleep(0.3)
    agent.stop()
    answer = send()
    assert answer.status_code == 200 and answer.json()["result"]["task"]["status"]["state"] == "TASK_STATE_FAILED"
    assert agent.url.rsplit(":")[-1] not in answer.text
    assert httpx.get(f"{hub.url}/a2a/gone/.well-known/agent-card.json", timeout=20).status_code == 200  # the last good one


def test_an_agent_that_does_not_answer_is_unavailable_to_the_operator(start_hub):
    hub = start_hub(
        {
            "upstreams": {"nobody": {"addresses": ["http://127.0.0.1:1"]}},
            "agents": {"nobody": {"a2a": {"releases": [{"upstream": "nobody"}]}}},
        }
    )
    assert httpx.get(f"{hub.admin}/readyz").json()["unavailable"] == ["a2a/nobody"]


def test_an_agent_that_never_answers_holds_up_no_other(start_hub, background):
    card = {
        "name": "Late",
        "description": "Comes late",
        "version": "1",
        "supportedInterfaces": [{"url": "http://late.example/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
        "capabilities": {},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [{"id": "late", "name": "late", "description": "late", "tags": []}],
    }

    async def show(reader, writer):
        await read_request(reader)
        body = json.dumps(card).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        with socket.create_server(("127.0.0.1", 0)) as place:
            ports = {"silent": silent.getsockname()[1], "late": place.getsockname()[1]}
        hub = start_hub(
            {
                "upstreams": {name: {"addresses": [f"http://127.0.0.1:{port}"]} for name, port in ports.items()},
                "agents": {name: {"a2a": {"releases": [{"upstream": name}]}} for name in ports},
            }
        )
        unavailable = lambda: httpx.get(f"{hub.admin}/readyz").json()["unavailable"]
        assert unavailable() == ["a2a/late", "a2a/silent"]
        background.listen(show, ports["late"])
        deadline = time.monotonic() + 20
        while unavailable() != ["a2a/silent"]:
            assert time.monotonic() < deadline
            time.sleep(0.2)


# Notifications --------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["1.0", "0.3"])
def notified(request, tmp_path_factory, httpbin):
    """A client of a version, a hub that may reach a receiver, and the receiver, which fails the first time."""
    receiver = Receiver([503, 200])
    hub = Hub(
        tmp_path_factory.mktemp("notified"),
        {
            "upstreams": {"httpbin": {"addresses": [httpbin.url]}},
            "servers": {"httpbin": {"openapi": "httpbin.openapi.yaml", "upstream": "httpbin"}},
            "agents": {"web": {"skills": {"server": "httpbin"}}},
            "policies": {"webhooks": {"allow": [receiver.url]}},
        },
        FIXTURES.glob("*.yaml"),
    )
    peer = Peer(A2A[0] if request.param == "1.0" else A2A_OLDER[0], {"url": f"{hub.url}/a2a/web", "binding": "JSONRPC"})
    yield request.param, hub, peer, receiver
    peer.close()
    hub.stop()
    receiver.stop()


def test_webhooks_hear_of_a_task_in_their_version_signed_and_again_until_it_comes(notified):
    version, hub, peer, receiver = notified
    data = [{"data": {"skill": "delay", "arguments": {"seconds": 1}}}]
    events = peer.do("send", parts=data, first=1)
    task = events[0]["task"]
    push = {"taskId": task, "id": "hook", "url": f"{receiver.url}/hook?x=1", "token": "the-token"}
    assert peer.do("push", push=push) == {"id": "hook", "count": 1}
    states = []
    while "completed" not in states:
        fields, body, status = receiver.next()
        assert fields["x-a2a-notification-token"] == "the-token"
        if status == 200:
            if version == "1.0":
                update = body.get("statusUpdate") or body.get("task")
                states += [update["status"]["state"].removeprefix("TASK_STATE_").lower()] if update else ["artifact"]
            else:
                states.append(body["status"]["state"])
                assert body["kind"] == "task" and body["id"] == task
    keys = httpx.get(f"{hub.url}/.well-known/jwks.json", timeout=20).json()["keys"]
    assert keys[0]["crv"] == "P-256" and keys[0]["kid"]
    header, nothing, signature = fields["x-hubd-signature"].split(".")
    assert nothing == "" and json.loads(base64url_decode(header))["kid"] == keys[0]["kid"]
    signed = f"{header}.{base64url_encode(receiver.raw).decode()}".encode()
    assert ECAlgorithm(ECAlgorithm.SHA256).verify(signed, ECAlgorithm.from_jwk(keys[0]), base64url_decode(signature))


def test_webhooks_at_private_addresses_are_refused(notified):
    _, _, peer, _ = notified
    [task] = Peer.do(peer, "send", parts=[{"data": {"skill": "delay", "arguments": {"seconds": 1}}}], first=1)
    for url in ("http://127.0.0.1:1/x", "http://169.254.169.254/latest", "http://[::1]/", "ftp://example.com/", "http://user:x@example.com/"):
        with pytest.raises(Refused):
            peer.do("push", push={"taskId": task["task"], "id": "h", "url": url})
