"""Doubles of Anthropic's and Google's model APIs, written from their public formats: `POST /v1/messages`, and `generateContent` and
`streamGenerateContent` of `/v1beta/models/MODEL`.

They are no peers: what they cannot show is how a real provider behaves. The model that a request names chooses what they do: `echo` says the
last message's text, word by word where it is streamed; `tool` calls the first tool of the request; `limited` refuses with 429; `cut` leaves
after the first words.
"""

import json

from harness.background import Background, read_request


class ProviderDouble:
    """One port with both APIs."""

    def __init__(self, background: Background):
        self.url = f"http://127.0.0.1:{background.listen(self._serve)}"
        #: Path, header fields and message of each request.
        self.requests: list[tuple[str, dict[str, str], dict]] = []

    async def _serve(self, reader, writer):
        while True:
            head, body = await read_request(reader)
            line, *fields = head.decode("latin-1").strip().split("\r\n")
            path = line.split(" ")[1]
            named = {key.lower(): value.strip() for key, value in (text.split(":", 1) for text in fields)}
            request = json.loads(body)
            self.requests.append((path, named, request))
            answer = self._gemini if path.startswith("/v1beta/") else self._anthropic
            if not await answer(path, request, writer):
                return

    async def _anthropic(self, path: str, request: dict, writer) -> bool:
        model, text = request["model"], plain(request["messages"][-1]["content"])
        if model == "limited":
            error = {"type": "error", "error": {"type": "rate_limit_error", "message": "slower, please"}, "request_id": "req_1"}
            return await whole(writer, error, 429, b"retry-after: 7\r\n")
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "stop_sequence": None}
        usage = {"input_tokens": 11, "output_tokens": 5, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 0}
        tool = {"type": "tool_use", "id": "toolu_1", "name": (request.get("tools") or [{}])[0].get("name"), "input": {"city": "Oslo"}}
        calls = model == "tool"
        stop = "tool_use" if calls else "end_turn"
        if not request.get("stream"):
            content = [tool] if calls else [{"type": "text", "text": text}]
            return await whole(writer, {**message, "content": content, "stop_reason": stop, "usage": usage})
        begun = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
        events = [{"type": "message_start", "message": begun}]
        if calls:
            events.append({"type": "content_block_start", "index": 0, "content_block": {**tool, "input": {}}})
            deltas = [{"type": "input_json_delta", "partial_json": part} for part in ['{"ci', 'ty": "Oslo"}']]
        else:
            events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
            deltas = [{"type": "text_delta", "text": word} for word in spaced(text)]
        events += [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
        if model != "cut":
            events.append({"type": "content_block_stop", "index": 0})
            events.append({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": 5}})
            events.append({"type": "message_stop"})
        return await stream(writer, [(event["type"], event) for event in events], isWhole=model != "cut")

    async def _gemini(self, path: str, request: dict, writer) -> bool:
        model, _, action = path.split("?")[0].rsplit("/", 1)[1].partition(":")
        text = "".join(part.get("text", "") for part in request["contents"][-1]["parts"])
        if model == "limited":
            return await whole(writer, {"error": {"code": 429, "message": "slower, please", "status": "RESOURCE_EXHAUSTED"}}, 429)
        usage = {"promptTokenCount": 11, "candidatesTokenCount": 5, "totalTokenCount": 16}
        if model == "tool":
            name = request["tools"][0]["functionDeclarations"][0]["name"]
            pieces = [{"functionCall": {"name": name, "args": {"city": "Oslo"}}}]
        else:
            pieces = [{"text": word} for word in spaced(text)]

        def answer(parts, **more) -> dict:
            candidate = {"content": {"role": "model", "parts": parts}, "index": 0, **more}
            return {"candidates": [candidate], "modelVersion": model, "responseId": "r1"}

        if action == "generateContent":
            return await whole(writer, {**answer(pieces, finishReason="STOP"), "usageMetadata": usage})
        events = [answer([piece]) for piece in pieces]
        if model != "cut":
            events.append({**answer([], finishReason="STOP"), "usageMetadata": usage})
        return await stream(writer, [(None, event) for event in events], isWhole=model != "cut")


def plain(content) -> str:
    """The text of a message."""
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


def spaced(text: str) -> list[str]:
    """The words, each but the first with the space before it."""
    return [word if number == 0 else " " + word for number, word in enumerate(text.split(" "))]


async def whole(writer, message: dict, status=200, fields=b"") -> bool:
    """A complete answer."""
    body = json.dumps(message).encode()
    writer.write(b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\n%bcontent-length: %d\r\n\r\n" % (status, fields, len(body)) + body)
    await writer.drain()
    return True


async def stream(writer, events: list, isWhole: bool) -> bool:
    """An answer in events; one that is not whole breaks off."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for name, event in events:
        data = (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(event).encode() + b"\n\n"
        writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await writer.drain()
    if isWhole:
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    return isWhole
