"""What the SDK client programs share: commands as JSON lines on standard input, answers as JSON lines on standard output.

The first argument is a JSON object `{"transport": "http" | "sse" | "stdio", "url" | "command", "mode", "oauth", "answers", "log"}`; with
`oauth`, the SDK signs in by itself (person.py). `answers` says what the client can be asked and what it answers then: `elicitation`, a
result; `sampling`, a text; `roots`, addresses. What it is asked is printed as `{"asked": {"method", "params"}}`. `log` is the level of
the log that a client of the modern era asks for with each request.

The program connects, prints `{"connected": VERSION}` (or `{"failed": TEXT}` and ends), and then answers each command
`{"id", "do", …}` with `{"id", "result"}` or `{"id", "error": {"code", "message"}}`, several at a time. Whatever the server sends
unasked is printed as `{"notification": {…}}`. The end of standard input closes the connection.
"""

import asyncio
import json
import sys
from contextlib import AsyncExitStack


def say(line):
    """Prints one line for the tests."""
    print(json.dumps(line), flush=True)


def wire(model):
    """An SDK's result as it stands on the wire."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def on_message(message):
    """The SDKs' message handler: reports notifications, and failures of the transport."""
    if isinstance(message, Exception):
        say({"notification": {"method": "exception", "params": {"text": str(message)}}})
    elif hasattr(notification := getattr(message, "root", message), "method"):
        say({"notification": wire(notification)})


def asked(method, params, answers):
    """Reports what the client is asked and gives what it answers."""
    say({"asked": {"method": method, "params": params if isinstance(params, dict) else wire(params)}})
    return answers[{"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}[method]]


def callbacks(types, answers):
    """The callbacks of the official SDKs, for what the client can be asked."""

    async def elicit(_, params):
        return types.ElicitResult.model_validate(asked("elicitation/create", params, answers))

    async def sample(_, params):
        content = {"type": "text", "text": asked("sampling/createMessage", params, answers)}
        return types.CreateMessageResult.model_validate(
            {"role": "assistant", "content": content, "model": "peer", "stopReason": "endTurn"}
        )

    async def list_roots(_):
        roots = [{"uri": uri, "name": "root"} for uri in asked("roots/list", {}, answers)]
        return types.ListRootsResult.model_validate({"roots": roots})

    known = {
        "elicitation": ("elicitation_callback", elicit),
        "sampling": ("sampling_callback", sample),
        "roots": ("list_roots_callback", list_roots),
    }
    return dict(known[name] for name in answers)


def failure(error):
    """An exception as `{"code", "message"}`; the code is null where it is not the server's."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    reported = getattr(error, "error", None)
    if hasattr(reported, "code"):
        return {"code": reported.code, "message": reported.message}
    return {"code": None, "message": f"{type(error).__name__}: {error}"}


async def perform(connection, connect, command):
    """Does one command on an open connection."""
    match command["do"]:
        case "list":
            return wire(await connection.list_tools())
        case "ping":
            await connection.ping()
            return {}
        case "prompts":
            return wire(await connection.list_prompts())
        case "resources":
            return wire(await connection.list_resources())
        case "templates":
            return wire(await connection.list_templates())
        case "prompt":
            return wire(await connection.get_prompt(command["name"], command.get("arguments", {})))
        case "read":
            return wire(await connection.read_resource(command["uri"]))
        case "complete":
            return wire(await connection.complete(command["prompt"], command["argument"], command["value"]))
        case "level":
            await connection.set_level(command["level"])
            return {}
        case "call":

            async def progress(done, total, message):
                say({"id": command["id"], "progress": {"progress": done, "total": total, "message": message}})

            callback = progress if command.get("progress") else None
            return wire(await connection.call_tool(command["name"], command.get("arguments", {}), callback))
        case "crowd":
            return await crowd(connect, command)
        case other:
            raise ValueError(f"no such command: {other}")


async def crowd(connect, command):
    """Opens a connection for each of `calls`, and when all are open makes their calls at once."""
    everybody = asyncio.Barrier(len(command["calls"]))

    async def one(call):
        async with AsyncExitStack() as stack:
            connection = await connect(stack)
            await everybody.wait()
            result = wire(await connection.call_tool(call["name"], call["arguments"], None))
            await everybody.wait()
            return result

    async with asyncio.timeout(100):
        return await asyncio.gather(*(one(call) for call in command["calls"]))


async def answer(perform, connection, connect, command):
    """Does a command and prints how it ended."""
    try:
        say({"id": command["id"], "result": await perform(connection, connect, command)})
    except asyncio.CancelledError:
        say({"id": command["id"], "error": {"code": None, "message": "cancelled"}})
        raise
    except Exception as error:
        say({"id": command["id"], "error": failure(error)})


async def serve(connect, perform):
    """Connects, does the commands until standard input ends, and closes the connection."""
    commands = asyncio.StreamReader(limit=64 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    async with AsyncExitStack() as stack:
        connection = await connect(stack)
        say({"connected": connection.version})
        tasks = {}
        while line := await commands.readline():
            command = json.loads(line)
            if command["do"] == "cancel":
                tasks[command["target"]].cancel()
            elif command["do"] == "listen":
                try:
                    await connection.listen(stack, command.get("resources", []))
                    say({"id": command["id"], "result": {}})
                except Exception as error:
                    say({"id": command["id"], "error": failure(error)})
            else:
                tasks[command["id"]] = asyncio.create_task(answer(perform, connection, connect, command))
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def main(connect, perform=perform):
    """Runs a client program; `connect(stack, target)` opens one connection, to be closed with `stack`; `perform` knows its commands."""
    target = json.loads(sys.argv[1])
    try:
        asyncio.run(serve(lambda stack, **more: connect(stack, target | more), perform))
    except Exception as error:
        say({"failed": failure(error)["message"]})
