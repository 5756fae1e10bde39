"""Every answer belongs to its caller: with colliding ids, pipelined and not, while others vanish and the upstream answers rubbish."""

import asyncio
import itertools
import json
import random
import secrets
import time

from conftest import token_configuration
from harness.callers import Caller, post, reply, tool_call
from harness.forms import forms, scaled
from harness.tokens import TOKEN
from harness.wire import BOTH, META

RUBBISH = ["surplus", "garbage", "cut", "closes"]
SIZES = [0, 0, 0, 100, 10_000, 200_000]


class Crowd:
    """Callers who draw from one count of requests, and what they have seen."""

    def __init__(self, url: str, requests: int, seed: str):
        self.url = url
        self.left = requests
        self.random = random.Random(seed)
        self.answered = self.failed = self.vanished = 0

    def question(self) -> tuple[str, dict]:
        """A token and the arguments that ask for it, now and then in a way that the upstream answers with rubbish."""
        self.left -= 1
        token = f"T-{secrets.token_hex(8)}"
        arguments = {"token": token, "bytes": self.random.choice(SIZES)}
        if self.random.random() < 0.1:
            arguments["kind"] = self.random.choice(RUBBISH)
        return token, arguments

    def check(self, token: str, answer) -> None:
        """The answer has no token but its own, and says it unless it is an error."""
        assert answer.status == 200, f"{answer.status} {answer.body[:300]}"
        assert set(TOKEN.findall(answer.body)) <= {token.encode()}, f"{token} was answered {answer.body[:300]}"
        message = reply(answer)
        assert message["id"] == 1, message
        if message["result"].get("isError"):
            self.failed += 1
        else:
            assert message["result"]["structuredContent"]["token"] == token
            self.answered += 1

    async def keeps(self):
        """One request after another on one connection."""
        caller = await Caller.open(self.url)
        while self.left > 0:
            token, arguments = self.question()
            self.check(token, await caller.ask(tool_call(self.url, "token", arguments)))
        caller.leave()

    async def pipelines(self):
        """Up to eight requests at once on one connection, cut into pieces anywhere."""
        caller = await Caller.open(self.url)
        while self.left > 0:
            questions = [self.question() for _ in range(self.random.randint(1, 8))]
            data = b"".join(tool_call(self.url, "token", arguments) for _, arguments in questions)
            cut = self.random.randrange(len(data))
            await caller.send(data[:cut])
            await asyncio.sleep(0)
            await caller.send(data[cut:])
            for token, _ in questions:
                self.check(token, await caller.answer())
        caller.leave()

    async def comes_anew(self):
        """A connection for each request."""
        while self.left > 0:
            token, arguments = self.question()
            caller = await Caller.open(self.url)
            answer = await caller.ask(tool_call(self.url, "token", arguments, connection="close"))
            self.check(token, answer)
            assert answer.headers["connection"] == "close" and await caller.ended(5)
            caller.leave()

    async def vanishes(self):
        """Leaves before, within or right after an answer, often with more requests on the way."""
        while self.left > 0:
            caller = await Caller.open(self.url)
            for _ in range(self.random.randint(1, 3)):
                await caller.send(tool_call(self.url, "token", self.question()[1]))
            if self.random.random() < 0.5:
                await caller.reader.read(self.random.randint(1, 5000))
            else:
                await asyncio.sleep(self.random.random() / 100)
            caller.leave(resets=self.random.random() < 0.5)
            self.vanished += 1

    async def has_a_session(self):
        """The same ids in a session of the handshake eras."""
        caller = await Caller.open(self.url)
        fields = {"accept": BOTH, "content-type": "application/json"}

        def message(method, params):
            return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()

        client = META["io.modelcontextprotocol/clientInfo"]
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
        opening = await caller.ask(post(self.url, fields, message("initialize", hello)))
        fields |= {"mcp-session-id": opening.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
        while self.left > 0:
            token, arguments = self.question()
            call = message("tools/call", {"name": "token", "arguments": arguments})
            self.check(token, await caller.ask(post(self.url, fields, call)))
        caller.leave()


@forms(short={"requests": 3000, "callers": 40}, long={"requests": scaled(100_000, 3000), "callers": 200}, limit=1800)
def test_every_answer_belongs_to_its_request(start_hub, tokens, form, note):
    """All requests have the JSON-RPC id 1; a token that only one request has must come back in its answer, and in no other."""
    hub = start_hub(token_configuration(tokens.url))
    seed = secrets.token_hex(4)
    note("seed", seed)

    async def scenario():
        crowd = Crowd(hub.mcp("tokens"), form.requests, seed)
        ways = itertools.cycle([crowd.keeps, crowd.pipelines, crowd.comes_anew, crowd.vanishes, crowd.has_a_session])
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for way in itertools.islice(ways, form.callers):
                group.create_task(way())
        took = time.monotonic() - began
        note("answers", f"{crowd.answered} right, {crowd.failed} errors, {crowd.vanished} callers vanished; {form.requests / took:.0f}/s")
        assert crowd.answered > form.requests / 3
        assert crowd.failed < form.requests / 5, "rubbish for one is no error of another"

    asyncio.run(scenario())
