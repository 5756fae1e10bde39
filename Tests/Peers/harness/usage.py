"""What a process holds and uses, as the system counts it."""

import os
import re
import time
from pathlib import Path

MEBIBYTE = 1 << 20


class Usage:
    """The memory, descriptors, threads and processor time of one process."""

    def __init__(self, pid: int):
        self.folder = Path(f"/proc/{pid}")

    def _status(self, field: str) -> int:
        return int(re.search(rf"{field}:\s+(\d+)", (self.folder / "status").read_text()).group(1))

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return self._status("VmRSS") << 10

    @property
    def peak(self) -> int:
        """The most resident bytes since `forget_peak`."""
        return self._status("VmHWM") << 10

    def forget_peak(self) -> None:
        """Begins to count the peak anew."""
        (self.folder / "clear_refs").write_text("5")

    @property
    def files(self) -> int:
        """Open descriptors."""
        return len(os.listdir(self.folder / "fd"))

    @property
    def threads(self) -> int:
        """Threads."""
        return self._status("Threads")

    @property
    def seconds(self) -> float:
        """Processor seconds used so far."""
        fields = (self.folder / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def load(self, seconds: float) -> float:
        """The share of one core that is used during the next seconds."""
        used, began = self.seconds, time.monotonic()
        time.sleep(seconds)
        return (self.seconds - used) / (time.monotonic() - began)

    def falls_to(self, field: str, count: int, limit=15) -> int:
        """Waits until `field` is no more than `count`; gives it, whatever it is, when the time is up."""
        deadline = time.monotonic() + limit
        while (found := getattr(self, field)) > count and time.monotonic() < deadline:
            time.sleep(0.05)
        return found
