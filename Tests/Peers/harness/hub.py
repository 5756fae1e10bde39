"""The hub as a process: started on a configuration, asked for its addresses, reloaded, stopped, and looked at afterwards."""

import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import yaml

from harness.usage import Usage

ROOT = Path(__file__).resolve().parents[3]
START_LIMIT = 20
STOP_LIMIT = 20


def binary() -> str:
    """The hub under test: HUBD_BINARY, or the release build of this checkout."""
    path = Path(os.environ.get("HUBD_BINARY", ROOT / ".build" / "release" / "hubd"))
    assert path.exists(), f"no hub at {path}: build it, or say where it is with HUBD_BINARY"
    return str(path)


def environment() -> dict[str, str]:
    """The tests' own environment without what would configure the hub."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HUBD_")}


def hubd(*arguments, cwd=None, limit=30):
    """Runs one command of the hub to its end."""
    command = [binary(), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=limit)


class Output:
    """Collects the lines of a pipe and lets a test wait for one."""

    def __init__(self, pipe):
        self.text = ""
        self.ended = False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read, args=[pipe], daemon=True)
        self.thread.start()

    def _read(self, pipe):
        for line in pipe:
            with self.changed:
                self.text += line
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for(self, pattern, limit=START_LIMIT, start=0):
        """Waits until the text from `start` on matches; None if it ends or the time is up first."""
        found = lambda: re.search(pattern, self.text[start:], re.IGNORECASE)
        with self.changed:
            self.changed.wait_for(lambda: found() or self.ended, timeout=limit)
            return found()


class Hub:
    """A running `hubd serve` (or `demo`) with its addresses; `before` is a command that becomes the hub, such as prlimit."""

    def __init__(
        self, folder: Path, configuration: dict, descriptions=(), command="serve", more=(), before=(), pass_fds=(), limit=START_LIMIT
    ):
        self.folder = folder
        self.limit = limit
        self.data = folder / "data"
        self.file = folder / "hub.yaml"
        for description in descriptions:
            shutil.copy(description, folder)
        self.write(configuration)
        arguments = [command, "--data", self.data, "--admin", "127.0.0.1:0"]
        if "listen" not in configuration:
            arguments += ["--listen", "127.0.0.1:0"]
        if command == "serve":
            arguments += ["--config", self.file]
        self.process = subprocess.Popen(
            [*before, binary(), *map(str, arguments), *more],
            cwd=folder,
            pass_fds=pass_fds,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.usage = Usage(self.process.pid)
        self.output = Output(self.process.stdout)
        self.errors = Output(self.process.stderr)
        self.url = self._address("public")
        self.admin = self._address("admin")

    def _address(self, listener):
        found = self.output.wait_for(rf"{listener}\b.*?(https?://[0-9.]+:[0-9]+)", self.limit)
        if found is None:
            self.process.kill()
            raise AssertionError(f"no {listener} address printed\n{self.output.text}\n{self.errors.text}")
        return found.group(1)

    def write(self, configuration: dict) -> None:
        """Writes hub.yaml."""
        self.file.write_text(yaml.safe_dump(configuration, sort_keys=False))

    def mcp(self, server: str) -> str:
        """Where a server answers."""
        return f"{self.url}/mcp/{server}"

    def reload(self, configuration: dict | None = None):
        """Sends SIGHUP, after writing the new configuration if there is one."""
        if configuration is not None:
            self.write(configuration)
        self.process.send_signal(signal.SIGHUP)

    @property
    def token(self) -> str:
        """The admin token the hub made."""
        return (self.data / "admin.token").read_text().strip()

    def memory(self, field="VmHWM") -> int:
        """Bytes of memory; `VmHWM` is the most there ever were."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status).group(1)) << 10

    def connections(self) -> int:
        """Established connections to the public listener."""
        port = f":{int(self.url.rsplit(':', 1)[1]):04X}"
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        return sum(fields[1].endswith(port) and fields[3] == "01" for fields in lines[1:])

    def stop(self) -> None:
        """Stops the hub as an operator does, and checks that it had not crashed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"still running {STOP_LIMIT} s after SIGTERM\n{self.errors.text[-4000:]}") from None
        self.errors.thread.join(5)
        assert status == 0 and "Fatal error" not in self.errors.text, f"exit {status}\n{self.errors.text[-4000:]}"
