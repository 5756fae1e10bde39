"""Where the hub connects to when others say where: every address of hostile/url, and names whose addresses change, over real sockets.

The hub runs in a network of its own (`harness/outside.py`), in which every address answers and is seen.
"""

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from conftest import CORPORA
from harness.certificates import Authority
from harness.hub import binary, environment
from harness.outside import Outside
from harness.stdio import Stdio
from harness.wire import META

PUBLIC = "93.184.216.34"
CALLS = 1_000
# What the notes of the corpus say, and the addresses that such names have where there is such a service; then names of an attacker.
NAMES = {
    "localhost.localdomain": [["127.0.0.1"]],
    "169.254.169.254.nip.example": [["169.254.169.254"]],
    "instance-data": [["169.254.169.254"]],
    "kubernetes.default.svc": [["10.96.0.1"]],
    "host.docker.internal": [["192.168.65.254"]],
    "example.com": [[PUBLIC]],
    "xn--bcher-kva.example": [[PUBLIC]],
    "docs.example": [[PUBLIC]],
    "alternating.example": [[PUBLIC], ["127.0.0.1"]],
    "both.example": [[PUBLIC, "127.0.0.1"]],
    "later.example": [["127.0.0.1", PUBLIC]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "loopback6.example": [["::1"]],
    "nat64.example": [["64:ff9b::7f00:1"]],
    "public4-private6.example": [[PUBLIC, "fd00::1"]],
    "metadata.example": [["169.254.169.254"]],
    "platform.example": [["168.63.129.16"]],
}
ATTACKS = ["both", "later", "mapped", "loopback6", "nat64", "public4-private6", "metadata", "platform"]
# Where a harmless address of the corpus leads.
LITERALS = {"2606:4700::1111", "8.8.8.8", "192.169.0.1", "172.32.0.1", "11.0.0.1", "128.0.0.1"}


def cases() -> list:
    lines = (Path(CORPORA) / "hostile" / "url" / "egress-guard.jsonl").read_text().splitlines()
    return [pytest.param(case, id=case["id"]) for case in map(json.loads, lines)]


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    names = [name for name, turns in NAMES.items() if PUBLIC in turns[0]]
    outside = Outside(folder, NAMES, Authority(folder).issue("outside", *names))
    yield outside
    outside.stop()


@pytest.fixture
def hubd(outside, tmp_path):
    """Runs a command of the hub within, to its end; gives its result and the connections that were opened."""
    outside.log()
    outside.answer({})

    def run(*arguments):
        command = [*outside.enter(), binary(), *map(str, arguments)]
        result = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
        return result, outside.log()["connections"]

    return run


def description(**more) -> dict:
    operation = {"operationId": "op", "responses": {"200": {"description": "ok"}}}
    return {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/probe": {"get": operation}}} | more


def written(folder: Path, url: str) -> Path:
    """A description whose server is at `url`."""
    file = folder / "api.json"
    file.write_text(json.dumps(description(servers=[{"url": url}])))
    return file


def serving(outside, folder: Path, more: dict | None = None) -> Stdio:
    """The description as a server of a hub within."""
    (folder / "hub.yaml").write_text(yaml.safe_dump({"servers": {"s": {"openapi": "api.json", "auth": "none", **(more or {})}}}))
    command = [*outside.enter(), binary(), "stdio", "s", "--config", str(folder / "hub.yaml"), "--data", str(folder / "data")]
    return Stdio.of(command, folder)


def call(stdio: Stdio, number: int) -> dict:
    """The result of calling the only tool."""
    params = {"name": "op", "_meta": META}
    return stdio.ask({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})["result"]


def test_this_network_shows_connections_to_private_addresses(hubd, tmp_path):
    """What the other tests rest on: a hub that is told to connects, and it is seen."""
    for address in ["127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "metadata.example"]:
        result, connections = hubd("call", written(tmp_path, "https://example.com"), "op", "--base-url", f"http://{address}")
        assert result.returncode == 0, result.stderr
        expected = "169.254.169.254" if address == "metadata.example" else address.strip("[]")
        assert [connection["address"] for connection in connections] == [expected]


@pytest.mark.parametrize("case", cases())
def test_the_server_of_a_description_is_connected_to_or_refused(hubd, tmp_path, case):
    result, connections = hubd("call", written(tmp_path, case["url"]), "op")
    if case["expect"] == "block" or (case["expect"] == "either" and not connections):
        assert connections == []
        assert result.returncode == 1 and "--base-url" in result.stderr, result.stderr
        return
    authority = case["url"].split("/")[2].split("#")[0]
    secure, host = case["url"].startswith("https:"), authority.removesuffix(":8443").strip("[]").removesuffix(".")
    name = host.encode("idna").decode() if ":" not in host else host
    port = 8443 if authority.endswith(":8443") else 443 if secure else 80
    [connection] = connections
    assert (connection["address"], connection["port"]) == (host if host in LITERALS else PUBLIC, port)
    if secure:
        # The certificate is nobody's whom the hub trusts; but it asked for the name.
        assert connection["serverName"] == name and "request" not in connection
    else:
        assert result.returncode == 0 and json.loads(result.stdout) == {"ok": True}, result.stderr
        assert connection["request"].startswith("GET /") and connection["host"] == authority.encode("idna").decode().removesuffix(".")


@pytest.mark.parametrize("name", ATTACKS)
def test_a_name_with_one_address_that_is_not_public_is_refused(hubd, tmp_path, name):
    result, connections = hubd("call", written(tmp_path, f"http://{name}.example"), "op")
    assert connections == []
    assert result.returncode == 1 and "not public; allow it with --base-url" in result.stderr, result.stderr


def test_a_name_that_alternates_never_leads_to_loopback(outside, tmp_path, note):
    """Each answer closes its connection, so that each call asks for the name anew."""
    outside.answer({})
    outside.log()
    written(tmp_path, "http://alternating.example")
    with serving(outside, tmp_path) as stdio:
        results = Counter()
        for number in range(CALLS):
            result = call(stdio, number)
            results["refused" if result.get("isError") else "answered"] += 1
            if result.get("isError"):
                assert "address is not allowed" in json.dumps(result) and "127.0.0.1" not in json.dumps(result)
        stdio.end()
    log = outside.log()
    asked = Counter(log["questions"])["alternating.example"]
    note("calls", f"{dict(results)}, {asked} questions for the name")
    assert Counter(connection["address"] for connection in log["connections"]) == {PUBLIC: results["answered"]}
    assert results["answered"] > CALLS // 4 and results["refused"] > CALLS // 4 and asked >= CALLS


PRIVATE = ["http://127.0.0.1", "http://169.254.169.254", "http://[::1]", "http://both.example", "http://metadata.example"]


@pytest.mark.parametrize("place", PRIVATE)
def test_what_a_description_refers_to_elsewhere_is_not_fetched(hubd, outside, place):
    """Only the files in and below the folder of the description are its own."""
    schema = {"$ref": f"{place}/schema.json#/a"}
    operation = {"operationId": "op", "requestBody": {"content": {"application/json": {"schema": schema}}}}
    references = description(paths={"/x": {"post": operation}, "/y": {"$ref": f"{place}/item.json"}, "/z": {"$ref": f"{place[5:]}/item.json"}})
    outside.answer({"http://docs.example/api/openapi.json": {"body": json.dumps(references)}})
    _, connections = hubd("tools", "http://docs.example/api/openapi.json")
    assert {connection["address"] for connection in connections} == {PUBLIC}


@pytest.mark.parametrize("place", PRIVATE)
def test_no_redirect_is_followed(hubd, outside, tmp_path, place):
    redirect = {"status": 302, "headers": {"location": f"{place}/probe"}}
    outside.answer({"http://docs.example/openapi.json": redirect, "http://docs.example/probe": redirect})
    result, connections = hubd("tools", "http://docs.example/openapi.json")
    assert result.returncode == 1 and "HTTP 302" in result.stderr
    assert [connection["address"] for connection in connections] == [PUBLIC]
    _, connections = hubd("call", written(tmp_path, "http://docs.example"), "op")
    assert [connection["address"] for connection in connections] == [PUBLIC]


def swagger(place: str) -> dict:
    scheme, host = place.split("://")
    return {"swagger": "2.0", "info": {"title": "t", "version": "1"}, "host": host, "schemes": [scheme], "paths": description()["paths"]}


def on_path(place: str) -> dict:
    item = description()["paths"]["/probe"] | {"servers": [{"url": place}]}
    return description(servers=[{"url": "http://docs.example"}], paths={"/probe": item})


def on_operation(place: str) -> dict:
    operation = description()["paths"]["/probe"]["get"] | {"servers": [{"url": place}]}
    return description(servers=[{"url": "http://docs.example"}], paths={"/probe": {"get": operation}})


def in_variables(place: str) -> dict:
    return description(servers=[{"url": "{all}", "variables": {"all": {"default": place}}}])


def wsdl(place: str) -> str:
    return f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:t="urn:t" targetNamespace="urn:t">
        <message name="m"/><portType name="P"><operation name="op"><input message="t:m"/></operation></portType>
        <binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
            <operation name="op"><soap:operation soapAction=""/><input><soap:body use="literal"/></input></operation></binding>
        <service name="S"><port name="p" binding="t:B"><soap:address location="{place}/ws"/></port></service>
    </definitions>"""


@pytest.mark.parametrize("place", ["http://docs.example", *PRIVATE])
@pytest.mark.parametrize("form", [swagger, on_path, on_operation, in_variables, wsdl])
def test_every_way_in_which_a_description_names_an_address_is_guarded(hubd, tmp_path, form, place):
    text = form(place)
    file = tmp_path / "api"
    file.write_text(text if isinstance(text, str) else json.dumps(text))
    result, connections = hubd("call", file, "op")
    if place in PRIVATE:
        assert connections == [] and result.returncode == 1 and "--base-url" in result.stderr, result.stderr
    else:
        assert [connection["address"] for connection in connections] == [PUBLIC], result.stderr


def test_no_proxy_of_the_environment_is_asked(hubd, tmp_path, monkeypatch):
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]:
        monkeypatch.setenv(name, "http://127.0.0.1:80")
    result, connections = hubd("call", written(tmp_path, "http://docs.example"), "op")
    assert result.returncode == 0 and [connection["address"] for connection in connections] == [PUBLIC]


def keys_named_at(outside, folder: Path, place: str) -> list:
    """What checks a hub whose callers come from an issuer that says its keys are at `place`."""
    issuer = "http://docs.example"
    metadata = {"issuer": issuer, "jwks_uri": f"{place}/keys"}
    outside.answer({f"{issuer}/.well-known/oauth-authorization-server": {"body": json.dumps(metadata)}})
    written(folder, issuer)
    server = {"openapi": "api.json", "auth": ["oauth"], "oauth": {"authorizationServers": [issuer]}}
    (folder / "hub.yaml").write_text(yaml.safe_dump({"publicUrl": "https://hub.example.com", "servers": {"s": server}}))
    return ["check", "--config", folder / "hub.yaml", "--data", folder / "data"]


@pytest.mark.parametrize("place", PRIVATE)
def test_the_keys_that_an_issuers_metadata_names_are_not_fetched_from_private_addresses(hubd, outside, tmp_path, place):
    result, connections = hubd(*keys_named_at(outside, tmp_path, place))
    assert connections and {connection["address"] for connection in connections} == {PUBLIC}, result.stdout + result.stderr
    assert "not public; name it in hub.yaml to allow it" in result.stdout + result.stderr


def test_the_keys_that_an_issuers_metadata_names_are_fetched_from_a_public_address(hubd, outside, tmp_path):
    _, connections = hubd(*keys_named_at(outside, tmp_path, "http://example.com"))
    assert "example.com" in [connection["host"] for connection in connections]


@pytest.mark.parametrize("next, expected", [("/probe?page=2", 2), *((f"{place}/probe?page=2", 1) for place in PRIVATE)])
def test_the_next_page_that_an_answer_names_is_not_fetched_elsewhere(outside, tmp_path, next, expected):
    body = json.dumps({"results": [{"page": 1}], "next": next})
    outside.answer({"http://docs.example/probe": {"body": body}, "http://docs.example/probe?page=2": {"body": '{"results": []}'}})
    outside.log()
    written(tmp_path, "http://docs.example")
    with serving(outside, tmp_path, {"tools": {"op": {"response": {"pages": 3}}}}) as stdio:
        assert not call(stdio, 1).get("isError")
        stdio.end()
    assert [connection["address"] for connection in outside.log()["connections"]] == [PUBLIC] * expected
