"""Overload: what a hub with room for so many requests does when four times as many come as it can answer."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from calls import Wrong, chat, check_call, check_chat, completion, item, modern
from load import GIVEN_UP, SIZE_TOLERANCE, Sent, send_paced
from programs import ModelHub, Program, ToolHub, free_port
from relay import is_listening
from report import Report, table

ROOM = 64
DELAY = 20
"""Milliseconds that the upstream takes: 64 at once make 3,200 a second."""
EXCESS = 4
CONNECTIONS = 512
SLICE = 250_000
CALM = 4
"""So many slices of so many microseconds, all of them normal, are the end of an overload; one later hiccup is none of it."""
GOODPUT_GOAL = 0.9
RECOVERY_GOAL = 5
# 64 callers who wait for each other's turn come close to what the room allows, but not quite.
BOUND_TOLERANCE = 1.3
PHASES = ["half the peak, before", f"{EXCESS} × the peak", "half the peak, after"]


class SlowUpstream(Program):
    """Answers every request with the same text after 20 ms (upstream.c)."""

    def __init__(self, binary: Path, text: str, folder: Path, cores: str | None):
        self.port = free_port()
        answer = folder / "answer.json"
        answer.write_text(text)
        super().__init__("upstream-delay", [binary, self.port, "delay", DELAY, answer], folder, cores)
        self.wait_for(lambda: is_listening(self.port))


@dataclass(frozen=True)
class Found:
    """What one phase came to."""

    sent: list[Sent]
    seconds: float

    def count(self, is_counted: Callable[[Sent], bool]) -> int:
        """How many requests are like that."""
        return sum(map(is_counted, self.sent))

    @property
    def good(self) -> float:
        """Good answers a second."""
        return self.count(lambda one: one.status == 200) / self.seconds

    @property
    def failed(self) -> int:
        """Requests and connections that came to neither an answer nor a refusal."""
        return self.count(lambda one: one.status not in (200, 503, GIVEN_UP))

    def row(self, name: str) -> list[str]:
        """As a row of the table."""
        rates = [len(self.sent), self.count(lambda one: one.status != GIVEN_UP), self.count(lambda one: one.status == 200)]
        return [
            name, *(f"{count / self.seconds:,.0f}" for count in rates),
            f"{self.count(lambda one: one.status == 503):,}", f"{self.failed:,}",
            _percentiles([one.took for one in self.sent if one.status == 200]),
            _percentiles([one.took for one in self.sent if one.status == 503]),
            _percentiles([one.late for one in self.sent if one.status != GIVEN_UP]),
        ]


class Pressure:
    """A hub on one core; its slow upstream and the load on the others."""

    def __init__(
        self, stack: ExitStack, folder: Path, hub: Path, programs: dict[str, Path], route: str, server_cores: str, load_cores: str
    ):
        self.paced, self.load_cores = programs["paced"], load_cores
        bounds = f"bounds: {{ inFlight: {ROOM}, perAddress: {2 * CONNECTIONS} }}\n"
        text, kind = (item(), ToolHub) if route == "tools" else (completion(), ModelHub)
        upstream = stack.enter_context(SlowUpstream(programs["upstream"], text, folder, load_cores))
        self.hub = stack.enter_context(kind(hub, upstream.port, folder / "hub", server_cores, bounds))
        self.request, check = (modern(self.hub.port, self.hub.path), check_call) if route == "tools" else (chat(self.hub.port), check_chat)
        self.hub.wait_for(lambda: check(self.request))
        self.size = check(self.request).size

    def peak(self, seconds: float) -> float:
        """Good answers a second when there are just as many callers as there is room."""
        sent = send_paced(self.paced, self.request, ROOM, [(0, 1), (0, seconds)], self.load_cores)
        # A caller may be back before the room of its last request is given back; that one is refused, and is not good.
        bad = [one for one in sent if one.status not in (200, 503)]
        if bad or not sent:
            raise Wrong(f"{len(bad)} of {len(sent)} requests failed with only {ROOM} callers, the first with {bad[:1]}")
        good = [one for one in sent if one.status == 200]
        self._check_size(good)
        return sum(one.phase == 1 for one in good) / seconds

    def overload(self, peak: float, before: float, during: float, after: float) -> list[Found]:
        """Half of it, far too much, half of it again, on the same connections."""
        phases = [(peak / 2, before), (peak * EXCESS, during), (peak / 2, after)]
        sent = send_paced(self.paced, self.request, CONNECTIONS, phases, self.load_cores)
        self._check_size([one for one in sent if one.status == 200])
        return [Found([one for one in sent if one.phase == number], seconds) for number, (_, seconds) in enumerate(phases)]

    def _check_size(self, sent: list[Sent]) -> None:
        if not sent or abs(sum(one.size for one in sent) / len(sent) / self.size - 1) > SIZE_TOLERANCE:
            raise Wrong("good answers are not as long as the one that was looked at")


def recovery(phases: list[Found]) -> float | None:
    """Seconds from the end of the overload until everything is answered again, and about as fast as before it."""
    before, during, after = phases
    usual = median(one.took for one in before.sent if one.status == 200)
    end = int((before.seconds + during.seconds) * 1e6)
    slices: dict[int, list[Sent]] = {}
    for one in after.sent:
        slices.setdefault(max(0, one.due - end) // SLICE, []).append(one)
    is_normal = {
        number: all(one.status == 200 for one in sent) and median(one.took for one in sent) <= 1.5 * usual
        for number, sent in slices.items()
    }
    calm = (number for number in range(len(slices)) if all(is_normal.get(number + more) for more in range(CALM)))
    found = next(calm, None)
    return None if found is None else found * SLICE / 1e6


def report_pressure(report: Report, peak: float, phases: list[Found]) -> None:
    """The tables, and the goals."""
    head = ["", "due/s", "sent/s", "good/s", "refused", "failures", "good: median · p99 ms", "refused: median · p99 ms"]
    head.append("the load's own: median · p99 ms")
    rows = [found.row(name) for name, found in zip(PHASES, phases, strict=True)]
    report.add(
        f"## Overload: room for {ROOM}, an upstream that takes {DELAY} ms, {CONNECTIONS} connections\n\n"
        f"Peak, {ROOM} callers one request at a time each: {peak:,.0f} good answers a second.\n\n{table(head, rows)}")
    during, back = phases[1], recovery(phases)
    failures = sum(found.failed for found in phases)
    ratio = during.good / peak
    if ratio > BOUND_TOLERANCE:
        raise Wrong(f"{ratio:.2f} × the peak was answered: nothing bounded what is in flight")
    report.goal("good answers under overload, ratio to the peak", f"> {GOODPUT_GOAL} ×", f"{ratio:.2f} ×", ratio > GOODPUT_GOAL)
    report.goal("requests and connections that failed", "0", str(failures), failures == 0)
    told = "not at all" if back is None else f"{back:.2f} s"
    report.goal("back to normal after the overload", f"≤ {RECOVERY_GOAL} s", told, back is not None and back <= RECOVERY_GOAL)


def _percentiles(values: list[int]) -> str:
    if len(values) < 2:
        return ""
    return f"{median(values) / 1000:.2f} · {quantiles(values, n=100)[98] / 1000:.2f}"
