"""Event streams: many at once through hubd's route to a model, nginx, haproxy, Envoy, and from the upstream itself."""

import socket
from contextlib import ExitStack
from pathlib import Path

from calls import chat
from contest import Contestant, Memory, Turns
from load import Measurement, measure_streams
from programs import ModelHub, Program, free_port
from proxies import Envoy, HAProxy, Nginx

STREAMS = 256
INTERVAL = 50
"""Milliseconds between two events of a stream."""


class EventUpstream(Program):
    """Answers every request with a stream of events (upstream.c)."""

    def __init__(self, binary: Path, events: int, folder: Path, cores: str | None = None):
        self.port = free_port()
        super().__init__("upstream-events", [binary, self.port, "events", INTERVAL, events], folder, cores)
        self.wait_for(lambda: is_listening(self.port))


def is_listening(port: int) -> bool:
    """Whether a connection is taken."""
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


class RelayContest:
    """256 streams at once, each with an event every 50 ms."""

    def __init__(
        self, stack: ExitStack, folder: Path, hub: Path, envoy: Path, tools: dict[str, Path], threads: int, seconds: int,
        server_cores: str | None, turns: Turns
    ):
        turns.say("starting the upstream of events, nginx, haproxy, Envoy and hubd")
        self.turns, self.client, self.seconds = turns, tools["streams"], seconds
        self.events = seconds * 1000 // INTERVAL
        self.upstream = stack.enter_context(EventUpstream(tools["upstream"], self.events, folder, turns.load_cores))
        port = self.upstream.port
        self.gateways: dict[str, Program] = {
            "nginx": stack.enter_context(Nginx(port, threads, folder, server_cores, is_streaming=True)),
            "haproxy": stack.enter_context(HAProxy(port, threads, folder, server_cores, is_streaming=True)),
            "Envoy": stack.enter_context(Envoy(envoy, port, threads, folder, server_cores)),
            # Connections of the turn before may still be closing.
            "hubd": stack.enter_context(ModelHub(hub, port, folder / "hub", server_cores, f"bounds: {{ perAddress: {4 * STREAMS} }}\n")),
        }
        for program in self.gateways.values():
            program.wait_for(lambda program=program: is_listening(program.port))

    def events_relayed(self, rounds: int) -> list[Contestant]:
        """Every contestant with all streams, in turn, so many times."""
        programs = {"the upstream alone": self.upstream, **self.gateways}
        contestants = [Contestant(name, program, chat(program.port, stream=True), 0) for name, program in programs.items()]
        for contestant in contestants:
            self.turns.say(f"warming up: {contestant.name}")
            self._load(contestant)
        self.turns.alternate(contestants, self.upstream, rounds, f"of {STREAMS} streams", self._load)
        return contestants

    def memory(self) -> list[Memory]:
        """What the gateways hold after the streams."""
        return self.turns.memory(self.gateways)

    def _load(self, contestant: Contestant) -> Measurement:
        return measure_streams(self.client, contestant.request, STREAMS, self.events, self.seconds + 1, self.turns.load_cores)
