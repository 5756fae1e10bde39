"""An MCP server of 2026-07-28 that answers from memory: prints its port, and serves until it is ended. For measuring what stands before it.

Tools: `item`, which gives 1,024 bytes.
"""

import asyncio
import json
import re
import sys

from calls import item

ID = re.compile(rb'"id":\s*("(?:[^"\\]|\\.)*"|-?\d+)')
LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
HINTS = {"ttlMs": 60_000, "cacheScope": "public"}
INFO = {"_meta": {"io.modelcontextprotocol/serverInfo": {"name": "items", "version": "1"}}}
RESULTS = {
    b"server/discover": {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, **HINTS, **INFO},
    b"tools/list": {"tools": [{"name": "item", "description": "Gives an item", "inputSchema": {"type": "object"}}], **HINTS},
    b"tools/call": {"content": [{"type": "text", "text": item()}]},
}
ANSWERS = {method: json.dumps({"resultType": "complete", **result}).encode() for method, result in RESULTS.items()}
UNKNOWN = b'{"code":-32601,"message":"Method not found"}'


class Connection(asyncio.Protocol):
    """One caller: requests one after the other."""

    def connection_made(self, transport):
        self.transport = transport
        self.data = b""

    def data_received(self, data):
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = self.data[:end]
            found = LENGTH.search(head)
            length = int(found.group(1)) if found else 0
            if len(self.data) < end + 4 + length:
                return
            body, self.data = self.data[end + 4 : end + 4 + length], self.data[end + 4 + length :]
            self.transport.write(self.answer(head, body))
            if b"connection: close" in head.lower():
                return self.transport.close()

    def answer(self, head: bytes, body: bytes) -> bytes:
        """The bytes of one answer."""
        if not head.startswith(b"POST "):
            return b"HTTP/1.1 405 Method Not Allowed\r\nallow: POST\r\ncontent-length: 0\r\n\r\n"
        number = ID.search(body)
        if not number:
            return b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
        result = next((answer for method, answer in ANSWERS.items() if b'"' + method + b'"' in body), None)
        member = b'"result":' + result if result else b'"error":' + UNKNOWN
        message = b'{"jsonrpc":"2.0","id":' + number.group(1) + b"," + member + b"}"
        status = b"200 OK" if result else b"404 Not Found"
        return b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (status, len(message), message)


async def main():
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
