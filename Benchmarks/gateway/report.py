"""The report: Markdown, printed as it comes."""

from statistics import median

from contest import Contestant, Memory, Start
from load import Measurement
from machine import QUIET

RATIO_GOAL = 12
ADDED_LATENCY_GOAL = 0.5
MEMORY_GOAL = 60
START_GOAL = 100


class Report:
    """Collects the tables and what the goals are judged by."""

    def __init__(self):
        self.text = ""
        self.ratios: dict[str, float] = {}
        self.added: dict[str, float] = {}
        self.start_rows: list[Start] = []

    def add(self, text: str) -> None:
        """Prints and keeps a part."""
        print(text, flush=True)
        self.text += text + "\n"

    def machine(self, rows: list[tuple[str, str]]) -> None:
        """What it is measured on."""
        self.add("## Machine\n\n" + _table(["", ""], rows))

    def throughput(self, contestants: list[Contestant]) -> None:
        """Rounds, medians, ratios."""
        self.add("## Calls per second, 64 connections\n\n" + _rounds(contestants))
        upstream, *gateways = contestants
        rows = []
        for contestant in contestants:
            rate, cpu = median(found.rate for found in contestant.rounds), median(contestant.cpu)
            row = [contestant.name, f"{rate:,.0f}", _milliseconds(contestant, "median"), _milliseconds(contestant, "p99"), f"{cpu:.1f}"]
            rows.append(row)
        self.add("Medians of the rounds:\n\n" + _table(["", "calls/s", "median ms", "p99 ms", "its CPU, µs a call"], rows))
        theirs = [c for c in gateways if c.name.startswith("FastMCP")]
        ours = [c for c in gateways if c.name.startswith("hubd")]
        rows = []
        for hub in ours:
            row = [hub.name]
            for other in [*theirs, upstream]:
                # Round by round, so that what slows a whole round down cancels out.
                ratio = median(a.rate / b.rate for a, b in zip(hub.rounds, other.rounds, strict=True))
                row.append(f"{ratio:.2f}")
                if "processes" not in other.name and other is not upstream:
                    self.ratios[f"{hub.name} / {other.name}"] = ratio
            rows.append(row)
        self.add("Calls per second, ratio of the row to the column:\n\n" + _table(["", *(c.name for c in [*theirs, upstream])], rows))

    def latency(self, contestants: list[Contestant]) -> None:
        """What is added to one call at a time."""
        self.add("## One connection\n\n" + _rounds(contestants))
        upstream, *gateways = contestants
        rows = [[upstream.name, _milliseconds(upstream, "median"), _milliseconds(upstream, "p99"), ""]]
        for gateway in gateways:
            added = median((a.median - b.median) / 1000 for a, b in zip(gateway.rounds, upstream.rounds, strict=True))
            rows.append([gateway.name, _milliseconds(gateway, "median"), _milliseconds(gateway, "p99"), f"{added:.3f}"])
            if gateway.name.startswith("hubd"):
                self.added[gateway.name] = added
        self.add("Medians of the rounds:\n\n" + _table(["", "median ms", "p99 ms", "added median ms"], rows))

    def memory_after(self, memory: list[Memory]) -> None:
        """What the gateways hold after the load, and whether that grows with the calls."""
        rows = []
        for one in memory:
            growth = (one.after - one.before) * 1e6 / one.calls
            rows.append([one.name, f"{one.before:.1f}", f"{one.after:.1f}", f"{one.calls:,}", f"{growth:,.0f}"])
        head = ["", "before, MB", "after, MB", "calls", "bytes a call"]
        self.add("## Memory under load\n\n" + _table(head, rows))

    def others(self, shares: list[float]) -> None:
        """How quiet it was."""
        most, middle = max(shares), median(shares)
        # One noisy round in many moves no median; processor time is counted in ticks, so that a short round is off by some percent.
        is_quiet = middle < QUIET and most < 3 * QUIET
        warning = "" if is_quiet else " **Not quiet: absolute numbers are void, ratios rough.**"
        self.add(f"Others took {middle:.0%} of the machine (median of the rounds), {most:.0%} at most.{warning}\n")

    def starts(self, rows: list[Start]) -> None:
        """Start and idle memory."""
        self.start_rows = rows
        names = {
            "exec to the first 200 of /healthz, ms": "healthy",
            "exec to the first good tool call, ms": "called",
            "resident when idle for 1 s, MB": "memory",
        }
        table = []
        for text, name in names.items():
            values = [getattr(row, name) for row in rows]
            table.append([text, f"{median(values):.1f}", f"{min(values):.1f}", f"{max(values):.1f}"])
        self.add(f"## Start and idle memory, {len(rows)} starts on empty data folders\n\n" + _table(["", "median", "least", "most"], table))

    def verdict(self) -> bool:
        """Holds the goals against what was measured."""
        ratio_name, ratio = min(self.ratios.items(), key=lambda pair: pair[1])
        added_name, added = max(self.added.items(), key=lambda pair: pair[1])
        memory = median(row.memory for row in self.start_rows)
        called = median(row.called for row in self.start_rows)
        latency_goal = f"< {ADDED_LATENCY_GOAL} ms"
        rows = [
            (f"calls per second, the least of the ratios ({ratio_name})", f"≥ {RATIO_GOAL} ×", f"{ratio:.1f} ×", ratio >= RATIO_GOAL),
            (f"added median latency at one connection ({added_name})", latency_goal, f"{added:.3f} ms", added < ADDED_LATENCY_GOAL),
            ("idle memory", f"< {MEMORY_GOAL} MB", f"{memory:.1f} MB", memory < MEMORY_GOAL),
            ("ready: first good tool call after exec", f"≤ {START_GOAL} ms", f"{called:.0f} ms", called <= START_GOAL),
        ]
        shown = [[what, goal, found, "met" if is_met else "**missed**"] for what, goal, found, is_met in rows]
        self.add("## Goals\n\n" + _table(["", "goal", "measured", ""], shown))
        return all(is_met for *_, is_met in rows)


def _milliseconds(contestant: Contestant, name: str) -> str:
    return f"{median(getattr(found, name) for found in contestant.rounds) / 1000:.3f}"


def _rounds(contestants: list[Contestant]) -> str:
    def cell(found: Measurement) -> str:
        return f"{found.rate:,.0f} · {found.median / 1000:.3f} · {found.p99 / 1000:.3f}"

    count = len(contestants[0].rounds)
    rows = [[c.name, *map(cell, c.rounds)] for c in contestants]
    return "Calls per second · median ms · p99 ms:\n\n" + _table(["", *(f"round {number + 1}" for number in range(count))], rows)


def _table(head: list[str], rows: list) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"
