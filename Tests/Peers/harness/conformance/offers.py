"""Scenarios about what a server offers: tools, prompts, resources, completions. They are the same in both eras."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx

from harness.conformance.case import scenario
from harness.conformance.wire import HANDSHAKE, HandshakeWire, meta
from harness.wire import BOTH as ACCEPT
from harness.wire import MODERN

TOOL_NAME = re.compile(r"[A-Za-z0-9_./-]{1,64}")


def called(case, tool: str, **params) -> dict:
    """The result of one tool call without arguments."""
    with case.connect() as client:
        return client.ask("tools/call", {"name": tool, "arguments": {}, **params}).result


def block(result: dict, kind: str) -> dict:
    """The first content of a kind; empty if there is none."""
    return next((found for found in result.get("content") or [] if found.get("type") == kind), {})


@scenario("tools-list")
def tools_list(case):
    with case.connect() as client:
        tools = client.ask("tools/list").result.get("tools") or []
    whole = [tool for tool in tools if tool.get("name") and tool.get("description") and tool.get("inputSchema")]
    case.check("tools-list", tools and len(whole) == len(tools), f"{len(whole)} of {len(tools)} tools are whole")
    odd = [tool.get("name") for tool in tools if not TOOL_NAME.fullmatch(str(tool.get("name")))]
    case.check("tools-name-format", not odd, odd)


@scenario("tools-call-simple-text")
def simple_text(case):
    with case.connect() as client:
        result = client.ask("tools/call", {"name": "test_simple_text"}).result
    case.check("tools-call-simple-text", block(result, "text").get("text"), result)


@scenario("tools-call-image")
def image(case):
    found = block(called(case, "test_image_content"), "image")
    case.check("tools-call-image", found.get("data") and found.get("mimeType"), found)


@scenario("tools-call-audio")
def audio(case):
    found = block(called(case, "test_audio_content"), "audio")
    case.check("tools-call-audio", found.get("data") and found.get("mimeType") == "audio/wav", found)


@scenario("tools-call-embedded-resource")
def embedded_resource(case):
    found = block(called(case, "test_embedded_resource"), "resource").get("resource") or {}
    whole = found.get("uri") and found.get("mimeType") and (found.get("text") or found.get("blob"))
    case.check("tools-call-embedded-resource", whole, found)


@scenario("tools-call-mixed-content")
def mixed_content(case):
    result = called(case, "test_multiple_content_types")
    kinds = {found.get("type") for found in result.get("content") or []}
    case.check("tools-call-mixed-content", {"text", "image", "resource"} <= kinds, kinds)


@scenario("tools-call-error")
def tool_error(case):
    result = called(case, "test_error_handling")
    case.check("tools-call-error", result.get("isError") is True and block(result, "text").get("text"), result)


@scenario("tools-call-with-progress")
def progress(case):
    with case.connect() as client:
        answer = client.ask("tools/call", {"name": "test_tool_with_progress", "arguments": {}}, progressToken="progress-test-1")
    told = [message["params"] for message in answer.told("notifications/progress")]
    own = [params["progress"] for params in told if params.get("progressToken") == "progress-test-1"]
    case.check("tools-call-with-progress", len(own) >= 3 and own[:3] == sorted(own[:3]) and answer.result, told)


@scenario("resources-list")
def resources_list(case):
    with case.connect() as client:
        resources = client.ask("resources/list").result.get("resources") or []
    whole = [resource for resource in resources if resource.get("uri") and resource.get("name")]
    case.check("resources-list", resources and len(whole) == len(resources), resources)


def read(case, uri: str) -> dict:
    """The first content of a resource; empty if there is none."""
    with case.connect() as client:
        contents = client.ask("resources/read", {"uri": uri}).result.get("contents") or [{}]
    return contents[0]


@scenario("resources-read-text")
def read_text(case):
    content = read(case, "test://static-text")
    case.check("resources-read-text", content.get("uri") and content.get("mimeType") and content.get("text"), content)


@scenario("resources-read-binary")
def read_binary(case):
    content = read(case, "test://static-binary")
    case.check("resources-read-binary", content.get("uri") and content.get("mimeType") and content.get("blob"), content)


@scenario("resources-templates-read")
def read_template(case):
    content = read(case, "test://template/123/data")
    case.check("resources-templates-read", content.get("uri") and "123" in content.get("text", ""), content)


@scenario("sep-2164-resource-not-found", MODERN)
def resource_not_found(case):
    uri = "test://nonexistent-resource-for-conformance-testing"
    with case.connect() as client:
        answer = client.ask("resources/read", {"uri": uri})
    case.check("sep-2164-no-empty-contents", answer.error or answer.result.get("contents"), answer.message)
    case.check("sep-2164-error-code", answer.error.get("code") == -32602, answer.message)
    case.check("sep-2164-data-uri", (answer.error.get("data") or {}).get("uri") == uri, answer.message)


@scenario("prompts-list")
def prompts_list(case):
    with case.connect() as client:
        prompts = client.ask("prompts/list").result.get("prompts") or []
    whole = [prompt for prompt in prompts if prompt.get("name") and prompt.get("description")]
    case.check("prompts-list", prompts and len(whole) == len(prompts), prompts)


def messages(case, prompt: str, **arguments) -> list[dict]:
    """The messages of one prompt."""
    params = {"name": prompt, **({"arguments": arguments} if arguments else {})}
    with case.connect() as client:
        return client.ask("prompts/get", params).result.get("messages") or []


@scenario("prompts-get-simple")
def simple_prompt(case):
    found = messages(case, "test_simple_prompt")
    case.check("prompts-get-simple", found and all(message.get("role") and message.get("content") for message in found), found)


@scenario("prompts-get-with-args")
def prompt_with_arguments(case):
    found = str(messages(case, "test_prompt_with_arguments", arg1="testValue1", arg2="testValue2"))
    case.check("prompts-get-with-args", "testValue1" in found and "testValue2" in found, found)


@scenario("prompts-get-embedded-resource")
def prompt_with_resource(case):
    found = messages(case, "test_prompt_with_embedded_resource", resourceUri="test://example-resource")
    case.check("prompts-get-embedded-resource", any(message["content"].get("type") == "resource" for message in found), found)


@scenario("prompts-get-with-image")
def prompt_with_image(case):
    found = [message["content"] for message in messages(case, "test_prompt_with_image")]
    pictures = [
        content for content in found if content.get("type") == "image" and content.get("data") and content.get("mimeType")
    ]
    case.check("prompts-get-with-image", pictures, found)


@scenario("completion-complete")
def complete(case):
    prompt = {"type": "ref/prompt", "name": "test_prompt_with_arguments"}
    with case.connect() as client:
        answer = client.ask("completion/complete", {"ref": prompt, "argument": {"name": "arg1", "value": "test"}})
    values = (answer.result.get("completion") or {}).get("values")
    case.check("completion-complete", isinstance(values, list), answer.message)


@scenario("server-sse-multiple-streams")
def multiple_streams(case):
    with case.connect() as client, ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(client.ask, "tools/list", number=1000 + number) for number in range(3)]
        answers = [future.result() for future in asked]
    statuses = [answer.status for answer in answers]
    case.check("server-accepts-multiple-post-streams", statuses == [200, 200, 200], statuses)
    own = [answer.message.get("id") for answer in answers]
    case.check("server-sse-streams-functional", own == [1000, 1001, 1002], own)


@scenario("dns-rebinding-protection")
def dns_rebinding(case):
    host = case.url.removeprefix("http://").split("/")[0]

    def probe(name: str) -> int:
        headers = {"accept": ACCEPT, "content-type": "application/json", "mcp-protocol-version": case.revision}
        if case.is_modern:
            headers["mcp-method"] = "server/discover"
            body = {"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": meta({})}}
        else:
            hello = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": {"name": "probe", "version": "1"}}
            body = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
        with httpx.stream(
            "POST", case.url, headers={**headers, "host": name, "origin": f"http://{name}"}, json=body, timeout=10
        ) as answer:
            return answer.status_code

    rejected, accepted = probe("evil.example.com"), probe(host)
    case.check("localhost-host-rebinding-rejected", 400 <= rejected < 500, rejected)
    case.check("localhost-host-valid-accepted", 200 <= accepted < 300, accepted)


@scenario("caching", MODERN)
def caching(case):
    asked = {name: None for name in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]}
    with case.connect() as client:
        results = {method: client.ask(method, params, is_checked=False).result for method, params in asked.items()}
        uri = results["resources/list"]["resources"][0]["uri"]
        results["resources/read"] = client.ask("resources/read", {"uri": uri}, is_checked=False).result
    for method, result in results.items():
        name = method.replace("/", "-")
        case.check(f"sep-2549-{name}-caching-hints", "ttlMs" in result and "cacheScope" in result, list(result))
    times = {method: result.get("ttlMs") for method, result in results.items()}
    case.check("sep-2549-ttl-non-negative", all(isinstance(time, int) and time >= 0 for time in times.values()), times)
    scopes = {method: result.get("cacheScope") for method, result in results.items()}
    case.check("sep-2549-cache-scope-valid", set(scopes.values()) <= {"public", "private"}, scopes)


def session_is_visible(client: HandshakeWire) -> bool:
    """Whether the session's id, if there is one, is of visible ASCII characters."""
    session = client.opening.headers.get("mcp-session-id")
    return session is None or re.fullmatch(r"[\x21-\x7e]+", session) is not None
