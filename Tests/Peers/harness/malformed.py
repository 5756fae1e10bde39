"""MCP servers that nobody would write, by name (see rawmcp.py): lists that are broken, endless or huge, and answers that are no answers."""

import asyncio
import json

from harness.rawmcp import OBJECT, listed, said, tool


def in_list(*tools, **more):
    """Lists these tools."""

    async def way(_, exchange):
        return exchange.method == "tools/list" and await exchange.result(listed(*tools, **more))

    return way


def in_result(result):
    """Gives this as the result of the list."""

    async def way(_, exchange):
        return exchange.method == "tools/list" and await exchange.result(result)

    return way


def with_bytes(body: bytes, status="200 OK", kind="application/json", **headers):
    """Answers the list with these bytes."""

    async def way(_, exchange):
        return exchange.method == "tools/list" and await exchange.answer(body, status, kind, **headers)

    return way


async def hangs(_, exchange):
    """Never answers anything."""
    await asyncio.sleep(3600)


async def hangs_at_list(_, exchange):
    """Says hello and never lists."""
    if exchange.method == "tools/list":
        await asyncio.sleep(3600)
    return False


async def huge(_, exchange):
    """A list of a hundred megabytes."""
    if exchange.method != "tools/list":
        return False
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
    head = json.dumps({"jsonrpc": "2.0", "id": exchange.message["id"], "result": listed()})
    await exchange.chunk(head[:-3].encode())
    filler = ", ".join(json.dumps(tool(f"t{number}", description="x" * 1000)) for number in range(60)).encode()
    await exchange.chunk(filler)
    for _ in range(100 * (1 << 20) // len(filler)):
        await exchange.chunk(b", " + filler)
    await exchange.chunk(b"]}}")
    return await exchange.end()


async def cursor_loop(_, exchange):
    """Always one more page, and always the same."""
    return exchange.method == "tools/list" and await exchange.result(listed(tool("one"), nextCursor="again"))


async def cursor_endless(_, exchange):
    """Always one more page, and never the same."""
    if exchange.method != "tools/list":
        return False
    number = int(exchange.params.get("cursor", 0))
    return await exchange.result(listed(*[tool(f"t{number}x{n}") for n in range(100)], nextCursor=str(number + 1)))


async def trickles(_, exchange):
    """A byte of the list at a time."""
    if exchange.method != "tools/list":
        return False
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n")
    while True:
        await exchange.send(b" ")
        await asyncio.sleep(0.2)


async def chatters(_, exchange):
    """Comments on a stream in place of a list."""
    if exchange.method != "tools/list":
        return False
    await exchange.stream()
    while True:
        await exchange.chunk(b": not yet\n\n" * 100)
        await asyncio.sleep(0.01)


async def closes(_, exchange):
    """Closes whenever it is asked."""
    raise ConnectionError


async def cut(_, exchange):
    """Closes in the middle of the list."""
    if exchange.method != "tools/list":
        return False
    await exchange.send(
        b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"jsonrpc":"2.0","id":'
    )
    raise ConnectionError


async def other_id(_, exchange):
    """Answers what nobody asked."""
    if exchange.method != "tools/list":
        return False
    return await exchange.answer(json.dumps({"jsonrpc": "2.0", "id": 999999, "result": listed(tool("evil"))}).encode())


async def redirects(servers, exchange):
    """Sends everybody to another server."""
    return await exchange.answer(b"", "307 Temporary Redirect", location=servers.address("elsewhere"))


async def redirects_to_metadata(_, exchange):
    """Sends everybody to where secrets are."""
    return await exchange.answer(b"", "302 Found", location="http://169.254.169.254/latest/meta-data/")


async def endpoint_elsewhere(servers, exchange):
    """HTTP+SSE whose `endpoint` is another server's."""
    if exchange.verb == "GET":
        other = servers.address("elsewhere").replace("127.0.0.1", "localhost")
        await exchange.stream()
        await exchange.chunk(f"event: endpoint\ndata: {other}\n\n".encode())
        while True:
            await asyncio.sleep(1)
            await exchange.chunk(b": on\n\n")
    return await exchange.answer(b"", "405 Method Not Allowed", allow="GET")


async def floods_changes(_, exchange):
    """Says on its stream of changes, without end, that its list has changed."""
    if exchange.method != "subscriptions/listen":
        return False
    number = exchange.message["id"]
    tag = {"_meta": {"io.modelcontextprotocol/subscriptionId": number}}
    await exchange.stream()
    acknowledged = {"notifications": exchange.params.get("notifications", {}), **tag}
    await exchange.event({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": acknowledged})
    while True:
        for _ in range(50):
            await exchange.event({"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": tag})
        await asyncio.sleep(0.01)


DEEP = b'{"jsonrpc":"2.0","id":1,"result":{"tools":' + b"[" * 200_000
RECURSIVE = {"type": "object", "properties": {"a": {"$ref": "#"}}, "$defs": {"x": {"$ref": "#/$defs/x"}}}
BOMB = {
    "type": "object",
    "allOf": [{"$ref": "#/$defs/a0"}],
    "$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 9} for n in range(20)},
}
TWICE = b'{"jsonrpc":"2.0","id":1,"result":{"tools":[]},"result":{"tools":[{"name":"evil","inputSchema":{"type":"object"}}]}}'

#: Name: (the way, the tools that may be seen of it; None for any that are sound).
LISTS: dict[str, tuple[object, set[str] | None]] = {
    "hangs": (hangs, set()),
    "hangs-at-list": (hangs_at_list, set()),
    "huge": (huge, set()),
    "cursor-loop": (cursor_loop, {"one"}),
    "cursor-endless": (cursor_endless, None),
    "trickles": (trickles, set()),
    "chatters": (chatters, set()),
    "closes": (closes, set()),
    "cut": (cut, set()),
    "other-id": (other_id, set()),
    "redirects": (redirects, set()),
    "redirects-to-metadata": (redirects_to_metadata, set()),
    "endpoint-elsewhere": (endpoint_elsewhere, set()),
    "floods-changes": (floods_changes, {"who", "wait"}),
    "garbage": (with_bytes(b"\x00\xff not json at all"), set()),
    "a-page": (with_bytes(b"<html>Sign in</html>", kind="text/html"), set()),
    "empty": (with_bytes(b""), set()),
    "status-500": (with_bytes(b"/opt/secret/trace.py line 3", "500 Internal Server Error", "text/plain"), set()),
    "status-401": (with_bytes(b"", "401 Unauthorized", www_authenticate="Bearer"), set()),
    "deep": (with_bytes(DEEP), set()),
    "twice": (with_bytes(TWICE), set()),
    "batch": (with_bytes(b"[]"), set()),
    "null": (in_result(None), set()),
    "no-list": (in_result({"resultType": "complete"}), set()),
    "list-of-numbers": (in_list(1, 2, "three", None, tool("four")), {"four"}),
    "odd-type": (in_result({**listed(tool("one")), "resultType": "banana"}), set()),
    "asks-for-input": (in_result({"resultType": "input_required", "inputRequests": {}}), set()),
    "same-names": (in_list(tool("twin", description="first"), tool("twin", description="second")), {"twin"}),
    "no-name": (in_list({"inputSchema": OBJECT}, tool(""), tool("good")), {"good"}),
    "odd-names": (
        in_list(tool("a b"), tool("a\nb"), tool("a\x00b"), tool("x" * 100_000), tool("\u202egood"), tool("good")),
        None,
    ),
    "no-schema": (in_list({"name": "bare"}, tool("good")), None),
    "odd-schemas": (
        in_list(*[tool(f"t{n}", inputSchema=s) for n, s in enumerate([None, [], "x", 7, True, {"type": "array"}])], tool("good")),
        None,
    ),
    "recursive-schema": (in_list(tool("loop", inputSchema=RECURSIVE), tool("good")), None),
    "schema-bomb": (in_list(tool("bomb", inputSchema=BOMB), tool("good")), None),
    "remote-schema": (
        in_list(tool("far", inputSchema={"type": "object", "$ref": "http://127.0.0.1:1/x.json"}), tool("good")),
        None,
    ),
    "bad-pattern": (
        in_list(
            tool("p", inputSchema={"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$("}}}), tool("good")
        ),
        None,
    ),
    "bad-header": (
        in_list(
            tool("h", inputSchema={"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": "a b\r\n"}}}),
            tool("good"),
        ),
        {"good"},
    ),
    "many": (in_list(*[tool(f"t{n}") for n in range(20_000)]), None),
}


# Answers of calls ----------------------------------------------------------------------------------------------------------------------


def message(exchange, **members) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": exchange.message["id"], **members}).encode()


async def progress_flood(exchange):
    """Much progress, which nobody asked for, and then the answer."""
    await exchange.stream()
    token = (exchange.params.get("_meta") or {}).get("progressToken", "none")
    for number in range(20_000):
        await exchange.event(
            {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": number}}
        )
    await exchange.chunk(b"data: " + message(exchange, result=said("after the flood")) + b"\n\n")
    return await exchange.end()


async def two_answers(exchange):
    """Two answers of one call."""
    await exchange.stream()
    for text in ["first", "second"]:
        await exchange.chunk(b"data: " + message(exchange, result=said(text)) + b"\n\n")
    return await exchange.end()


async def endless_event(exchange):
    """An event that does not end."""
    await exchange.stream()
    await exchange.chunk(b"data: ")
    while True:
        await exchange.chunk(b"x" * 65536)


async def endless_body(exchange):
    """A body that does not end."""
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
    await exchange.chunk(b'{"jsonrpc":"2.0","result":{"content":[{"type":"text","text":"')
    while True:
        await exchange.chunk(b"x" * 65536)


async def always_asks(exchange):
    """Asks again however often it is answered."""
    request = {"method": "elicitation/create", "params": {"message": "Again?", "requestedSchema": OBJECT}}
    return await exchange.result({"resultType": "input_required", "inputRequests": {"again": request}, "requestState": "s"})


async def asks_odd_things(exchange):
    """Asks for what no client knows."""
    return await exchange.result(
        {"resultType": "input_required", "inputRequests": {"x": {"method": "shell/run", "params": {"command": "id"}}}}
    )


async def closes_in_call(exchange):
    """Closes in place of an answer."""
    raise ConnectionError


async def ends_without(exchange):
    """A stream that ends without an answer."""
    await exchange.stream()
    await exchange.chunk(b": soon\n\n")
    return await exchange.end()


def plain(body: bytes, status="200 OK", kind="application/json", **headers):
    """Answers a call with these bytes."""

    async def answer(exchange):
        return await exchange.answer(body, status, kind, **headers)

    return answer


def giving(result):
    """Gives this as the result of a call."""

    async def answer(exchange):
        return await exchange.result(result)

    return answer


#: Tool: (what it answers, whether the caller may get a result that is no error; it is then one that the schema allows).
CALLS: dict[str, tuple[object, bool]] = {
    "progress_flood": (progress_flood, True),
    "two_answers": (two_answers, True),
    "endless_event": (endless_event, False),
    "endless_body": (endless_body, False),
    "always_asks": (always_asks, False),
    "asks_odd_things": (asks_odd_things, False),
    "closes_in_call": (closes_in_call, False),
    "ends_without": (ends_without, False),
    "garbage": (plain(b"\x00\xff no json"), False),
    "a_page": (plain(b"<html>Sign in</html>", kind="text/html"), False),
    "status_500": (plain(b"/opt/secret/trace.py line 3", "500 Internal Server Error", "text/plain"), False),
    "status_202": (plain(b"", "202 Accepted"), False),
    "redirects": (plain(b"", "307 Temporary Redirect", location="http://127.0.0.1:1/secret"), False),
    "no_result": (giving(None), False),
    "number_result": (giving(7), False),
    "odd_type": (giving({**said("x"), "resultType": "banana"}), False),
    "a_task": (giving({"resultType": "task", "taskId": "t", "status": "working", "ttlMs": None}), False),
    "no_content": (giving({"resultType": "complete"}), True),
    "odd_content": (giving({"resultType": "complete", "content": [7, {"type": "banana"}, {"type": "text"}]}), True),
    "content_object": (giving({"resultType": "complete", "content": {"type": "text", "text": "x"}}), True),
}


async def odd(_, exchange):
    """A server whose tools answer as CALLS says."""
    if exchange.method == "tools/list":
        return await exchange.result(listed(*[tool(name) for name in CALLS], tool("who")))
    answer = CALLS.get(exchange.tool)
    return bool(answer) and await answer[0](exchange)


def ways() -> dict:
    """All of them by name, with `odd`; other names are good servers."""
    return {**{name: way for name, (way, _) in LISTS.items()}, "odd": odd}
