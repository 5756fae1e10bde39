"""Runs a command to its end and says what it took."""

import os
import subprocess
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


def measured(folder: Path, *arguments, limit=LIMIT) -> Measured:
    """Runs `hubd` with its output in files of `folder`, so that nothing stands between it and its end."""
    began = time.monotonic()
    with open(folder / "out", "wb+") as output, open(folder / "err", "wb+") as errors:
        process = subprocess.Popen(
            ["timeout", str(limit), binary(), *map(str, arguments)],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        output.seek(0)
        errors.seek(0)
        printed, said = output.read().decode(), errors.read().decode(errors="replace")
    return Measured(process.returncode, printed, said, seconds, usage.ru_maxrss << 10)


def crashed(status: int) -> bool:
    """Whether a status is that of a signal or of the time limit, seen from outside or through `timeout`."""
    return status < 0 or status >= 124
