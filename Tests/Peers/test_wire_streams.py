"""Ten thousand idle streams: they cost little memory and hardly any time, are kept alive, and leave nothing behind."""

import asyncio
import json
import time

import pytest

from conftest import token_configuration
from harness.callers import Caller, post
from harness.forms import forms, scaled
from harness.usage import MEBIBYTE
from harness.wire import BOTH, META, modern

BOUNDS = {"connections": 20_000, "perAddress": 4_000, "inFlight": 20_000}
KEEP_ALIVE = 15
OPENED_AT_ONCE = 200


async def open_listen(url: str, source: str) -> Caller:
    """A 2026-07-28 stream: one POST."""
    caller = await Caller.open(url, source)
    await caller.send(post(url, *modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})))
    status, _ = await caller.head()
    assert status == 200
    return caller


async def open_get(url: str, source: str) -> Caller:
    """The GET stream of a session of the handshake eras."""
    caller = await Caller.open(url, source)
    fields = {"accept": BOTH, "content-type": "application/json"}
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": META["io.modelcontextprotocol/clientInfo"]}
    message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}
    opening = await caller.ask(post(url, fields, json.dumps(message).encode()))
    session = {"mcp-session-id": opening.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert (await caller.ask(post(url, fields | session, json.dumps(ready).encode()))).status == 202
    authority, _, path = url.removeprefix("http://").partition("/")
    lines = [f"GET /{path} HTTP/1.1", f"host: {authority}", "accept: text/event-stream"]
    await caller.send("\r\n".join([*lines, *(f"{name}: {value}" for name, value in session.items()), "", ""]).encode())
    status, _ = await caller.head()
    assert status == 200
    return caller


class Ear:
    """Listens at one stream, and counts the comments that came."""

    def __init__(self, caller: Caller):
        self.caller = caller
        self.comments = 0
        self.is_ended = False
        self.task = asyncio.create_task(self._listen())

    async def _listen(self):
        try:
            while line := await self.caller.reader.readline():
                self.comments += line.startswith(b":")
        except ConnectionError:
            pass
        self.is_ended = True

    def leave(self, resets: bool):
        self.task.cancel()
        self.caller.leave(resets)


async def open_ears(url: str, count: int) -> list[Ear]:
    """Opens so many streams of both eras, from as many addresses as are needed."""
    door = asyncio.Semaphore(OPENED_AT_ONCE)

    async def one(n):
        async with door:
            return Ear(await [open_listen, open_get][n % 2](url, f"127.0.0.{2 + n // 2500}"))

    return await asyncio.gather(*(one(n) for n in range(count)))


@forms(short={"streams": 500, "watched": 0, "rounds": 1}, long={"streams": 10_000, "watched": scaled(60, 30), "rounds": 2}, limit=900)
def test_idle_streams_cost_little_and_leave_nothing(start_hub, tokens, form, note):
    hub = start_hub(token_configuration(tokens.url, BOUNDS))
    url = hub.mcp("tokens")

    async def round():
        began = time.monotonic()
        ears = await open_ears(url, form.streams)
        note("opened", f"{form.streams} in {time.monotonic() - began:.1f} s")
        heard = [ear.comments for ear in ears]
        used, since = hub.usage.seconds, time.monotonic()
        await asyncio.sleep(form.watched)
        async with asyncio.timeout(3 * KEEP_ALIVE):
            while not all(ear.comments > before for ear, before in zip(ears, heard)):
                await asyncio.sleep(0.2)
        load = (hub.usage.seconds - used) / (time.monotonic() - since)
        note("idle", f"{hub.usage.memory / MEBIBYTE:.0f} MiB, {100 * load:.1f} % of a core")
        assert not any(ear.is_ended for ear in ears)
        for n, ear in enumerate(ears):
            ear.leave(resets=n % 3 == 0)
        return load

    files, fresh = hub.usage.files, hub.usage.memory
    peaks, loads = [], []
    for _ in range(form.rounds):
        hub.usage.forget_peak()
        loads.append(asyncio.run(round()))
        peaks.append(hub.usage.peak)
        left = hub.usage.falls_to("files", files + 5)
        note("left", f"{left - files} descriptors, {(hub.usage.memory - fresh) / MEBIBYTE:.0f} MiB more than fresh")
        assert left <= files + 5
    assert max(peaks) < 256 * MEBIBYTE
    assert peaks[-1] < fresh + 1.25 * (peaks[0] - fresh), "the second round found no memory of the first to use again"
    if form.is_long:
        assert max(loads) < 0.05
