"""Servers that want somebody to sign in, and an operator with a browser who does."""

import json
import re
import subprocess
from pathlib import Path

import httpx

from harness.hub import Output, binary, environment

PEERS = Path(__file__).resolve().parent.parent
LIMIT = 90


class SignInServer:
    """servers/signin_server.py as a process."""

    def __init__(self, issuer: str | None = None):
        python = PEERS / ".venv-fastmcp" / "bin" / "python"
        assert python.exists(), "no .venv-fastmcp: run scripts/peers"
        command = [python, PEERS / "servers" / "signin_server.py", *(["--issuer", issuer] if issuer else [])]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [*map(str, command)], env=environment(), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        )
        self.output, self.errors = Output(self.process.stdout), Output(self.process.stderr)
        found = self.output.wait_for(r'"port": (\d+)', limit=LIMIT)
        assert found, self.errors.text[-4000:]
        self.origin = f"http://127.0.0.1:{found.group(1)}"
        self.url = f"{self.origin}/mcp"

    def state(self, **order) -> dict:
        """What it knows, after an order."""
        return (httpx.post(f"{self.origin}/state", json=order) if order else httpx.get(f"{self.origin}/state")).json()

    def stop(self):
        self.process.kill()
        self.process.wait()


class SignIn:
    """A running `hubd signin`."""

    def __init__(self, folder: Path, server: str, *more: str):
        command = [binary(), "signin", server, "--config", folder / "hub.yaml", "--data", folder / "data", *more]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([*map(str, command)], env=environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=folder)
        self.output, self.errors = Output(self.process.stdout), Output(self.process.stderr)

    @property
    def url(self) -> str:
        """What the operator is asked to open."""
        found = self.output.wait_for(r"^(https?://\S+response_type=\S+)$".replace("^", r"(?m:^)").replace("$", r"(?m:$)"), limit=LIMIT)
        assert found, self.output.text + self.errors.text
        return found.group(1)

    def browse(self) -> httpx.Response:
        """Opens it, agrees, and goes where the authorization server leads; the last page."""
        return httpx.get(self.url, follow_redirects=True, timeout=LIMIT)

    def redirected(self) -> str:
        """Where the authorization server leads, without going there."""
        answer = httpx.get(self.url, timeout=LIMIT)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def paste(self, text: str):
        """Types a line."""
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def end(self) -> int:
        """The exit code."""
        code = self.process.wait(LIMIT)
        self.output.thread.join(5)
        self.errors.thread.join(5)
        return code

    @property
    def text(self) -> str:
        """All that was printed."""
        return self.output.text + self.errors.text


def query(url: str) -> dict[str, str]:
    """The query of an address."""
    return dict(httpx.URL(url).params)


def write_configuration(folder: Path, configuration: dict) -> None:
    """Writes hub.yaml, of which JSON is a part."""
    (folder / "hub.yaml").write_text(json.dumps(configuration))


def secrets_in(text: str) -> list[str]:
    """What looks like a token of FastMCP's authorization server."""
    return re.findall(r"test_(?:access|refresh)_token_[0-9a-f]+|test_auth_code_[0-9a-f]+", text)
