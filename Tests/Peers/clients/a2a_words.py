"""What the programs of A2A's SDKs share: things of either version in the same few words, and the commands of a test.

A part is its text, data, URL or bytes; a message the list of its parts; a state is written as 0.3 has it.
"""

from contextlib import AsyncExitStack

import driver

#: Connections beside the first, and what closes them.
elsewhere, stack = {}, AsyncExitStack()


def state(status: dict) -> str:
    return status.get("state", "unknown").removeprefix("TASK_STATE_").lower().replace("_", "-")


def part(json: dict):
    for name in ("text", "data", "url", "raw"):
        if name in json:
            return json[name]
    return json.get("file")


def parts(json: dict | None) -> list:
    return [part(one) for one in (json or {}).get("parts", [])]


def task(json: dict) -> dict:
    status = json["status"]
    return {
        "kind": "task",
        "task": json["id"],
        "context": json.get("contextId"),
        "state": state(status),
        "says": parts(status.get("message")),
        "artifacts": [parts(one) for one in json.get("artifacts", [])],
        "history": [[one["role"].removeprefix("ROLE_").lower(), parts(one)] for one in json.get("history", [])],
    }


def event(json: dict) -> dict:
    """An event of a stream, or the answer to a message."""
    names = {"task": "task", "message": "message", "statusUpdate": "status-update", "artifactUpdate": "artifact-update"}
    for name, kind in names.items():
        if name in json:
            json = {**json[name], "kind": kind}
            break
    match json["kind"]:
        case "task":
            return task(json)
        case "message":
            return {"kind": "message", "says": parts(json), "context": json.get("contextId")}
        case "status-update":
            status = json["status"]
            return {"kind": "status", "task": json["taskId"], "state": state(status), "says": parts(status.get("message"))}
        case "artifact-update":
            return {"kind": "artifact", "task": json["taskId"], "says": parts(json["artifact"]), "append": json.get("append", False)}


async def gather(stream, command) -> list[dict]:
    """The events of a stream; with `first` it is cut after so many, with `until` after one of that kind; with `progress` each is
    told when it comes."""
    events = []
    async for one in stream:
        events.append(one)
        if command.get("progress"):
            driver.say({"id": command["id"], "progress": one})
        if len(events) == command.get("first") or one["kind"] == command.get("until"):
            await stream.aclose()
            break
    return events


async def perform(connection, connect, command):
    """Does one command; where it has a `target`, by a connection of its own to that, which is kept."""
    if "target" in command:
        name = tuple(sorted(command["target"].items()))
        if name not in elsewhere:
            elsewhere[name] = await connect(stack, **command["target"])
        connection = elsewhere[name]
    return await getattr(connection, command["do"])(command)
