"""An upstream with much to say: long lists by every kind of page, streams without end, files, and pages of errors."""

import asyncio
import json
from urllib.parse import parse_qs

from harness.background import Background, read_request
from harness.upstreams import Signal

TOTAL = 1240
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


def order(number: int) -> dict:
    """One order, of about 150 bytes."""
    customer = {"name": f"Customer {number}", "address": "Long Street 1, Townsville"}
    return {"id": number, "total": f"{number}.00", "customer": customer, "lines": [{"sku": "a", "count": 1}]}


class AnswerUpstream:
    """Answers as its description says (fixtures/answers.openapi.yaml). `requests` has the targets; `left` counts streams the hub gave up."""

    def __init__(self, background: Background):
        self.url = f"http://127.0.0.1:{background.listen(self._serve)}"
        self.strangers = 0
        self.elsewhere = f"http://127.0.0.1:{background.listen(self._count_stranger)}"
        self.requests: list[str] = []
        self.left = Signal()

    async def _count_stranger(self, reader, writer):
        self.strangers += 1

    async def _serve(self, reader, writer):
        while True:
            head, _ = await read_request(reader)
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            self.requests.append(target)
            path, _, query = target.partition("?")
            asked = {name: values[0] for name, values in parse_qs(query).items()}
            _, name, *rest = path.split("/")
            if name == "stream":
                return await self._stream(rest[0], reader, writer)
            status, fields, body = getattr(self, name)(*rest, **asked)
            if not isinstance(body, bytes):
                fields, body = {"content-type": "application/json", **fields}, json.dumps(body).encode()
            lines = [f"{field}: {value}" for field, value in {**fields, "content-length": len(body)}.items()]
            writer.write(f"HTTP/1.1 {status} X\r\n".encode() + "\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()

    # Pages

    def orders(self, page="1", per_page="100"):
        page, size = int(page), int(per_page)
        orders = [order(number) for number in range((page - 1) * size, min(page * size, TOTAL))]
        if page * size >= TOTAL:
            return 200, {}, orders
        first = f'<{self.url}/orders?page=1&per_page={size}>; rel="first"'
        return 200, {"link": f'{first}, <{self.url}/orders?page={page + 1}&per_page={size}>; rel="next"'}, orders

    def cursor(self, cursor="", limit="100"):
        start, size = int(cursor.removeprefix("after ") or 0), int(limit)
        end = min(start + size, TOTAL)
        if limit == "99" and start >= 2 * size:
            return 503, {}, {"message": "come back later"}
        return 200, {}, {"data": [order(number) for number in range(start, end)], "next_cursor": f"after {end}" if end < TOTAL else None}

    def offset(self, offset="0", limit="100"):
        start, size = int(offset), int(limit)
        return 200, {}, {"items": [{"id": number} for number in range(start, min(start + size, TOTAL))], "total": TOTAL}

    def numbered(self, page="1"):
        return 200, {}, {"results": [{"id": int(page) * 10 + number} for number in range(10)], "page": int(page), "total_pages": 4}

    def addresses(self, kind="good", page="1"):
        following = {
            "good": f"/addresses?page={int(page) + 1}" if page < "3" else None,
            "elsewhere": f"{self.elsewhere}/addresses?page=2",
            "same": "?kind=same",
            "endless": f"{self.url}/addresses?kind=endless&page={int(page) + 1}",
        }
        return 200, {}, {"results": [{"page": page}], "next": following[kind]}

    def all(self):
        return 200, {}, {"total": TOTAL, "orders": [order(number) for number in range(TOTAL)], "currency": "EUR"}

    def fields(self, _fields="none"):
        return 200, {}, {"asked": _fields}

    # Files

    def file(self, kind, bytes="0"):
        size = int(bytes)
        match kind:
            case "picture":
                return 200, {"content-type": "image/png"}, PNG + b"x" * size
            case "sound":
                return 200, {"content-type": "audio/wav"}, b"RIFF" + b"\0" * size
            case "archive":
                return 200, {"content-type": "application/zip"}, b"PK\3\4" + b"\0" * size
            case "log":
                return 200, {"content-type": "text/plain; charset=utf-8"}, "".join(f"line {n} é\n" for n in range(size)).encode()

    # Failures

    def fails(self, kind):
        match kind:
            case "page":
                script = "<script>" + "x" * 20_000 + "</script>"
                page = f"<!doctype html><html><head>{script}<style>p {{}}</style></head><body><h1>Bad &amp; broken</h1><!-- x --></body></html>"
                return 502, {"content-type": "text/html"}, page.encode()
            case "json":
                return 422, {"content-type": "application/problem+json"}, {"title": "Unfit", "detail": "x" * 100_000}
            case "bytes":
                return 500, {"content-type": "application/octet-stream"}, bytes(range(256))

    # Streams

    async def _stream(self, kind, reader, writer):
        types = {"lines": "application/x-ndjson", "feed": "application/vnd.acme.feed", "sequence": "application/json-seq"}
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {types.get(kind, 'text/event-stream')}\r\nconnection: close\r\n\r\n".encode())
        match kind:
            case "chat":
                writer.write(b'data: {"delta": "Hel"}\n\ndata: {"delta": "lo"}\n\ndata: [DONE]\n\n')
            case "feed" | "sequence":
                separator = b"\x1e" if kind == "sequence" else b""
                writer.write(b"".join(separator + json.dumps({"n": n}).encode() + b"\n" for n in range(3)))
            case "lines":
                await self._endless(writer, lambda n: json.dumps({"n": n}).encode() + b"\n")
            case "events":
                await self._endless(writer, lambda n: f"event: tick\nid: {n}\ndata: {json.dumps({'n': n})}\n\n".encode())
            case "large":
                await self._endless(writer, lambda n: b"data: " + b"x" * 20_000 + b"\n\n")
            case "slow":
                writer.write(b"data: 1\n\ndata: 2\n\n: and then nothing\n\n")
                await writer.drain()
                while await reader.read(1 << 16):
                    pass
                self.left.add()
            case "breaks":
                writer.write(b"data: 1\n\ndata: ")
        await writer.drain()

    async def _endless(self, writer, item):
        try:
            for number in range(1_000_000_000):
                writer.write(item(number))
                await writer.drain()
        finally:
            self.left.add()
