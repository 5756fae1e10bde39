"""Callers who are slow on purpose: they cost the others nothing, and are cut when their time is up."""

import asyncio
import secrets
import socket
import subprocess
import time
from contextlib import contextmanager, suppress

import pytest

from conftest import token_configuration
from harness.callers import Caller, reply, steady, tool_call
from harness.forms import forms, percentile
from harness.usage import MEBIBYTE

BOUNDS = {"connections": 10_000, "perAddress": 5_000}
HEADER_LIMIT, BODY_LIMIT, IDLE_LIMIT, WRITE_LIMIT = 10, 60, 90, 30
OVERTIME = 8
"""Seconds after a limit by which everything that it is for must be over, on a busy machine too."""

# The limit that ends them: slow headers and bodies never become requests; ranges and slow reads are requests, answered at once, after
# which the connection is idle.
MODES = {
    "headers": (["-H", "-i", "2"], HEADER_LIMIT),
    "body": (["-B", "-i", "5", "-s", "8192", "-f", "application/json"], BODY_LIMIT),
    "range": (["-R", "-t", "HEAD", "-a", "5", "-b", "3000"], IDLE_LIMIT),
    "read": (["-X", "-w", "8", "-y", "16", "-n", "5", "-z", "4", "-k", "3"], IDLE_LIMIT),
}


def good_call(hub):
    """A call and the check of its answer."""
    token = f"T-{secrets.token_hex(8)}"
    request = tool_call(hub.mcp("tokens"), "token", {"token": token})
    return request, lambda answer: reply(answer)["result"]["structuredContent"]["token"] == token


@contextmanager
def slowhttptest(hub, form, options):
    """The attacker, who opens all of its connections within two seconds."""
    numbers = ["-c", str(form.connections), "-r", str(form.connections // 2), "-l", str(form.seconds), "-p", "3", "-v", "0"]
    command = ["slowhttptest", "-u", hub.mcp("tokens"), *numbers, *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("mode", MODES)
@forms(short={"connections": 200, "seconds": 5}, long={"connections": 2000, "seconds": 130}, limit=400)
def test_slow_connections_do_not_slow_the_others_and_are_cut(start_hub, tokens, form, mode, note):
    """slowhttptest in each of its modes, while steady callers go on."""
    hub = start_hub(token_configuration(tokens.url, BOUNDS))
    options, limit = MODES[mode]

    async def scenario():
        request, check = good_call(hub)
        async with steady(hub.mcp("tokens"), request, check, pause=0.005) as load:
            await load.count(200)
            before = await load.count(2000 if form.is_long else 200)
            with slowhttptest(hub, form, options) as attack:
                began, begun, most = time.monotonic(), len(load.seconds), 0
                while attack.poll() is None:
                    # Seldom, and beside the callers: with thousands of connections the count takes longer than a call.
                    await asyncio.sleep(2 if form.is_long else 0.2)
                    count = await asyncio.to_thread(hub.connections)
                    most = max(most, count)
                    if most > count + form.connections * 0.9:
                        break
                during = load.seconds[begun:]
                return load, before, during, most, time.monotonic() - began

    load, before, during, most, ended = asyncio.run(scenario())
    assert not load.failures, load.failures[:3]
    base, attacked = percentile(before, 0.99), percentile(during, 0.99)
    note("p99", f"{base * 1000:.1f} ms before, {attacked * 1000:.1f} ms during {most} connections, which ended after {ended:.0f} s")
    note("memory", f"{hub.usage.peak / MEBIBYTE:.0f} MiB at most")
    assert most > form.connections * 0.9 or mode == "range", "the slow connections were not even let in"
    if form.is_long:
        assert attacked <= 2 * base + 0.005
        assert ended < limit + OVERTIME


def test_one_address_gets_no_more_than_its_share_of_connections(start_hub, tokens):
    """The 257th is told when to come back; other addresses are served; whoever leaves makes room."""
    hub = start_hub(token_configuration(tokens.url))
    url = hub.mcp("tokens")

    async def scenario():
        request, check = good_call(hub)
        callers = [await Caller.open(url) for _ in range(256)]
        assert check(await callers[0].ask(request)), "the first is served on"
        assert check(await callers[-1].ask(request)), "and the last"
        refused = await (await Caller.open(url)).answer()
        assert refused.status == 503 and int(refused.headers["retry-after"]) >= 1
        assert refused.headers["connection"] == "close" and "x-request-id" in refused.headers
        other = await Caller.open(url, "127.0.0.2")
        assert check(await other.ask(request))
        callers.pop().leave()
        async with asyncio.timeout(10):
            while (await (await Caller.open(url)).ask(request)).status == 503:
                await asyncio.sleep(0.05)

    asyncio.run(scenario())


@pytest.mark.parametrize("taken", [0, 1024], ids=["nothing", "drops"])
@forms(short={"readers": 40, "bytes": 1_000_000}, long={"readers": 200, "bytes": 3_000_000}, limit=200)
def test_who_does_not_take_its_answer_is_cut(start_hub, tokens, form, taken, note):
    """An answer that nobody takes is memory of the hub's: there is a time to take it in, and a kilobyte a second is no taking. Where there
    are many such answers they have less time, and who asked for them gets no more; others do."""
    hub = start_hub(token_configuration(tokens.url, BOUNDS))
    url = hub.mcp("tokens")

    async def scenario():
        request, check = good_call(hub)
        async with steady(url, request, check, source="127.0.0.2", pause=0.005) as load:
            await load.count(100)
            others = hub.connections()
            large = tool_call(url, "token", {"token": f"T-{secrets.token_hex(8)}", "bytes": form.bytes})
            readers = [slow_reader(hub, large) for _ in range(form.readers)]
            await load.count(500)
            if form.is_long:
                began, most = time.monotonic(), 0
                while hub.connections() > others + form.readers // 20 and time.monotonic() < began + WRITE_LIMIT + OVERTIME + 15:
                    most = max(most, hub.usage.memory)
                    for reader in readers if taken else []:
                        with suppress(OSError):
                            reader.recv(taken)
                    await asyncio.sleep(1)
                    await load.count(10)
                note("cut", f"after {time.monotonic() - began:.0f} s, {hub.connections() - others} left")
                note("memory", f"{most / MEBIBYTE:.0f} MiB for {form.readers} answers that nobody takes")
                assert hub.connections() <= others + form.readers // 20
                assert most < 768 * MEBIBYTE, "twice what may wait, and what is being made"
            for reader in readers:
                reader.close()
        assert not load.failures, load.failures[:3]

    asyncio.run(scenario())


def slow_reader(hub, request: bytes) -> socket.socket:
    """A connection that has asked, and has next to no room for the answer."""
    host, port = hub.url.removeprefix("http://").split(":")
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect((host, int(port)))
    reader.sendall(request)
    reader.setblocking(False)
    return reader
