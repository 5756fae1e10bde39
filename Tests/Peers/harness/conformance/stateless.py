"""The scenario `server-stateless`: what the modern era demands of every server, beside what it offers."""

from harness.conformance.case import scenario
from harness.conformance.wire import PREFIX, meta
from harness.wire import MODERN

REMOVED = ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"]
OTHER = "v999.0.0"


def without(*members: str) -> dict:
    """A `_meta` that lacks these."""
    return {name: value for name, value in meta({}).items() if name.removeprefix(PREFIX) not in members}


@scenario("server-stateless", MODERN)
def stateless(case):
    with case.connect() as client:
        per_request_meta(case, client)
        discovered = discovery(case, client)
        versions(case, client, discovered)
        missing_capability(case, client)
        removed_methods(case, client)
        streams(case, client)
        subscriptions(case, client, discovered.get("capabilities") or {})


def per_request_meta(case, client):
    lacking = {
        "missing-meta": {},
        "missing-protocol-version": {"_meta": without("protocolVersion")},
        "missing-client-capabilities": {"_meta": without("clientCapabilities")},
    }
    for number, (slug, params) in enumerate(lacking.items(), 101):
        answer = client.bare("server/discover", params, number)
        case.check(f"sep-2575-request-meta-invalid-{slug}", answer.error.get("code") == -32602, answer.message)
        case.check("sep-2575-http-server-meta-invalid-400", answer.status == 400, (slug, answer.status))
        case.check("sep-2575-http-server-error-jsonrpc-id", answer.message.get("id") == number, answer.message)
    answer = client.bare("server/discover", {"_meta": without("clientInfo")})
    case.check("sep-2575-request-meta-client-info-optional", answer.status == 200 and answer.result, answer.message)


def discovery(case, client) -> dict:
    answer = client.ask("server/discover", capabilities={})
    result = answer.result
    case.check(
        "sep-2575-server-implements-discover", result.get("supportedVersions") and "capabilities" in result, answer.message
    )
    info = (result.get("_meta") or {}).get(f"{PREFIX}serverInfo") or {}
    case.check("sep-2575-server-identifies-in-result-meta", info.get("name") and info.get("version"), result)
    declared = result.get("capabilities") or {}
    prompts = client.ask("prompts/list", capabilities={})
    serves = prompts.error.get("code") != -32601
    case.check("sep-2575-server-declares-prompts-in-discover", not serves or "prompts" in declared, declared)
    tools = client.ask("tools/list", capabilities={})
    matches = isinstance(tools.result.get("tools"), list) if "tools" in declared else tools.error.get("code") == -32601
    case.check("sep-2575-discover-capabilities-match-handlers", matches, tools.message)
    return result


def versions(case, client, discovered):
    odd = {**meta({}), f"{PREFIX}protocolVersion": OTHER}
    answer = client.bare("server/discover", {"_meta": odd}, 301, {"mcp-protocol-version": OTHER})
    data = answer.error.get("data") or {}
    supported = data.get("supported") or []
    known = supported and set(supported) <= set(discovered.get("supportedVersions") or [])
    case.check("sep-2575-server-unsupported-version-error", known and data.get("requested") == OTHER, answer.message)
    case.check("sep-2575-http-server-unsupported-version-400", answer.status == 400, answer.status)
    case.check("sep-2575-http-server-error-jsonrpc-id", answer.message.get("id") == 301, answer.message)
    answer = client.bare("server/discover", {"_meta": odd}, 302)
    case.check(
        "sep-2575-http-server-header-mismatch-400", (answer.status, answer.error.get("code")) == (400, -32020), answer.message
    )


def missing_capability(case, client):
    answer = client.ask("tools/call", {"name": "test_missing_capability", "arguments": {}}, capabilities={}, number=401)
    required = (answer.error.get("data") or {}).get("requiredCapabilities")
    named = isinstance(required, dict) and isinstance(required.get("sampling"), dict)
    case.check("sep-2575-server-rejects-undeclared-capability", answer.error.get("code") == -32021 and named, answer.message)
    case.check("sep-2575-missing-capability-http-400", answer.status == 400, answer.status)
    case.check("sep-2575-http-server-error-jsonrpc-id", answer.message.get("id") == 401, answer.message)


def removed_methods(case, client):
    for method in [*REMOVED, "unknown/method"]:
        answer = client.ask(method, capabilities={})
        slug = f"-{method.lower().replace('/', '-')}" if method in REMOVED else ""
        not_found = (answer.status, answer.error.get("code")) == (404, -32601)
        case.check(f"sep-2575-http-server-method-not-found-404{slug}", not_found, (answer.status, answer.message))


def streams(case, client):
    answer = client.ask(
        "tools/call", {"name": "test_streaming_elicitation", "arguments": {}}, capabilities={"elicitation": {}}, is_checked=False
    )
    requests = [message for message in answer.messages if "method" in message and "id" in message]
    case.check("sep-2575-http-server-no-independent-requests-on-stream", answer.result and not requests, answer.messages)
    answer = client.ask("tools/call", {"name": "test_logging_tool", "arguments": {}}, capabilities={})
    lines = answer.told("notifications/message")
    case.check("sep-2575-server-no-log-without-loglevel", answer.result and not lines, answer.messages)
    level = {f"{PREFIX}logLevel": "info"}
    answer = client.ask("tools/call", {"name": "test_logging_tool", "arguments": {}}, capabilities={}, **level)
    case.check("server-logs-with-loglevel", answer.told("notifications/message"), answer.messages)


def trigger(client, kind: str) -> None:
    """Lets the server change a list of its own."""
    client.ask("tools/call", {"name": f"test_trigger_{kind}_change", "arguments": {}}, capabilities={})


def subscriptions(case, client, declared):
    changes = {"tools": "notifications/tools/list_changed", "prompts": "notifications/prompts/list_changed"}
    with client.listening("listen-1", toolsListChanged=True) as stream:
        first = stream.next() or {}
        case.check(
            "sep-2575-server-sends-subscription-ack", first.get("method") == "notifications/subscriptions/acknowledged", first
        )
        trigger(client, "tool")
        told = stream.until(changes["tools"])
    arrived = [message.get("method") for message in told]
    if (declared.get("tools") or {}).get("listChanged"):
        case.check("sep-2575-server-sends-tools-list-changed-on-subscription", changes["tools"] in arrived, arrived)
    tags = [((message.get("params") or {}).get("_meta") or {}).get(f"{PREFIX}subscriptionId") for message in [first, *told]]
    case.check("sep-2575-server-tags-subscription-id", set(tags) == {"listen-1"}, tags)
    # What was not asked for must not come; that it does not is seen from what was asked for coming after it.
    with client.listening("listen-2", promptsListChanged=True) as stream:
        stream.next()
        trigger(client, "tool")
        trigger(client, "prompt")
        arrived = [message.get("method") for message in stream.until(changes["prompts"])]
    case.check("sep-2575-server-honors-notification-filter", changes["tools"] not in arrived, arrived)
    if (declared.get("prompts") or {}).get("listChanged"):
        case.check("sep-2575-server-sends-prompts-list-changed-on-subscription", changes["prompts"] in arrived, arrived)
