"""Ten gigabytes from either side: refused at the limit, with no more memory than the limit needs."""

import asyncio
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import fault_configuration
from harness.forms import forms
from harness.rawhttp import answers
from harness.usage import MEBIBYTE
from harness.wire import call

GIGABYTE = 1 << 30
BODY_LIMIT = 4 * MEBIBYTE
ANSWER_LIMIT = 8 * MEBIBYTE
SLACK = 8 * MEBIBYTE


class Pour:
    """Sends one request without an end in sight, as fast as it is taken, until the hub closes or all is sent."""

    def __init__(self, url: str, head: bytes, piece: bytes, total: int):
        host, port = url.removeprefix("http://").split("/")[0].split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        self.taken = 0
        self.answer = None
        self.socket.sendall(head)
        reader = threading.Thread(target=self._read)
        reader.start()
        try:
            while self.taken < total:
                self.taken += self.socket.send(piece)
        except OSError:
            pass  # the hub takes no more
        reader.join(60)
        self.socket.close()

    def _read(self):
        received = b""
        try:
            while data := self.socket.recv(1 << 16):
                received += data
        except OSError:
            pass  # reset behind the answer, as more was sent than it would read
        found = answers(received)
        assert len(found) <= 1
        self.answer = found[0] if found else None


HEAD = b"POST /mcp/fault HTTP/1.1\r\nhost: %b\r\ncontent-type: application/json\r\naccept: application/json\r\n"
KINDS = {
    "chunked": (b"transfer-encoding: chunked\r\n\r\n", b"%x\r\n%b\r\n" % (1 << 20, b" " * (1 << 20)), 413),
    "announced": (b"content-length: %d\r\n\r\n" % (10 * GIGABYTE), b" " * (1 << 20), 413),
    "one chunk": (b"transfer-encoding: chunked\r\n\r\n%x\r\n" % (10 * GIGABYTE), b" " * (1 << 20), 413),
    "tiny chunks": (b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n" * (1 << 16), 413),
    "header fields": (b"", b"x-filler: %b\r\n" % (b"x" * 4000), 431),
    "one field": (b"x-filler: ", b"x" * (1 << 20), 431),
    "chunk extension": (b"transfer-encoding: chunked\r\n\r\n1;", b"x" * (1 << 20), 400),
    "trailers": (b"transfer-encoding: chunked\r\n\r\n0\r\n", b"x-filler: %b\r\n" % (b"x" * 4000), None),
}


@pytest.mark.parametrize("kind", KINDS)
@forms(short={"callers": 1}, long={"callers": 32}, limit=300)
def test_a_request_of_ten_gigabytes_is_refused_at_the_limit(start_hub, fault, form, kind, note):
    hub = start_hub(fault_configuration(fault.url))
    call(hub.mcp("fault"), "good")
    more, piece, status = KINDS[kind]
    head = HEAD % hub.url.removeprefix("http://").encode() + more
    before = hub.usage.memory
    hub.usage.forget_peak()
    began = time.monotonic()
    with ThreadPoolExecutor(form.callers) as pool:
        pours = list(pool.map(lambda _: Pour(hub.url, head, piece, 10 * GIGABYTE), range(form.callers)))
    grown = hub.usage.peak - before
    note("took", f"{max(pour.taken for pour in pours) / MEBIBYTE:.1f} MiB at most in {time.monotonic() - began:.1f} s")
    note("memory", f"+{grown / MEBIBYTE:.1f} MiB for {form.callers}")
    for pour in pours:
        assert pour.taken < 64 * MEBIBYTE, "what is refused costs no work"
        if pour.answer is not None:
            assert pour.answer.status == (status or pour.answer.status) and 400 <= pour.answer.status < 500
    assert any(pour.answer is not None for pour in pours), "nobody was told why"
    # A body in the making may have twice its bytes, as buffers grow by doubling; what is read and dropped stays in pieces.
    assert grown < form.callers * 2 * BODY_LIMIT + SLACK
    assert call(hub.mcp("fault"), "good")["structuredContent"] == {"good": True}


@pytest.mark.parametrize("kind", ["gigabyte", "gigabyte-announced", "gigabyte-head"])
@forms(short={"callers": 1}, long={"callers": 32}, limit=300)
def test_an_upstream_that_answers_without_end_is_left_at_the_limit(start_hub, fault, form, kind, note):
    hub = start_hub(fault_configuration(fault.url, total="60s", firstByte="30s"))
    call(hub.mcp("fault"), "good")
    before = hub.usage.memory
    hub.usage.forget_peak()
    with ThreadPoolExecutor(form.callers) as pool:
        results = list(pool.map(lambda _: call(hub.mcp("fault"), "fault", kind=kind), range(form.callers)))
    grown = hub.usage.peak - before
    note("memory", f"+{grown / MEBIBYTE:.1f} MiB for {form.callers}")
    assert all(result["isError"] is True for result in results)
    assert grown < form.callers * 2 * ANSWER_LIMIT + SLACK


@forms(short={"callers": 24}, long={"callers": 100}, limit=300)
def test_bodies_that_arrive_at_the_same_time_share_what_there_is(start_hub, fault, form, note):
    """Each body is within its limit, all together are not: the late ones are told to come again."""
    configuration = fault_configuration(fault.url) | {"bounds": {"heldBytes": "16MiB"}}
    hub = start_hub(configuration)
    call(hub.mcp("fault"), "good")
    body = b" " * (BODY_LIMIT - 4096)
    head = HEAD % hub.url.removeprefix("http://").encode() + b"content-length: %d\r\n\r\n" % (len(body) + 1)
    before = hub.usage.memory
    hub.usage.forget_peak()
    host, port = hub.url.removeprefix("http://").split(":")
    held = []
    for _ in range(form.callers):
        connection = socket.create_connection((host, int(port)), timeout=60)
        held.append(connection)
        try:
            connection.sendall(head + body)  # all but the last byte
        except OSError:
            pass  # refused while it was sent
    statuses = []
    for connection in held:
        connection.settimeout(0.05)
        try:
            found = answers(connection.recv(1 << 16))
            statuses += [answer.status for answer in found]
            assert all(int(answer.headers["retry-after"]) >= 1 for answer in found)
        except OSError:
            pass  # still held, or reset behind its answer
    grown = hub.usage.peak - before
    note("memory", f"+{grown / MEBIBYTE:.1f} MiB for {form.callers} bodies; {statuses.count(503)} were refused")
    assert statuses and set(statuses) == {503}
    assert grown < 2 * 16 * MEBIBYTE + SLACK
    for connection in held:
        connection.close()
    assert call(hub.mcp("fault"), "good")["structuredContent"] == {"good": True}
