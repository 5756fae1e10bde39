"""An SDK client in the virtual environment of its own version, driven from a test (see clients/driver.py)."""

import itertools
import json
import queue
import subprocess
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from harness.hub import binary, environment

PEERS = Path(__file__).resolve().parent.parent
LIMIT = 30


class Refused(Exception):
    """The call ended in an error: `code` is the server's, or None where the client itself gave up."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Kind:
    """One way of being a client: which SDK, over which transport, in which mode."""

    environment: str
    program: str
    transport: str = "http"
    mode: str = "auto"
    version: str = "2026-07-28"

    def __str__(self):
        return f"{self.environment}-{self.transport}-{self.mode}"


MCP2_AUTO = Kind("mcp2", "mcp2.py")
MCP2_PINNED = Kind("mcp2", "mcp2.py", mode="2026-07-28")
MCP2_LEGACY = Kind("mcp2", "mcp2.py", mode="legacy", version="2025-11-25")
MCP1_HTTP = Kind("mcp1", "mcp1.py", mode="legacy", version="2025-11-25")
MCP1_SSE = Kind("mcp1", "mcp1.py", transport="sse", mode="legacy", version="2025-11-25")
FASTMCP = Kind("fastmcp", "fastmcp4.py")
FASTMCP_LEGACY = Kind("fastmcp", "fastmcp4.py", mode="legacy", version="2025-11-25")
A2A = [Kind("a2a1", "a2a1.py", binding, "", "1.0") for binding in ("JSONRPC", "HTTP+JSON")]
A2A_OLDER = [Kind("a2a03", "a2a03.py", binding, "", "0.3") for binding in ("JSONRPC", "HTTP+JSON")]
STDIO = [
    Kind("mcp2", "mcp2.py", transport="stdio"),
    Kind("mcp2", "mcp2.py", transport="stdio", mode="legacy", version="2025-11-25"),
    Kind("mcp1", "mcp1.py", transport="stdio", mode="legacy", version="2025-11-25"),
    Kind("fastmcp", "fastmcp4.py", transport="stdio"),
]
HTTP = [MCP2_AUTO, MCP2_PINNED, MCP2_LEGACY, MCP1_HTTP, MCP1_SSE, FASTMCP, FASTMCP_LEGACY]


class Peer:
    """A connected client."""

    def __init__(self, kind: Kind, target: dict):
        python = PEERS / f".venv-{kind.environment}" / "bin" / "python"
        assert python.exists(), f"no {python.parent.parent.name}: run scripts/peers"
        arguments = json.dumps({"transport": kind.transport, "mode": kind.mode, **target})
        self.kind = kind
        self.process = subprocess.Popen(
            [python, PEERS / "clients" / kind.program, arguments],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.notifications: queue.Queue[dict] = queue.Queue()
        self.asked: queue.Queue[dict] = queue.Queue()
        self.progress: dict[int, queue.Queue] = {}
        self.pending: dict[int, Future] = {}
        self.numbers = itertools.count(1)
        self.opened: Future[str] = Future()
        self.errors: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True).start()
        try:
            self.version = self.opened.result(LIMIT)
        except BaseException:
            self.process.kill()
            raise

    def _read(self):
        for text in self.process.stdout:
            match json.loads(text):
                case {"connected": version}:
                    self.opened.set_result(version)
                case {"failed": reason}:
                    if not self.opened.done():
                        self.opened.set_exception(Refused(None, reason))
                case {"notification": notification}:
                    self.notifications.put(notification)
                case {"asked": question}:
                    self.asked.put(question)
                case {"id": number, "progress": progress}:
                    self.progress[number].put(progress)
                case {"id": number, "result": result}:
                    self.pending[number].set_result(result)
                case {"id": number, "error": error}:
                    self.pending[number].set_exception(Refused(error["code"], error["message"]))
        for future in [self.opened, *self.pending.values()]:
            if not future.done():
                future.set_exception(Refused(None, f"the client program ended\n{''.join(self.errors)}"))

    def start(self, do: str, **command) -> tuple[int, Future]:
        """Starts a command; gives its number and what will be its result."""
        number = next(self.numbers)
        future = self.pending[number] = Future()
        self.progress[number] = queue.Queue()
        self.send(id=number, do=do, **command)
        return number, future

    def send(self, **command) -> None:
        """Writes one command."""
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def do(self, do: str, limit=LIMIT, **command):
        """Does a command and waits for its result."""
        return self.start(do, **command)[1].result(limit)

    def tools(self) -> dict[str, dict]:
        """The tools listed, by name."""
        return {tool["name"]: tool for tool in self.do("list")["tools"]}

    def call(self, tool: str, /, **arguments):
        """Calls a tool."""
        return self.do("call", name=tool, arguments=arguments)

    def notified(self, method: str, limit=LIMIT) -> dict:
        """Waits for a notification of this method; those before it are passed over."""
        while (notification := self.notifications.get(timeout=limit))["method"] != method:
            pass
        return notification

    def cancel(self, number: int) -> None:
        """Gives a running command up."""
        self.send(do="cancel", target=number)

    def at(self, **target) -> "Connection":
        """Another connection of a client of A2A, which the program opens with its first command and keeps."""
        return Connection(self, target)

    def close(self) -> None:
        """Ends the connection as the SDK does, and then the program."""
        try:
            self.process.stdin.close()
            self.process.wait(LIMIT)
        finally:
            self.process.kill()
            self.process.wait()

    @staticmethod
    def stdio_command(log: Path, server: str, configuration: Path) -> list[str]:
        """`hubd stdio`, with a recorder between."""
        tee = PEERS / "clients" / "tee.py"
        python = PEERS / ".venv-main" / "bin" / "python"
        return [str(python), str(tee), str(log), binary(), "stdio", server, "--config", str(configuration)]


@dataclass(frozen=True)
class Connection:
    """A connection of a client beside its first: what of the first's target is otherwise, `target` says."""

    peer: Peer
    target: dict

    def start(self, do: str, **command) -> tuple[int, Future]:
        """Starts a command; gives its number and what will be its result."""
        return self.peer.start(do, target=self.target, **command)

    def do(self, do: str, limit=LIMIT, **command):
        """Does a command and waits for its result."""
        return self.peer.do(do, limit, target=self.target, **command)
