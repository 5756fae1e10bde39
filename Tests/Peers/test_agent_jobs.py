"""Services that take work up and are asked for its outcome, as agents: a double of a few lines, in the ways that such services have."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from harness.wire import call


class Jobs:
    """Takes work up; what is asked for says where its outcome is told, and how."""

    def __init__(self):
        self.asked: list[str] = []
        jobs = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body=None, **fields):
                data = json.dumps(body).encode() if body is not None else b""
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name.replace("_", "-"), value)
                if data:
                    self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_POST(self):
                kind = json.loads(self.rfile.read(int(self.headers["content-length"])))["kind"]
                place = {"azure": {"operation_location": "/jobs/azure"}, "elsewhere": {"location": "http://127.0.0.1:1/jobs/x"}}
                self.answer(202, {"job": kind}, retry_after="1", **place.get(kind, {"location": f"jobs/{kind}"}))

            def do_GET(self):
                jobs.asked.append(self.path)
                count = jobs.asked.count(self.path)
                match self.path.removeprefix("/jobs/"), count:
                    case "plain", 1:
                        self.answer(202, retry_after="1")
                    case "plain", 2:
                        self.answer(303, location="/results/plain")
                    case "azure", 1:
                        self.answer(200, {"status": "In-Progress"})
                    case "azure", 2:
                        self.answer(200, {"status": "Succeeded", "result": 42})
                    case "fails", _:
                        self.answer(200, {"status": "failed", "reason": "no paper"})
                    case "endless", _:
                        self.answer(202)
                    case _:
                        self.answer(200, {"outcome": "done"})

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def jobs():
    jobs = Jobs()
    yield jobs
    jobs.server.shutdown()
    jobs.server.server_close()


@pytest.fixture
def hub(start_hub, jobs):
    endpoint = {
        "name": "work",
        "request": "POST /jobs",
        "description": "Does some work",
        "parameters": {"kind": {"type": "string", "in": "body", "required": True}},
    }
    return start_hub(
        {
            "upstreams": {"jobs": {"addresses": [jobs.url]}},
            "servers": {"jobs": {"upstream": "jobs", "http": [endpoint]}},
            "agents": {"worker": {"skills": {"server": "jobs"}}},
        }
    )


def send(hub, kind: str, **configuration) -> dict:
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"data": {"skill": "work", "arguments": {"kind": kind}}}]}
    body = {"message": message, "configuration": configuration}
    return httpx.post(f"{hub.url}/a2a/worker/message:send", json=body, timeout=60).json()["task"]


@pytest.mark.parametrize(
    ("kind", "outcome", "asked"),
    [
        ("plain", {"outcome": "done"}, ["/jobs/plain", "/jobs/plain", "/results/plain"]),
        ("azure", {"status": "Succeeded", "result": 42}, ["/jobs/azure", "/jobs/azure"]),
    ],
)
def test_the_outcome_of_work_that_was_taken_up_is_waited_for(hub, jobs, kind, outcome, asked):
    task = send(hub, kind)
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert task["artifacts"][0]["parts"][0]["data"] == outcome
    assert jobs.asked == asked
    assert "taken the work up" in json.dumps(task["history"])


def test_work_that_failed_fails_its_task(hub):
    task = send(hub, "fails")
    assert task["status"]["state"] == "TASK_STATE_FAILED" and "no paper" in json.dumps(task["status"])


def test_a_place_at_another_address_is_not_looked_at(hub, jobs):
    task = send(hub, "elsewhere")
    assert task["status"]["state"] == "TASK_STATE_COMPLETED" and task["artifacts"][0]["parts"][0]["data"] == {"job": "elsewhere"}
    assert jobs.asked == []


def test_work_without_end_is_given_up_by_its_client(hub, jobs):
    task = send(hub, "endless", returnImmediately=True)
    url = f"{hub.url}/a2a/worker/tasks/{task['id']}"
    assert httpx.post(f"{url}:cancel", json={}, timeout=20).json()["status"]["state"] == "TASK_STATE_CANCELED"


def test_a_tool_of_an_mcp_server_answers_at_once(hub, jobs):
    assert call(hub.mcp("jobs"), "work", kind="plain")["structuredContent"] == {"job": "plain"} and jobs.asked == []
