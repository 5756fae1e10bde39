"""Callers who disappear at every moment leave nothing behind: no memory, descriptor, thread, or call of the upstream."""

import asyncio
import secrets
import time
from statistics import median

from conftest import token_configuration
from harness.callers import Caller, reply, tool_call
from harness.forms import forms, percentile, scaled
from harness.usage import MEBIBYTE
from test_wire_streams import open_get, open_listen


@forms(short={"rounds": 40, "median": 1.0}, long={"rounds": 500, "median": 0.2}, limit=300)
def test_the_upstream_call_of_who_leaves_is_cancelled(start_hub, tokens, form, note):
    hub = start_hub(token_configuration(tokens.url))
    url = hub.mcp("tokens")

    async def one(resets: bool) -> float:
        token = f"T-{secrets.token_hex(8)}"
        caller = await Caller.open(url)
        count = tokens.waiting.count
        await caller.send(tool_call(url, "token", {"token": token, "kind": "hang"}))
        async with asyncio.timeout(10):
            while tokens.waiting.count == count:
                await asyncio.sleep(0.001)
        began = time.monotonic()
        caller.leave(resets)
        async with asyncio.timeout(10):
            while token not in tokens.left:
                await asyncio.sleep(0.001)
        return tokens.left.pop(token) - began

    async def scenario():
        return [await one(resets=n % 2 == 0) for n in range(form.rounds)]

    seconds = asyncio.run(scenario())
    note("cancelled", f"median {median(seconds) * 1000:.1f} ms, p99 {percentile(seconds, 0.99) * 1000:.1f} ms")
    assert median(seconds) < form.median


class Vanishers:
    """Ways to disappear; each is one caller's short life."""

    def __init__(self, url: str):
        self.url = url
        self.count = 0

    def request(self, **arguments) -> bytes:
        """A call with a token of its own."""
        return tool_call(self.url, "token", {"token": f"T-{secrets.token_hex(8)}", **arguments})

    async def while_waiting(self):
        caller = await Caller.open(self.url)
        await caller.send(self.request(kind="hang"))
        await asyncio.sleep(0.02)
        return caller

    async def with_half_an_answer(self):
        caller = await Caller.open(self.url, receive_buffer=4096)
        await caller.send(self.request(bytes=500_000))
        await caller.reader.read(1000)
        return caller

    async def with_half_a_request(self):
        caller = await Caller.open(self.url)
        whole = self.request()
        await caller.send(whole[: secrets.randbelow(len(whole))])
        return caller

    async def with_more_on_the_way(self):
        caller = await Caller.open(self.url)
        await caller.send(self.request(delay=20) * 5)
        await asyncio.sleep(0.01)
        return caller

    async def while_listening(self):
        return await open_listen(self.url, "127.0.0.1")

    async def with_a_session(self):
        return await open_get(self.url, "127.0.0.1")

    async def run(self, until: float):
        """One life after another."""
        ways = [
            self.while_waiting,
            self.with_half_an_answer,
            self.with_half_a_request,
            self.with_more_on_the_way,
            self.while_listening,
            self.with_a_session,
        ]
        while time.monotonic() < until:
            caller = await ways[self.count % len(ways)]()
            caller.leave(resets=self.count // len(ways) % 2 == 0)
            self.count += 1


@forms(short={"seconds": 20, "callers": 16}, long={"seconds": scaled(1200, 60), "callers": 32}, limit=1500)
def test_who_vanishes_leaves_nothing_behind(start_hub, tokens, form, note):
    """Memory, descriptors and threads of the second half are those of the first; in the end everything is gone."""
    hub = start_hub(token_configuration(tokens.url))
    url = hub.mcp("tokens")
    files, threads = hub.usage.files, hub.usage.threads
    vanishers = Vanishers(url)

    async def watch(until: float) -> list[tuple[int, int, int]]:
        samples = []
        while time.monotonic() < until:
            samples.append((hub.usage.memory, hub.usage.files, hub.usage.threads))
            await asyncio.sleep(form.seconds / 100)
        return samples

    async def scenario():
        until = time.monotonic() + form.seconds
        *_, samples = await asyncio.gather(*(vanishers.run(until) for _ in range(form.callers)), watch(until))
        token = f"T-{secrets.token_hex(8)}"
        caller = await Caller.open(url)
        answer = await caller.ask(tool_call(url, "token", {"token": token}))
        assert reply(answer)["result"]["structuredContent"]["token"] == token
        caller.leave()
        async with asyncio.timeout(10):
            while tokens.waiting.count > len(tokens.left):
                await asyncio.sleep(0.05)
        return samples

    samples = asyncio.run(scenario())
    early, late = samples[len(samples) // 4 : len(samples) // 2], samples[-len(samples) // 4 :]
    most = [(max(column), max(later)) for column, later in zip(zip(*early), zip(*late))]
    note("vanished", f"{vanishers.count} callers, at most {tokens.most_open} upstream connections")
    note("memory", f"{most[0][0] / MEBIBYTE:.0f} MiB, then {most[0][1] / MEBIBYTE:.0f} MiB")
    note("threads", f"{threads}, then {most[2][1]}")
    assert most[0][1] < 1.2 * most[0][0]
    assert most[1][1] < most[1][0] + 30
    assert most[2][1] <= most[2][0] + 4
    # Upstream connections that wait for the next call may stay.
    left = hub.usage.falls_to("files", files + tokens.open + 5)
    note("left", f"{left - files} descriptors, of which {tokens.open} are upstream connections")
    assert left <= files + tokens.open + 5
    assert tokens.open <= 2 * form.callers
