"""What the numbers were measured on."""

import datetime
import os
import platform
import subprocess
import time
from pathlib import Path

from programs import TICKS, version

ROOT = Path(__file__).resolve().parents[2]
# The share of the machine that others may take before numbers stop meaning anything.
QUIET = 0.05


class MachineClock:
    """Counts processor time of the whole machine, and of the children that ended, since it was made."""

    def __init__(self):
        self.start = self._read()

    @staticmethod
    def _read() -> tuple[float, float, float]:
        user, nice, system, idle, wait, *more = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
        children = os.times()
        busy = user + nice + system + sum(more)
        return busy / TICKS, (busy + idle + wait) / TICKS, children.children_user + children.children_system

    def others(self, known: float) -> float:
        """The share of the machine that went neither to ended children (wrk) nor into `known` seconds of other programs of ours."""
        busy, total, children = (now - then for now, then in zip(self._read(), self.start, strict=True))
        return max(0.0, busy - children - known) / total if total else 0.0


def idle_load(seconds=2.0) -> float:
    """The share of the machine that is in use before anything is started."""
    clock = MachineClock()
    time.sleep(seconds)
    return clock.others(0)


def describe(hub: Path, python: Path, envoy: Path, pinning: str, load: float) -> list[tuple[str, str]]:
    """Rows of the table at the top of a report."""
    names = ["fastmcp", "mcp", "uvicorn", "uvloop", "httpx2"]
    packages = f"import importlib.metadata as m; print(', '.join(n + ' ' + m.version(n) for n in {names}))"
    nginx, haproxy = version(["nginx", "-v"]).split(": ")[-1], "haproxy/" + version(["haproxy", "-v"]).split()[2]
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return [
        ("date", datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("processor", f"{processor()}, {os.cpu_count()} cores"),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"),
        ("system", f"{system()}, Linux {platform.release()}"),
        ("in use before", f"{load:.0%} of the machine" + ("" if load < QUIET else " (**not quiet**)")),
        ("pinning", pinning),
        ("hubd", f"{version([hub, 'version'])}, {hub.stat().st_size / 1e6:.0f} MB" + (f", source {commit}" if commit else "")),
        ("FastMCP", f"{version([python, '-c', packages])}, Python {version([python, '--version']).split()[-1]}"),
        ("nginx, haproxy, Envoy", f"{nginx}, {haproxy}, envoy/{version([envoy, '--version']).split('version: ')[-1].split('/')[1]}"),
        ("upstream and load", f"{nginx}, {version(['wrk', '-v']).split(' [')[0]}, the C programs here"),
    ]


def processor() -> str:
    """The model of the processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def system() -> str:
    """The distribution."""
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
