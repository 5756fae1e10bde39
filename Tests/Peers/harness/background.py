"""One event loop in a thread of its own, on which the servers of the tests run."""

import asyncio
import threading


class Background:
    """Runs asyncio servers beside synchronous tests."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def run(self, coroutine):
        """Runs a coroutine there and waits for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout=10)

    def listen(self, handler, port=0) -> int:
        """Serves each connection with `handler(reader, writer)` for as long as the tests run; gives the port on loopback."""

        async def guarded(reader, writer):
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass  # the other side left, which is what many tests are about
            finally:
                writer.close()

        server = self.run(asyncio.start_server(guarded, "127.0.0.1", port, limit=1 << 20))
        return server.sockets[0].getsockname()[1]


async def read_request(reader) -> tuple[bytes, bytes]:
    """The head of the next request, with the empty line, and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head, await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
