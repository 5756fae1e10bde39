"""Many callers in one thread: HTTP/1.1 over asyncio, from any address of loopback, and free to leave when they like."""

import asyncio
import json
import socket
import struct
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from harness.rawhttp import Answer
from harness.recorder import events
from harness.wire import modern

ANSWER_LIMIT = 30


def post(url: str, headers: dict, body: bytes) -> bytes:
    """A POST as bytes."""
    authority, _, path = url.removeprefix("http://").partition("/")
    lines = [f"POST /{path} HTTP/1.1", f"host: {authority}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def tool_call(url: str, tool: str, arguments: dict, number=1, **headers) -> bytes:
    """A 2026-07-28 tool call as bytes."""
    return post(url, *modern("tools/call", {"name": tool, "arguments": arguments}, number=number, **headers))


def reply(answer: Answer) -> dict:
    """The JSON-RPC response in an answer, plain or as an event stream."""
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        found = [json.loads(data) for event, data in events(answer.body) if event == "message" and data]
        return next(message for message in found if "id" in message)
    return json.loads(answer.body)


class Caller:
    """One connection to the hub."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, url: str, source="127.0.0.1", receive_buffer=None) -> "Caller":
        """Connects from an address of loopback; with a small `receive_buffer` the hub soon has to wait for the reader."""
        host, port = url.removeprefix("http://").split("/")[0].split(":")
        connection = socket.socket()
        try:
            connection.setblocking(False)
            if receive_buffer:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            connection.bind((source, 0))
            await asyncio.get_running_loop().sock_connect(connection, (host, int(port)))
        except BaseException:
            connection.close()
            raise
        limit = receive_buffer or 1 << 22
        return cls(*await asyncio.open_connection(sock=connection, limit=limit))

    async def send(self, data: bytes) -> None:
        """Sends all of it."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, limit=ANSWER_LIMIT) -> Answer:
        """The next answer, complete."""
        async with asyncio.timeout(limit):
            status, headers = await self.head()
            return Answer(status, headers, await self.body(headers))

    async def head(self) -> tuple[int, dict[str, str]]:
        """The status and header fields of the next answer."""
        line, *fields = (await self.reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1").split("\r\n")
        assert line.startswith("HTTP/1.1 "), f"no answer of HTTP/1.1: {line!r}"
        headers = {name.lower(): value.strip() for name, value in (one.split(":", 1) for one in fields)}
        return int(line.split(" ")[1]), headers

    async def body(self, headers: dict[str, str]) -> bytes:
        """What follows that head."""
        if headers.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(headers.get("content-length", 0)))
        body = bytearray()
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        assert await self.reader.readexactly(2) == b"\r\n"
        return bytes(body)

    async def ask(self, request: bytes, limit=ANSWER_LIMIT) -> Answer:
        """Sends a request and reads its answer."""
        await self.send(request)
        return await self.answer(limit)

    async def ended(self, limit: float) -> bool:
        """Reads on until the hub closes; whether it does in time."""
        try:
            async with asyncio.timeout(limit):
                while await self.reader.read(1 << 16):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass  # reset: closed with bytes of ours unread
        return True

    def leave(self, resets=False) -> None:
        """Closes the connection: with a FIN, or with a RST as of a process that was killed."""
        connection = self.writer.get_extra_info("socket")
        if resets and connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class Load:
    """What steady callers have seen so far."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    is_over: bool = False

    async def count(self, number: int, limit=60) -> list[float]:
        """Waits for so many more answers; gives the seconds that each of them took."""
        begun = len(self.seconds)
        async with asyncio.timeout(limit):
            while len(self.seconds) < begun + number and not self.failures:
                await asyncio.sleep(0.02)
        return self.seconds[begun:]


@asynccontextmanager
async def steady(url: str, request: bytes, check, callers=4, source="127.0.0.1", pause=0.0):
    """Callers on kept connections who ask the same again and again, and have each answer checked."""
    load = Load()

    async def run():
        caller = await Caller.open(url, source)
        while not load.is_over:
            began = time.monotonic()
            try:
                answer = await caller.ask(request)
                assert check(answer), f"{answer.status} {answer.body[:300]}"
            except (AssertionError, OSError, EOFError, TimeoutError, ValueError) as error:
                load.failures.append(repr(error))
                caller.leave()
                caller = await Caller.open(url, source)
                continue
            load.seconds.append(time.monotonic() - began)
            if answer.headers.get("connection") == "close":  # a hub that stops asks its callers to connect to the next one
                caller.leave()
                caller = await Caller.open(url, source)
            await asyncio.sleep(pause)
        caller.leave()

    tasks = [asyncio.create_task(run()) for _ in range(callers)]
    try:
        yield load
    finally:
        load.is_over = True
        await asyncio.wait_for(asyncio.gather(*tasks), ANSWER_LIMIT + 10)
