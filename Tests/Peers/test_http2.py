"""HTTP/2 on the public listener: as clients speak it, and as attackers do while another client is served."""

import json
import socket
import threading
import time

import httpx
import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from conftest import fault_configuration, tls_configuration
from harness.h2peer import H2Connection
from harness.wire import message, modern

NO_ERROR, PROTOCOL_ERROR, ENHANCE_YOUR_CALM = 0, 1, 11
MEMORY = 256 << 20


@pytest.fixture
def h2_hub(start_hub, fault, authority):
    times = {"firstByte": "60s", "idle": "60s", "total": "60s"}
    return start_hub(tls_configuration(authority, fault_configuration(fault.url, **times)))


@pytest.fixture
def connect(h2_hub, authority):
    """Opens HTTP/2 connections to the hub."""
    opened = []

    def open(**options):
        opened.append(H2Connection(h2_hub.url, authority.context(["h2"]), **options))
        return opened[-1]

    yield open
    for connection in opened:
        connection.close()


def tool(connection: H2Connection, name: str, number=1, **arguments) -> tuple[list[tuple[str, str]], bytes]:
    """A tool call as a header block and a body."""
    headers, body = modern("tools/call", {"name": name, "arguments": arguments}, number=number)
    fields = list(headers.items()) + [("content-length", str(len(body)))]
    return connection.head("POST", "/mcp/fault") + fields, body


def assert_serves(connection: H2Connection):
    answer = connection.ask(*tool(connection, "good"))
    assert answer.status == 200 and json.loads(answer.body)["result"]["structuredContent"] == {"good": True}


# As clients speak it


def test_httpx_speaks_http2(h2_hub, authority):
    headers, body = modern("tools/call", {"name": "good", "arguments": {}})
    with httpx.Client(http2=True, verify=authority.context(["h2", "http/1.1"])) as client:
        for _ in range(3):
            request = client.build_request(
                "POST", h2_hub.mcp("fault"), headers={**headers, "host": "a.test"}, content=body, extensions={"sni_hostname": "a.test"}
            )
            answer = client.send(request)
            assert answer.http_version == "HTTP/2"
            assert message(answer)["result"]["structuredContent"] == {"good": True}
            assert len(answer.headers["x-request-id"]) == 32


def test_many_requests_share_a_connection_and_answers_come_as_they_are_ready(connect, fault):
    connection = connect()
    slow = connection.send(*tool(connection, "gate", 1, caller="a"))
    fault.waiting.wait()
    quick = [connection.send(*tool(connection, "good", number)) for number in range(2, 40)]
    for number, stream in enumerate(quick, 2):
        assert json.loads(connection.answer(stream).body)["id"] == number
    assert not connection.answers[slow].ended
    fault.open_gate()
    assert b"caller=a" in connection.answer(slow).body


def test_a_large_answer_flows_as_the_window_allows(connect):
    connection = connect()
    answer = connection.ask(*tool(connection, "large", bytes=2_000_000))
    assert len(answer.body) > 2_000_000 and json.loads(answer.body)


def test_a_reset_stream_ends_the_call_and_the_connection_goes_on(connect, fault):
    connection = connect()
    stream = connection.send(*tool(connection, "hang"))
    fault.waiting.wait()
    connection.reset(stream)
    fault.left.wait()
    assert_serves(connection)


def test_a_connection_that_goes_ends_its_calls(connect, fault):
    connection = connect()
    for number in range(3):
        connection.send(*tool(connection, "hang", number))
    fault.waiting.wait(3)
    connection.close()
    fault.left.wait(3)


def test_a_head_has_no_body_and_a_body_may_be_asked_for(connect):
    connection = connect()
    answer = connection.ask(connection.head("HEAD"))
    assert answer.status == 404 and answer.body == b"" and int(answer.headers["content-length"]) > 0
    headers, body = tool(connection, "good")
    stream = connection.send(headers + [("expect", "100-continue")], end=False)
    connection.data(stream, body, end=True)
    connection.pump(lambda: connection.answers[stream].ended)
    assert connection.answers[stream].status == 200


# Requests that are refused, each alone


@pytest.mark.parametrize(
    "change, status",
    [
        ({":authority": None}, 400),
        ({":authority": "a.test/admin?x="}, 400),
        ({":authority": "a.test@evil"}, 400),
        ({":authority": "stranger.test"}, 421),
        ({":authority": "m.test"}, 421),
        ({"host": "b.test"}, 400),
        ({":path": "*"}, 400),
        ({":path": "/a#b"}, 400),
        ({":path": "https://a.test/"}, 400),
        ({":scheme": "http"}, 400),
        ({"content-encoding": "gzip"}, 415),
        ({"content-length": "99999999"}, 413),
        ({"x-large": "x" * (64 << 10)}, 431),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_refused_request_costs_its_stream_only(connect, change, status):
    connection = connect()
    fields = [(name, value) for name, value in connection.head("POST") if name not in change]
    fields += [(name, value) for name, value in change.items() if value is not None]
    fields.sort(key=lambda field: not field[0].startswith(":"))
    stream = connection.send(fields, end="content-length" not in change)
    answer = connection.answer(stream)
    assert answer.status == status
    assert "x-request-id" in answer.headers and json.loads(answer.body)["error"]["code"] == status
    assert_serves(connection)


@pytest.mark.parametrize(
    "fields",
    [
        [("connection", "close")],
        [("transfer-encoding", "chunked")],
        [("upgrade", "websocket")],
        [("te", "gzip")],
        [("Upper", "case")],
        [("x-line", "a\r\nb: c")],
        [(":unknown", "x")],
        [("x-first", "1"), (":path", "/second")],
        [("content-length", "-1")],
    ],
    ids=str,
)
def test_a_malformed_request_resets_its_stream(connect, fields):
    connection = connect()
    stream = connection.send(connection.head() + fields)
    answer = connection.answer(stream)
    assert answer.reset == PROTOCOL_ERROR or answer.status == 400
    assert_serves(connection)


def test_a_body_of_another_length_than_announced_is_no_request(connect, fault):
    connection = connect()
    headers, body = tool(connection, "good")
    stream = connection.send([field for field in headers if field[0] != "content-length"] + [("content-length", "5")], end=False)
    connection.data(stream, body, end=True)
    assert connection.answer(stream).reset == PROTOCOL_ERROR
    assert fault.requests == []
    assert_serves(connection)


def test_a_body_without_announced_length_is_bounded(connect, h2_hub):
    connection = connect()
    stream = connection.send(connection.head("POST", "/mcp/fault"), end=False)
    block = b"x" * 16000
    sent = 0
    while sent < (8 << 20) and not connection.answers[stream].is_over:
        connection.pump(lambda: connection.has_room(stream, len(block)) or connection.answers[stream].is_over)
        connection.data(stream, block)
        sent += len(block)
    assert connection.answer(stream).status == 413
    assert_serves(connection)
    assert h2_hub.memory() < MEMORY


# Attacks, while another client is served


class Bystander:
    """Calls a tool again and again over a connection of its own, and knows how long that took."""

    def __init__(self, connection: H2Connection):
        self.connection = connection
        self.times: list[float] = []
        self.errors: list[BaseException] = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            while not self.stopped.is_set():
                began = time.monotonic()
                assert_serves(self.connection)
                self.times.append(time.monotonic() - began)
        except BaseException as error:
            self.errors.append(error)

    def __enter__(self):
        self.thread.start()
        while len(self.times) < 3 and not self.errors:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        served = len(self.times)
        deadline = time.monotonic() + 10
        while len(self.times) < served + 3 and not self.errors and time.monotonic() < deadline:
            time.sleep(0.01)
        self.stopped.set()
        self.thread.join(10)
        assert not self.errors, self.errors
        assert len(self.times) >= served + 3, "nobody else was served"
        assert max(self.times) < 2


def rapid_reset(connection):
    block = Encoder().encode(connection.head("POST", "/mcp/fault", content_type="application/json"))
    for number in range(20000):
        stream = 2 * number + 1
        connection.raw(
            HeadersFrame(stream, data=block, flags=["END_HEADERS"]).serialize() + RstStreamFrame(stream, error_code=8).serialize()
        )
        if connection.closed:
            return


def made_you_reset(connection):
    """The hub itself resets each stream, for a window that grows by nothing."""
    block = Encoder().encode(connection.head("POST", "/mcp/fault", content_type="application/json"))
    for number in range(20000):
        stream = 2 * number + 1
        connection.raw(HeadersFrame(stream, data=block, flags=["END_HEADERS"]).serialize() + b"\0\0\4\x08\0" + stream.to_bytes(4) + b"\0\0\0\0")
        if connection.closed:
            return


def refused_unread(connection):
    """The hub answers 400 to each."""
    encoder = Encoder()
    for number in range(20000):
        block = encoder.encode([(name, "*" if name == ":path" else value) for name, value in connection.head()])
        connection.raw(HeadersFrame(2 * number + 1, data=block, flags=["END_HEADERS", "END_STREAM"]))
        if connection.closed:
            return


def settings_flood(connection):
    frame = SettingsFrame(0, settings={4: 65535}).serialize() * 100
    for _ in range(1000):
        connection.raw(frame)
        if connection.closed:
            return


def ping_flood(connection):
    frame = PingFrame(0, opaque_data=b"12345678").serialize() * 100
    for _ in range(1000):
        connection.raw(frame)
        if connection.closed:
            return


def priority_flood(connection):
    frame = PriorityFrame(1, depends_on=0, stream_weight=1).serialize() * 100
    for _ in range(1000):
        connection.raw(frame)
        if connection.closed:
            return


def window_update_flood(connection):
    frame = WindowUpdateFrame(0, window_increment=1).serialize() * 100
    for _ in range(1000):
        connection.raw(frame)
        if connection.closed:
            return


def continuation_flood(connection):
    connection.raw(HeadersFrame(1, data=Encoder().encode(connection.head())))
    frame = ContinuationFrame(1, data=Encoder().encode([("x-filler", "x" * 1000)])).serialize()
    for _ in range(100000):
        connection.raw(frame)
        if connection.closed:
            return


def empty_data_flood(connection):
    connection.raw(HeadersFrame(1, data=Encoder().encode(connection.head("POST", "/mcp/fault")), flags=["END_HEADERS"]))
    frame = DataFrame(1, data=b"").serialize() * 100
    for _ in range(1000):
        connection.raw(frame)
        if connection.closed:
            return


def hpack_bomb(connection):
    """One entry of 4,000 bytes, named 16,000 times: 64 MB of header in 16 KB."""
    encoder = Encoder()
    block = encoder.encode(connection.head()) + encoder.encode([("x-bomb", "x" * 3900)])
    connection.raw(HeadersFrame(1, data=block + b"\xbe" * (16384 - len(block)), flags=["END_HEADERS", "END_STREAM"]))


def nonsense(connection):
    connection.raw(b"\xff" * 4096)


@pytest.mark.parametrize(
    "attack, reasons",
    [
        (rapid_reset, {ENHANCE_YOUR_CALM}),
        (made_you_reset, {ENHANCE_YOUR_CALM, PROTOCOL_ERROR}),
        # More than a hundred at once is an error of its own.
        (refused_unread, {ENHANCE_YOUR_CALM, PROTOCOL_ERROR}),
        (settings_flood, {ENHANCE_YOUR_CALM}),
        (ping_flood, {ENHANCE_YOUR_CALM}),
        (priority_flood, {ENHANCE_YOUR_CALM}),
        (window_update_flood, {ENHANCE_YOUR_CALM}),
        (continuation_flood, {ENHANCE_YOUR_CALM, PROTOCOL_ERROR}),
        (empty_data_flood, {ENHANCE_YOUR_CALM}),
        (hpack_bomb, None),
        (nonsense, None),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_attacker_is_cut_off_and_others_are_served(connect, h2_hub, attack, reasons):
    before = h2_hub.memory("VmRSS")
    with Bystander(connect()):
        for _ in range(3):
            attacker = connect(opens_windows=False)
            attack(attacker)
            reason = attacker.ending()
            # A flood may find the connection gone before the reason is read.
            assert reason is None or reason != NO_ERROR
            assert reasons is None or reason is None or reason in reasons
    assert h2_hub.memory("VmRSS") < before + (32 << 20)


def test_who_opens_no_window_holds_up_nobody_and_little(connect, h2_hub):
    before = h2_hub.memory("VmRSS")
    greedy = connect(opens_windows=False, initial_window=0)
    for number in range(50):
        greedy.send(*tool(greedy, "large", number, bytes=200_000))
    with Bystander(connect()):
        time.sleep(1)
    assert not any(answer.body for answer in greedy.answers.values())
    assert h2_hub.memory("VmRSS") < before + (64 << 20)


def test_past_a_hundred_streams_a_caller_is_refused(connect, fault):
    connection = connect()
    for number in range(101):
        connection.send(*tool(connection, "hang", number))
    assert connection.ending() in (None, PROTOCOL_ERROR)
    fault.left.wait(1)
    assert_serves(connect())


# The end of a connection


def test_a_stop_lets_running_calls_end_and_takes_no_more(connect, h2_hub, fault):
    connection = connect()
    stream = connection.send(*tool(connection, "gate", caller="a"))
    fault.waiting.wait()
    h2_hub.process.terminate()
    connection.pump(lambda: connection.goodbyes)
    assert connection.goodbyes == [NO_ERROR]
    time.sleep(1.5)
    fault.open_gate()
    assert b"caller=a" in connection.answer(stream).body
    connection.ending()
    assert h2_hub.process.wait(10) == 0


def test_an_idle_caller_that_never_asks_is_let_go(h2_hub, authority):
    with H2Connection(h2_hub.url, authority.context(["h2"])) as connection:
        began = time.monotonic()
        assert connection.ending(limit=20) == NO_ERROR
        assert 8 < time.monotonic() - began < 14


def test_half_a_preface_is_let_go(h2_hub, authority):
    address = h2_hub.url.removeprefix("https://").split(":")
    plain = socket.create_connection((address[0], int(address[1])), timeout=20)
    with authority.context(["h2"]).wrap_socket(plain, server_hostname="a.test") as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n")
        while connection.recv(1 << 16):
            pass
