"""What a scenario is, and what it runs in."""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.conformance.wire import HANDSHAKE, HandshakeWire, ModernWire, Wire
from harness.wire import MODERN

BOTH = (HANDSHAKE, MODERN)


class Unmet(AssertionError):
    """A scenario that does not pass, with the checks that failed."""

    def __init__(self, failures: list[tuple[str, str]]):
        super().__init__("\n".join(f"{name}: {complaint}" for name, complaint in failures))
        self.failures = failures


@dataclass
class Case:
    """One run of a scenario against one server."""

    url: str
    revision: str
    schemas: object = None
    #: Whether behind the address there is a server that asks by request, so that keys and state of what is asked are not its own.
    asks_by_request: bool = False
    #: How long what must come is waited for, in seconds.
    patience: float = 10
    failures: list[tuple[str, str]] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)

    @property
    def is_modern(self) -> bool:
        """Whether the client is of the era without sessions."""
        return self.revision == MODERN

    def connect(self, **options) -> Wire:
        """A client of the revision."""
        wire = ModernWire(self.url, self.schemas) if self.is_modern else HandshakeWire(self.url, self.schemas, **options)
        wire.patience = self.patience
        return wire

    def check(self, name: str, holds, complaint="") -> bool:
        """Notes one check by its id."""
        if holds:
            self.passed.append(name)
        else:
            self.failures.append((name, str(complaint)[:1500]))
        return bool(holds)


@dataclass(frozen=True)
class Scenario:
    """A scenario, by the suite's name."""

    name: str
    revisions: tuple[str, ...]
    steps: Callable[[Case], None]

    def run(self, case: Case) -> Case:
        """Runs it; fails with all checks that did not hold."""
        try:
            self.steps(case)
        except AssertionError as error:
            case.failures.append(("wire-schema-valid", str(error)))
        except Exception as error:  # whatever a broken answer leads to is a failure of the server, not of the harness
            case.failures.append((self.name, f"{type(error).__name__}: {error}"))
        if case.failures:
            raise Unmet(case.failures)
        assert case.passed, f"{self.name} has checked nothing"
        return case


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, *revisions: str):
    """Registers a function as the steps of a scenario."""

    def register(steps):
        SCENARIOS[name] = Scenario(name, revisions or BOTH, steps)
        return steps

    return register
