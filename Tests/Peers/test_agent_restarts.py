"""Tasks outlast the process: what callers were told is there after a kill, and what was at work ends as its risk allows."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conftest import FIXTURES
from harness.hub import Hub


def configuration(address: str) -> dict:
    return {
        "upstreams": {"httpbin": {"addresses": [address]}},
        "servers": {"httpbin": {"openapi": "httpbin.openapi.yaml", "upstream": "httpbin", "tools": {"drip": {"risk": "write"}}}},
        "agents": {"web": {"skills": {"server": "httpbin"}}},
    }


def send(url: str, skill: str, at_once=True, **arguments) -> dict:
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"data": {"skill": skill, "arguments": arguments}}]}
    body = {"message": message, "configuration": {"returnImmediately": at_once}}
    return httpx.post(f"{url}/a2a/web/message:send", json=body, timeout=30).json()["task"]


def get(url: str, task: str) -> dict:
    return httpx.get(f"{url}/a2a/web/tasks/{task}", timeout=30).json()


@pytest.fixture
def start(tmp_path, httpbin):
    hubs = []

    def start():
        hubs.append(Hub(tmp_path, configuration(httpbin.url), FIXTURES.glob("*.yaml")))
        return hubs[-1]

    yield start
    for hub in hubs:
        if hub.process.poll() is None:
            hub.stop()


def test_what_was_told_is_there_after_a_kill_and_what_was_at_work_ends_as_it_may(start):
    hub = start()
    with ThreadPoolExecutor(8) as pool:
        done = [task.result() for task in [pool.submit(send, hub.url, "uuid", at_once=False) for _ in range(60)]]
    reading = [send(hub.url, "delay", seconds=4) for _ in range(4)]
    writing = [send(hub.url, "drip", duration=4, numbytes=4, delay=0) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:  # told of while the kill comes
        told = [pool.submit(send, hub.url, "uuid", at_once=False) for _ in range(200)]
        time.sleep(0.2)
        hub.process.send_signal(signal.SIGKILL)
        hub.process.wait()
    told = [task.result() for task in told if not task.exception()]
    again = start()
    for task in done + told:
        kept = get(again.url, task["id"])
        assert kept["status"]["state"] == "TASK_STATE_COMPLETED" and kept["artifacts"] == task["artifacts"]
    for task in writing:
        kept = get(again.url, task["id"])
        assert kept["status"]["state"] == "TASK_STATE_FAILED" and "not known" in kept["status"]["message"]["parts"][0]["text"]
    deadline = time.monotonic() + 30
    for task in reading:
        while (kept := get(again.url, task["id"]))["status"]["state"] != "TASK_STATE_COMPLETED":
            assert kept["status"]["state"] in ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING") and time.monotonic() < deadline, kept
            time.sleep(0.2)
        assert len(kept["artifacts"]) == 1
    listed = httpx.get(f"{again.url}/a2a/web/tasks?pageSize=100", timeout=30).json()
    assert listed["totalSize"] >= len(done) + len(told) + 8


def test_a_hub_that_is_stopped_in_order_says_what_became_of_its_tasks(start):
    hub = start()
    task = send(hub.url, "delay", seconds=9)
    hub.stop()
    again = start()
    kept = get(again.url, task["id"])
    assert kept["status"]["state"] == "TASK_STATE_FAILED" and "stopped" in kept["status"]["message"]["parts"][0]["text"]
