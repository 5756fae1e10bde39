"""Who may use which tools: what each caller sees and may call, with SDK clients and by hand, and what a refused one hears."""

import hashlib
import time

import httpx
import pytest

from harness.hub import hubd
from harness.peer import MCP1_HTTP, MCP2_AUTO, MCP2_LEGACY, Peer, Refused
from harness.wire import Session, message, modern
from test_matrix import SECRET, claims, token

CALLERS = ("reader", "limited", "admin", "blocked", "nobody")
TAKEN = 10  # seconds in which a reload must have been taken up
ALL = {"good", "echo", "gate", "big", "hang", "fault"}


def rules(*after: dict) -> list[dict]:
    """What the tests are about: `echo` destroys, `gate` writes, all else reads."""
    return [
        {"consumers": ["limited"], "tools": ["big"], "when": {"arguments": {"bytes": {"atMost": 100}}}},
        {"consumers": ["limited"], "tools": ["big", "gate"], "effect": "deny", "maxRisk": "destructive"},
        {"groups": ["readers"], "tools": ["good", "b*"], "maxRisk": "read"},
        {"consumers": ["blocked"], "effect": "deny", "maxRisk": "destructive"},
        {"groups": ["admins"], "maxRisk": "destructive"},
        {"claims": {"realm.roles": ["ops-*"]}, "tools": ["gate"]},
        *after,
    ]


def configuration(address: str, access: list[dict]) -> dict:
    """One server with the rules, where keys may stand in the query, so that SDK clients need nothing but the address."""
    groups = {"reader": ["readers"], "limited": ["readers"], "admin": ["admins"], "blocked": ["admins"], "nobody": []}
    return {
        "upstreams": {"fault": {"addresses": [address]}},
        "identity": {"jwt": [{"issuer": "https://issuer.test", "secret": "file:jwt.secret", "audience": "hub", "groups": "groups"}]},
        "consumers": {
            name: {
                "groups": groups[name],
                "apiKeys": [{"sha256": hashlib.sha256(f"key-of-{name}".encode()).hexdigest()}],
                "jwt": {"issuer": "https://issuer.test", "claims": {"azp": name}},
            }
            for name in CALLERS
        },
        "servers": {
            "shop": {
                "openapi": "fault.openapi.yaml",
                "upstream": "fault",
                "auth": ["apiKey", "jwt", {"apiKey": {"query": "key"}}],
                "tools": {"echo": {"risk": "destructive"}, "gate": {"risk": "write"}, "large": {"rename": "big"}},
                "access": access,
            }
        },
    }


SEES = {
    "reader": {"good", "big"},
    "limited": {"good", "big"},
    "admin": ALL,
    "blocked": set(),
    "nobody": set(),
}


@pytest.fixture
def hub(start_hub, fault, tmp_path):
    (tmp_path / "jwt.secret").write_text(SECRET)
    return start_hub(configuration(fault.url, rules()))


def send(hub, caller: str, method: str, params: dict | None = None, **fields) -> httpx.Response:
    head, body = modern(method, params, **{"authorization": f"Bearer key-of-{caller}", **fields})
    return httpx.post(hub.mcp("shop"), headers=head, content=body, timeout=20)


def called(hub, caller: str, tool: str, arguments: dict | None = None, **fields) -> httpx.Response:
    return send(hub, caller, "tools/call", {"name": tool, "arguments": arguments or {}}, **fields)


def names(answer: httpx.Response) -> set[str]:
    return {tool["name"] for tool in answer.json()["result"]["tools"]}


@pytest.mark.parametrize("kind", [MCP2_AUTO, MCP2_LEGACY, MCP1_HTTP], ids=str)
def test_an_sdk_client_lists_what_it_may_call(hub, kind):
    peers = {name: Peer(kind, {"url": f"{hub.mcp('shop')}?key=key-of-{name}"}) for name in ("reader", "admin", "nobody")}
    try:
        assert {name: set(peer.tools()) for name, peer in peers.items()} == {name: SEES[name] for name in peers}
        assert peers["reader"].call("good")["structuredContent"] == {"good": True}
        assert "head" in peers["admin"].call("echo")["structuredContent"]
        for name, tool in (("reader", "echo"), ("nobody", "good")):
            with pytest.raises(Refused) as refused:
                peers[name].call(tool)
            assert refused.value.code == -32602
        assert peers["reader"].call("good")["structuredContent"] == {"good": True}, "a refusal ended the session"
    finally:
        for peer in peers.values():
            peer.close()


@pytest.mark.parametrize("caller", CALLERS)
def test_each_caller_sees_and_calls_what_the_first_rule_allows(hub, caller):
    assert names(send(hub, caller, "tools/list")) == SEES[caller]
    for tool, arguments in (("good", {}), ("echo", {}), ("big", {"bytes": 10})):
        answer = called(hub, caller, tool, arguments)
        assert answer.status_code == (200 if tool in SEES[caller] else 400), (tool, answer.text)


def kept(answer: httpx.Response) -> tuple:
    """What of an answer may tell one refusal from another."""
    fields = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id", "content-length")}
    return answer.status_code, fields, answer.text.replace("absent", "?").replace("echo", "?")


@pytest.mark.parametrize("caller", ["reader", "blocked", "nobody"])
def test_what_is_forbidden_is_told_from_what_is_absent_in_nothing(hub, fault, caller):
    forbidden = called(hub, caller, "echo")
    assert kept(forbidden) == kept(called(hub, caller, "absent"))
    assert forbidden.status_code == 400 and forbidden.json()["error"]["code"] == -32602
    with Session(f"{hub.mcp('shop')}?key=key-of-{caller}") as session:
        answers = [
            session.post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": {}}})
            for name in ("echo", "absent")
        ]
        assert kept(answers[0]) == kept(answers[1])
        assert answers[0].status_code == 200 and message(answers[0])["error"]["code"] == -32602
    assert not fault.requests, "a call that is not allowed went upstream"
    metrics = httpx.get(hub.admin + "/metrics", headers={"authorization": f"Bearer {hub.token}"}).text
    assert 'tool="echo"' not in metrics and 'tool="absent"' not in metrics


def test_arguments_decide_where_a_rule_looks_at_them(hub, fault):
    assert called(hub, "limited", "big", {"bytes": 100}).status_code == 200
    assert len(fault.requests) == 1
    for size in (101, "5", 100.5, None, [5, 500]):
        refused = called(hub, "limited", "big", {"bytes": size})
        assert refused.status_code == 400 and refused.json()["error"]["code"] == -32602, (size, refused.text)
    assert called(hub, "limited", "big").status_code == 400
    assert len(fault.requests) == 1, "a call that is not allowed went upstream"
    assert called(hub, "reader", "big", {"bytes": 101}).status_code == 200


def test_rules_look_at_groups_and_claims_of_tokens(hub):
    def seen(**more):
        bearer = f"Bearer {token(claims('nobody', **more))}"
        return names(send(hub, "nobody", "tools/list", authorization=bearer))

    assert seen() == set()
    assert seen(groups=["readers"]) == {"good", "big"}
    assert seen(groups=["admins"]) == ALL
    assert seen(realm={"roles": ["dev", "ops-eu"]}) == {"gate"}
    assert seen(realm={"roles": ["dev"]}) == set() and seen(realm="ops-eu") == set()
    assert seen(realm={"roles": ["ops-eu"]}, groups=["readers"]) == {"good", "big", "gate"}


def test_other_rules_are_in_force_after_a_reload_and_clients_hear_of_it(hub, fault):
    peer = Peer(MCP2_LEGACY, {"url": f"{hub.mcp('shop')}?key=key-of-nobody"})
    other = Peer(MCP2_LEGACY, {"url": f"{hub.mcp('shop')}?key=key-of-reader"})
    try:
        assert not peer.tools() and set(other.tools()) == {"good", "big"}
        hub.reload(configuration(fault.url, rules({"consumers": ["nobody"], "tools": ["good"]})))
        peer.notified("notifications/tools/list_changed", TAKEN)
        assert set(peer.tools()) == {"good"} and peer.call("good")["structuredContent"] == {"good": True}
        hub.reload(configuration(fault.url, rules()))
        peer.notified("notifications/tools/list_changed", TAKEN)
        assert not peer.tools()
        with pytest.raises(Refused):
            peer.call("good")
        assert other.notifications.empty(), "a client was told of a list that is not its own"
    finally:
        peer.close()
        other.close()


def test_a_rule_that_cannot_be_read_changes_nothing(hub, fault):
    hub.reload(configuration(fault.url, [{"consumers": ["nobody"], "maxrisk": "read"}]))
    deadline = time.monotonic() + TAKEN
    while "maxrisk" not in hub.errors.text and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "maxrisk" in hub.errors.text
    assert names(send(hub, "nobody", "tools/list")) == set() and names(send(hub, "reader", "tools/list")) == {"good", "big"}


def explained(hub, *words: str):
    return hubd("check", "--offline", "--config", hub.file, "--explain", *words)


def test_check_explains_which_rule_decides(hub):
    said = explained(hub, "reader", "shop/gate")
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    start = lines.index("reader may not call gate (write), and does not see it")
    assert [line.split(") ", 1)[1] for line in lines[start + 1 : start + 4]] == [
        "does not match: the consumer is not limited",
        "does not match: the consumer is not limited",
        "does not match: the tool is not good or b*",
    ]
    assert lines[-1] == "  no rule is left: it is refused"
    limited = explained(hub, "limited", "shop/big").stdout
    assert "limited may call big (read), by what the arguments are" in limited
    assert "rule 1 (" in limited and "allows where bytes is at most 100" in limited and ") denies" in limited
    assert "admin may call echo (destructive)" in explained(hub, "admin", "shop/echo").stdout


@pytest.mark.parametrize(
    "words, complaint",
    [
        (("reder", "shop/good"), 'no consumer is called "reder"; did you mean reader?'),
        (("reader", "shop"), "write the entry and the tool as ENTRY/TOOL"),
        (("reader", "shp/good"), 'no server or agent is called "shp"; did you mean shop?'),
        (("reader", "shop/goood"), 'no tool of shop is called "goood"; did you mean good?'),
    ],
)
def test_check_says_what_it_cannot_explain(hub, words, complaint):
    said = explained(hub, *words)
    assert said.returncode == 1 and complaint in said.stderr
    assert explained(hub, "reader").returncode == 64


def test_check_warns_of_rules_that_are_about_nothing(hub, fault):
    hub.write(configuration(fault.url, [{"tools": ["god", "g*"], "effect": "deny"}, {}]))
    said = hubd("check", "--offline", "--config", hub.file).stdout
    assert 'warning: shop has no tool "god" — did you mean "good"?' in said
    assert "this one denies nothing that is destructive — write maxRisk: destructive" in said
