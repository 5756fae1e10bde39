"""A double of an OpenAI-compatible provider, written from the public description of `POST /v1/chat/completions`.

It is no peer: what it cannot show is how a real provider behaves. It lets a test see what the hub sent, and hold, cut or
spoil the answer.
"""

import asyncio
import json

from harness.background import Background
from harness.providers import plain
from harness.upstreams import Signal


def chunk(delta: dict, finish: str | None = None) -> bytes:
    """One event of a streamed completion."""
    data = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "double",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def completion(content: str) -> bytes:
    """A whole completion, spelled as no serializer would."""
    text = json.dumps(content, ensure_ascii=False)
    return (
        '{ "id":"chatcmpl-1","object":"chat.completion",\r\n "created":1, "model":"double",\t"choices":[{"index":0,"message":'
        f'{{"role":"assistant","content":{text},"refusal":null}},"finish_reason":"stop","logprobs":null}}],'
        '"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"cost":1.50},"extra":"\\u00e9" }'
    ).encode()


class ModelDouble:
    """The double. The model that a request names chooses what it does; `echo` answers with the last message's text.

    With `stream`, the text comes word by word. `gate` waits for the test after the first event, and says in `left` when the
    hub closed the connection meanwhile; `cut`, `cut-half` and `cut-long` close after two words, and `error` says so; `leak` answers with the
    credential it was sent, `leak-split` in two halves; `status-NNN` fails.
    """

    def __init__(self, background: Background):
        self.background = background
        self.url = f"http://127.0.0.1:{background.listen(self._serve)}"
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.gate = asyncio.Event()
        self.waiting, self.left = Signal(), Signal()

    def open_gate(self):
        """Lets what waits go on."""
        self.background.loop.call_soon_threadsafe(self.gate.set)

    async def _serve(self, reader, writer):
        while True:
            line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip("\r\n").split("\r\n")
            fields = {name.lower(): value.strip() for name, value in (field.split(":", 1) for field in lines)}
            body = await reader.readexactly(int(fields.get("content-length", 0)))
            self.requests.append((line, fields, body))
            if not await self._answer(json.loads(body), fields, reader, writer):
                return
            await writer.drain()

    async def _answer(self, request: dict, fields: dict[str, str], reader, writer) -> bool:
        """Answers one request; gives whether the connection stays."""
        model = request["model"]
        if model.startswith("status-"):
            status = int(model.removeprefix("status-"))
            error = {"error": {"message": f"double says {status}", "type": "t", "param": None, "code": "c"}}
            self._whole(writer, json.dumps(error).encode(), status, b"retry-after: 0\r\nset-cookie: a=b\r\n")
            return True
        text = fields.get("authorization", "none") if model.startswith("leak") else plain(request["messages"][-1]["content"])
        if request.get("stream"):
            return await self._stream(model, text, reader, writer)
        if model == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n")
            writer.write(completion(text)[:100])
            return False
        if model == "gate":
            return await self._wait(reader)
        fields = b"x-ratelimit-remaining-requests: 9\r\nx-request-id: req_double\r\nserver: double\r\n"
        self._whole(writer, completion(text), 200, fields)
        return True

    async def _stream(self, model: str, text: str, reader, writer) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n")

        async def send(data: bytes):
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()

        await send(chunk({"role": "assistant", "content": ""}))
        words = text.split(" ")
        if model == "leak-split":
            event = chunk({"content": text})
            await send(event[: event.index(b"Bearer") + 12])
            await asyncio.sleep(0.05)  # so that the halves are two reads
            await send(event[event.index(b"Bearer") + 12 :])
            words = []
        for number, word in enumerate(words):
            if model == "gate" and number == 1 and not await self._wait(reader):
                return False
            if model.startswith("cut") and number == 2:
                half = {"cut": b"", "cut-half": chunk({"content": word})[:40], "cut-long": b'data: {"x":"' + b"x" * 200_000}[model]
                if half:
                    await send(half)
                await asyncio.sleep(0.2)  # what was sent is on its way to the caller; cut at once, all of it would be refused with 502
                return False
            if model == "error" and number == 2:
                await send(b'data: {"error": {"message": "It broke", "type": "server_error", "code": "overloaded"}}\n\n')
                break
            await send(chunk({"content": word if number == 0 else " " + word}))
        else:
            await send(chunk({}, "stop"))
            await send(b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        return True

    async def _wait(self, reader) -> bool:
        """Waits for the gate; gives whether it opened before the hub left."""
        self.waiting.add()
        gone = asyncio.ensure_future(reader.read(1))
        opened = asyncio.ensure_future(self.gate.wait())
        await asyncio.wait([gone, opened], return_when=asyncio.FIRST_COMPLETED)
        if opened.done():
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)  # or the next read would find it still reading
            return True
        opened.cancel()
        self.left.add()
        return False

    @staticmethod
    def _whole(writer, body: bytes, status: int, fields: bytes):
        writer.write(b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\n%b" % (status, fields))
        writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
