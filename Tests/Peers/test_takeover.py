"""Restarts that refuse nobody: `serve --takeover`, and sockets that systemd opens."""

import array
import asyncio
import fcntl
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from conftest import FIXTURES, httpbin_configuration
from harness.hub import Hub, hubd
from harness.wire import Session, ask, listening, modern

CONFIGURATION = httpbin_configuration("http://127.0.0.1:1")  # listed, never called


class Load:
    """Short requests without a pause, on kept and on fresh connections; each has to be answered with 200."""

    def __init__(self, url: str, path="/mcp/httpbin"):
        self.host, port = url.removeprefix("http://").split(":")
        self.port = int(port)
        fields, body = modern("tools/list")
        fields = {**fields, "host": f"{self.host}:{port}", "content-length": len(body)}
        self.request = b"POST %b HTTP/1.1\r\n" % path.encode()
        self.request += "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n" + body
        self.answered = {"kept": 0, "fresh": 0}
        self.told_to_close = 0
        self.failures = []
        self.ends = False

    async def exchange(self, reader, writer) -> bool:
        """One request; whether the connection stays."""
        writer.write(self.request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith("http/1.1 200"), head
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        await reader.readexactly(length)
        return "connection: close" not in head

    async def client(self, kind: str):
        while not self.ends:
            try:
                reader, writer = await asyncio.open_connection(self.host, self.port)
                stays = True
                while stays and not self.ends:
                    stays = await self.exchange(reader, writer)
                    self.answered[kind] += 1
                    self.told_to_close += kind == "kept" and not stays
                    stays = stays and kind == "kept"
                    await asyncio.sleep(0.01)
                writer.close()
            except Exception as error:  # whatever it is, a caller was let down
                self.failures.append(f"{kind}: {error!r}")
                await asyncio.sleep(0.1)

    async def run(self):
        await asyncio.gather(*(self.client(kind) for kind in ["kept", "fresh"] * 4))

    @contextmanager
    def running(self):
        thread = threading.Thread(target=asyncio.run, args=[self.run()])
        thread.start()
        try:
            yield self
        finally:
            self.ends = True
            thread.join(10)


def process(hub) -> int:
    """The process that `hubd reload` and others take for the running hub."""
    return json.loads((hub.data / "hubd.run").read_text())["process"]


def take_over(start_hub, configuration=CONFIGURATION):
    return start_hub(configuration, more=["--takeover"])


def test_restarts_under_load_let_nobody_down(start_hub):
    old = start_hub(CONFIGURATION)
    url, admin = old.url, old.admin
    with Load(url).running() as load:
        time.sleep(0.5)
        for _ in range(4):
            new = take_over(start_hub)
            assert (new.url, new.admin, process(new)) == (url, admin, new.process.pid)
            assert old.process.wait(10) == 0
            before = dict(load.answered)
            time.sleep(0.3)
            assert all(load.answered[kind] > before[kind] for kind in before), "the new hub does not answer"
            old = new
    assert not load.failures, load.failures[:5]
    assert load.answered["kept"] > 200 and load.answered["fresh"] > 200, load.answered
    assert 4 <= load.told_to_close <= 4 * 4, "each kept connection is asked to close at most once a take-over"
    assert httpx.get(admin + "/readyz").status_code == 200


def test_a_reload_reaches_the_new_hub(start_hub):
    start_hub(CONFIGURATION)
    new = take_over(start_hub)
    result = hubd("reload", "--config", new.file, "--data", new.data)
    assert result.returncode == 0, result.stderr
    assert new.errors.wait_for("reloaded")


def test_sessions_go_on(start_hub):
    old = start_hub(CONFIGURATION)
    with Session(old.mcp("httpbin")) as session:
        take_over(start_hub)
        assert old.process.wait(10) == 0
        assert session.ask("tools/list")["result"]["tools"]


def test_a_broken_configuration_changes_nothing(start_hub):
    hub = start_hub(CONFIGURATION)
    hub.write({"servers": {"x": {"openapi": "missing.yaml"}}})
    listeners = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    result = hubd("serve", "--takeover", "--config", hub.file, "--data", hub.data, *listeners, cwd=hub.folder)
    assert result.returncode == 1 and "missing.yaml" in result.stderr
    assert "take over" not in hub.errors.text, "the running hub was asked although there was nothing to serve"
    assert ask(hub.mcp("httpbin"), "tools/list")["result"]["tools"]
    hub.write(CONFIGURATION)
    take_over(start_hub)


@pytest.mark.parametrize("changed", ["--listen", "--admin"])
def test_other_addresses_need_a_restart(start_hub, changed):
    hub = start_hub(CONFIGURATION)
    listeners = {"--listen": "127.0.0.1:0", "--admin": "127.0.0.1:0", changed: "127.0.0.1:1"}
    listeners = [part for pair in listeners.items() for part in pair]
    result = hubd("serve", "--takeover", "--config", hub.file, "--data", hub.data, *listeners, cwd=hub.folder)
    assert result.returncode == 1
    assert "restart" in result.stderr and "127.0.0.1:1" in result.stderr
    assert ask(hub.mcp("httpbin"), "tools/list")["result"]["tools"]


def test_a_second_hub_is_refused_before_and_after(start_hub):
    hub = start_hub(CONFIGURATION)
    for _ in range(2):
        result = hubd("serve", "--config", hub.file, "--data", hub.data, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
        assert result.returncode == 1
        assert "--takeover" in result.stderr
        old, hub = hub, take_over(start_hub)
        assert old.process.wait(10) == 0


def test_without_a_hub_it_starts_as_usual(start_hub):
    hub = take_over(start_hub)
    assert "no hub runs" in hub.errors.text
    assert ask(hub.mcp("httpbin"), "tools/list")["result"]["tools"]
    hub.process.kill()  # leaves its socket behind
    hub.process.wait()
    again = Hub(hub.folder, CONFIGURATION, FIXTURES.glob("*.yaml"), more=["--takeover"])
    assert "no hub runs" in again.errors.text
    again.stop()
    assert not (again.data / "hubd.sock").exists() and not (again.data / "hubd.run").exists()
    hub.process.returncode = 0  # its end is no finding


def test_open_streams_are_told_and_ended(start_hub):
    old = start_hub(CONFIGURATION)
    with listening(old.mcp("httpbin"), "stream", toolsListChanged=True) as messages:
        assert next(messages)["method"] == "notifications/subscriptions/acknowledged"
        take_over(start_hub)
        start = time.monotonic()
        rest = list(messages)  # a stream that is cut raises
        assert rest and rest[-1].get("id") == "stream", "the stream ended without its response"
        assert time.monotonic() - start < 15
        assert old.process.wait(15) == 0


# The running hub's socket by hand


@contextmanager
def asking(hub, line=b'{"takeover":1,"say":"request","process":1}\n'):
    """A process that asks the hub for its sockets."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(10)
        connection.connect(str(hub.data / "hubd.sock"))
        connection.send(line)
        yield connection


def descriptors(connection) -> list[int]:
    """What comes beside the next message."""
    size = array.array("i").itemsize
    line, beside, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(16 * size))
    assert json.loads(line)["sockets"] == ["public", "admin", "lock", "takeover"]
    ((_, _, data),) = beside
    return list(array.array("i", data))


@pytest.mark.parametrize("last", [b"", b'{"takeover":1,"say":"request","process":1}\n', b"x" * 5000], ids=["gone", "wrong", "long"])
def test_who_does_not_serve_has_taken_nothing(start_hub, last):
    hub = start_hub(CONFIGURATION)
    with asking(hub) as connection:
        for descriptor in descriptors(connection):
            os.close(descriptor)
        if last:
            connection.send(last)
            assert connection.recv(100) == b""
    assert hub.errors.wait_for("nobody took over")
    assert ask(hub.mcp("httpbin"), "tools/list")["result"]["tools"]
    take_over(start_hub)
    assert hub.process.wait(10) == 0


def test_who_is_gone_when_it_is_released_has_taken_nothing(start_hub):
    hub = start_hub(CONFIGURATION)
    with asking(hub) as connection:
        for descriptor in descriptors(connection):
            os.close(descriptor)
        connection.shutdown(socket.SHUT_RD)
        connection.send(b'{"takeover":1,"say":"ready"}\n')
        assert hub.errors.wait_for("nobody took over")
    assert ask(hub.mcp("httpbin"), "tools/list")["result"]["tools"], "it does not accept again"
    take_over(start_hub)
    assert hub.process.wait(10) == 0


def test_another_version_is_told_so(start_hub):
    hub = start_hub(CONFIGURATION)
    with asking(hub, b'{"takeover":2,"say":"request"}\n') as connection:
        assert "version 1" in json.loads(connection.recv(4096))["reason"]
        assert connection.recv(100) == b""


def test_another_user_gets_nothing():
    """Even where the file's mode would let them in."""
    assert os.geteuid() == 0, "only root can become somebody else: run this test as root"
    program = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(10);"
        "s.connect(sys.argv[1]); sys.exit(len(s.recv(100)))"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "data").mkdir(mode=0o755)
        hub = Hub(folder, {"servers": {}})
        try:
            path = hub.data / "hubd.sock"
            assert path.stat().st_mode & 0o777 == 0o600
            command = ["/usr/bin/python3", "-c", program, str(path)]
            assert b"PermissionError" in subprocess.run(command, user=65534, cwd="/", capture_output=True).stderr
            path.chmod(0o666)
            assert subprocess.run(command, user=65534, cwd="/", capture_output=True).returncode == 0
            assert hub.errors.wait_for("another user")
        finally:
            hub.stop()


# Sockets that were opened for the hub

PASS = """
import os, sys
sockets = [int(number) for number in sys.argv[1].split(",")]
for number, opened in enumerate(sockets, 3):
    os.dup2(opened, number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)))
if sys.argv[2]:
    os.environ["LISTEN_FDNAMES"] = sys.argv[2]
os.execv(sys.argv[3], sys.argv[3:])
"""


def passing(sockets, names=""):
    """What starts a hub as systemd does."""
    high = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 100) for each in sockets]  # out of the way of 3 and 4
    before = [sys.executable, "-c", PASS, ",".join(map(str, high)), names]
    return {"before": before, "pass_fds": high}


def address(listening_socket) -> str:
    host, port = listening_socket.getsockname()[:2]
    return f"http://{host}:{port}"


@pytest.mark.parametrize("names", ["", "hubd.socket:hubd.socket", "public:admin", "admin:public"])
def test_passed_sockets_are_served(start_hub, names):
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        hub = start_hub(CONFIGURATION, **passing([first, second], names))
        public, admin = (second, first) if names == "admin:public" else (first, second)
        assert (hub.url, hub.admin) == (address(public), address(admin))
        assert ask(hub.mcp("httpbin"), "tools/list")["result"]["tools"]
        assert not any(b"LISTEN_" in each for each in child_environments(hub))


def child_environments(hub) -> list[bytes]:
    """The environments of the processes that the hub started."""
    children = Path(f"/proc/{hub.process.pid}/task/{hub.process.pid}/children").read_text().split()
    return [Path(f"/proc/{child}/environ").read_bytes() for child in children]


def test_a_restart_on_a_passed_socket_refuses_nobody(start_hub):
    """As `systemctl restart`: stopped, then started, while the socket stays."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as public:
        hub = start_hub(CONFIGURATION, **passing([public]))
        with Load(hub.url).running() as load:
            for _ in range(2):
                time.sleep(0.3)
                hub.stop()
                hub = start_hub(CONFIGURATION, **passing([public]))
            time.sleep(0.3)
        assert not load.failures, load.failures[:5]


def test_a_hub_on_passed_sockets_can_be_taken_over(start_hub):
    with socket.create_server(("127.0.0.1", 0)) as public:
        old = start_hub(CONFIGURATION, **passing([public]))
        new = take_over(start_hub)
        assert new.url == address(public)
        assert old.process.wait(10) == 0


def test_a_passed_socket_that_reaches_further_than_the_settings_is_refused(tmp_path):
    with socket.create_server(("0.0.0.0", 0)) as public, pytest.raises(AssertionError, match="passed for listen listens on 0.0.0.0"):
        Hub(tmp_path, {"servers": {}}, **passing([public]))


def test_what_is_passed_has_to_listen(tmp_path):
    with socket.socket() as public, pytest.raises(AssertionError, match="no listening TCP socket"):
        Hub(tmp_path, {"servers": {}}, **passing([public]))


def test_sockets_for_another_process_are_left(start_hub):
    with socket.create_server(("127.0.0.1", 0)) as public:
        options = passing([public])
        options["before"][2] = PASS.replace("str(os.getpid())", "'1'")
        hub = start_hub(CONFIGURATION, **options)
        assert hub.url != address(public)
