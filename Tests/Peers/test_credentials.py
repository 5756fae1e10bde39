"""Each operation shows what its security demands, to the upstream alone, and no answer gives it back."""

import http.cookies
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.hub import hubd
from harness.service import Service
from harness.wire import ask, call

SECRETS = {"key": "swordfish-key", "app": "swordfish-app", "sid": "swordfish-sid", "pw": "swordfish-pw"}


class Upstream(Service):
    """Keeps each request, and answers with all of it; `/redirect` sends the caller elsewhere."""

    def __init__(self):
        super().__init__(self.echo)
        self.seen = []
        self.elsewhere = "http://127.0.0.1:1"

    def echo(self, request):
        self.seen.append(request)
        text = "\n".join([request.path, *(f"{name}: {value}" for name, value in request.headers.items()), *SECRETS.values()])
        fields = {"content-type": "application/json"}
        if moved := request.path.startswith("/redirect"):
            fields["location"] = f"{self.elsewhere}/stolen?{request.headers['X-Key']}"
        return 302 if moved else 200, fields, json.dumps({"echo": text}).encode()

    def last(self) -> tuple[dict, dict, dict]:
        """Headers, query and cookies of the last request."""
        request = self.seen[-1]
        cookies = http.cookies.SimpleCookie(request.headers.get("Cookie", ""))
        return request.headers, parse_qs(urlsplit(request.path).query), {name: crumb.value for name, crumb in cookies.items()}


@pytest.fixture
def upstreams():
    pair = Upstream(), Upstream()
    pair[0].elsewhere = pair[1].url
    yield pair
    for upstream in pair:
        upstream.stop()


@pytest.fixture
def configuration(tmp_path, upstreams):
    for name, value in SECRETS.items():
        (tmp_path / name).write_text(value + "\n")
    return {
        "upstreams": {"api": {"addresses": [upstreams[0].url]}},
        "servers": {
            "secured": {
                "openapi": "secured.openapi.yaml",
                "upstream": "api",
                "credentials": {
                    "key": "file:key",
                    "app": "file:app",
                    "sid": "file:sid",
                    "basic": {"username": "hub", "password": "file:pw"},
                },
            }
        },
    }


def test_each_operation_shows_what_it_demands(start_hub, configuration, upstreams):
    upstream, elsewhere = upstreams
    url = start_hub(configuration).mcp("secured")
    tools = {tool["name"]: tool["inputSchema"] for tool in ask(url, "tools/list")["result"]["tools"]}
    assert list(tools["one"]["properties"]) == ["n"], "the key is none of the caller's business"
    answers = []

    answers.append(call(url, "one", n=1))
    headers, query, cookies = upstream.last()
    assert headers["X-Key"] == SECRETS["key"] and query == {"n": ["1"]} and not cookies and "Authorization" not in headers

    answers.append(call(url, "both", lang="en"))
    headers, query, cookies = upstream.last()
    assert query == {"app_id": [SECRETS["app"]]} and cookies == {"lang": "en", "sid": SECRETS["sid"]} and "X-Key" not in headers

    answers.append(call(url, "basic"))
    headers, query, cookies = upstream.last()
    assert headers["Authorization"] == "Basic aHViOnN3b3JkZmlzaC1wdw==" and "X-Key" not in headers

    for tool in ["open", "cert"]:
        answers.append(call(url, tool))
        headers, query, cookies = upstream.last()
        assert not query and not cookies and "X-Key" not in headers and "Authorization" not in headers

    answers.append(call(url, "redirect"))
    assert answers[-1]["isError"] and not elsewhere.seen, "a redirect is not followed"

    text = json.dumps(answers)
    assert "***" in text and not any(secret in text for secret in SECRETS.values())
    assert "aHViOnN3b3JkZmlzaC1wdw" not in text


def test_check_counts_the_operations_that_nothing_is_there_for(start_hub, tmp_path, configuration):
    hub = start_hub(configuration)
    for options in [[], ["--offline"]]:
        result = hubd("check", "--json", *options, "--config", hub.file)
        assert result.returncode == 0, result.stdout
        (finding,) = [json.loads(line) for line in result.stdout.splitlines()]
        assert finding["message"].startswith("1 of 6 operations of secured ask for a credential that is not here: GET /cert")
        assert "client certificate" in finding["message"]

    configuration["servers"]["secured"]["credentials"]["kye"] = "file:key"
    hub.write(configuration)
    result = hubd("check", "--json", "--config", hub.file)
    assert result.returncode == 1
    finding = next(found for line in result.stdout.splitlines() if (found := json.loads(line))["severity"] == "error")
    assert "kye" in finding["message"] and "key" in finding["hint"] and finding["line"] > 1
