"""Fixtures of the peer tests. HUBD_BINARY names the hub; with HUBD_CORPORA the corpus tests (test_corpus_*) run too.

Whatever an SDK client is answered in a test is recorded, and validated against the official schemas when HUBD_CORPORA is set.
"""

import os
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.background import Background
from harness.certificates import Authority
from harness.hub import Hub
from harness.peer import Kind, Peer
from harness.recorder import Recorder
from harness.schemas import Schemas
from harness.tokens import TokenUpstream
from harness.upstreams import FaultUpstream, Httpbin

FIXTURES = Path(__file__).parent / "fixtures"
CORPORA = os.environ.get("HUBD_CORPORA")
SCHEMAS = Schemas(Path(CORPORA) / "mcp-schema") if CORPORA else None

NUMBERS: list[str] = []

collect_ignore_glob = [] if CORPORA else ["test_corpus_*.py"]


def pytest_terminal_summary(terminalreporter):
    for line in NUMBERS:
        terminalreporter.write_line(line)
    if SCHEMAS is None:
        terminalreporter.write_line("HUBD_CORPORA is not set: corpus tests and schema validation of messages were left out")
    else:
        terminalreporter.write_line(f"{SCHEMAS.validated} messages from the hub validated against the official schemas")


@pytest.fixture(scope="session")
def background():
    return Background()


@pytest.fixture(scope="session")
def httpbin():
    """The real httpbin."""
    server = Httpbin()
    yield server
    server.stop()


@pytest.fixture
def fault(background):
    """An upstream that misbehaves as told."""
    return FaultUpstream(background)


@pytest.fixture
def tokens(background):
    """An upstream whose answers say whose they are."""
    return TokenUpstream(background)


@pytest.fixture
def note(request):
    """Keeps a number for the end of the run: `note("p99", "12 ms")`."""
    return lambda name, value: NUMBERS.append(f"{request.node.name}: {name} {value}")


def httpbin_configuration(address: str) -> dict:
    """httpbin as a server, patient and impatient."""
    patient = {"connect": "1s", "firstByte": "5s", "idle": "5s", "total": "20s"}
    return {
        "upstreams": {
            "httpbin": {"addresses": [address], "timeouts": patient},
            "impatient": {"addresses": [address], "timeouts": {**patient, "firstByte": "1s"}},
        },
        "servers": {
            "httpbin": {"openapi": "httpbin.openapi.yaml", "upstream": "httpbin"},
            "impatient": {"openapi": "httpbin.openapi.yaml", "upstream": "impatient"},
        },
    }


def fault_configuration(address: str, **times) -> dict:
    """The misbehaving upstream as a server, with short times, beside one whose upstream does not listen."""
    timeouts = {"connect": "1s", "firstByte": "2s", "idle": "1s", "total": "4s", **times}
    return {
        "upstreams": {
            "fault": {"addresses": [address], "timeouts": timeouts},
            "nobody": {"addresses": ["http://127.0.0.1:1"], "timeouts": timeouts},
        },
        "servers": {
            "fault": {"openapi": "fault.openapi.yaml", "upstream": "fault"},
            "nobody": {"openapi": "fault.openapi.yaml", "upstream": "nobody"},
        },
    }


def token_configuration(address: str, bounds=None, **times) -> dict:
    """The upstream of tokens as the server `tokens`."""
    timeouts = {"connect": "5s", "firstByte": "30s", "idle": "30s", "total": "60s", **times}
    return {
        **({"bounds": bounds} if bounds else {}),
        "upstreams": {"tokens": {"addresses": [address], "timeouts": timeouts}},
        "servers": {"tokens": {"openapi": "tokens.openapi.yaml", "upstream": "tokens"}},
    }


@pytest.fixture
def start_hub(tmp_path):
    """Starts hubs that are stopped, and looked at, when the test ends: `start_hub(configuration, command=, more=)`."""
    with ExitStack() as stack:

        def start(configuration, **options):
            hub = Hub(tmp_path, configuration, FIXTURES.glob("*.yaml"), **options)
            stack.callback(hub.stop)
            return hub

        yield start


@pytest.fixture(scope="module")
def hub(tmp_path_factory, httpbin):
    """One hub for a module, with httpbin as `httpbin` and, with a time limit of one second, as `impatient`."""
    hub = Hub(tmp_path_factory.mktemp("hub"), httpbin_configuration(httpbin.url), FIXTURES.glob("*.yaml"))
    yield hub
    hub.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """Who signs the certificates of a test run."""
    return Authority(tmp_path_factory.mktemp("certificates"))


def tls_configuration(authority: Authority, configuration: dict) -> dict:
    """A configuration with certificates: `a.test` first, `b.test` with its subdomains, and `m.test`, which asks for client certificates."""
    entries = []
    for name, more in [("a.test", []), ("b.test", ["*.b.test"]), ("m.test", [])]:
        certificate, key = authority.issue(name, name, *more)
        entries.append({"names": [name, *more], "certificate": str(certificate), "key": f"file:{key}"})
    entries[2]["clientCA"] = str(authority.file)
    return {"hosts": ["a.test", "b.test", "x.b.test", "m.test"], "tls": entries, **configuration}


@pytest.fixture
def fault_hub(start_hub, fault):
    """A hub in front of the misbehaving upstream."""
    return start_hub(fault_configuration(fault.url))


class Peers:
    """Opens SDK clients to a hub, each with a recorder before it, and validates at the end what they were answered."""

    def __init__(self, background, folder: Path):
        self.background = background
        self.folder = folder
        self.stack = ExitStack()

    def __call__(self, kind: Kind, hub: Hub, server: str, **target) -> Peer:
        if kind.transport == "stdio":
            log = self.folder / f"{len(list(self.folder.iterdir()))}.log"
            peer = Peer(kind, {"command": Peer.stdio_command(log, server, hub.file), **target})
            self.stack.callback(self._check_stdio, log, peer)
        else:
            recorder = Recorder(self.background, hub.url)
            address = f"{recorder.url}/mcp/{server}" + ("/sse" if kind.transport == "sse" else "")
            peer = Peer(kind, {"url": address, **target})
            peer.recorder = recorder
            self.stack.callback(self._check_http, recorder, peer)
        self.stack.callback(peer.close)
        return peer

    def _check_http(self, recorder, peer):
        exchanges = recorder.exchanges
        assert exchanges, "nothing was recorded"
        assert all("x-request-id" in exchange.headers for exchange in exchanges), "an answer without x-request-id"
        if SCHEMAS:
            SCHEMAS.check_exchanges(exchanges, peer.version)

    def _check_stdio(self, log, peer):
        deadline = time.monotonic() + 30
        while not (ended := log.read_bytes().splitlines()[-1]).startswith(b"= ") and time.monotonic() < deadline:
            time.sleep(0.05)  # tee.py is no child of ours that could be waited for
        assert ended == b"= 0", "hubd stdio did not end well when its input did"
        if SCHEMAS:
            SCHEMAS.check_lines(log, peer.version)


@pytest.fixture
def peers(background, tmp_path_factory):
    """Opens SDK clients: `peers(kind, hub, server)`."""
    peers = Peers(background, tmp_path_factory.mktemp("peers"))
    with peers.stack:
        yield peers
