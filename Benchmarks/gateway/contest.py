"""Who is measured, and in which order."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from calls import Request, check_call, check_item, direct, handshake, modern
from load import Measurement, measure
from machine import MachineClock
from programs import FastMCP, Hub, Program, Upstream

CONNECTIONS = 64
THREADS = 2


@dataclass
class Contestant:
    """A server and the request it is sent, with what was measured of it."""

    name: str
    program: Program
    request: Request
    size: int
    rounds: list[Measurement] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Microseconds of processor time a request, by round."""


@dataclass(frozen=True)
class Memory:
    """Resident memory of a gateway that was warm already, before and after so many calls, in MB."""

    name: str
    before: float
    after: float
    calls: int


class Contest:
    """All programs running at once; only the one whose turn it is has anything to do."""

    def __init__(
        self, stack: ExitStack, folder: Path, hub: Path, python: Path, fastmcp_processes: int, server_cores: str | None,
        load_cores: str | None, say: Callable[[str], None]
    ):
        self.say = say
        self.load_cores = load_cores
        self.others: list[float] = []
        """The share of the machine that others took while something was measured."""
        say("starting nginx, FastMCP and hubd")
        self.upstream = stack.enter_context(Upstream(folder, load_cores))
        port = self.upstream.port
        self.fastmcp = stack.enter_context(FastMCP(python, port, 1, folder, server_cores))
        self.processes = fastmcp_processes
        self.more = None
        if fastmcp_processes > 1:
            self.more = stack.enter_context(FastMCP(python, port, fastmcp_processes, folder, server_cores))
        self.hub = stack.enter_context(Hub(hub, port, folder / "hub", server_cores))
        self.hub.wait_until_called()
        self.calls: dict[Program, int] = {}
        self.memory_before: dict[Program, float] = {}

    def throughput(self, rounds: int, seconds: int) -> list[Contestant]:
        """Every contestant under 64 connections, in turn, so many times."""
        contestants = [self._direct()]
        contestants += self._both_eras("FastMCP", self.fastmcp)
        if self.more:
            contestants.append(self._gateway(f"FastMCP × {self.processes} processes, 2026-07-28", self.more, modern))
        contestants += self._both_eras("hubd", self.hub)
        self._alternate(contestants, rounds, seconds, CONNECTIONS, THREADS)
        return contestants

    def latency(self, rounds: int, seconds: int) -> list[Contestant]:
        """One call at a time: what a gateway adds to it."""
        contestants = [self._direct(), *self._both_eras("FastMCP", self.fastmcp), *self._both_eras("hubd", self.hub)]
        self._alternate(contestants, rounds, max(1, seconds // 2), 1, 1)
        return contestants

    def memory(self) -> list[Memory]:
        """What the gateways hold after the load."""
        return [
            Memory(name, self.memory_before[program], program.memory(), self.calls[program])
            for name, program in {"hubd": self.hub, "FastMCP": self.fastmcp}.items()
        ]

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

    def _both_eras(self, name: str, program: FastMCP | Hub) -> list[Contestant]:
        return [self._gateway(f"{name}, handshake era", program, handshake), self._gateway(f"{name}, 2026-07-28", program, modern)]

    @staticmethod
    def _gateway(name: str, program: FastMCP | Hub, make: Callable[[int, str], Request]) -> Contestant:
        request = make(program.port, program.path)
        return Contestant(name, program, request, check_call(request).size)

    def _alternate(self, contestants: list[Contestant], rounds: int, seconds: int, connections: int, threads: int) -> None:
        for contestant in contestants:
            self.say(f"warming up at {connections}: {contestant.name}")
            measure(contestant.request, contestant.size, 1, connections, threads, self.load_cores)
        for contestant in contestants:
            self.memory_before.setdefault(contestant.program, contestant.program.memory())
        for number in range(rounds):
            for contestant in contestants:
                mine = {contestant.program, self.upstream}
                before, clock = {program: program.cpu_seconds() for program in mine}, MachineClock()
                found = measure(contestant.request, contestant.size, seconds, connections, threads, self.load_cores)
                spent = {program: program.cpu_seconds() - before[program] for program in mine}
                contestant.rounds.append(found)
                self.calls[contestant.program] = self.calls.get(contestant.program, 0) + found.requests
                contestant.cpu.append(spent[contestant.program] / found.requests * 1e6)
                self.others.append(clock.others(sum(spent.values())))
                told = f"{found.rate:,.0f}/s, median {found.median / 1000:.3f} ms"
                self.say(f"round {number + 1} of {rounds} at {connections}: {contestant.name}: {told}")


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
        with Hub(hub, upstream, folder / f"start-{number}") as program:
            healthy = program.wait_until_healthy()
            called = program.wait_until_called()
            time.sleep(1)
            memory = program.memory()
        found.append(Start(healthy * 1000, called * 1000, memory))
        say(f"start {number + 1} of {count}: healthy {found[-1].healthy:.0f} ms, called {found[-1].called:.0f} ms, {memory:.1f} MB")
    return found
