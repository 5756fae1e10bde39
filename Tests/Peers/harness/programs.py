"""The fixture servers as processes; see servers/program.py."""

import json
import subprocess
import sys
from pathlib import Path

from harness.hub import Output, environment

PEERS = Path(__file__).resolve().parent.parent
START_LIMIT = 30


def command(kind: str, *arguments: str) -> list[str]:
    """The command line of a fixture server: `mcp2`, `mcp1`, `fastmcp4` or `extensions`."""
    home = {"fastmcp4": "fastmcp", "extensions": "mcp2"}.get(kind, kind)
    python = PEERS / f".venv-{home}" / "bin" / "python"
    assert python.exists(), f"no {python.parent.parent.name}: run scripts/peers"
    return [str(python), str(PEERS / "servers" / f"{kind}_server.py"), *arguments]


class Program:
    """A fixture server over HTTP."""

    def __init__(self, kind: str, *arguments: str):
        self.arguments = command(kind, "http", *arguments)
        self.port = 0
        self.start()

    def start(self) -> None:
        """Starts it, on the port it had before if there was one."""
        again = ["--port", str(self.port)] if self.port else []
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [*self.arguments, *again], env=environment(), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        )
        self.output = Output(self.process.stdout)
        self.errors = Output(self.process.stderr)
        found = self.output.wait_for(r'"port": (\d+)', limit=START_LIMIT)
        if found is None:
            self.stop()
            raise AssertionError(f"no fixture server\n{self.errors.text[-4000:]}")
        self.port = int(found.group(1))

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}/mcp"

    def faulty(self, name: str) -> str:
        """Where it does one thing wrong."""
        return f"http://127.0.0.1:{self.port}/faults/{name}/mcp"

    def stop(self) -> None:
        """Kills it."""
        self.process.kill()
        self.process.wait()


def faults() -> dict[str, tuple[str, list[str]]]:
    """The seeded faults by name: the scenario that must notice, and its revisions."""
    sys.path.insert(0, str(PEERS / "servers"))
    try:
        from faults import FAULTS
    finally:
        sys.path.pop(0)
    return {name: (fault.scenario, list(fault.revisions)) for name, fault in FAULTS.items()}


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int, zombies=False) -> list[int]:
    """The processes below one, all the way down."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            numbers = [int(number) for number in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread has ended meanwhile
        for number in numbers:
            found += [number] if zombies or is_running(number) else []
            found += children(number, zombies)
    return found


def tally(text: str) -> dict:
    """What the tool `tally` of the stage told."""
    return json.loads(text)
