"""Descriptions that are reached over the network: what depends on them waits, the rest is served, the last good one is kept."""

import time

import httpx
import pytest

from conftest import FIXTURES, httpbin_configuration
from harness.service import Service
from harness.wire import ask, call

DESCRIPTION = (FIXTURES / "httpbin.openapi.yaml").read_text()


class DescriptionHost(Service):
    """Serves a description whose text and status a test changes."""

    def __init__(self):
        super().__init__(self.serve)
        self.text, self.status = DESCRIPTION, 503
        self.files: dict[str, tuple[int, str]] = {}
        self.asked: list[str] = []
        self.url += "/api.yaml"

    def serve(self, request):
        self.asked.append(request.path)
        status, text = self.files.get(request.path, (self.status, self.text))
        return status, {}, text.encode()


@pytest.fixture
def description():
    host = DescriptionHost()
    yield host
    host.stop()


def eventually(condition, limit=20):
    """Waits until a condition holds."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def test_a_server_waits_for_its_description_and_the_others_do_not(start_hub, httpbin, description):
    configuration = httpbin_configuration(httpbin.url)
    configuration["servers"]["remote"] = {"openapi": description.url, "upstream": "httpbin", "refresh": "1s"}
    hub = start_hub(configuration)

    assert httpx.post(hub.mcp("remote"), content=b"{}", headers={"content-type": "application/json"}).status_code == 503
    assert httpx.get(f"{hub.admin}/readyz").json()["unavailable"] == ["mcp/remote"]
    assert call(hub.mcp("httpbin"), "uuid")["structuredContent"]["uuid"]

    description.status = 200
    eventually(lambda: httpx.get(f"{hub.admin}/readyz").json()["unavailable"] == [])
    assert call(hub.mcp("remote"), "uuid")["structuredContent"]["uuid"]

    def names():
        return {tool["name"] for tool in ask(hub.mcp("remote"), "tools/list")["result"]["tools"]}

    description.text = DESCRIPTION.replace("operationId: uuid", "operationId: freshUuid")
    eventually(lambda: "freshUuid" in names())

    description.text = "no description at all"
    time.sleep(2.5)  # two refreshes: nothing else tells that they came
    assert "freshUuid" in names(), "the last good description is kept"
    description.status = 500
    assert call(hub.mcp("remote"), "freshUuid")["structuredContent"]["uuid"]


def test_a_refresh_that_does_not_fit_keeps_what_was_served_and_touches_no_local_file(start_hub, httpbin, description, tmp_path):
    description.status = 200
    configuration = httpbin_configuration(httpbin.url)
    configuration["servers"]["remote"] = {
        "openapi": description.url, "upstream": "httpbin", "refresh": "1s", "tools": {"uuid": {"rename": "fresh"}}
    }
    hub = start_hub(configuration)
    local = tmp_path / "httpbin.openapi.yaml"
    local.write_text(local.read_text().replace("operationId: uuid", "operationId: unasked"))

    description.text = DESCRIPTION.replace("operationId: uuid", "operationId: gone")
    assert hub.errors.wait_for("a refresh found a problem", limit=20)
    assert call(hub.mcp("remote"), "fresh")["structuredContent"]["uuid"]
    assert call(hub.mcp("httpbin"), "uuid")["structuredContent"]["uuid"], "a changed file waits for a reload"
    assert httpx.get(f"{hub.admin}/readyz").json()["unavailable"] == []


SEVERAL = """
openapi: 3.1.0
info: {title: Several, version: "1"}
paths:
  /uuid: {$ref: 'paths/uuid.yaml'}
  /up: {$ref: '../secret.yaml'}
  /dots: {$ref: '%2e%2e/secret.yaml'}
  /elsewhere: {$ref: 'http://127.0.0.1:1/secret.yaml'}
"""
PATH = "get: {operationId: NAME, responses: {'200': {description: ok}}}"


def test_further_files_come_from_the_same_folder(start_hub, httpbin, description):
    """What is missing costs its operations; what cannot be reached just now costs nothing that was there."""
    description.text, description.status = SEVERAL, 200
    uuid, folder = "/specs/paths/uuid.yaml", description.url.replace("/api.yaml", "/specs/api.yaml?key=SWORDFISH")
    description.files = {"/secret.yaml": (200, PATH), uuid: (200, PATH.replace("NAME", "first"))}
    configuration = httpbin_configuration(httpbin.url)
    configuration["servers"]["remote"] = {"openapi": folder, "upstream": "httpbin", "refresh": "1s"}
    hub = start_hub(configuration)

    def names():
        return {tool["name"] for tool in ask(hub.mcp("remote"), "tools/list")["result"]["tools"]}

    assert names() == {"first"}
    assert call(hub.mcp("remote"), "first")["structuredContent"]["uuid"]
    description.files[uuid] = (500, "")
    asked = description.asked.count(uuid)
    eventually(lambda: description.asked.count(uuid) > asked + 1)
    assert names() == {"first"}
    description.files[uuid] = (200, PATH.replace("NAME", "second"))
    eventually(lambda: names() == {"second"})
    assert set(description.asked) == {"/specs/api.yaml?key=SWORDFISH", uuid}
