"""Runs a command to its end and says what it took."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from harness.hub import binary, environment

LIMIT = 60


@dataclass
class Measured:
    """How a command ended; `status` is negative when a signal ended it."""

    status: int
    output: str
    errors: str
    seconds: float
    memory: int


# Between the test runner and the command stands a small process: a child's peak memory counts what its parent had when it forked.
WATCH = """
import resource, subprocess, sys
seconds = int(sys.argv[2])
if seconds:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
status = subprocess.call(sys.argv[3:])
open(sys.argv[1], "w").write(f"{status} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
"""


def measured(folder: Path, *arguments, limit=LIMIT, cpu=0) -> Measured:
    """Runs `hubd` with its output in files of `folder`, so that nothing stands between it and its end.

    With `cpu`, the system ends it after so many seconds of processor time, and gives it no more than 4 GiB of addresses.
    """
    began = time.monotonic()
    with open(folder / "out", "wb+") as output, open(folder / "err", "wb+") as errors:
        subprocess.run(
            [sys.executable, "-S", "-c", WATCH, folder / "usage", str(cpu), "timeout", str(limit), binary(), *map(str, arguments)],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            check=True,
        )
        status, kilobytes = map(int, (folder / "usage").read_text().split())
        seconds = time.monotonic() - began
        output.seek(0)
        errors.seek(0)
        printed, said = output.read().decode(), errors.read().decode(errors="replace")
    return Measured(status, printed, said, seconds, kilobytes << 10)


def crashed(status: int) -> bool:
    """Whether a status is that of a signal or of the time limit, seen from outside or through `timeout`."""
    return status < 0 or status >= 124
