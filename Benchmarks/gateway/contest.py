"""Contestants that take turns, and what is measured of each."""

from collections.abc import Callable
from dataclasses import dataclass, field

from calls import Request
from load import Measurement, measure
from machine import MachineClock
from programs import Program

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
    """Microseconds of processor time a request, or an event, by round."""


@dataclass(frozen=True)
class Memory:
    """Resident memory of a gateway that was warm already, before and after so many requests, and the most it ever was, in MB."""

    name: str
    before: float
    after: float
    most: float
    calls: int


class Turns:
    """All programs running at once; only the one whose turn it is has anything to do."""

    def __init__(self, load_cores: str | None, say: Callable[[str], None]):
        self.load_cores = load_cores
        self.say = say
        self.others: list[float] = []
        """The share of the machine that others took while something was measured."""
        self.calls: dict[Program, int] = {}
        self.memory_before: dict[Program, float] = {}

    def wrk(self, contestants: list[Contestant], upstream: Program, rounds: int, seconds: int, connections: int) -> None:
        """Every contestant under so many connections."""
        threads = min(THREADS, connections)

        def load(contestant: Contestant) -> Measurement:
            return measure(contestant.request, contestant.size, seconds, connections, threads, self.load_cores)

        for contestant in contestants:
            self.say(f"warming up at {connections}: {contestant.name}")
            measure(contestant.request, contestant.size, 1, connections, threads, self.load_cores)
        self.alternate(contestants, upstream, rounds, f"at {connections}", load)

    def alternate(
        self, contestants: list[Contestant], upstream: Program, rounds: int, what: str, load: Callable[[Contestant], Measurement]
    ) -> None:
        """A B C A B C …, so many times; `load` is one turn."""
        for contestant in contestants:
            self.memory_before.setdefault(contestant.program, contestant.program.memory())
        for number in range(rounds):
            for contestant in contestants:
                mine = {contestant.program, upstream}
                before, clock = {program: program.cpu_seconds() for program in mine}, MachineClock()
                found = load(contestant)
                spent = {program: program.cpu_seconds() - before[program] for program in mine}
                contestant.rounds.append(found)
                self.calls[contestant.program] = self.calls.get(contestant.program, 0) + found.requests
                contestant.cpu.append(spent[contestant.program] / found.requests * 1e6)
                self.others.append(clock.others(sum(spent.values())))
                told = f"{found.rate:,.0f}/s, median {found.median / 1000:.3f} ms"
                self.say(f"round {number + 1} of {rounds} {what}: {contestant.name}: {told}")

    def memory(self, programs: dict[str, Program]) -> list[Memory]:
        """What these hold after the load."""
        return [
            Memory(name, self.memory_before[program], program.memory(), program.memory("VmHWM"), self.calls[program])
            for name, program in programs.items()
        ]
