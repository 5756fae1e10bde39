"""Tool calls: hubd, FastMCP, the upstream alone; and how the hub starts."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from calls import Request, check_call, check_item, direct, handshake, modern
from contest import CONNECTIONS, Contestant, Memory, Turns
from programs import FastMCP, ToolHub, Upstream


class ToolContest:
    """One tool call through hubd and FastMCP, in both eras."""

    def __init__(
        self, stack: ExitStack, folder: Path, hub: Path, python: Path, fastmcp_processes: int, server_cores: str | None, turns: Turns
    ):
        turns.say("starting nginx, FastMCP and hubd")
        self.turns = turns
        self.upstream = stack.enter_context(Upstream(folder, turns.load_cores))
        port = self.upstream.port
        self.fastmcp = stack.enter_context(FastMCP(python, port, 1, folder, server_cores))
        self.processes = fastmcp_processes
        self.more = None
        if fastmcp_processes > 1:
            self.more = stack.enter_context(FastMCP(python, port, fastmcp_processes, folder, server_cores))
        self.hub = stack.enter_context(ToolHub(hub, port, folder / "hub", server_cores))
        self.hub.wait_until_called()

    def throughput(self, rounds: int, seconds: int) -> list[Contestant]:
        """Every contestant under 64 connections, in turn, so many times."""
        contestants = [self._direct()]
        contestants += self._both_eras("FastMCP", self.fastmcp)
        if self.more:
            contestants.append(self._gateway(f"FastMCP × {self.processes} processes, 2026-07-28", self.more, modern))
        contestants += self._both_eras("hubd", self.hub)
        self.turns.wrk(contestants, self.upstream, rounds, seconds, CONNECTIONS)
        return contestants

    def latency(self, rounds: int, seconds: int) -> list[Contestant]:
        """One call at a time: what a gateway adds to it."""
        contestants = [self._direct(), *self._both_eras("FastMCP", self.fastmcp), *self._both_eras("hubd", self.hub)]
        self.turns.wrk(contestants, self.upstream, rounds, max(1, seconds // 2), 1)
        return contestants

    def memory(self) -> list[Memory]:
        """What the gateways hold after the load."""
        return self.turns.memory({"hubd": self.hub, "FastMCP": self.fastmcp})

    def check_outcomes(self) -> None:
        """No call through hubd failed, by its own count."""
        self.hub.check_outcomes()

    def stop_gateways(self) -> None:
        """Leaves the upstream alone."""
        for program in [self.hub, self.fastmcp, self.more]:
            if program:
                program.stop()

    def _direct(self) -> Contestant:
        request = direct(self.upstream.port)
        return Contestant("the upstream alone", self.upstream, request, check_item(request).size)

    def _both_eras(self, name: str, program: FastMCP | ToolHub) -> list[Contestant]:
        return [self._gateway(f"{name}, handshake era", program, handshake), self._gateway(f"{name}, 2026-07-28", program, modern)]

    @staticmethod
    def _gateway(name: str, program: FastMCP | ToolHub, make: Callable[[int, str], Request]) -> Contestant:
        request = make(program.port, program.path)
        return Contestant(name, program, request, check_call(request).size)


@dataclass(frozen=True)
class Start:
    """One start of the hub. Times in milliseconds, memory in MB."""

    healthy: float
    called: float
    memory: float


def starts(hub: Path, upstream: int, folder: Path, count: int, say: Callable[[str], None]) -> list[Start]:
    """Starts the hub again and again, each time on an empty data folder."""
    found = []
    for number in range(count):
        with ToolHub(hub, upstream, folder / f"start-{number}") as program:
            healthy = program.wait_until_healthy()
            called = program.wait_until_called()
            time.sleep(1)
            memory = program.memory()
        found.append(Start(healthy * 1000, called * 1000, memory))
        say(f"start {number + 1} of {count}: healthy {found[-1].healthy:.0f} ms, called {found[-1].called:.0f} ms, {memory:.1f} MB")
    return found
