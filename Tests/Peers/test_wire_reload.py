"""Changes and restarts under load: no request fails."""

import asyncio
import secrets

from conftest import token_configuration
from harness.callers import Caller, post, reply, steady, tool_call
from harness.forms import forms, percentile, scaled
from harness.wire import modern


@forms(short={"reloads": 10, "callers": 4}, long={"reloads": scaled(100, 10), "callers": 16}, limit=600)
def test_reloads_under_load_fail_nobody(start_hub, tokens, form, note):
    configuration = token_configuration(tokens.url)
    hub = start_hub(configuration)
    url = hub.mcp("tokens")
    token = f"T-{secrets.token_hex(8)}"

    def is_right(answer):
        return answer.status == 200 and reply(answer)["result"]["structuredContent"]["token"] == token

    async def wait_until_described(caller, description):
        async with asyncio.timeout(20):
            while True:
                tools = reply(await caller.ask(post(url, *modern("tools/list"))))["result"]["tools"]
                if [tool["description"] for tool in tools] == [description]:
                    return
                await asyncio.sleep(0.02)

    async def scenario():
        asking = await Caller.open(url)
        async with steady(url, tool_call(url, "token", {"token": token}), is_right, callers=form.callers) as load:
            await load.count(200)
            before = await load.count(1000)
            begun = len(load.seconds)
            for round in range(form.reloads):
                # A good change, and then a bad one that must change nothing.
                configuration["servers"]["tokens"]["tools"] = {"token": {"description": f"Round {round}"}}
                hub.reload(configuration)
                await wait_until_described(asking, f"Round {round}")
                hub.reload(configuration | {"servers": {"tokens": {"openapi": "missing.yaml"}}})
                await load.count(20)
            during = load.seconds[begun:]
            await wait_until_described(asking, f"Round {form.reloads - 1}")
        asking.leave()
        base, changed = percentile(before, 0.99), percentile(during, 0.99)
        note("p99", f"{base * 1000:.1f} ms before, {changed * 1000:.1f} ms during {2 * form.reloads} reloads; {len(during)} calls")
        assert not load.failures, load.failures[:3]
        if form.is_long:
            assert changed <= 2 * base + 0.02

    asyncio.run(scenario())


@forms(short={"restarts": 2, "callers": 4}, long={"restarts": scaled(20, 4), "callers": 16}, limit=600)
def test_restarts_under_load_fail_nobody(start_hub, tokens, form, note):
    """Each new hub takes the sockets over, while calls are at the upstream and callers come and go."""
    configuration = token_configuration(tokens.url)
    hub = start_hub(configuration)
    url = hub.mcp("tokens")
    slow, quick = (f"T-{secrets.token_hex(8)}" for _ in range(2))

    def says(token):
        return lambda answer: answer.status == 200 and reply(answer)["result"]["structuredContent"]["token"] == token

    async def scenario(hub):
        call = tool_call(url, "token", {"token": quick})
        async with (
            steady(url, call, says(quick), callers=form.callers, pause=0.002) as kept,
            steady(url, tool_call(url, "token", {"token": quick}, connection="close"), says(quick), pause=0.01) as fresh,
            steady(url, tool_call(url, "token", {"token": slow, "delay": 700}), says(slow)) as waiting,
        ):
            await kept.count(200)
            for _ in range(form.restarts):
                old, hub = hub, await asyncio.to_thread(start_hub, configuration, more=["--takeover"])
                assert hub.url == old.url
                assert await asyncio.to_thread(old.process.wait, 20) == 0
                for load in [kept, fresh, waiting]:
                    await load.count(20 if load is not waiting else 2)
        for load, name in [(kept, "kept"), (fresh, "fresh"), (waiting, "slow")]:
            assert not load.failures, (name, load.failures[:3])
            note(name, f"{len(load.seconds)} calls, at most {max(load.seconds):.2f} s")

    asyncio.run(scenario(hub))
