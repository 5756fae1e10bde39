"""A stop under load: what runs is answered, streams are told, nobody is left hanging, and the exit is clean."""

import asyncio
import secrets
import signal
import time

from conftest import token_configuration
from harness.callers import Caller, reply, tool_call
from harness.forms import forms
from test_wire_streams import Ear, open_get, open_listen

DRAIN_LIMIT = 15


@forms(short={"streams": 20, "calls": 20}, long={"streams": 2000, "calls": 200}, limit=120)
def test_a_stop_answers_the_calls_and_ends_the_streams(start_hub, tokens, form, note):
    hub = start_hub(token_configuration(tokens.url, {"perAddress": 10_000, "inFlight": 10_000}))
    url = hub.mcp("tokens")

    async def scenario():
        listening = [await open_listen(url, "127.0.0.1") for _ in range(form.streams)]
        getting = [Ear(await open_get(url, "127.0.0.1")) for _ in range(form.streams)]
        idle = [await Caller.open(url) for _ in range(5)]
        half = await Caller.open(url)
        await half.send(b"POST /mcp/tokens HTTP/1.1\r\nhost: loc")
        callers = {f"T-{secrets.token_hex(8)}": await Caller.open(url) for _ in range(form.calls)}
        for token, caller in callers.items():
            await caller.send(tool_call(url, "token", {"token": token, "delay": 2500}))
        async with asyncio.timeout(30):
            while tokens.running < form.calls:
                await asyncio.sleep(0.02)
        began = time.monotonic()
        hub.process.send_signal(signal.SIGTERM)
        for caller in listening:
            async with asyncio.timeout(DRAIN_LIMIT):
                assert b'"result"' in await caller.body({"transfer-encoding": "chunked"}), "a stream that ends with a word"
        for ear in getting:
            await asyncio.wait_for(ear.task, DRAIN_LIMIT)
        note("streams", f"all ended after {time.monotonic() - began:.2f} s")
        for token, caller in callers.items():
            answer = await caller.answer()
            assert reply(answer)["result"]["structuredContent"]["token"] == token
            assert answer.headers.get("connection") == "close"
        assert all([await caller.ended(5) for caller in [*idle, half]])
        status = await asyncio.to_thread(hub.process.wait, DRAIN_LIMIT + 5)
        note("exit", f"{status} after {time.monotonic() - began:.2f} s")
        assert status == 0

    asyncio.run(scenario())


@forms(short={"callers": 5}, long={"callers": 200}, limit=120)
def test_a_stop_waits_for_nobody_longer_than_its_limit(start_hub, tokens, form, note):
    """Calls that hang, answers that nobody takes and requests that never end are given up when the limit is reached."""
    hub = start_hub(token_configuration(tokens.url, {"perAddress": 10_000}, total="10m", firstByte="10m"))
    url = hub.mcp("tokens")

    async def scenario():
        hanging = [await Caller.open(url) for _ in range(form.callers)]
        for n, caller in enumerate(hanging):
            await caller.send(tool_call(url, "token", {"token": f"T-{n:016x}", "kind": "hang"}))
        deaf = [await Caller.open(url, receive_buffer=4096) for _ in range(form.callers)]
        for caller in deaf:
            await caller.send(tool_call(url, "token", {"token": f"T-{secrets.token_hex(8)}", "bytes": 3_000_000}))
        await asyncio.to_thread(tokens.waiting.wait, form.callers, 30)
        began = time.monotonic()
        hub.process.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(hub.process.wait, DRAIN_LIMIT + 8)
        took = time.monotonic() - began
        note("exit", f"{status} after {took:.1f} s")
        assert status == 0
        assert all([await caller.ended(5) for caller in hanging])
        async with asyncio.timeout(10):
            while len(tokens.left) < form.callers:
                await asyncio.sleep(0.05)

    asyncio.run(scenario())
