"""A double of a model that plans, behind `POST /v1/chat/completions` of OpenAI's protocol and written from its public description.

It is no peer: what it cannot show is how a real model plans. It makes the moves that a test gives it (`PlannerDouble.play`), one a request.
"""

import json
from collections import deque

from harness.background import Background, read_request
from harness.providers import whole
from harness.upstreams import Signal


def call(function: str, /, **arguments) -> dict:
    """A call of a function."""
    made = {"id": "call_1", "type": "function", "function": {"name": function, "arguments": json.dumps(arguments)}}
    return {"content": None, "tool_calls": [made]}


def ask(question: str) -> dict:
    """A question for the client, by the function that the hub has for it."""
    return call("ask_client", question=question)


def say(text: str) -> dict:
    """An answer, or with no text nothing that is one."""
    return {"content": text}


class PlannerDouble:
    """The double. Moves are messages of the model; `wait` holds the answer until the hub leaves, `down` fails from then on."""

    def __init__(self, background: Background):
        self.url = f"http://127.0.0.1:{background.listen(self._serve)}"
        self.requests: list[dict] = []
        self.waiting, self.left = Signal(), Signal()
        self._moves: deque = deque()

    def play(self, *moves):
        """Gives the moves of the requests that come, and forgets those before."""
        self.requests, self._moves = [], deque(moves)

    async def _serve(self, reader, writer):
        while True:
            _, body = await read_request(reader)
            self.requests.append(json.loads(body))
            move = self._moves[0] if self._moves else say("There is no move left")
            if move == "wait":
                self.waiting.add()
                await reader.read(1)
                self.left.add()
                return
            if move == "down":
                await whole(writer, {"error": {"message": "The model is away", "type": "t", "param": None, "code": "c"}}, 503)
                continue
            if self._moves:
                self._moves.popleft()
            choice = {"index": 0, "message": {"role": "assistant", **move}, "finish_reason": "tool_calls" if "tool_calls" in move else "stop"}
            usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
            answer = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "double", "choices": [choice], "usage": usage}
            await whole(writer, answer)
