"""A double of Alibaba Cloud Model Studio's applications, written from their public reference: `POST /api/v1/apps/APP_ID/completion` with events.

It is no peer: what it cannot show is how a real application behaves. The first word of the prompt chooses what it does (`ModelStudioDouble`).
"""

import asyncio
import json

from harness.background import Background, read_request
from harness.upstreams import Signal


class ModelStudioDouble:
    """The applications of one key. They say the prompt again, word by word, and `nth time` for a session's further calls.

    A first word of these does otherwise: `cut` leaves after the first words, `error` ends with an error event, `throttled` is refused with 429 and
    `throttled-late` with an event, `slow` waits for `gate`, `malformed` writes what is no JSON, `thoughts` tells what it thinks, `nodes` is a workflow
    that streams messages of its nodes, `references` names documents, `leak` says the key.
    """

    def __init__(self, background: Background, key: str, application="app-1"):
        self.background, self.key, self.application = background, key, application
        self.url = f"http://127.0.0.1:{background.listen(self._serve)}"
        #: Path, header fields and message of each request.
        self.requests: list[tuple[str, dict[str, str], dict]] = []
        self.gate = asyncio.Event()
        self.waiting, self.left = Signal(), Signal()
        self._sessions: dict[str, int] = {}

    def open_gate(self):
        """Lets what is slow go on."""
        self.background.loop.call_soon_threadsafe(self.gate.set)

    async def _serve(self, reader, writer):
        while True:
            head, body = await read_request(reader)
            line, *lines = head.decode("latin-1").strip().split("\r\n")
            fields = {name.lower(): value.strip() for name, value in (text.split(":", 1) for text in lines)}
            path, request = line.split(" ")[1], json.loads(body)
            self.requests.append((path, fields, request))
            status, code, message = self._refusal(path, fields, request)
            if code:
                await whole(writer, {"code": code, "message": message, "request_id": "q-1"}, status)
            elif not await self._stream(request, reader, writer):
                return

    def _refusal(self, path: str, fields: dict[str, str], request: dict) -> tuple[int, str, str]:
        if fields.get("authorization") != f"Bearer {self.key}":
            return 401, "InvalidApiKey", "Invalid API-key provided."
        if path != f"/api/v1/apps/{self.application}/completion":
            return 400, "InvalidApp", "The application does not exist."
        if fields.get("x-dashscope-sse") != "enable" or not request.get("parameters", {}).get("incremental_output"):
            return 400, "InvalidParameter", "This double only streams, in increments."
        if not request["input"].get("prompt"):
            return 400, "InvalidParameter", "Required parameter(prompt) missing or invalid, please check the request parameters."
        if request["input"]["prompt"].split(" ")[0] == "throttled":
            return 429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."
        return 200, "", ""

    async def _stream(self, request: dict, reader, writer) -> bool:
        prompt, parameters = request["input"]["prompt"], request["parameters"]
        session = request["input"].get("session_id") or f"session-{len(self._sessions) + 1:04d}"
        self._sessions[session] = self._sessions.get(session, 0) + 1
        switch, number = prompt.split(" ")[0], 0
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream;charset=UTF-8\r\ntransfer-encoding: chunked\r\n\r\n")

        async def send(data: str, event="result", status=200):
            nonlocal number
            number += 1
            frame = f"id:{number}\nevent:{event}\n:HTTP_STATUS/{status}\ndata:{data}\n\n".encode()
            writer.write(b"%x\r\n%b\r\n" % (len(frame), frame))
            await writer.drain()

        async def tell(text: str, reason="null", usage=None, **more):
            output = {"session_id": session, "finish_reason": reason, "text": text, **more}
            await send(json.dumps({"output": output, "usage": usage or {}, "request_id": "q-1"}, ensure_ascii=False))

        if parameters.get("has_thoughts") and switch == "thoughts":
            await tell("", thoughts=[{"thought": "I say it again", "action_type": "response", "action_name": "echo", "observation": "-"}])
        said = prompt if self._sessions[session] == 1 else f"{prompt} ({self._sessions[session]}th time)"
        said = f"{said} {self.key}" if switch == "leak" else said
        for index, word in enumerate(said.split(" ")):
            if index == 2 and switch == "cut":
                await asyncio.sleep(0.1)
                return False
            if index == 1 and switch == "slow" and not await self._wait(reader):
                return False
            if index == 1 and switch == "malformed":
                await send('{"output": ')
            if index == 1 and switch in ("error", "throttled-late"):
                code = "InternalError.Algo" if switch == "error" else "Throttling.AllocationQuota"
                await send(json.dumps({"code": code, "message": "It broke", "request_id": "q-1"}), event="error", status=500)
                break
            word = word if index == 0 else " " + word
            if switch == "nodes":
                message = {"node_id": "n", "node_name": "End", "node_status": "success", "message": {"role": "assistant", "content": word}}
                await tell("", workflow_message=message)
            else:
                await tell(word)
        else:
            references = [{"index_id": "1", "title": "Manual", "doc_id": "d", "doc_name": "manual.pdf", "text": "…"}]
            usage = {"models": [{"model_id": "qwen-plus", "input_tokens": 11, "output_tokens": 5}]}
            await tell("", "stop", usage, **({"doc_references": references} if switch == "references" else {}))
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _wait(self, reader) -> bool:
        """Waits for the gate; gives whether it opened before the hub left."""
        self.waiting.add()
        gone, opened = asyncio.ensure_future(reader.read(1)), asyncio.ensure_future(self.gate.wait())
        await asyncio.wait([gone, opened], return_when=asyncio.FIRST_COMPLETED)
        if opened.done():
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)  # or the next read would find it still reading
            return True
        opened.cancel()
        self.left.add()
        return False


async def whole(writer, message: dict, status: int):
    """A complete answer."""
    body = json.dumps(message).encode()
    writer.write(b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)
    await writer.drain()
