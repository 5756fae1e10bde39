"""Answers of models that are far larger than the hub: they stream through, as fast as they are read, and nothing piles up."""

import json
import socket
import time

import httpx
import pytest

from harness.forms import forms, scaled
from harness.pour import BLOCK, DONE, Pour
from harness.usage import MEBIBYTE

GIGABYTE = 1 << 30
GROWTH = 8 * MEBIBYTE
WRITE_LIMIT = 30
# What the kernel may hold on its two sides of the hub, by the largest buffers of a usual Linux.
KERNEL = 24 * MEBIBYTE


@pytest.fixture
def pour():
    return Pour()


@pytest.fixture
def hub(start_hub, pour, tmp_path):
    (tmp_path / "key").write_text("sk-of-the-hub")
    service = {"provider": "openai-compatible", "endpoint": pour.url, "key": "file:key"}
    hub = start_hub({"models": {"default": {"services": {"main": service}}}})
    assert ask(hub).endswith(DONE)
    hub.usage.forget_peak()
    return hub


def ask(hub) -> bytes:
    """A short answer, whole."""
    body = {"model": "pour-1", "stream": True, "messages": []}
    answer = httpx.post(f"{hub.url}/v1/chat/completions", json=body, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.content


def begin(hub, count: int, receive_buffer=None) -> socket.socket:
    """A caller who has asked for `count` bytes, and has read the head of the answer."""
    host, port = hub.url.removeprefix("http://").split(":")
    caller = socket.socket()
    if receive_buffer:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    caller.connect((host, int(port)))
    caller.settimeout(60)
    body = json.dumps({"model": f"pour-{count // len(BLOCK)}", "stream": True, "messages": []}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\nconnection: close\r\n"
    caller.sendall(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += caller.recv(1)
    assert head.startswith(b"HTTP/1.1 200 "), head
    return caller


@forms(short={"bytes": 200 << 20}, long={"bytes": scaled(10) * GIGABYTE}, limit=300)
def test_a_huge_answer_streams_through_and_none_of_it_stays(hub, pour, form, note):
    before, used = hub.usage.memory, hub.usage.seconds
    caller = begin(hub, form.bytes)
    began, received, tail, buffer = time.monotonic(), 0, b"", bytearray(1 << 20)
    while count := caller.recv_into(buffer):
        received += count
        tail = (tail + buffer[max(0, count - 100) : count])[-100:]
    took = time.monotonic() - began
    grown = hub.usage.peak - before
    sent = pour.sent[-1]
    speed = sent / took / GIGABYTE
    note("speed", f"{speed:.2f} GiB/s; {(hub.usage.seconds - used) / (sent / GIGABYTE):.2f} s of a core for each GiB")
    note("memory", f"+{grown / MEBIBYTE:.1f} MiB")
    assert sent == form.bytes // len(BLOCK) * len(BLOCK)
    assert sent + len(DONE) < received < 1.05 * sent, "as much as was sent, and the framing of it"
    assert DONE in tail and tail.endswith(b"0\r\n\r\n")
    assert grown < GROWTH


@forms(short={"readers": 5, "seconds": 3}, long={"readers": 100, "seconds": scaled(60, 10)}, limit=300)
def test_a_slow_reader_slows_the_provider_and_nobody_else(hub, pour, form, note):
    """Whoever takes a megabyte a second is sent a megabyte a second; what the hub has read ahead is next to nothing."""
    before = hub.usage.memory
    first = len(pour.sent)
    callers = [begin(hub, 10 * GIGABYTE, receive_buffer=1 << 16) for _ in range(form.readers)]
    received, until = 0, time.monotonic() + form.seconds
    while time.monotonic() < until:
        for caller in callers:
            received += len(caller.recv(1 << 15))
        ask(hub)
        time.sleep(0.01)
    ahead = sum(pour.sent[first : first + form.readers]) - received
    grown = hub.usage.peak - before
    note("ahead", f"{ahead / form.readers / MEBIBYTE:.1f} MiB for each reader, of which most is the kernel's")
    note("memory", f"+{grown / MEBIBYTE:.1f} MiB for {form.readers} readers")
    assert ahead < form.readers * KERNEL
    assert grown < GROWTH + form.readers * MEBIBYTE
    for caller in callers:
        caller.close()


@pytest.mark.soak
@pytest.mark.timeout(200)
def test_who_stops_reading_is_cut_and_the_provider_let_go(hub, pour, note):
    before = hub.usage.memory
    callers = [begin(hub, 10 * GIGABYTE, receive_buffer=1 << 16) for _ in range(50)]
    began, broken = time.monotonic(), pour.broken
    while pour.broken < broken + len(callers) and time.monotonic() < began + WRITE_LIMIT + 15:
        ask(hub)
        time.sleep(0.1)
    took = time.monotonic() - began
    note("cut", f"{pour.broken - broken} of {len(callers)} after {took:.1f} s; +{(hub.usage.peak - before) / MEBIBYTE:.1f} MiB")
    assert pour.broken == broken + len(callers)
    assert took > WRITE_LIMIT - 2, "the time they had to read"
    assert hub.usage.peak - before < GROWTH + 50 * MEBIBYTE
    for caller in callers:
        caller.close()


@forms(short={"callers": 20}, long={"callers": 400}, limit=200)
def test_who_leaves_a_flood_stops_it(hub, pour, form, note):
    """A caller vanishes in the middle, with a FIN or a RST: the provider's connection breaks at once."""
    files = hub.usage.files
    for n in range(form.callers):
        broken = pour.broken
        caller = begin(hub, 10 * GIGABYTE)
        caller.recv(1 << 20)
        if n % 2:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        caller.close()
        until = time.monotonic() + 5
        while pour.broken == broken and time.monotonic() < until:
            time.sleep(0.002)
        assert pour.broken == broken + 1
    left = hub.usage.falls_to("files", files + 3)
    assert left <= files + 3
    assert ask(hub).endswith(DONE)
