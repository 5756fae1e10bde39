"""Scenarios of the handshake eras alone: sessions, the log, questions by request, subscriptions."""

from harness.conformance.case import scenario
from harness.conformance.offers import session_is_visible
from harness.conformance.wire import HANDSHAKE


@scenario("server-initialize", HANDSHAKE)
def initialize(case):
    with case.connect() as client:
        hello = client.opening.result
        whole = hello.get("protocolVersion") and "capabilities" in hello and (hello.get("serverInfo") or {}).get("name")
        case.check("server-initialize", client.is_open and whole, client.opening.message)
        case.check("server-session-id-visible-ascii", session_is_visible(client), client.opening.headers)


@scenario("logging-set-level", HANDSHAKE)
def set_level(case):
    with case.connect() as client:
        answer = client.ask("logging/setLevel", {"level": "info"})
    case.check("logging-set-level", answer.message.get("result") == {}, answer.message)


@scenario("ping", HANDSHAKE)
def ping(case):
    with case.connect() as client:
        answer = client.ask("ping")
    case.check("ping", answer.message.get("result") == {}, answer.message)


@scenario("tools-call-with-logging", HANDSHAKE)
def logging(case):
    with case.connect() as client:
        client.ask("logging/setLevel", {"level": "debug"})
        answer = client.ask("tools/call", {"name": "test_tool_with_logging", "arguments": {}})
    lines = [message["params"] for message in answer.told("notifications/message")]
    case.check("tools-call-with-logging", len(lines) >= 3 and answer.result, lines)


def asked(case, method: str, reply: dict, tool: str, **arguments):
    """Calls a tool that asks; gives what was asked and the answer of the call."""
    questions = []

    def answer(params):
        questions.append(params)
        return reply

    with case.connect(answers={method: answer}) as client:
        return questions, client.ask("tools/call", {"name": tool, "arguments": arguments})


@scenario("tools-call-sampling", HANDSHAKE)
def sampling(case):
    text = {"type": "text", "text": "This is a test response from the client"}
    reply = {"role": "assistant", "content": text, "model": "test-model", "stopReason": "endTurn"}
    questions, answer = asked(case, "sampling/createMessage", reply, "test_sampling", prompt="Test prompt for sampling")
    case.check(
        "tools-call-sampling", questions and text["text"] in str(answer.result.get("content")), (questions, answer.message)
    )


@scenario("tools-call-elicitation", HANDSHAKE)
def elicitation(case):
    reply = {"action": "accept", "content": {"username": "testuser", "email": "test@example.com"}}
    questions, answer = asked(case, "elicitation/create", reply, "test_elicitation", message="Please provide your information")
    case.check(
        "tools-call-elicitation", questions and "testuser" in str(answer.result.get("content")), (questions, answer.message)
    )


def properties(case, tool: str, content: dict) -> dict:
    """The fields of the form that a tool asks for."""
    questions, answer = asked(case, "elicitation/create", {"action": "accept", "content": content}, tool)
    case.check(
        f"{tool.removeprefix('test_').replace('_', '-')}-general", questions and answer.result.get("content"), answer.message
    )
    return questions[0]["requestedSchema"]["properties"] if questions else {}


@scenario("elicitation-sep1034-defaults", HANDSHAKE)
def defaults(case):
    content = {"name": "Jane Smith", "age": 25, "score": 88.0, "status": "inactive", "verified": False}
    fields = properties(case, "test_elicitation_sep1034_defaults", content)
    expected = [
        ("string", "name", "string", "John Doe"),
        ("integer", "age", "integer", 30),
        ("number", "score", "number", 95.5),
        ("enum", "status", "string", "active"),
        ("boolean", "verified", "boolean", True),
    ]
    for kind, name, written, value in expected:
        found = fields.get(name) or {}
        holds = found.get("type") == written and found.get("default") == value and type(found.get("default")) is type(value)
        case.check(f"elicitation-sep1034-{kind}-default", holds, found)
    case.check(
        "elicitation-sep1034-enum-values", (fields.get("status") or {}).get("enum") == ["active", "inactive", "pending"], fields
    )


@scenario("elicitation-sep1330-enums", HANDSHAKE)
def enums(case):
    multiple = {"untitledMulti": ["option1", "option2"], "titledMulti": ["value1", "value2"]}
    content = {"untitledSingle": "option1", "titledSingle": "value1", "legacyEnum": "opt1", **multiple}
    fields = properties(case, "test_elicitation_sep1330_enums", content)

    def titled(values) -> bool:
        return bool(values) and all(
            isinstance(value.get("const"), str) and isinstance(value.get("title"), str) for value in values
        )

    one = fields.get("untitledSingle") or {}
    case.check("elicitation-sep1330-untitled-single", one.get("enum") and "oneOf" not in one and "enumNames" not in one, one)
    one = fields.get("titledSingle") or {}
    case.check("elicitation-sep1330-titled-single", titled(one.get("oneOf")) and "enum" not in one, one)
    one = fields.get("legacyEnum") or {}
    case.check(
        "elicitation-sep1330-legacy-enumnames", one.get("enum") and len(one.get("enumNames") or []) == len(one["enum"]), one
    )
    one = fields.get("untitledMulti") or {}
    items = one.get("items") or {}
    case.check(
        "elicitation-sep1330-untitled-multi", one.get("type") == "array" and items.get("enum") and "anyOf" not in items, one
    )
    one = fields.get("titledMulti") or {}
    case.check(
        "elicitation-sep1330-titled-multi", one.get("type") == "array" and titled((one.get("items") or {}).get("anyOf")), one
    )


@scenario("resources-subscribe", HANDSHAKE)
def subscribe(case):
    with case.connect() as client:
        answer = client.ask("resources/subscribe", {"uri": "test://watched-resource"})
    case.check("resources-subscribe", answer.message.get("result") == {}, answer.message)


@scenario("resources-unsubscribe", HANDSHAKE)
def unsubscribe(case):
    with case.connect() as client:
        client.ask("resources/subscribe", {"uri": "test://watched-resource"})
        answer = client.ask("resources/unsubscribe", {"uri": "test://watched-resource"})
    case.check("resources-unsubscribe", answer.message.get("result") == {}, answer.message)
