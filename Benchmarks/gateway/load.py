"""wrk: one load, one measurement."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from calls import Request, Wrong

SCRIPT = Path(__file__).resolve().parent / "calls.lua"
# wrk counts bytes of answers that had begun when it stopped; an answer that is an error differs by far more.
SIZE_TOLERANCE = 0.03


@dataclass(frozen=True)
class Measurement:
    """What one run of wrk came to. Times are in microseconds."""

    rate: float
    median: int
    p99: int
    requests: int


def measure(request: Request, size: int, seconds: float, connections: int, threads: int, cores: str | None = None) -> Measurement:
    """Sends `request` over kept connections for so long.

    Every answer must be good: no status but 2xx, no socket error, and on average as long as the one that was looked at.
    """
    arguments = [request.method, request.body, *(f"{name}: {value}" for name, value in request.headers.items())]
    command = ["taskset", "--cpu-list", cores] if cores else []
    command += ["wrk", f"-c{connections}", f"-t{threads}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT), request.url, "--"]
    ended = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=seconds + 60)
    if ended.returncode != 0:
        raise Wrong(f"wrk ended with {ended.returncode}: {ended.stdout}{ended.stderr}")
    counted = json.loads(ended.stdout.strip().splitlines()[-1])
    bad = {name: counted[name] for name in ["connect", "read", "write", "status", "timeout"] if counted[name]}
    if bad or "Non-2xx" in ended.stdout or not counted["requests"]:
        raise Wrong(f"not every answer of {request.url} was good: {bad}\n{ended.stdout}")
    mean = counted["bytes"] / counted["requests"]
    if counted["requests"] > 100 and abs(mean / size - 1) > SIZE_TOLERANCE:
        raise Wrong(f"the answers of {request.url} had {mean:.0f} bytes on average, the one looked at had {size}")
    return Measurement(
        counted["requests"] / counted["microseconds"] * 1e6, counted["median"], counted["p99"], counted["requests"])
