"""A double of Amazon Bedrock's Converse and ConverseStream, written from AWS's public formats.

What it takes is checked by botocore: the signature is that of its own signer, and the message fits its model of the service. It is no
peer: what it cannot show is how a real model behaves. Words in the name of the model choose what it does: `echo` says the last message's
text, word by word where it is streamed; `tool` calls the first tool; `limited` refuses with 429, `refused` with 400, `lost` with 424;
`ends-early` and `ends-late` break a stream off with a frame of an exception, before or after the first word, `cut` without one, `spoilt`
with a wrong checksum.
"""

import asyncio
import json
import struct
import zlib
from dataclasses import dataclass
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from harness.background import Background, read_request
from harness.clouds import Signed, botocore_signature
from harness.providers import spaced, whole

SERVICE = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"), "bedrock-runtime")
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n"


def frame(payload: dict, **headers: str) -> bytes:
    """One frame: two lengths and their checksum, the headers, which are all strings, the payload, and the checksum of all that."""
    named = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value.encode())) + value.encode()
        for name, value in ((f":{key.replace('_', '-')}", value) for key, value in headers.items())
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(named) + len(body), len(named))
    text = prelude + struct.pack("!I", zlib.crc32(prelude)) + named + body
    return text + struct.pack("!I", zlib.crc32(text))


def event(name: str, payload: dict) -> bytes:
    """An event."""
    return frame(payload, event_type=name, content_type="application/json", message_type="event")


def exception(name: str, message: str) -> bytes:
    """An exception, with which a stream ends."""
    return frame({"message": message}, exception_type=name, content_type="application/json", message_type="exception")


@dataclass
class Asked:
    """One request: the model, the operation, the request as it came, and its message."""

    model: str
    operation: str
    wire: Signed
    message: dict


class Wire(Signed):
    """One request as it came over the wire."""

    def __init__(self, head: bytes, body: bytes):
        line, *lines = head.decode().strip().split("\r\n")
        self.method, self.target, _ = line.split(" ")
        self.fields = [(name.lower(), value.strip()) for name, value in (text.split(":", 1) for text in lines)]
        self.body = body


class BedrockDouble:
    """The double; it takes what is signed with `secret` in `region`, or shows `key`."""

    def __init__(self, background: Background, secret: str, region: str, key: str, token: str | None = None):
        self.secret, self.region, self.key, self.token = secret, region, key, token
        self.url = f"http://127.0.0.1:{background.listen(self._serve)}"
        self.asked: list[Asked] = []
        #: What was wrong with requests.
        self.faults: list[str] = []

    async def _serve(self, reader, writer):
        while True:
            wire = Wire(*await read_request(reader))
            _, root, model, operation = wire.target.split("/")
            asked = Asked(unquote(model), operation, wire, json.loads(wire.body))
            self.asked.append(asked)
            fault = self._credential_fault(wire) or self._message_fault(asked)
            if fault:
                self.faults.append(fault)
                name = "AccessDeniedException" if "credential" in fault else "ValidationException"
                isKept = await self._refuse(writer, 403 if "credential" in fault else 400, name, fault)
            elif root != "model":
                isKept = await self._refuse(writer, 404, "UnknownOperationException", "no such path")
            else:
                isKept = await self._answer(asked, writer)
            if not isKept:
                return

    def _credential_fault(self, wire: Wire) -> str | None:
        if (shown := wire["authorization"] or "").startswith("Bearer "):
            return None if shown == f"Bearer {self.key}" else "wrong credential: key"
        if not shown.startswith("AWS4-HMAC-SHA256 "):
            return "wrong credential: none"
        if wire.scope[2:] != [self.region, "bedrock", "aws4_request"] or wire["x-amz-security-token"] != self.token:
            return f"wrong credential: scope {wire.scope}"
        return None if wire.signature == botocore_signature(wire, self.secret, self.token) else "wrong credential: signature"

    @staticmethod
    def _message_fault(asked: Asked) -> str | None:
        operation = {"converse": "Converse", "converse-stream": "ConverseStream"}[asked.operation]
        report = ParamValidator().validate({"modelId": asked.model, **asked.message}, SERVICE.operation_model(operation).input_shape)
        return report.generate_report() if report.has_errors() else None

    @staticmethod
    async def _refuse(writer, status: int, name: str, message: str) -> bool:
        return await whole(writer, {"message": message}, status, f"x-amzn-errortype: {name}:http://internal.amazon.com/\r\n".encode())

    async def _answer(self, asked: Asked, writer) -> bool:
        for word, status, name, message in [
            ("limited", 429, "ThrottlingException", "Too many requests, please wait before trying again."),
            ("refused", 400, "ValidationException", "Input is too long for requested model."),
            ("lost", 424, "ModelErrorException", "The model failed."),
        ]:
            if word in asked.model:
                return await self._refuse(writer, status, name, message)
        text = "".join(block.get("text", "") for block in asked.message["messages"][-1]["content"])
        isCall = "tool" in asked.model
        reason = "tool_use" if isCall else "end_turn"
        usage = {"inputTokens": 11, "outputTokens": 5, "totalTokens": 16, "cacheReadInputTokens": 3}
        called = {"toolUseId": "tooluse_1", "name": asked.message["toolConfig"]["tools"][0]["toolSpec"]["name"]} if isCall else {}
        if asked.operation == "converse":
            content = [{"toolUse": {**called, "input": {"city": "Oslo"}}}] if isCall else [{"text": text}]
            message = {"message": {"role": "assistant", "content": content}}
            return await whole(writer, {"output": message, "stopReason": reason, "usage": usage, "metrics": {"latencyMs": 1}})
        frames = [event("messageStart", {"role": "assistant"})]
        if isCall:
            frames.append(event("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": called}}))
        deltas = [{"text": word} for word in spaced(text)]
        if isCall:
            deltas = [{"toolUse": {"input": part}} for part in ['{"ci', 'ty": "Oslo"}']]
        frames += [event("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta}) for delta in deltas]
        frames.append(event("contentBlockStop", {"contentBlockIndex": 0}))
        frames.append(event("messageStop", {"stopReason": reason}))
        frames.append(event("metadata", {"usage": usage, "metrics": {"latencyMs": 1}}))
        if "ends-early" in asked.model:
            frames[1:] = [exception("throttlingException", "slower, please")]
        elif "ends-late" in asked.model:
            frames[2:] = [exception("modelStreamErrorException", "it broke")]
        elif "cut" in asked.model:
            del frames[2:]
        elif "spoilt" in asked.model:
            frames[2] = frames[2][:-1] + bytes([frames[2][-1] ^ 1])
        isBroken = any(word in asked.model for word in ("ends-late", "cut", "spoilt"))
        writer.write(EVENTS)
        for place, text in enumerate(frames):
            if isBroken and place == 2:
                await asyncio.sleep(0.2)  # what was sent is on its way to the caller; all at once, it would be refused
            # In two pieces, so that frames are cut anywhere.
            for part in (text[: len(text) // 3], text[len(text) // 3 :]):
                writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                await writer.drain()
        if "cut" in asked.model:
            await asyncio.sleep(0.2)  # as above
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True
