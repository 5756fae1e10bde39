"""A hub that has run out of descriptors: it serves whom it has, waits quietly, and takes new ones when there is room again."""

import asyncio
import secrets

from conftest import token_configuration
from harness.callers import Caller, reply, tool_call
from harness.forms import forms

DESCRIPTORS = 64


@forms(short={"rounds": 2}, long={"rounds": 20}, limit=200)
def test_a_hub_out_of_descriptors_serves_on_and_recovers(start_hub, tokens, form):
    before = ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"]
    hub = start_hub(token_configuration(tokens.url), before=before)
    url = hub.mcp("tokens")
    token = f"T-{secrets.token_hex(8)}"
    request = tool_call(url, "token", {"token": token})

    def is_right(answer):
        return reply(answer)["result"]["structuredContent"]["token"] == token

    async def fill() -> list[Caller]:
        return [await Caller.open(url) for _ in range(3 * DESCRIPTORS)]

    async def scenario():
        first = await Caller.open(url)
        assert is_right(await first.ask(request))
        for round in range(form.rounds):
            crowd = await fill()
            await asyncio.sleep(0.5)
            assert hub.usage.files >= DESCRIPTORS - 2, "there was room for all of them"
            said = len(hub.errors.text)
            load = await asyncio.to_thread(hub.usage.load, 2)
            assert load < 0.3, f"{100 * load:.0f} % of a core while it can accept nobody"
            assert len(hub.errors.text) - said < 20_000, "a log that is written without end"
            for _ in range(20):
                assert is_right(await first.ask(request))
            for n, caller in enumerate(crowd):
                caller.leave(resets=n % 2 == 0)
            fresh = await Caller.open(url)
            assert is_right(await fresh.ask(request)), "nobody is taken after the crowd has gone"
            fresh.leave()

    asyncio.run(scenario())
