"""Mixed traffic over minutes, through faults and reloads: memory and open files stay where they were."""

import os
import threading

import pytest

from conftest import fault_configuration, httpbin_configuration
from harness.wire import Session, call

SECONDS = int(os.environ.get("HUBD_SOAK_SECONDS", "180"))


@pytest.mark.soak
@pytest.mark.timeout(SECONDS * 2 + 120)
def test_memory_and_open_files_do_not_grow(start_hub, fault, httpbin):
    configuration = fault_configuration(fault.url)
    for part, entries in httpbin_configuration(httpbin.url).items():
        configuration[part].update(entries)
    hub = start_hub(configuration)
    finished = threading.Event()
    failures = []

    def one_round(n):
        if n % 4 == 0:
            with Session(hub.mcp("httpbin")) as session:
                assert "result" in session.ask("tools/call", {"name": "json", "arguments": {}})
                session.client.delete(session.url)
        elif n % 4 == 1:
            kind = ["cut", "garbage", "closes", "html-500", "redirect", "gigabyte"][n // 4 % 6]
            assert call(hub.mcp("fault"), "fault", kind=kind)["isError"] is True
        else:
            assert call(hub.mcp("httpbin"), "postJson", name="x" * 1000)["structuredContent"]["json"]

    def caller(n):
        while not finished.is_set():
            try:
                one_round(n)
            except Exception as error:
                failures.append(repr(error))
            n += 1

    def files():
        return len(os.listdir(f"/proc/{hub.process.pid}/fd"))

    threads = [threading.Thread(target=caller, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    samples = []
    for round in range(SECONDS):
        finished.wait(1)
        if round % 10 == 0:
            configuration["servers"]["fault"]["tools"] = {"echo": {"description": f"Round {round}"}}
            hub.reload(configuration)
        samples.append((hub.memory("VmRSS"), files()))
    finished.set()
    for thread in threads:
        thread.join(30)
    assert not failures, failures[:5]
    early, late = samples[SECONDS // 4 : SECONDS // 2], samples[-SECONDS // 4 :]
    assert max(memory for memory, _ in late) < 1.2 * max(memory for memory, _ in early)
    assert max(count for _, count in late) <= max(count for _, count in early) + 20
