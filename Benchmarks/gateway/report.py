"""The report: Markdown, printed as it comes, and the goals that the numbers are held against."""

from collections.abc import Callable
from statistics import median

from contest import Contestant, Memory
from load import Measurement
from machine import QUIET
from tools import Start

RATIO_GOAL = 12
RATIO_GOAL_SAME_CORE = 25
ADDED_LATENCY_GOAL = 0.5
MEMORY_GOAL = 60
START_GOAL = 100
PLAIN_RATE_GOAL = 0.9
PLAIN_MEDIAN_GOAL = 1.2
EVENT_CPU_GOAL = 1.1
PEER = "Envoy"


class Report:
    """Collects the tables, and the goals with what was found. Peers are judged on the same core only."""

    def __init__(self, is_pinned: bool):
        self.is_pinned = is_pinned
        self.text = ""
        self.goals: list[tuple[str, str, str, str]] = []

    def add(self, text: str) -> None:
        """Prints and keeps a part."""
        print(text, flush=True)
        self.text += text + "\n"

    def goal(self, what: str, wanted: str, found: str, is_met: bool, is_judged=True) -> None:
        """Keeps a goal for the table at the end."""
        self.goals.append((what, wanted, found, ("met" if is_met else "**missed**") if is_judged else "needs `--pin`"))

    def machine(self, rows: list[tuple[str, str]]) -> None:
        """What it is measured on."""
        self.add("## Machine\n\n" + table(["", ""], rows))

    def tool_throughput(self, contestants: list[Contestant]) -> None:
        """Rounds, medians, ratios."""
        self.add("## Tool calls per second, 64 connections\n\n" + _rounds("Calls", contestants))
        upstream, *gateways = contestants
        self.add("Medians of the rounds:\n\n" + _medians("calls/s", "call", contestants))
        theirs = [c for c in gateways if c.name.startswith("FastMCP")]
        ours = [c for c in gateways if c.name.startswith("hubd")]
        self.add("Calls per second, ratio of the row to the column:\n\n" + _ratios(ours, [*theirs, upstream], _rate))
        pairs = [(a, b) for a in ours for b in theirs if "processes" not in b.name]
        ratio, name = min((_ratio(a, b, _rate), f"{a.name} / {b.name}") for a, b in pairs)
        wanted = RATIO_GOAL_SAME_CORE if self.is_pinned else RATIO_GOAL
        self.goal(f"tool calls per second, the least of the ratios ({name})", f"≥ {wanted} ×", f"{ratio:.1f} ×", ratio >= wanted)

    def tool_latency(self, contestants: list[Contestant]) -> None:
        """What is added to one call at a time."""
        self.add("## Tool calls at one connection\n\n" + _rounds("Calls", contestants))
        upstream, *gateways = contestants
        rows = [[upstream.name, _milliseconds(upstream, "median"), _milliseconds(upstream, "p99"), ""]]
        hubs: list[tuple[float, str]] = []
        for gateway in gateways:
            added = median((a.median - b.median) / 1000 for a, b in zip(gateway.rounds, upstream.rounds, strict=True))
            rows.append([gateway.name, _milliseconds(gateway, "median"), _milliseconds(gateway, "p99"), f"{added:.3f}"])
            if gateway.name.startswith("hubd"):
                hubs.append((added, gateway.name))
        self.add("Medians of the rounds:\n\n" + table(["", "median ms", "p99 ms", "added median ms"], rows))
        added, name = max(hubs)
        what = f"added median latency of a tool call at one connection ({name})"
        self.goal(what, f"< {ADDED_LATENCY_GOAL} ms", f"{added:.3f} ms", added < ADDED_LATENCY_GOAL)

    def plain_throughput(self, contestants: list[Contestant]) -> None:
        """Rounds, medians, and hubd's ratio to everybody."""
        self.add("## Plain requests per second, 64 connections\n\n" + _rounds("Requests", contestants))
        hub, peer, others = _sides(contestants)
        self.add("Medians of the rounds:\n\n" + _medians("requests/s", "request", contestants))
        self.add("Requests per second, ratio of the row to the column:\n\n" + _ratios([hub], others, _rate))
        ratio = _ratio(hub, peer, _rate)
        what, is_met = f"plain requests per second, ratio to {PEER}", ratio >= PLAIN_RATE_GOAL
        self.goal(what, f"≥ {PLAIN_RATE_GOAL} ×", f"{ratio:.2f} ×", is_met, self.is_pinned)

    def plain_latency(self, contestants: list[Contestant]) -> None:
        """One request at a time."""
        self.add("## Plain requests at one connection\n\n" + _rounds("Requests", contestants))
        hub, peer, others = _sides(contestants)
        self.add("Median time, ratio of the row to the column:\n\n" + _ratios([hub], others, lambda found: found.median))
        ratio = _ratio(hub, peer, lambda found: found.median)
        what, is_met = f"median of a plain request at one connection, ratio to {PEER}", ratio <= PLAIN_MEDIAN_GOAL
        self.goal(what, f"≤ {PLAIN_MEDIAN_GOAL} ×", f"{ratio:.2f} ×", is_met, self.is_pinned)

    def half_load(self, contestants: list[Contestant]) -> None:
        """Percentiles at half of what each can do, and how exact the load was."""
        self.add("## Plain requests at half of each one's own peak, open loop\n\n" + _rounds("Requests", contestants))
        late = [median(found.late for found in c.rounds) / 1000 for c in contestants]
        rows = [
            [c.name, f"{median(found.rate for found in c.rounds):,.0f}", _milliseconds(c, "median"), _milliseconds(c, "p99"), f"{own:.3f}"]
            for c, own in zip(contestants, late, strict=True)
        ]
        head = ["", "requests/s", "median ms", "p99 ms", "of it the load's own, p99 ms"]
        self.add("Medians of the rounds; times count from when a request was due:\n\n" + table(head, rows))

    def relay(self, contestants: list[Contestant], streams: int, interval: int) -> None:
        """Processor time an event, and how late events come."""
        each = contestants[0].rounds[0].requests // streams
        self.add(
            f"## {streams} event streams at once, an event every {interval} ms each\n\n"
            f"{each} events a stream; none was lost or changed, or this report would not be.\n\n{_rounds('Events', contestants)}")
        hub, peer, others = _sides(contestants)
        note = "Medians of the rounds; times are from the upstream's write to the caller's read:\n\n"
        self.add(note + _medians("events/s", "event", contestants))
        rows = [[hub.name, *(f"{_cpu_ratio(hub, other):.2f}" for other in others)]]
        self.add("Processor time an event, ratio of the row to the column:\n\n" + table(["", *(c.name for c in others)], rows))
        ratio = _cpu_ratio(hub, peer)
        what, is_met = f"processor time an event of a stream, ratio to {PEER}", ratio <= EVENT_CPU_GOAL
        self.goal(what, f"≤ {EVENT_CPU_GOAL} ×", f"{ratio:.2f} ×", is_met, self.is_pinned)

    def memory_after(self, memory: list[Memory], what: str) -> None:
        """What the gateways hold after the load, and whether that grows with the calls."""
        rows = []
        for one in memory:
            growth = (one.after - one.before) * 1e6 / one.calls
            rows.append([one.name, f"{one.before:.1f}", f"{one.after:.1f}", f"{one.most:.1f}", f"{one.calls:,}", f"{growth:,.0f}"])
        head = ["", "before, MB", "after, MB", "at most, MB", f"{what}s", f"bytes a{'n' if what[0] in 'aeiou' else ''} {what}"]
        self.add(f"## Memory after those {what}s\n\n" + table(head, rows))

    def others(self, shares: list[float]) -> None:
        """How quiet it was."""
        most, middle = max(shares), median(shares)
        # One noisy round in many moves no median; the machine's time is counted in ticks, so that a short round is off by some percent.
        is_quiet = middle < QUIET and most < 3 * QUIET
        warning = "" if is_quiet else " **Not quiet: absolute numbers are void, ratios rough.**"
        self.add(f"Others took {middle:.0%} of the machine (median of the rounds), {most:.0%} at most.{warning}\n")

    def starts(self, rows: list[Start]) -> None:
        """Start and idle memory."""
        names = {
            "exec to the first 200 of /healthz, ms": "healthy",
            "exec to the first good tool call, ms": "called",
            "resident when idle for 1 s, MB": "memory",
        }
        shown = []
        for text, name in names.items():
            values = [getattr(row, name) for row in rows]
            shown.append([text, f"{median(values):.1f}", f"{min(values):.1f}", f"{max(values):.1f}"])
        self.add(f"## Start and idle memory, {len(rows)} starts on empty data folders\n\n" + table(["", "median", "least", "most"], shown))
        memory, called = median(row.memory for row in rows), median(row.called for row in rows)
        self.goal("idle memory", f"< {MEMORY_GOAL} MB", f"{memory:.1f} MB", memory < MEMORY_GOAL)
        self.goal("ready: first good tool call after exec", f"≤ {START_GOAL} ms", f"{called:.0f} ms", called <= START_GOAL)

    def verdict(self) -> bool:
        """Shows the goals, and whether all that were judged are met."""
        self.add("## Goals\n\n" + table(["", "goal", "measured", ""], self.goals))
        return all("missed" not in said for *_, said in self.goals)


def table(head: list[str], rows: list) -> str:
    """A table of Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def _rate(found: Measurement) -> float:
    return found.rate


def _ratio(one: Contestant, other: Contestant, value: Callable[[Measurement], float]) -> float:
    # Round by round, so that what slows a whole round down cancels out.
    return median(value(a) / value(b) for a, b in zip(one.rounds, other.rounds, strict=True))


def _cpu_ratio(one: Contestant, other: Contestant) -> float:
    return median(a / b for a, b in zip(one.cpu, other.cpu, strict=True))


def _sides(contestants: list[Contestant]) -> tuple[Contestant, Contestant, list[Contestant]]:
    named = {contestant.name: contestant for contestant in contestants}
    return named["hubd"], named[PEER], [contestant for contestant in contestants if contestant.name != "hubd"]


def _ratios(ours: list[Contestant], theirs: list[Contestant], value: Callable[[Measurement], float]) -> str:
    rows = [[one.name, *(f"{_ratio(one, other, value):.2f}" for other in theirs)] for one in ours]
    return table(["", *(c.name for c in theirs)], rows)


def _medians(rate_name: str, one: str, contestants: list[Contestant]) -> str:
    rows = []
    for contestant in contestants:
        rate, cpu = median(found.rate for found in contestant.rounds), median(contestant.cpu)
        rows.append(
            [contestant.name, f"{rate:,.0f}", _milliseconds(contestant, "median"), _milliseconds(contestant, "p99"), f"{cpu:.1f}"])
    return table(["", rate_name, "median ms", "p99 ms", f"its CPU, µs a{'n' if one[0] in 'aeiou' else ''} {one}"], rows)


def _milliseconds(contestant: Contestant, name: str) -> str:
    return f"{median(getattr(found, name) for found in contestant.rounds) / 1000:.3f}"


def _rounds(what: str, contestants: list[Contestant]) -> str:
    def cell(found: Measurement) -> str:
        return f"{found.rate:,.0f} · {found.median / 1000:.3f} · {found.p99 / 1000:.3f}"

    count = len(contestants[0].rounds)
    rows = [[c.name, *map(cell, c.rounds)] for c in contestants]
    return f"{what} per second · median ms · p99 ms:\n\n" + table(["", *(f"round {number + 1}" for number in range(count))], rows)
