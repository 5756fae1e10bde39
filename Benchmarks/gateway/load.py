"""The loads: wrk, a paced one, and callers of streams. One run of one of them is one measurement."""

import json
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from calls import Request, Wrong

SCRIPT = Path(__file__).resolve().parent / "calls.lua"
# wrk counts bytes of answers that had begun when it stopped; an answer that is an error differs by far more.
SIZE_TOLERANCE = 0.03
RECORD = struct.Struct("<IIIIHH")
GIVEN_UP = 1


@dataclass(frozen=True)
class Measurement:
    """What one load came to. Times are in microseconds."""

    rate: float
    median: int
    p99: int
    requests: int
    """Requests, or events of streams."""
    late: int = 0
    """99 % of the requests were sent by a paced load no later than this."""


class Sent(NamedTuple):
    """One request of a paced load. Times are in microseconds, `due` counts from the start."""

    due: int
    late: int
    took: int
    size: int
    status: int
    phase: int


def measure(request: Request, size: int, seconds: float, connections: int, threads: int, cores: str | None = None) -> Measurement:
    """Sends `request` over kept connections for so long.

    Every answer must be good: no status but 2xx, no socket error, and on average as long as the one that was looked at.
    """
    arguments = [request.method, request.body, *(f"{name}: {value}" for name, value in request.headers.items())]
    command = ["wrk", f"-c{connections}", f"-t{threads}", f"-d{seconds}s", "--timeout", "10s", "-s", SCRIPT, request.url, "--", *arguments]
    said = _run(command, cores, seconds).decode()
    counted = json.loads(said.strip().splitlines()[-1])
    bad = {name: counted[name] for name in ["connect", "read", "write", "status", "timeout"] if counted[name]}
    if bad or "Non-2xx" in said or not counted["requests"]:
        raise Wrong(f"not every answer of {request.url} was good: {bad}\n{said}")
    if counted["requests"] > 100:
        _check_size(request, counted["bytes"] / counted["requests"], size)
    return Measurement(
        counted["requests"] / counted["microseconds"] * 1e6, counted["median"], counted["p99"], counted["requests"])


def send_paced(
    paced: Path, request: Request, connections: int, phases: list[tuple[float, float]], cores: str | None = None
) -> list[Sent]:
    """Sends `request` at so many a second for so long, in as many phases as there are. A rate of 0 is as fast as answers come."""
    command = [paced, request.port, connections, *(f"{rate}:{seconds}" for rate, seconds in phases)]
    found = _run(command, cores, sum(seconds for _, seconds in phases), request.wire())
    return [Sent(*fields) for fields in RECORD.iter_unpack(found)]


def measure_paced(
    paced: Path, request: Request, size: int, rate: float, seconds: float, connections: int, cores: str | None = None
) -> Measurement:
    """Offers so many requests a second, whatever the answers do; all of them must be good."""
    sent = send_paced(paced, request, connections, [(rate, seconds)], cores)
    bad = [one for one in sent if one.status != 200]
    if bad or len(sent) < 2:
        raise Wrong(f"{len(bad)} of {len(sent)} requests to {request.url} failed, the first with {bad[:1]}")
    _check_size(request, sum(one.size for one in sent) / len(sent), size)
    took = [one.took for one in sent]
    p99, late = (quantiles(values, n=100)[98] for values in [took, [one.late for one in sent]])
    return Measurement(len(sent) / seconds, round(median(took)), round(p99), len(sent), round(late))


def measure_streams(streams: Path, request: Request, count: int, events: int, seconds: float, cores: str | None = None) -> Measurement:
    """Opens so many streams over one second and reads each to its end. No event may be lost or changed."""
    found = json.loads(_run([streams, request.port, count, events, 1000], cores, seconds, request.wire()))
    if found["complete"] != count or found["lost"] or found["changed"]:
        raise Wrong(f"streams through {request.url}: {found}")
    return Measurement(found["events"] / found["seconds"], found["median"], found["p99"], found["events"])


def _run(command: list, cores: str | None, seconds: float, given: bytes = b"") -> bytes:
    pinned = ["taskset", "--cpu-list", cores] if cores else []
    ended = subprocess.run([*pinned, *map(str, command)], input=given, capture_output=True, timeout=seconds + 60)
    if ended.returncode != 0 or ended.stderr:
        output = ended.stdout[-400:] + ended.stderr[-1600:]
        raise Wrong(f"{Path(command[0]).name} ended with {ended.returncode}: {output.decode(errors='replace')}")
    return ended.stdout


def _check_size(request: Request, mean: float, size: int) -> None:
    if abs(mean / size - 1) > SIZE_TOLERANCE:
        raise Wrong(f"the answers of {request.url} had {mean:.0f} bytes on average, the one looked at had {size}")
