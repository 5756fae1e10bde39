"""Doubles of many providers at one port, of OpenAI's and Anthropic's protocol, written from their public formats. Each has a stage at which
it fails, which stands in its address, so that one hub can have as many of them as a table has cells.

They are no peers: what they cannot show is how a real provider fails.
"""

import asyncio
import json
from dataclasses import dataclass

from harness.background import Background, read_request
from harness.providers import spaced, whole

#: Status, OpenAI's code and type, Anthropic's type, and the message of each error that a provider answers with.
ERRORS = {
    "429": (429, "rate_limit_exceeded", "requests", "rate_limit_error", "slower, please"),
    "401": (401, "invalid_api_key", "invalid_request_error", "authentication_error", "wrong key"),
    "500": (500, None, "server_error", "api_error", "it broke"),
    "503": (503, None, "server_error", "overloaded_error", "too many are here"),
    "long": (400, "context_length_exceeded", "invalid_request_error", "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
    "bad": (400, "invalid_value", "invalid_request_error", "invalid_request_error", "temperature is wrong"),
    "none": (404, "model_not_found", "invalid_request_error", "not_found_error", "there is no such model"),
}
RETRY_AFTER = 7


@dataclass
class Asked:
    """One request as it came: to whom, where below its address, the header fields, and the message, as bytes and read."""

    name: str
    path: str
    fields: dict[str, str]
    body: bytes
    message: dict

    @property
    def key(self) -> str | None:
        """The key that was shown."""
        return self.fields.get("x-api-key") or self.fields.get("authorization", "").removeprefix("Bearer ") or None


class StagedProviders:
    """The doubles. Their answers are `answer N of NAME as MODEL`, with the number of the request among those of that name.

    A stage is `well`, one of `ERRORS`, `event` (an error where the answer should be, at a status of success), `event-at-once` (the same,
    head and events in one piece), `stall` (silence once the answer is announced), `cut-early` (the same, cut), `cut-late` (cut within the
    answer), `hang-late` (silence there) or `short-at-once` (an answer in one piece that ends well for HTTP, and without its last words).
    With `calls`, the answer is a call of the first tool.
    """

    def __init__(self, background: Background):
        self.base = f"http://127.0.0.1:{background.listen(self._serve)}"
        self.asked: list[Asked] = []
        #: Seconds to wait, by the keys that are at their limit.
        self.limited: dict[str, str] = {}
        #: Models that are at their limit.
        self.limited_models: set[str] = set()
        #: Keys that are not accepted.
        self.refused: set[str] = set()
        #: What each name lists as its models.
        self.models: dict[str, list[str]] = {}

    def url(self, name: str, stage="well") -> str:
        """The address of a double."""
        return f"{self.base}/{name}/{stage}"

    def names(self) -> list[str]:
        """Who was asked, in order."""
        return [asked.name for asked in self.asked]

    async def _serve(self, reader, writer):
        while True:
            head, body = await read_request(reader)
            line, *lines = head.decode("latin-1").strip().split("\r\n")
            _, name, stage, path = line.split(" ")[1].split("/", 3)
            fields = {key.lower(): value.strip() for key, value in (text.split(":", 1) for text in lines)}
            asked = Asked(name, path, fields, body, json.loads(body) if body else {})
            self.asked.append(asked)
            if path.startswith("models"):
                data = [{"id": model, "object": "model", "created": 1, "owned_by": name} for model in self.models.get(name, [])]
                await whole(writer, {"object": "list", "data": data})
            elif not await self._answer(asked, stage, reader, writer):
                return

    async def _answer(self, asked: Asked, stage: str, reader, writer) -> bool:
        isMessages = asked.path.startswith("messages")
        if asked.key in self.limited:
            return await self._refuse("429", isMessages, writer, self.limited[asked.key])
        if asked.message["model"] in self.limited_models:
            return await self._refuse("429", isMessages, writer)
        if asked.key in self.refused:
            return await self._refuse("401", isMessages, writer)
        if stage in ERRORS:
            return await self._refuse(stage, isMessages, writer)
        number = self.names().count(asked.name)
        model = asked.message["model"]
        text = f"answer {number} of {asked.name} as {model}"
        isStreaming = asked.message.get("stream", False)
        if stage.startswith("event") and not isStreaming:
            return await whole(writer, error("500", isMessages))
        tools = asked.message.get("tools") if stage == "calls" else None
        answer = message(text, model, tools) if isMessages else completion(text, model, tools)
        if not isStreaming:
            if stage in ("well", "calls"):
                return await whole(writer, answer)
            if stage == "stall":
                await reader.read(1)
                return False
            body = json.dumps(answer).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body))
            writer.write(body[:10] if stage == "cut-early" else body[:-10])
            await writer.drain()
            return False
        announced, said, ended = message_events(answer) if isMessages else completion_events(answer)
        failure = [("error" if isMessages else None, error("500", isMessages))]
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        last = b"" if isMessages else b"e\r\ndata: [DONE]\n\n\r\n"
        if stage.endswith("at-once"):
            events = failure if stage == "event-at-once" else announced + said[:2]
            writer.write(head + b"".join(map(piece, events)) + b"0\r\n\r\n")
            await writer.drain()
            return True
        writer.write(head)
        await writer.drain()
        if stage == "event":
            await asyncio.sleep(0.05)  # so that head and event are two reads
            await send(writer, failure)
            last = b""
        else:
            await send(writer, announced)
        if stage == "stall":
            await reader.read(1)  # until the hub leaves
        if stage in ("cut-late", "hang-late"):
            await send(writer, said[:2])
            await asyncio.sleep(0.2)  # what was sent is on its way to the caller; cut at once, all of it would be refused
        if stage == "hang-late":
            await reader.read(1)  # until the hub leaves
        if stage in ("stall", "cut-early", "cut-late", "hang-late"):
            return False
        if stage != "event":
            await send(writer, said + ended)
            if not isMessages and (asked.message.get("stream_options") or {}).get("include_usage"):
                chunk = {"object": "chat.completion.chunk", "created": 1, "choices": []}
                await send(writer, [(None, {key: answer[key] for key in ("id", "model", "usage")} | chunk)])
        writer.write(last + b"0\r\n\r\n")
        await writer.drain()
        return True

    @staticmethod
    async def _refuse(stage: str, isMessages: bool, writer, wait: str = str(RETRY_AFTER)) -> bool:
        fields = f"retry-after: {wait}\r\n".encode() if stage == "429" else b""
        return await whole(writer, error(stage, isMessages), ERRORS[stage][0], fields)


def error(stage: str, isMessages: bool) -> dict:
    """The body of an error."""
    _, code, kind, theirs, text = ERRORS[stage]
    if isMessages:
        return {"type": "error", "error": {"type": theirs, "message": text}, "request_id": "req_1"}
    return {"error": {"message": text, "type": kind, "param": None, "code": code}}


def piece(event: tuple[str | None, dict]) -> bytes:
    """An event as a piece of the body."""
    name, data = event
    text = (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"
    return b"%x\r\n%b\r\n" % (len(text.encode()), text.encode())


async def send(writer, events: list[tuple[str | None, dict]]):
    """Events, each in a piece of its own."""
    for event in events:
        writer.write(piece(event))
        await writer.drain()


def completion(text: str, model: str, tools: list | None) -> dict:
    """OpenAI's whole answer."""
    said = {"role": "assistant", "content": text, "refusal": None}
    if tools:
        called = {"name": tools[0]["function"]["name"], "arguments": "{}"}
        said = {**said, "content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": called}]}
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": "tool_calls" if tools else "stop"}
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": usage}


def completion_events(answer: dict) -> tuple[list, list, list]:
    """The events of an answer: what announces it, what it says, and its end."""
    (choice,) = answer["choices"]

    def event(delta: dict, finish=None) -> tuple[None, dict]:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return None, {"id": answer["id"], "object": "chat.completion.chunk", "created": 1, "model": answer["model"], "choices": choices}

    calls = choice["message"].get("tool_calls", [])
    said = [{"content": word} for word in spaced(choice["message"]["content"] or "") if word]
    said += [{"tool_calls": [{"index": place, **call}]} for place, call in enumerate(calls)]
    announced = [event({"role": "assistant", "content": None if calls else ""})]
    return announced, [event(delta) for delta in said], [event({}, choice["finish_reason"])]


def message(text: str, model: str, tools: list | None) -> dict:
    """Anthropic's whole answer."""
    content = [{"type": "tool_use", "id": "toolu_1", "name": tools[0]["name"], "input": {}}] if tools else [{"type": "text", "text": text}]
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": content}
    usage = {"input_tokens": 11, "output_tokens": 5}
    return {**head, "stop_reason": "tool_use" if tools else "end_turn", "stop_sequence": None, "usage": usage}


def message_events(answer: dict) -> tuple[list, list, list]:
    """The events of an answer: what announces it, what it says, and its end."""
    begun = {**answer, "content": [], "stop_reason": None, "usage": {"input_tokens": 11, "output_tokens": 1}}
    (block,) = answer["content"]
    if block["type"] == "text":
        empty, deltas = {**block, "text": ""}, [{"type": "text_delta", "text": word} for word in spaced(block["text"])]
    else:
        empty, deltas = block, [{"type": "input_json_delta", "partial_json": "{}"}]
    announced = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": empty},
    ]
    said = [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
    ended = [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": answer["stop_reason"], "stop_sequence": None}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    named = lambda events: [(event["type"], event) for event in events]
    return named(announced), named(said), named(ended)
