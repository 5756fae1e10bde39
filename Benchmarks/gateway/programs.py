"""The programs that take part: started on free ports of the loopback, stopped at the end, looked at through /proc."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from calls import CHAT, Request, Wrong, check_call, check_item, completion, direct, item, modern

HERE = Path(__file__).resolve().parent
DESCRIPTION = HERE / "items.openapi.yaml"
START_LIMIT = 60
STOP_LIMIT = 20
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on at present."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Program:
    """A child process with all that it started. Its errors go to a file that is shown when it fails."""

    def __init__(self, name: str, command: list, folder: Path, cores: str | None = None):
        self.name = name
        self.errors = folder / f"{name}.errors"
        pinned = ["taskset", "--cpu-list", cores] if cores else []
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HUBD_")}
        with self.errors.open("wb") as errors:
            self.started = time.monotonic()
            self.process = subprocess.Popen(
                [*pinned, *map(str, command)], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self) -> None:
        """Asks it to end, and ends it when it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_for(self, is_ready, pause=0.02) -> float:
        """Waits until `is_ready` does not throw and is true; gives the seconds since the start."""
        problem = None
        while time.monotonic() - self.started < START_LIMIT:
            if self.process.poll() is not None:
                raise Wrong(f"{self.name} ended with {self.process.returncode}\n{self.errors.read_text()}")
            try:
                if is_ready():
                    return time.monotonic() - self.started
            except (OSError, Wrong) as error:
                problem = error
            time.sleep(pause)
        raise Wrong(f"{self.name} was not ready after {START_LIMIT} s: {problem}\n{self.errors.read_text()}")

    def family(self) -> list[int]:
        """The process and its descendants."""
        found, waiting = [], [self.process.pid]
        while waiting:
            process = waiting.pop()
            found.append(process)
            for children in Path(f"/proc/{process}/task").glob("*/children"):
                waiting += map(int, children.read_text().split())
        return found

    def cpu_seconds(self) -> float:
        """Processor time that it has taken, in user and system mode."""
        # The clock of another process (Linux: clock_getcpuclockid), which counts nanoseconds where /proc/…/stat counts ticks.
        return sum(time.clock_gettime((~process << 3) | 2) for process in self.family())

    def memory(self, field="VmRSS") -> float:
        """Resident memory in MB (10⁶ bytes), of all its processes."""
        total = 0
        for process in self.family():
            for line in Path(f"/proc/{process}/status").read_text().splitlines():
                if line.startswith(f"{field}:"):
                    total += int(line.split()[1]) * 1024
        return total / 1e6


class Upstream(Program):
    """nginx, one process, answering the item and the completion from memory."""

    def __init__(self, folder: Path, cores: str | None = None):
        self.port = free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(f"""
            daemon off;
            master_process off;
            pid {folder}/nginx.pid;
            error_log stderr warn;
            events {{ worker_connections 1024; }}
            http {{
                access_log off;
                default_type application/json;
                keepalive_requests 1000000000;
                keepalive_timeout 300s;
                client_body_temp_path {folder}/body;
                proxy_temp_path {folder}/proxy;
                fastcgi_temp_path {folder}/fastcgi;
                uwsgi_temp_path {folder}/uwsgi;
                scgi_temp_path {folder}/scgi;
                server {{
                    listen 127.0.0.1:{self.port};
                    location /items/ {{ return 200 '{item()}'; }}
                    location = {CHAT} {{ return 200 '{completion()}'; }}
                }}
            }}
            """)
        super().__init__("nginx", ["nginx", "-e", "stderr", "-c", configuration], folder, cores)
        self.wait_for(lambda: check_item(direct(self.port)))


class FastMCP(Program):
    """FastMCP under uvicorn with so many processes."""

    path = "/mcp"

    def __init__(self, python: Path, upstream: int, processes: int, folder: Path, cores: str | None = None):
        self.port = free_port()
        command = [python, HERE / "fastmcp_server.py", DESCRIPTION, f"http://127.0.0.1:{upstream}", self.port, processes]
        super().__init__(f"fastmcp-{processes}", command, folder, cores)
        seen = set()

        def all_answer():
            seen.add(Request(self.port, "/process").send().body)
            return len(seen) == processes

        self.wait_for(all_answer)
        self.wait_for(lambda: check_call(modern(self.port, self.path)))


class Hub(Program):
    """`hubd serve` with what `configuration` says."""

    def __init__(self, binary: Path, configuration: str, folder: Path, cores: str | None = None):
        self.port, self.admin = free_port(), free_port()
        folder.mkdir()
        file = folder / "hub.yaml"
        file.write_text("admin: { metrics: open }\n" + configuration)
        command = [binary, "serve", "--config", file, "--data", folder / "data"]
        command += ["--listen", f"127.0.0.1:{self.port}", "--admin", f"127.0.0.1:{self.admin}"]
        super().__init__("hubd", command, folder, cores)

    def wait_until_healthy(self) -> float:
        """Seconds from the start to the first answer of /healthz, asked every millisecond."""
        health = Request(self.admin, "/healthz")
        return self.wait_for(lambda: health.send().status == 200, pause=0.001)


class ToolHub(Hub):
    """A hub with one server of one tool."""

    path = "/mcp/items"

    def __init__(self, binary: Path, upstream: int, folder: Path, cores: str | None = None, bounds: str = ""):
        configuration = bounds + (
            f'upstreams: {{ items: {{ addresses: ["http://127.0.0.1:{upstream}"] }} }}\n'
            f"servers: {{ items: {{ openapi: {DESCRIPTION}, upstream: items }} }}\n"
        )
        super().__init__(binary, configuration, folder, cores)

    def wait_until_called(self) -> float:
        """Seconds from the start to the first good answer of a tool call."""
        call = modern(self.port, self.path)
        return self.wait_for(lambda: check_call(call), pause=0.001)

    def check_outcomes(self) -> None:
        """All tool calls so far went well, by the hub's own count."""
        text = Request(self.admin, "/metrics").send().body.decode()
        bad = [line for line in text.splitlines() if line.startswith("hubd_calls_total{") and 'outcome="ok"' not in line]
        # A call under way when wrk leaves is cancelled; every other end is a fault.
        bad = [line for line in bad if 'outcome="cancelled"' not in line]
        if bad:
            raise Wrong("some calls through hubd failed:\n" + "\n".join(bad))


class ModelHub(Hub):
    """A hub with one Model API of one service."""

    path = CHAT

    def __init__(self, binary: Path, upstream: int, folder: Path, cores: str | None = None, bounds: str = ""):
        configuration = bounds + (
            f'upstreams: {{ bench: {{ addresses: ["http://127.0.0.1:{upstream}"] }} }}\n'
            f"models: {{ default: {{ services: {{ main: {{ provider: openai-compatible, upstream: bench }} }}, auth: none }} }}\n"
        )
        super().__init__(binary, configuration, folder, cores)


def version(command: list) -> str:
    """The first line that a program says of its version."""
    said = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30)
    return ((said.stdout or said.stderr).strip().splitlines() or ["?"])[0]
