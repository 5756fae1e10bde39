"""What a caller may not use is told from what is not there in nothing: the same status, the same headers, the same body, on every door.

Where a name is asked for, the answer for one that is there and forbidden is held against that for an invented name of the same length.
Where something is listed or found, the answer of an entry whose rules hide things is held against that of an entry which never had them.

Left out, because rules do not decide it (docs/permission.md, docs/routing.md):
- single prompts and resources: a caller sees all of an entry's, or none; pages belong to their tools and are here;
- what an entry says of itself, the same to all callers: its capabilities, its card, which of its servers are away, and whether a tool of its
  own has taken the name `search_tools`;
- scopes of OAuth: a refusal names the scope that a tool wants, so that the client can ask for it (docs/oauth.md);
- tasks of a server that has not been there since the hub began: what its tools may do is not known then, and who began one hears that the
  server is away, also where the rules have changed;
- how long an answer takes.
"""

import hashlib
import json
import re
from contextlib import contextmanager

import httpx
import pytest

from conftest import FIXTURES
from harness.background import Background
from harness.composing import settled
from harness.hub import Hub
from harness.programs import Program
from harness.upstreams import FaultUpstream
from harness.wire import META, Session, message, modern
from test_matrix import SECRET, claims, token

TASKS = "io.modelcontextprotocol/tasks"
FOLLOWS = {**META, "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}, "extensions": {TASKS: {}}}}
# `some` may use these tools, `clerk` one, `none` nothing at all, `boss` everything. Whoever is in `keepers` may use `far_asks` too.
USED = {"shop": ["good", "large"], "stage": ["test_simple_text", "echo", "add"], "far": ["slow"]}
SEEN = [f"{server}_{tool}" for server, tools in USED.items() for tool in tools]
# Of an API, of an MCP server, one that asks, one with a page, one that becomes a task.
FORBIDDEN = ["shop_echo", "shop_fault", "stage_test_error_handling", "stage_test_sampling", "far_clock", "far_asks"]
PAGE = "ui://clock/app.html"
PROMPTS = ["stage_test_prompt_with_arguments", "stage_test_simple_prompt"]
RESOURCES = ["test://static-text", "test://watched-resource", "test://template/7/data", PAGE]
TEMPLATE = "test://template/{id}/data"
QUERIES = [
    *FORBIDDEN,
    "misbehaves",
    "misbehavs",
    "returns the request as it came",
    "a capital, a form and the roots of a client",
    "the time of a clock",
    "answers as it should, or with much",
    "echo",
    "add two numbers and then misbehave",
    "zzyzx qwfpgj",
]
# How the entry shows its tools.
FORMS = {
    "": {"routing": {"mode": "both", "limit": 3}},
    "-lazy": {"list": "lazy", "routing": {"mode": "both"}},
    "-find": {"routing": {"mode": "search", "pinned": ["*_echo", "shop_*"]}},
}


def invented(name: str) -> str:
    """A name of the same length that nothing has; the scheme of an address stays."""
    start = name.find("://") + 3 if "://" in name else 0
    return name[:start] + "".join("zqxjkv"[ord(sign) % 6] if sign.isalpha() else sign for sign in name[start:])


def configuration(shop: str, stage: str, far: str) -> dict:
    """An entry in three forms, each with all there is (`whole`) and with what `some` may use alone (`spare`); and one of other things."""
    access = [
        {"consumers": ["some"], "tools": SEEN, "maxRisk": "destructive"},
        {"consumers": ["clerk"], "tools": ["shop_good"]},
        {"consumers": ["boss"], "maxRisk": "destructive"},
        {"groups": ["keepers"], "tools": ["far_asks"], "maxRisk": "destructive"},
    ]

    def entry(include: list[dict], **settings) -> dict:
        return {"include": include, "auth": ["apiKey", "jwt", {"apiKey": {"query": "key"}}], "access": access, **settings}

    def included(chosen) -> list[dict]:
        # Not "*", which would pass every address that no list has on to the server; `other` does that.
        items = {"stage": {"prompts": ["*"], "resources": ["static*", "watched*", "template"]}}
        return [{"server": name, "prefix": f"{name}_", "tools": chosen(name), **items.get(name, {})} for name in USED]

    other = [
        {"server": "shop", "prefix": "shop_", "tools": ["gate"]},
        {"server": "stage", "prefix": "stage_", "tools": ["add"], "prompts": ["*simple*", "*arguments"], "resources": ["*"]},
    ]
    return {
        "upstreams": {"shop": {"addresses": [shop]}},
        "identity": {"jwt": [{"issuer": "https://issuer.test", "secret": "file:jwt.secret", "audience": "hub", "groups": "groups"}]},
        "consumers": {
            name: {
                "apiKeys": [{"sha256": hashlib.sha256(f"key-of-{name}".encode()).hexdigest()}],
                "jwt": {"issuer": "https://issuer.test", "claims": {"azp": name}},
            }
            for name in ("some", "clerk", "none", "boss")
        },
        "servers": {
            "shop": {"openapi": "fault.openapi.yaml", "upstream": "shop", "expose": False},
            "stage": {"mcp": stage, "expose": False, "trust": {"pin": "off"}},
            "far": {"mcp": far, "expose": False},
        },
        "virtualServers": {
            **{f"whole{form}": entry(included(lambda _: ["*"]), **settings) for form, settings in FORMS.items()},
            **{f"spare{form}": entry(included(USED.get), **settings) for form, settings in FORMS.items()},
            "other": entry(other, **FORMS[""]),
        },
    }


@pytest.fixture(scope="module")
def hub(tmp_path_factory, background):
    """The hub before an API, the stage of the 2.x SDK, and a server with tasks and pages."""
    upstream, programs = FaultUpstream(background), []
    folder = tmp_path_factory.mktemp("absent")
    (folder / "jwt.secret").write_text(SECRET)
    try:
        for kind in ("mcp2", "extensions"):
            programs.append(Program(kind))
        hub = Hub(folder, configuration(upstream.url, *(program.url for program in programs)), [FIXTURES / "fault.openapi.yaml"])
        hub.upstream = upstream
        era = Modern(hub)
        for entry in [*(f"whole{form}" for form in FORMS), *(f"spare{form}" for form in FORMS)]:
            assert settled(lambda: message(era.ask(entry, "boss", *finding("slow")))["result"]["content"][0]["text"].count("far_slow"))
            assert settled(lambda: message(era.ask(entry, "boss", *finding("add two numbers")))["result"]["content"][0]["text"].count("stage_add"))
        yield hub
        hub.stop()
    finally:
        for program in programs:
            program.stop()


class Modern:
    """Asks as a client of 2026-07-28."""

    def __init__(self, hub):
        self.hub = hub
        self.client = httpx.Client(timeout=30)

    def ask(self, entry: str, caller: str, method: str, params: dict | None = None, query="", meta=META, **fields) -> httpx.Response:
        given = params or {}
        name = given.get("name", given.get("uri", given.get("taskId")))
        meta = {**meta, **given.get("_meta", {})}
        head, body = modern(method, given, meta=meta, mcp_name=name, **{"authorization": f"Bearer key-of-{caller}", **fields})
        return self.client.post(self.hub.mcp(entry) + query, headers=head, content=body)

    def close(self):
        self.client.close()


class Handshake:
    """Asks in sessions of 2025-11-25, one for each entry, caller and query."""

    def __init__(self, hub):
        self.hub = hub
        self.sessions = {}

    def ask(self, entry: str, caller: str, method: str, params: dict | None = None, query="", **fields) -> httpx.Response:
        url = f"{self.hub.mcp(entry)}?key=key-of-{caller}{query.replace('?', '&')}"
        session = self.sessions.get(url) or self.sessions.setdefault(url, Session(url))
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        return session.client.post(session.url, json=body, headers={name.replace("_", "-"): value for name, value in fields.items()})

    def close(self):
        for session in self.sessions.values():
            session.client.close()


@pytest.fixture(scope="module", params=[Modern, Handshake], ids=["modern", "handshake"])
def era(request, hub):
    era = request.param(hub)
    yield era
    era.close()


def kept(answer: httpx.Response, *names: str) -> tuple:
    """What of an answer may tell one from another: all but the date, the ids, and the names that were asked for."""
    fields = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    body = re.sub(r"(?m)^id: ?\S*$", "id: ?", answer.text)
    for name in names:
        body = body.replace(name, "?" * len(name))
    return answer.status_code, fields, body


# Names that are asked for ---------------------------------------------------------------------------------------------------------------


def calling(name: str, arguments=None, **more) -> tuple[str, dict]:
    return "tools/call", {"name": name, **({} if arguments is None else {"arguments": arguments}), **more}


def finding(query: str, **more) -> tuple[str, dict]:
    return calling("search_tools", {"query": query, **more})


TOOL_DOORS = {
    "a call": lambda name: calling(name, {}),
    "a call without arguments": lambda name: calling(name),
    "a call with what a tool would take": lambda name: calling(name, {"kind": "not_json", "prompt": "x"}),
    "a call with what no tool takes": lambda name: calling(name, {"nothing": {"of": ["the", "kind"]}}),
    "a call whose arguments are no object": lambda name: calling(name, ["x"]),
    "a call that asks for progress": lambda name: calling(name, {}, _meta={"progressToken": 7}),
    "call_tool": lambda name: calling("call_tool", {"name": name, "arguments": {"kind": "not_json"}}),
    "call_tool without arguments": lambda name: calling("call_tool", {"name": name}),
    "call_tool with arguments as text": lambda name: calling("call_tool", {"name": name, "arguments": '{"kind":"not_json"}'}),
    "call_tool with arguments that are none": lambda name: calling("call_tool", {"name": name, "arguments": 7}),
    "call_tool with arguments in the wrong place": lambda name: calling("call_tool", {"name": name, "kind": "not_json"}),
    "describe_tool": lambda name: calling("describe_tool", {"name": name}),
    "describe_tool with the answer": lambda name: calling("describe_tool", {"name": name, "output": True}),
    "describe_tool of several": lambda name: calling("describe_tool", {"name": [name, "shop_good", name[:-1]]}),
    "describe_tool of several as text": lambda name: calling("describe_tool", {"name": f'["{name}","shop_good"]'}),
}


def completing(kind: str, member: str, name: str) -> tuple[str, dict]:
    argument = {"name": "arg1", "value": "pa"}
    return "completion/complete", {"ref": {"type": kind, member: name}, "argument": argument}


@pytest.mark.parametrize("door", TOOL_DOORS)
def test_a_forbidden_tool_is_told_from_an_invented_one_in_nothing(hub, era, door):
    make, before = TOOL_DOORS[door], len(hub.upstream.requests)
    for form in FORMS:
        for caller in ("some", "none"):
            for name in FORBIDDEN:
                told = [kept(era.ask(f"whole{form}", caller, *make(asked)), asked, asked[:-1]) for asked in (name, invented(name))]
                assert told[0] == told[1], (form, caller, name)
    assert len(hub.upstream.requests) == before, "a call that is not allowed went upstream"


@pytest.mark.parametrize("form", FORMS)
def test_a_server_whose_tools_are_forbidden_is_searched_as_one_that_is_not_there(era, form):
    for query in QUERIES:
        for server in ("stage", "far"):
            told = [kept(era.ask(f"whole{form}", "clerk", *finding(query, server=asked)), asked) for asked in (server, invented(server))]
            assert told[0] == told[1], (query, server)


ITEM_DOORS = {
    "prompts/get": (lambda name: ("prompts/get", {"name": name}), PROMPTS),
    "prompts/get with arguments": (lambda name: ("prompts/get", {"name": name, "arguments": {"arg1": "a", "arg2": "b"}}), PROMPTS),
    "prompts/get with arguments that are none": (lambda name: ("prompts/get", {"name": name, "arguments": 7}), PROMPTS),
    "completion of a prompt": (lambda name: completing("ref/prompt", "name", name), PROMPTS),
    "completion of a template": (lambda uri: completing("ref/resource", "uri", uri), [TEMPLATE, *RESOURCES]),
    "resources/read": (lambda uri: ("resources/read", {"uri": uri}), RESOURCES),
    "resources/subscribe": (lambda uri: ("resources/subscribe", {"uri": uri}), RESOURCES),
    "resources/unsubscribe": (lambda uri: ("resources/unsubscribe", {"uri": uri}), RESOURCES),
}


@pytest.mark.parametrize("door", ITEM_DOORS)
def test_a_forbidden_prompt_or_resource_is_told_from_an_invented_one_in_nothing(era, door):
    make, names = ITEM_DOORS[door]
    for name in names:
        for entry in ("whole", "other"):
            told = [kept(era.ask(entry, "none", *make(asked)), asked) for asked in (name, invented(name))]
            assert told[0] == told[1], (entry, name)
    # The page of a forbidden tool, for a caller who sees the resources of the entry.
    if "uri" in make(PAGE)[1]:
        shown = [kept(era.ask("whole", "some", *make(asked)), asked) for asked in (PAGE, invented(PAGE))]
        assert shown[0] == shown[1]


@pytest.mark.parametrize("caller", ["none", "some"])
def test_a_listener_is_told_of_a_forbidden_resource_what_it_is_told_of_an_invented_one(hub, caller):
    asked_for = [*RESOURCES, PAGE] if caller == "none" else [PAGE]
    for uri in asked_for:
        told = []
        for asked in (uri, invented(uri)):
            wanted = {"toolsListChanged": True, "resourcesListChanged": True, "resourceSubscriptions": [asked]}
            head, body = modern("subscriptions/listen", {"notifications": wanted}, authorization=f"Bearer key-of-{caller}")
            with httpx.stream("POST", hub.mcp("whole"), headers=head, content=body, timeout=30) as answer:
                fields = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
                first = next(line for line in answer.iter_lines() if line.startswith("data:"))
                told.append((answer.status_code, fields, first.replace(asked, "?" * len(asked))))
        assert told[0] == told[1], uri


def as_consumer(caller: str, *groups: str) -> dict:
    return {"authorization": f"Bearer {token(claims(caller, groups=list(groups)))}"}


@pytest.mark.parametrize("method, more", [("get", {}), ("update", {"inputResponses": {"who": {"action": "cancel"}}}), ("cancel", {})])
def test_a_task_of_a_forbidden_tool_is_told_from_an_invented_one_in_nothing(hub, method, more):
    era = Modern(hub)
    begun = message(era.ask("whole", "", *calling("far_asks", {}), meta=FOLLOWS, **as_consumer("some", "keepers")))["result"]
    assert begun["resultType"] == "task", begun
    task = begun["taskId"]

    def followed(task: str, meta=FOLLOWS, entry="whole", **fields) -> httpx.Response:
        return era.ask(entry, "", f"tasks/{method}", {"taskId": task, **more}, meta=meta, **fields)

    # Who lost the tool, who may use it and has not begun the task, who may use nothing; and where the task is not.
    strangers = [as_consumer("some"), as_consumer("boss"), as_consumer("none")]
    for fields in [*strangers, {"entry": "spare", **as_consumer("some", "keepers")}, {"meta": META, **as_consumer("some")}]:
        told = [kept(followed(asked, **fields), asked) for asked in (task, invented(task))]
        assert told[0] == told[1], fields
        assert told[0][0] == 400
    assert followed(task, **as_consumer("some", "keepers")).status_code == 200
    era.close()


# What is listed and found ---------------------------------------------------------------------------------------------------------------

LIST_DOORS = {
    "tools/list": [("tools/list", {})],
    "tools/list by the address": [("tools/list", {}, f"?query={query.replace(' ', '+')}") for query in QUERIES[::4]],
    "tools/list by a header": [("tools/list", {}, "", {"x_hubd_query": query}) for query in QUERIES],
    "search_tools": [finding(query) for query in QUERIES],
    "search_tools with much": [finding(query, limit=50) for query in QUERIES],
    "search_tools in a server": [finding(query, server=server) for query in QUERIES for server in ("shop", "stage", "far")],
    "search_tools that is asked wrongly": [calling("search_tools", given) for given in ({}, {"query": ""}, {"query": "a", "name": "x"})],
    "describe_tool": [calling("describe_tool", {"name": [*SEEN, *FORBIDDEN], "output": True}), calling("describe_tool", {})],
    "call_tool": [calling("call_tool", {"name": "stage_add", "arguments": given}) for given in ({"a": 1, "b": 2}, {}, {"c": 1})],
    "a call with wrong arguments": [calling("shop_large", given) for given in ({}, {"byte": 1}, {"bytes": "many"}, {"kind": "html_500"})],
    "a call of a name that is almost one": [calling(name[:-1], {}) for name in FORBIDDEN] + [calling(name.upper(), {}) for name in FORBIDDEN],
    "prompts/list": [("prompts/list", {})],
    "resources/list": [("resources/list", {})],
    "resources/templates/list": [("resources/templates/list", {})],
    "a cursor": [(f"{kind}/list", {"cursor": "x"}) for kind in ("tools", "prompts", "resources", "resources/templates")],
}


def answer(era, entry: str, caller: str, method: str, params: dict, query="", fields=None) -> tuple:
    return kept(era.ask(entry, caller, method, params, query, **(fields or {})), entry)


@pytest.mark.parametrize("door", LIST_DOORS)
def test_what_is_listed_and_found_is_that_of_an_entry_without_what_is_forbidden(era, door):
    for form in FORMS:
        for request in LIST_DOORS[door]:
            assert answer(era, f"whole{form}", "some", *request) == answer(era, f"spare{form}", "some", *request), (form, request)


@pytest.mark.parametrize("door", LIST_DOORS)
def test_who_may_use_nothing_is_told_the_same_by_all_entries(era, door):
    for request in LIST_DOORS[door]:
        assert answer(era, "whole", "none", *request) == answer(era, "other", "none", *request), request


@contextmanager
def hearing(hub, era, caller: str):
    """The methods of the notifications that a caller of `whole` hears, as they come: on a stream of its own in either era."""
    if isinstance(era, Modern):
        wanted = {"toolsListChanged": True, "promptsListChanged": True}
        head, body = modern("subscriptions/listen", {"notifications": wanted}, authorization=f"Bearer key-of-{caller}")
        opening = httpx.stream("POST", hub.mcp("whole"), headers=head, content=body, timeout=30)
    else:
        session = Session(f"{hub.mcp('whole')}?key=key-of-{caller}")
        opening = session.client.stream("GET", session.url, headers={"accept": "text/event-stream"})
    with opening as answer:
        assert answer.status_code == 200
        messages = (json.loads(line.removeprefix("data:")) for line in answer.iter_lines() if re.match("data: ?{", line))
        methods = (message["method"] for message in messages)
        assert isinstance(era, Handshake) or next(methods) == "notifications/subscriptions/acknowledged"
        yield methods


def test_who_listens_does_not_hear_of_changes_to_what_is_forbidden(hub, era):
    """A tool comes or goes that one of the two may use, and then a prompt that both see."""
    with hearing(hub, era, "boss") as boss, hearing(hub, era, "some") as some:
        assert "result" in message(era.ask("whole", "boss", *calling("stage_test_trigger_tool_change", {})))
        assert next(boss) == "notifications/tools/list_changed"
        assert "result" in message(era.ask("whole", "boss", *calling("stage_test_trigger_prompt_change", {})))
        assert next(boss) == "notifications/prompts/list_changed"
        assert next(some) == "notifications/prompts/list_changed"


# That the doors lead anywhere -----------------------------------------------------------------------------------------------------------


# On these the hub has nothing to tell of a name that is there, or no such door in the era.
TOLD_NOTHING = {"call_tool with arguments in the wrong place", "prompts/get with arguments that are none", "resources/unsubscribe"}
LISTS = ["tools/list", "tools/list by the address", "search_tools", "search_tools with much", "describe_tool"]


def test_a_caller_who_may_is_told_the_one_from_the_other(era):
    """That what is compared above has something in it: on every door the answers for a caller who may are different ones."""
    same = set()
    for door, make in TOOL_DOORS.items():
        told = [kept(era.ask("whole-lazy", "boss", *make(asked)), asked, asked[:-1]) for asked in ("shop_echo", invented("shop_echo"))]
        same |= {door} if told[0] == told[1] else set()
    for door, (make, names) in ITEM_DOORS.items():
        told = [kept(era.ask("whole", "boss", *make(asked)), asked) for asked in (names[0], invented(names[0]))]
        same |= {door} if told[0] == told[1] else set()
    assert same == TOLD_NOTHING | ({"resources/subscribe"} if isinstance(era, Modern) else set())
    for door in LISTS:
        told = [[answer(era, entry, "boss", *request) for request in LIST_DOORS[door]] for entry in ("whole-lazy", "spare-lazy")]
        assert told[0] != told[1], door


def test_metrics_know_no_name_that_was_refused(hub):
    def counted() -> set[str]:
        text = httpx.get(hub.admin + "/metrics", headers={"authorization": f"Bearer {hub.token}"}).text
        return {line for line in text.splitlines() if line.startswith("hubd_calls_total")}

    era, before = Modern(hub), counted()
    for name in [*FORBIDDEN, *map(invented, FORBIDDEN)]:
        for call in (calling(name, {}), calling("call_tool", {"name": name, "arguments": {}}), calling("describe_tool", {"name": name})):
            assert era.ask("whole", "some", *call).status_code == 400
    assert counted() == before
    assert not era.ask("whole", "some", *calling("shop_good", {})).json()["result"].get("isError")
    assert counted() != before
    era.close()


def test_the_tool_that_searches_names_no_server_where_callers_may_use_some_tools_alone(era):
    listed = message(era.ask("whole-find", "clerk", "tools/list"))["result"]["tools"]
    described = next(tool["description"] for tool in listed if tool["name"] == "search_tools")
    assert not [server for server in USED if re.search(rf"\b{server}\b", described)], described
