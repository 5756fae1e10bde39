"""Plain requests: hubd's route to a model, nginx, haproxy, Envoy, the upstream alone."""

from contextlib import ExitStack
from pathlib import Path
from statistics import median

from calls import chat, check_chat
from contest import CONNECTIONS, Contestant, Memory, Turns
from load import Measurement, measure_paced
from programs import ModelHub, Program, Upstream
from proxies import Envoy, HAProxy, Nginx


class PlainContest:
    """`POST /v1/chat/completions`, 1 KB each way, through every gateway."""

    def __init__(
        self, stack: ExitStack, folder: Path, hub: Path, envoy: Path, paced: Path, threads: int, server_cores: str | None, turns: Turns
    ):
        turns.say("starting nginx, haproxy, Envoy and hubd")
        self.turns, self.paced = turns, paced
        self.upstream = stack.enter_context(Upstream(folder, turns.load_cores))
        port = self.upstream.port
        self.gateways: dict[str, Program] = {
            "nginx": stack.enter_context(Nginx(port, threads, folder, server_cores)),
            "haproxy": stack.enter_context(HAProxy(port, threads, folder, server_cores)),
            "Envoy": stack.enter_context(Envoy(envoy, port, threads, folder, server_cores)),
            "hubd": stack.enter_context(ModelHub(hub, port, folder / "hub", server_cores)),
        }
        for program in self.gateways.values():
            program.wait_for(lambda program=program: check_chat(chat(program.port)))

    def throughput(self, rounds: int, seconds: int) -> list[Contestant]:
        """Every contestant under 64 connections, in turn, so many times."""
        return self._loaded(rounds, seconds, CONNECTIONS)

    def latency(self, rounds: int, seconds: int) -> list[Contestant]:
        """One request at a time."""
        return self._loaded(rounds, max(1, seconds // 2), 1)

    def half_load(self, rounds: int, seconds: int, peaks: list[Contestant]) -> list[Contestant]:
        """Each at half of the rate that it came to before, whatever the answers do."""
        contestants = self._contestants()
        rates = {peak.name: median(found.rate for found in peak.rounds) / 2 for peak in peaks}

        def load(contestant: Contestant) -> Measurement:
            rate = rates[contestant.name]
            return measure_paced(
                self.paced, contestant.request, contestant.size, rate, max(1, seconds // 2), CONNECTIONS, self.turns.load_cores)

        self.turns.alternate(contestants, self.upstream, rounds, "at half its peak", load)
        return contestants

    def memory(self) -> list[Memory]:
        """What the gateways hold after the load."""
        return self.turns.memory(self.gateways)

    def _loaded(self, rounds: int, seconds: int, connections: int) -> list[Contestant]:
        contestants = self._contestants()
        self.turns.wrk(contestants, self.upstream, rounds, seconds, connections)
        return contestants

    def _contestants(self) -> list[Contestant]:
        programs = {"the upstream alone": self.upstream, **self.gateways}
        requests = {name: chat(program.port) for name, program in programs.items()}
        return [Contestant(name, programs[name], request, check_chat(request).size) for name, request in requests.items()]
