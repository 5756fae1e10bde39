"""The admin listener, and how the hub stops."""

import json
import os
import stat
import threading

import httpx
import jsonschema
import pytest

from conftest import fault_configuration, httpbin_configuration
from harness.wire import call, modern


def test_health_and_readiness_need_no_token(hub):
    assert httpx.get(hub.admin + "/healthz").status_code == 200
    assert httpx.get(hub.admin + "/readyz").status_code == 200


def test_metrics_need_the_token(hub):
    assert httpx.get(hub.admin + "/metrics").status_code == 401
    wrong = {"authorization": "Bearer wrong"}
    assert httpx.get(hub.admin + "/metrics", headers=wrong).status_code == 401
    assert httpx.get(hub.admin + "/metrics", headers={"authorization": f"Bearer {hub.token}"}).status_code == 200


def test_the_token_is_for_its_owner_only(hub):
    assert stat.S_IMODE(os.stat(hub.data / "admin.token").st_mode) == 0o600
    assert len(hub.token) >= 32


def metrics(hub) -> dict[str, float]:
    """The samples of /metrics, summed over all but `le`."""
    answer = httpx.get(hub.admin + "/metrics", headers={"authorization": f"Bearer {hub.token}"})
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {}
    for line in answer.text.splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            samples[name.split("{")[0]] = samples.get(name.split("{")[0], 0) + float(value)
    return samples


def test_metrics_count_calls(hub):
    before = metrics(hub)
    for _ in range(5):
        call(hub.mcp("httpbin"), "uuid")
    after = metrics(hub)
    grown = {name for name in after if after[name] >= before.get(name, 0) + 5}
    assert any("request" in name and name.endswith("_total") for name in grown), after
    assert any(name.endswith("_count") for name in grown), "no durations"


def test_metrics_have_no_label_a_caller_invents(hub):
    for n in range(3):
        httpx.post(f"{hub.url}/mcp/invented-{n}", content=b"{}")
        headers, body = modern("tools/call", {"name": f"made_up_{n}", "arguments": {}})
        httpx.post(hub.mcp("httpbin"), headers=headers, content=body)
    text = httpx.get(hub.admin + "/metrics", headers={"authorization": f"Bearer {hub.token}"}).text
    assert "invented" not in text and "made_up" not in text


def test_an_open_metrics_page_is_a_setting(start_hub, httpbin):
    hub = start_hub({**httpbin_configuration(httpbin.url), "admin": {"metrics": "open"}})
    assert httpx.get(hub.admin + "/metrics").status_code == 200


def test_admin_paths_are_not_on_the_public_listener(hub):
    for path in ["/metrics", "/healthz", "/readyz", "/api/v1", "/openapi.json"]:
        assert httpx.get(hub.url + path).status_code == 404


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test"])
def test_a_strange_host_is_refused_on_the_admin_listener_too(hub, host):
    assert httpx.get(hub.admin + "/metrics", headers={"host": host}).status_code in (401, 403, 421)


def test_sigterm_lets_calls_in_flight_finish(start_hub, fault):
    """A call waits upstream while the hub is told to stop: the call is answered, nobody new gets in, and the hub ends."""
    hub = start_hub(fault_configuration(fault.url, firstByte="30s", idle="30s", total="30s"))
    answers = []
    caller = threading.Thread(target=lambda: answers.append(call(hub.mcp("fault"), "gate", caller="last")))
    caller.start()
    fault.waiting.wait()
    stopping = threading.Thread(target=hub.stop)
    stopping.start()
    assert refuses_within(hub, 10)
    fault.open_gate()
    caller.join(20)
    stopping.join(20)
    assert answers[0]["structuredContent"] == {"query": "caller=last"}
    assert hub.process.returncode == 0


def refuses_within(hub, limit) -> bool:
    """Whether the hub stops taking new calls within the limit: no connection, or 503."""
    for _ in range(limit * 20):
        try:
            headers, body = modern("tools/list")
            if httpx.post(hub.mcp("fault"), headers=headers, content=body, timeout=2).status_code == 503:
                return True
        except httpx.TransportError:
            return True
        threading.Event().wait(0.05)
    return False


def test_a_hub_that_is_told_to_stop_does_not_wait_for_ever(start_hub, fault):
    """An upstream that never answers does not hold the hub: Hub.stop() fails the test when the time is up."""
    hub = start_hub(fault_configuration(fault.url, firstByte="600s", idle="600s", total="600s"))
    headers, body = modern("tools/call", {"name": "hang", "arguments": {}})

    def caller():
        try:
            httpx.post(hub.mcp("fault"), headers=headers, content=body, timeout=60)
        except httpx.TransportError:
            pass  # that the call is lost is what the operator chose

    thread = threading.Thread(target=caller)
    thread.start()
    fault.waiting.wait()
    hub.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_the_log_names_no_secret(start_hub, httpbin, tmp_path):
    (tmp_path / "secret").write_text("s3cret-value")
    configuration = httpbin_configuration(httpbin.url)
    configuration["upstreams"]["httpbin"]["credential"] = {"query": {"name": "key", "value": "file:secret"}}
    hub = start_hub(configuration)
    assert call(hub.mcp("httpbin"), "getRequest")["structuredContent"]["args"] == {"key": "***"}  # the upstream got it, the caller does not
    assert call(hub.mcp("httpbin"), "status", code=500)["isError"] is True
    assert "s3cret-value" not in hub.output.text + hub.errors.text


def test_the_admin_api_is_what_its_description_says(start_hub, httpbin):
    hub = start_hub(httpbin_configuration(httpbin.url))
    assert httpx.get(f"{hub.admin}/openapi.json").status_code == 401
    authorized = {"authorization": f"Bearer {hub.token}"}
    description = httpx.get(f"{hub.admin}/openapi.json", headers=authorized).json()
    schemas = {"$defs": description["components"]["schemas"]}

    def resolved(schema):
        return json.loads(json.dumps({**schemas, **schema}).replace("#/components/schemas/", "#/$defs/"))

    for path, item in description["paths"].items():
        for method, operation in item.items():
            answer = httpx.request(method, hub.admin + path, headers=authorized)
            (media, content), = operation["responses"][str(answer.status_code)]["content"].items()
            assert answer.headers["content-type"].startswith(media)
            jsonschema.validate(answer.json() if media == "application/json" else answer.text, resolved(content["schema"]))
            refused = httpx.request(method, hub.admin + path).status_code
            assert refused == (200 if operation.get("security") == [] else 401)
