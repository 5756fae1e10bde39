"""A relay between a client and the hub that keeps every byte, and reads them as HTTP exchanges afterwards."""

import asyncio
import gzip
import json
from dataclasses import dataclass


@dataclass
class Exchange:
    """One request and its answer, as far as they came."""

    method: str
    target: str
    request_headers: dict[str, str]
    request_body: bytes
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def sent(self) -> list[dict]:
        """The JSON-RPC messages the client sent; a batch gives several."""
        if not self.request_body:
            return []
        message = json.loads(self.request_body)
        return message if isinstance(message, list) else [message]

    @property
    def received(self) -> list[dict]:
        """The JSON-RPC messages the hub answered with, whether plain or as server-sent events."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("text/event-stream"):
            return [json.loads(data) for event, data in events(self.body) if event == "message" and data]
        if kind.startswith("application/json") and self.body:
            message = json.loads(self.body)
            return message if isinstance(message, list) else [message]
        return []


class Recorder:
    """Relays connections to one address, byte for byte."""

    def __init__(self, background, address: str):
        host, port = address.removeprefix("http://").split(":")
        self.target = host, int(port)
        self.connections: list[tuple[bytearray, bytearray]] = []
        self.url = f"http://127.0.0.1:{background.listen(self._relay)}"

    async def _relay(self, reader, writer):
        hub_reader, hub_writer = await asyncio.open_connection(*self.target)
        sent, received = bytearray(), bytearray()
        self.connections.append((sent, received))

        async def copy(source, sink, log):
            while data := await source.read(1 << 16):
                log.extend(data)
                sink.write(data)
                await sink.drain()

        ways = [
            asyncio.create_task(copy(reader, hub_writer, sent)),
            asyncio.create_task(copy(hub_reader, writer, received)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in done:
                way.exception()  # a broken connection is passed on by closing the other
        finally:
            for way in ways:
                way.cancel()
            hub_writer.close()

    @property
    def exchanges(self) -> list[Exchange]:
        """All exchanges so far, connection by connection."""
        found = []
        for sent, received in self.connections:
            requests, answers = http_messages(bytes(sent)), http_messages(bytes(received))
            for (line, headers, body), (status, answer_headers, answer) in zip(requests, answers):
                method, target, _ = line.split(" ", 2)
                found.append(Exchange(method, target, headers, body, int(status.split()[1]), answer_headers, answer))
        return found


def http_messages(data: bytes):
    """The HTTP/1.1 messages of one direction: first line, headers in lower case, body as far as it came."""
    while b"\r\n\r\n" in data:
        head, data = data.split(b"\r\n\r\n", 1)
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (field.split(":", 1) for field in fields)}
        if headers.get("transfer-encoding") == "chunked":
            body, data = chunks(data)
        else:
            length = int(headers.get("content-length", 0))
            body, data = data[:length], data[length:]
        yield line, headers, gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


def chunks(data: bytes) -> tuple[bytes, bytes]:
    """The body at the front of `data`, as far as it came, and what follows it."""
    body = bytearray()
    while b"\r\n" in data:
        size, rest = data.split(b"\r\n", 1)
        length = int(size.split(b";")[0], 16)
        if length == 0:
            return bytes(body), rest.removeprefix(b"\r\n")
        body += rest[:length]
        data = rest[length + 2 :]
    return bytes(body), b""


def events(body: bytes):
    """The server-sent events of a stream: type and data."""
    for block in body.decode().replace("\r\n", "\n").split("\n\n")[:-1]:
        fields = [line.partition(":")[::2] for line in block.split("\n") if not line.startswith(":")]
        values = {}
        for name, value in fields:
            value = value.removeprefix(" ")
            values[name] = f"{values[name]}\n{value}" if name in values else value
        if values:
            yield values.get("event", "message"), values.get("data", "")
