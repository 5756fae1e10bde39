"""The public listener over TLS, as openssl's library, httpx and sslscan see it."""

import re
import socket
import ssl
import subprocess
import time
from urllib.parse import urlsplit

import httpx
import pytest

from conftest import fault_configuration, tls_configuration
from harness.hub import hubd
from harness.wire import modern, raw


@pytest.fixture
def tls_hub(start_hub, fault, authority):
    return start_hub(tls_configuration(authority, fault_configuration(fault.url)))


def shake(hub, context, name) -> ssl.SSLSocket:
    """A connection under a name, its handshake done."""
    address = urlsplit(hub.url)
    plain = socket.create_connection((address.hostname, address.port), timeout=10)
    return context.wrap_socket(plain, server_hostname=name)


def names(hub, context, name) -> set[str]:
    """The names in the certificate that the hub shows to whoever asks for `name`."""
    with shake(hub, context, name) as connection:
        return {value for _, value in connection.getpeercert()["subjectAltName"]}


def get(hub, context, name, host=None) -> bytes:
    """One HTTP/1.1 request and all that comes back."""
    with shake(hub, context, name) as connection:
        connection.sendall(f"GET /nothing HTTP/1.1\r\nHost: {host or name}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while data := connection.recv(1 << 16):
            answer += data
        return answer


def test_the_address_printed_says_https(tls_hub):
    assert tls_hub.url.startswith("https://")
    assert tls_hub.admin.startswith("http://")


def test_each_name_gets_its_certificate(tls_hub, authority):
    context = authority.context()
    assert names(tls_hub, context, "a.test") == {"a.test"}
    assert names(tls_hub, context, "b.test") == {"b.test", "*.b.test"}
    assert names(tls_hub, context, "x.b.test") == {"b.test", "*.b.test"}
    context.check_hostname = False
    assert names(tls_hub, context, "stranger.test") == {"a.test"}
    assert names(tls_hub, context, None) == {"a.test"}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str)
def test_httpx_calls_a_tool_over_tls(tls_hub, authority, version):
    context = authority.context()
    context.minimum_version = context.maximum_version = version
    headers, body = modern("tools/call", {"name": "good", "arguments": {}})
    transport = httpx.HTTPTransport(verify=context)
    with httpx.Client(transport=transport) as client:
        request = client.build_request(
            "POST", tls_hub.mcp("fault"), headers={**headers, "host": "a.test"}, content=body, extensions={"sni_hostname": "a.test"}
        )
        answer = client.send(request)
    assert answer.json()["result"]["structuredContent"] == {"good": True}


def test_sslscan_finds_nothing_old_and_nothing_weak(tls_hub):
    address = urlsplit(tls_hub.url)
    scan = subprocess.run(
        ["sslscan", "--no-colour", "--sni-name=a.test", f"{address.hostname}:{address.port}"], capture_output=True, text=True, timeout=60
    ).stdout
    found = dict(re.findall(r"^(SSLv[23]|TLSv1\.[0-3])\s+(enabled|disabled)", scan, re.MULTILINE))
    assert found == {
        "SSLv2": "disabled", "SSLv3": "disabled", "TLSv1.0": "disabled", "TLSv1.1": "disabled", "TLSv1.2": "enabled", "TLSv1.3": "enabled",
    }  # fmt: skip
    suites = re.findall(r"^(?:Preferred|Accepted)\s+(TLSv1\.\d)\s+\d+ bits\s+(\S+)", scan, re.MULTILINE)
    assert {version for version, _ in suites} == {"TLSv1.2", "TLSv1.3"}
    for version, suite in suites:
        assert re.search("GCM|CHACHA20", suite), suite
        assert version == "TLSv1.3" or suite.startswith("ECDHE-"), suite
    assert "Session renegotiation not supported" in scan
    assert "vulnerable to heartbleed" in scan and not re.search(r"^TLSv1\.\d vulnerable", scan, re.MULTILINE)


def test_plain_http_and_noise_are_disconnected(tls_hub):
    plain = tls_hub.url.replace("https://", "http://")
    began = time.monotonic()
    assert b"HTTP/" not in raw(plain, b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
    # Prior knowledge of HTTP/2 without TLS is not offered either.
    assert b"HTTP/" not in raw(plain, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert time.monotonic() - began < 5


def test_a_handshake_has_its_time(tls_hub, authority):
    address = urlsplit(tls_hub.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as silent:
        began = time.monotonic()
        silent.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert silent.recv(1) == b""
        assert 8 < time.monotonic() - began < 14
    assert b"404" in get(tls_hub, authority.context(), "a.test")


def test_a_name_with_client_ca_asks_for_certificates_and_nothing_gets_around_it(tls_hub, authority, tmp_path):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        assert get(tls_hub, authority.context(), "m.test") == b""
        raise ConnectionError  # closed without a word
    client = authority.issue("caller", "caller.test")
    assert get(tls_hub, authority.context(certificate=client), "m.test").startswith(b"HTTP/1.1 404")
    # The handshake of a name that asks for none does not open the one that does.
    assert get(tls_hub, authority.context(), "a.test", host="m.test").startswith(b"HTTP/1.1 421")
    from harness.certificates import Authority

    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "stranger").issue("caller", "caller.test")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        assert get(tls_hub, authority.context(certificate=stranger), "m.test") == b""
        raise ConnectionError


def serial(hub, context, name="a.test") -> str:
    with shake(hub, context, name) as connection:
        return connection.getpeercert()["serialNumber"]


def wait_until(said, limit=15):
    deadline = time.monotonic() + limit
    while not said():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.2)


def test_a_certificate_is_renewed_without_a_restart_and_connections_stay(tls_hub, authority):
    context = authority.context()
    with shake(tls_hub, context, "a.test") as standing:
        before = serial(tls_hub, context)
        authority.issue("a.test", "a.test")
        wait_until(lambda: serial(tls_hub, context) != before)
        standing.sendall(b"GET /nothing HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert standing.recv(1 << 16).startswith(b"HTTP/1.1 404")


def test_a_broken_renewal_keeps_the_old_certificate_and_is_logged(tls_hub, authority):
    context = authority.context()
    before = serial(tls_hub, context)
    file = authority.folder / "a.test.pem"
    good = file.read_bytes()
    try:
        file.write_text("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
        assert tls_hub.errors.wait_for("a certificate stays as it was", limit=15)
        assert serial(tls_hub, context) == before
        # A reload is refused as a whole, and changes nothing either.
        tls_hub.reload()
        assert tls_hub.errors.wait_for("holds no certificate in PEM.*\n.*configuration is unchanged|configuration is unchanged", limit=15)
        assert serial(tls_hub, context) == before
    finally:
        file.write_bytes(good)


def test_check_names_what_is_wrong_with_certificates(authority, tmp_path):
    certificate, _ = authority.issue("checked", "checked.test")
    _, other = authority.issue("other", "other.test")
    file = tmp_path / "hub.yaml"

    def complaint(certificate, key) -> str:
        file.write_text(f'tls:\n  - names: [a.test]\n    certificate: "{certificate}"\n    key: "file:{key}"\n')
        ran = hubd("check", "--config", file)
        assert ran.returncode == 1
        return ran.stdout

    assert re.search(r"hub.yaml:3:\d+: error: cannot be read: .*missing.pem", complaint(tmp_path / "missing.pem", other))
    assert re.search(r"hub.yaml:3:\d+: error: .*no certificate in PEM", complaint(other, other))
    assert re.search(r"hub.yaml:4:\d+: error: .*does not belong to the certificate", complaint(certificate, other))
    assert re.search(r"hub.yaml:4:\d+: error: .*no private key", complaint(certificate, certificate))
