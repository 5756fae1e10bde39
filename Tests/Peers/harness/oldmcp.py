"""MCP servers by hand of the revisions before 2026-07-28 (see rawmcp.py), strict about what each of them demands.

Each has the tools `who`, `progress`, which tells of progress twice, and `ask`, which asks for the client's roots.
"""

import asyncio
import json
import secrets

from harness.rawmcp import OBJECT, Exchange

TOOLS = [{"name": name, "description": f"The tool {name}", "inputSchema": OBJECT} for name in ["who", "progress", "ask"]]


class OldServer:
    """One server of a handshake revision; calling it is its way.

    - `keeps_sessions`: gives a session id, and refuses requests without it (400) and with another (404)
    - `streams`: answers as server-sent events, and takes a GET for a stream
    - `needs_header`: refuses requests after `initialize` that do not name the revision
    """

    def __init__(self, revision: str, keeps_sessions=True, streams=True, needs_header=False):
        self.revision = revision
        self.keeps_sessions = keeps_sessions
        self.streams = streams
        self.needs_header = needs_header
        self.sessions: dict[str, dict] = {}
        self.replies: dict[object, asyncio.Future] = {}
        #: What went wrong: requests that the revision does not allow.
        self.complaints: list[str] = []
        self.initialized = 0

    async def __call__(self, servers, exchange: Exchange) -> bool:
        if exchange.verb == "DELETE":
            known = self.sessions.pop(exchange.headers.get("mcp-session-id"), None)
            return await exchange.answer(b"", "200 OK" if known is not None else "404 Not Found")
        if exchange.verb == "GET":
            return await self.listen(exchange)
        if exchange.method == "initialize":
            return await self.begin(exchange)
        if problem := self.problem(exchange):
            status, text = problem
            return await exchange.error(-32600, text, status)
        if "method" not in exchange.message:
            if future := self.replies.pop(exchange.message.get("id"), None):
                future.set_result(exchange.message)
            return await exchange.answer(b"", "202 Accepted")
        if "id" not in exchange.message:
            self.initialized += exchange.method == "notifications/initialized"
            return await exchange.answer(b"", "202 Accepted")
        return await self.respond(exchange)

    def problem(self, exchange: Exchange) -> tuple[str, str] | None:
        """What is wrong with a request, as status and text."""
        session = exchange.headers.get("mcp-session-id")
        version = exchange.headers.get("mcp-protocol-version")
        if exchange.method == "server/discover":
            return ("400 Bad Request", "Bad Request: Missing session ID") if self.keeps_sessions else None
        if self.keeps_sessions and session is None:
            return "400 Bad Request", "Bad Request: Missing session ID"
        if self.keeps_sessions and session not in self.sessions:
            return "404 Not Found", "Session not found"
        if self.needs_header and version != self.revision:
            self.complaints.append(f"{exchange.method} with version {version}")
            return "400 Bad Request", "Bad Request: Unsupported protocol version"
        meta = exchange.params.get("_meta") or {}
        if odd := [name for name in meta if name.startswith("io.modelcontextprotocol/")]:
            self.complaints.append(f"{exchange.method} with {odd} in _meta")
        return None

    def hello(self, exchange: Exchange) -> dict:
        """The result of `initialize`."""
        offered = exchange.params.get("protocolVersion", "")
        if offered > "2026":
            self.complaints.append(f"initialize offers {offered}")
        info = {"name": exchange.name, "version": "1"}
        return {"protocolVersion": self.revision, "capabilities": {"tools": {"listChanged": True}}, "serverInfo": info}

    async def begin(self, exchange: Exchange) -> bool:
        """Answers `initialize`."""
        body = json.dumps({"jsonrpc": "2.0", "id": exchange.message["id"], "result": self.hello(exchange)}).encode()
        if not self.keeps_sessions:
            return await exchange.answer(body)
        session = secrets.token_hex(8)
        self.sessions[session] = exchange.params.get("capabilities", {})
        return await exchange.answer(body, mcp_session_id=session)

    async def listen(self, exchange: Exchange) -> bool:
        """Serves the stream of what comes unasked."""
        if not self.streams or self.keeps_sessions and exchange.headers.get("mcp-session-id") not in self.sessions:
            return await exchange.answer(b"", "405 Method Not Allowed", allow="POST")
        await exchange.stream()
        while True:
            await exchange.chunk(b": on\n\n")
            await asyncio.sleep(2)

    async def respond(self, exchange: Exchange) -> bool:
        """Answers a request, plainly or as a stream."""
        number = exchange.message["id"]
        if not self.streams:
            return await exchange.answer(
                json.dumps({"jsonrpc": "2.0", "id": number, **await self.outcome(exchange, None)}).encode()
            )
        await exchange.stream()
        outcome = await self.outcome(exchange, exchange.event)
        await exchange.event({"jsonrpc": "2.0", "id": number, **outcome})
        return await exchange.end()

    async def outcome(self, exchange: Exchange, tell) -> dict:
        """`result` or `error` of a request; `tell` sends a message before it, where there is a way."""
        match exchange.method:
            case "ping":
                return {"result": {}}
            case "tools/list":
                return {"result": {"tools": TOOLS}}
            case "tools/call" if exchange.tool == "who":
                arguments = json.dumps({"who": exchange.name, **(exchange.params.get("arguments") or {})}, sort_keys=True)
                return {"result": {"content": [{"type": "text", "text": arguments}]}}
            case "tools/call" if exchange.tool == "progress":
                token = (exchange.params.get("_meta") or {}).get("progressToken")
                for done in [1, 2] if tell and token is not None else []:
                    params = {"progressToken": token, "progress": done, "total": 2}
                    await tell({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
                return {"result": {"content": [{"type": "text", "text": "done"}]}}
            case "tools/call" if exchange.tool == "ask" and tell:
                number = f"q{secrets.token_hex(4)}"
                self.replies[number] = asyncio.get_running_loop().create_future()
                await tell({"jsonrpc": "2.0", "id": number, "method": "roots/list"})
                reply = await asyncio.wait_for(self.replies[number], 30)
                return {"result": {"content": [{"type": "text", "text": json.dumps(reply.get("result") or reply.get("error"))}]}}
        return {"error": {"code": -32601, "message": "Method not found"}}

    def forget(self) -> None:
        """Ends all sessions without a word, as a server does that was started again."""
        self.sessions.clear()


class SSEServer(OldServer):
    """The transport of 2024-11-05: a GET is the stream of all answers, and says where to post."""

    def __init__(self, revision="2024-11-05"):
        super().__init__(revision)
        self.streams_by_session: dict[str, Exchange] = {}

    async def __call__(self, servers, exchange: Exchange) -> bool:
        session = exchange.query.removeprefix("session=")
        if exchange.verb == "GET":
            session = secrets.token_hex(8)
            self.streams_by_session[session] = exchange
            await exchange.stream()
            await exchange.chunk(f"event: endpoint\ndata: /{exchange.name}/messages?session={session}\n\n".encode())
            try:
                while True:
                    await asyncio.sleep(2)
                    await exchange.chunk(b": on\n\n")
            finally:
                self.streams_by_session.pop(session, None)
        if exchange.verb != "POST" or session not in self.streams_by_session:
            return await exchange.answer(b"", "405 Method Not Allowed", allow="GET")
        stream = self.streams_by_session[session]
        await exchange.answer(b"Accepted", "202 Accepted", "text/plain")
        message = exchange.message
        if "method" not in message:
            if future := self.replies.pop(message.get("id"), None):
                future.set_result(message)
        elif "id" not in message:
            self.initialized += exchange.method == "notifications/initialized"
        else:
            # Not waited for: the next post may be what this one waits for. It ends with its answer.
            asyncio.create_task(self.answer_on(stream, exchange))
        return True

    async def answer_on(self, stream: Exchange, exchange: Exchange) -> None:
        """Writes the answer of a request on the session's stream."""
        if exchange.method == "initialize":
            outcome = {"result": self.hello(exchange)}
        else:
            outcome = await self.outcome(exchange, stream.event)
        await stream.event({"jsonrpc": "2.0", "id": exchange.message["id"], **outcome})
