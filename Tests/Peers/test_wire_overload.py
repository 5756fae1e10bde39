"""More than the hub has room for: it says so at once, in the words of the door, and answers all that it has let in."""

import asyncio
import json
import secrets
import time
from statistics import median

from conftest import token_configuration
from harness.callers import Caller, post, reply, tool_call
from harness.forms import forms, percentile, scaled
from harness.wire import BOTH, META
from test_wire_streams import open_listen

ROOM = 64
DELAY = 20
OVERLOADED = 503


class Pressure:
    """Callers who ask without a pause, and what they were told."""

    def __init__(self, url: str):
        self.url = url
        self.good: list[float] = []
        self.refused: list[float] = []

    def question(self) -> tuple[str, dict]:
        token = f"T-{secrets.token_hex(8)}"
        return token, {"token": token, "delay": DELAY}

    async def modern(self, until: float):
        """Each answer is the caller's own, or a 503 with the hub's words and a time to come again."""
        caller = await Caller.open(self.url, "127.0.0.2")
        while time.monotonic() < until:
            token, arguments = self.question()
            began = time.monotonic()
            answer = await caller.ask(tool_call(self.url, "token", arguments))
            if answer.status == OVERLOADED:
                assert int(answer.headers["retry-after"]) >= 1
                assert json.loads(answer.body)["error"]["code"] == OVERLOADED
                self.refused.append(time.monotonic() - began)
            else:
                assert reply(answer)["result"]["structuredContent"]["token"] == token
                self.good.append(time.monotonic() - began)
        caller.leave()

    async def session(self, fields: dict, until: float):
        """Within a session a refusal is a JSON-RPC error with the request's own id: an HTTP error would end the session."""
        caller, number = await Caller.open(self.url, "127.0.0.3"), 0
        while time.monotonic() < until:
            number += 1
            token, arguments = self.question()
            message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": "token", "arguments": arguments}}
            answer = await caller.ask(post(self.url, fields, json.dumps(message).encode()))
            assert answer.status == 200
            found = reply(answer)
            assert found["id"] == number
            if "error" in found:
                assert found["error"]["code"] == OVERLOADED
                self.refused.append(0)
            else:
                assert found["result"]["structuredContent"]["token"] == token
        caller.leave()


async def open_session(url: str) -> dict:
    """The header fields of a session of the handshake eras."""
    fields = {"accept": BOTH, "content-type": "application/json"}
    client = META["io.modelcontextprotocol/clientInfo"]
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
    message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}
    caller = await Caller.open(url)
    opening = await caller.ask(post(url, fields, json.dumps(message).encode()))
    caller.leave()
    return fields | {"mcp-session-id": opening.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}


@forms(short={"seconds": 3, "callers": 200}, long={"seconds": scaled(60, 10), "callers": 250}, limit=300)
def test_overload_is_refused_at_once_and_what_was_let_in_is_answered(start_hub, tokens, form, note):
    hub = start_hub(token_configuration(tokens.url, {"inFlight": ROOM}))
    url = hub.mcp("tokens")

    async def scenario():
        fields = await open_session(url)
        pressure = Pressure(url)
        until = time.monotonic() + form.seconds
        async with asyncio.TaskGroup() as group:
            for n in range(form.callers):
                group.create_task(pressure.session(fields, until) if n % 10 == 0 else pressure.modern(until))
        note("answers", f"{len(pressure.good) / form.seconds:.0f}/s good, {len(pressure.refused) / form.seconds:.0f}/s refused")
        note("p50", f"{median(pressure.good) * 1000:.0f} ms good, {median(filter(None, pressure.refused)) * 1000:.0f} ms refused")
        assert len(pressure.good) > ROOM and len(pressure.refused) > ROOM
        assert percentile(pressure.good, 0.99) < 10
        assert tokens.most_running <= ROOM, "the upstream was asked for more than there is room for"
        calm = Pressure(url)
        async with asyncio.TaskGroup() as group:
            until = time.monotonic() + 1
            for _ in range(8):
                group.create_task(calm.modern(until))
        assert calm.good and not calm.refused, "nobody is refused when it is over"

    asyncio.run(scenario())


def test_streams_that_take_all_the_room_give_it_back(start_hub, tokens):
    """Streams count for as long as they are open, and those who left without a word no longer do."""
    hub = start_hub(token_configuration(tokens.url, {"inFlight": ROOM}))
    url = hub.mcp("tokens")

    async def scenario():
        for resets in [False, True]:
            streams = [await open_listen(url, "127.0.0.1") for _ in range(ROOM)]
            caller = await Caller.open(url)
            token = f"T-{secrets.token_hex(8)}"
            request = tool_call(url, "token", {"token": token})
            answer = await caller.ask(request)
            assert answer.status == OVERLOADED and int(answer.headers["retry-after"]) >= 1
            for stream in streams:
                stream.leave(resets)
            async with asyncio.timeout(5):
                while (answer := await caller.ask(request)).status == OVERLOADED:
                    await asyncio.sleep(0.05)
            assert reply(answer)["result"]["structuredContent"]["token"] == token
            caller.leave()

    asyncio.run(scenario())
