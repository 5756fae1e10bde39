"""`hubd stdio` by hand: a line goes in, a line comes out."""

import json
import subprocess
from pathlib import Path

from harness.hub import Hub, binary, environment


class Stdio:
    """One server of a hub's configuration over standard input and output."""

    def __init__(self, hub: Hub, server: str):
        self._start([binary(), "stdio", server, "--config", hub.file], hub.folder)

    @classmethod
    def of(cls, command: list, folder: Path) -> "Stdio":
        """A whole command, such as one that enters a network before it becomes the hub."""
        stdio = cls.__new__(cls)
        stdio._start(command, folder)
        return stdio

    def _start(self, command: list, folder: Path) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=folder, env=environment(), stdin=pipe, stdout=pipe)

    def send(self, *messages) -> None:
        """Writes messages, or lines as they are, at once."""
        lines = [message if isinstance(message, bytes) else json.dumps(message).encode() for message in messages]
        self.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.process.stdin.flush()

    def receive(self) -> dict:
        """The next message."""
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), f"not a line: {line!r}"
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def ask(self, message: dict) -> dict:
        """What a request is answered with, when nothing else is under way."""
        self.send(message)
        answer = self.receive()
        assert answer["id"] == message["id"]
        return answer

    def end(self, limit=10) -> list[dict]:
        """Ends the input and waits for the hub to leave; gives the messages that still came."""
        rest, _ = self.process.communicate(timeout=limit)
        assert self.process.returncode == 0
        return [json.loads(line) for line in rest.splitlines()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
