"""Secrets in the hub's own store: set, changed and rotated beside a hub that runs, and never to be found in its files."""

import hashlib
import itertools
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time
import zlib
from pathlib import Path

import pytest

from harness.hub import binary, environment, hubd
from harness.service import Service
from harness.wire import call

CANARY = "canary-7d1e2c9b4f-"
NOTICED = 2.5
"""Seconds in which a running hub takes a change up: it looks each second; the rest is for a busy machine."""


def run(*arguments, value=None, cwd=None):
    """A command of the hub; `value` is its standard input."""
    command = [binary(), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment(), input=value, capture_output=True, text=True, timeout=60)


def set_secret(data, name, value):
    result = run("secrets", "set", name, "--data", data, value=value)
    assert result.returncode == 0, result.stderr
    assert value.strip() not in result.stdout + result.stderr


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def upstream():
    """Keeps the credentials it is shown."""
    seen = []

    def answer(request):
        seen.append(request.headers.get("Authorization", ""))
        return 200, {"content-type": "application/json"}, b"{}"

    service = Service(answer)
    service.seen = seen
    yield service
    service.stop()


def configuration(upstream, **more) -> dict:
    return {
        **more,
        "upstreams": {"api": {"addresses": [upstream.url], "credential": {"bearer": "store:token"}}},
        "servers": {
            "s": {"upstream": "api", "http": [{"name": "ping", "request": "GET /ping", "description": "Pings"}]},
        },
    }


def shown(hub, upstream) -> str:
    """What the upstream is shown with a call."""
    call(hub.mcp("s"), "ping")
    return upstream.seen[-1]


def until(condition, limit=NOTICED):
    """Waits for a condition; how long it took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < limit, f"not after {limit} s"
        time.sleep(0.05)
    return time.monotonic() - start


def scan(folder: Path, *needles: str) -> list[str]:
    """The files in which one of these texts stands, as `strings | grep` would find them."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(needle.encode() in path.read_bytes() for needle in needles)]


def test_a_secret_is_sent_and_its_change_is_noticed(start_hub, data, upstream, note):
    set_secret(data, "token", CANARY + "1\n")
    hub = start_hub(configuration(upstream))
    assert shown(hub, upstream) == f"Bearer {CANARY}1"
    set_secret(data, "token", CANARY + "2\n")
    note("a changed secret is in force after", f"{until(lambda: shown(hub, upstream) == f'Bearer {CANARY}2'):.2f} s")
    assert {path.name for path in data.iterdir()} >= {"hub.sqlite", "hub.sqlite-wal", "hub.sqlite-shm"}
    assert scan(data, CANARY) == []
    for path in data.iterdir():
        assert path.is_socket() or path.stat().st_mode & 0o077 == 0, f"{path.name} is open to others"
    hub.stop()
    assert scan(data, CANARY) == []
    assert CANARY not in hub.errors.text + hub.output.text


def test_a_file_is_noticed_too(start_hub, tmp_path, upstream):
    (tmp_path / "token").write_text(CANARY + "1\n")
    hub = start_hub({**configuration(upstream), "upstreams": {"api": {"addresses": [upstream.url], "credential": {"bearer": "file:token"}}}})
    assert shown(hub, upstream) == f"Bearer {CANARY}1"
    (tmp_path / "fresh").write_text(CANARY + "2\n")
    (tmp_path / "fresh").rename(tmp_path / "token")
    until(lambda: shown(hub, upstream) == f"Bearer {CANARY}2")
    (tmp_path / "token").unlink()
    time.sleep(1.5)  # the hub has looked at least once
    assert shown(hub, upstream) == f"Bearer {CANARY}2", "what cannot be read any more stays in force"
    assert "a secret stays as it was" in hub.errors.text and CANARY not in hub.errors.text


def test_a_rotation_disturbs_no_call_and_a_restart_finds_everything(start_hub, data, upstream):
    set_secret(data, "token", CANARY + "1")
    hub = start_hub(configuration(upstream))
    for _ in range(3):
        before = (data / "master.key").read_text()
        result = run("secrets", "rotate", "--data", data)
        assert result.returncode == 0, result.stderr
        assert (data / "master.key").read_text() != before and not (data / "master.key.next").exists()
        for _ in range(20):
            assert shown(hub, upstream) == f"Bearer {CANARY}1"
            time.sleep(0.06)
    # The new key is the one that new values come under, and the hub has found it.
    set_secret(data, "token", CANARY + "2")
    until(lambda: shown(hub, upstream) == f"Bearer {CANARY}2")
    assert "stays as it was" not in hub.errors.text
    hub.stop()
    again = start_hub(configuration(upstream))
    assert shown(again, upstream) == f"Bearer {CANARY}2"
    assert scan(data, CANARY) == []


def test_a_configured_key_is_rotated_and_a_wrong_one_says_what_to_do(start_hub, tmp_path, data, upstream):
    for name in ["old", "new"]:
        (tmp_path / f"{name}.key").write_text(name * 16)
    written = configuration(upstream, masterKey="file:old.key")
    (tmp_path / "hub.yaml").write_text(json.dumps(written))
    options = ["--config", tmp_path / "hub.yaml", "--data", data]
    assert run("secrets", "set", "token", *options, value=CANARY).returncode == 0
    identity = json.loads(run("secrets", "list", "--json", *options).stdout)["secrets"][0]["masterKey"]
    assert not (data / "master.key").exists()
    (tmp_path / "hub.yaml").write_text(json.dumps({**written, "masterKey": "file:new.key"}))
    for command in [["check"], ["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], ["secrets", "set", "other"]]:
        result = run(*command, *options, value="x")
        said = result.stdout + result.stderr
        assert result.returncode == 1 and identity in said and "hubd secrets rotate --from" in said, said
    result = run("secrets", "rotate", *options)
    assert result.returncode == 1 and "--from" in result.stderr
    result = run("secrets", "rotate", "--from", "file:old.key", *options, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    hub = start_hub({**written, "masterKey": "file:new.key"})
    assert shown(hub, upstream) == f"Bearer {CANARY}"


def test_what_the_configuration_names_has_to_be_there(tmp_path, data, upstream):
    (tmp_path / "hub.yaml").write_text(json.dumps(configuration(upstream)))
    options = ["--config", tmp_path / "hub.yaml", "--data", data]
    assert run("check", "--offline", *options).returncode == 0
    assert not data.exists(), "a check makes nothing"
    result = run("check", *options)
    assert result.returncode == 1 and "hubd secrets set" in result.stdout
    assert not data.exists()
    set_secret(data, "token", "x")
    result = run("check", *options)
    assert result.returncode == 0 and "warning: the master key lies in the data folder" in result.stdout
    result = run("secrets", "remove", "token", *options)
    assert result.returncode == 0 and "hub.yaml" in result.stderr, "whoever removes it is told who needs it"
    assert run("check", *options).returncode == 1


def test_values_are_taken_as_they_are_but_for_one_line_break(data, upstream, start_hub):
    set_secret(data, "token", "a b\n")
    assert shown(start_hub(configuration(upstream)), upstream) == "Bearer a b"


@pytest.mark.parametrize(
    "value, status", [("", 1), ("\n", 1), ("x" * 65536, 0), ("x" * 65536 + "\r\n", 0), ("x" * 65537, 1), ("x" * 1_000_000, 1)],
    ids=["nothing", "a line break", "64 KiB", "with a line break", "one more", "far more"],
)
def test_values_have_bounds(data, value, status):
    result = run("secrets", "set", "a", "--data", data, value=value)
    assert result.returncode == status, result.stderr
    assert "xxx" not in result.stdout + result.stderr


def test_many_commands_at_once_make_one_store_and_one_key(data):
    """Each process finds neither, and all of them find the same."""
    names = [f"s{number}" for number in range(12)]
    command = [binary(), "secrets", "set", "--data", data]
    running = [subprocess.Popen([*command, name], env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE) for name in names]
    for process in running:
        process.stdin.write(CANARY.encode())
        process.stdin.close()
    for process in running:
        assert process.wait(60) == 0, process.stderr.read()
    listed = json.loads(run("secrets", "list", "--json", "--data", data).stdout)["secrets"]
    assert sorted(entry["name"] for entry in listed) == sorted(names)
    assert len({entry["masterKey"] for entry in listed}) == 1
    assert {path.name for path in data.iterdir()} <= {"master.key", "hub.sqlite", "hub.sqlite-wal", "hub.sqlite-shm"}


def test_what_is_set_belongs_to_the_owner_of_the_folder(data):
    """Also where the administrator sets it; who is not can give no folder away, and owns it."""
    owner = 12345 if os.geteuid() == 0 else os.geteuid()
    data.mkdir()
    os.chown(data, owner, -1)
    set_secret(data, "a", CANARY)
    assert run("secrets", "rotate", "--data", data).returncode == 0
    assert {path.stat().st_uid for path in data.iterdir()} == {owner}


@pytest.mark.parametrize(
    "arguments",
    [
        ["secrets", "set"], ["secrets", "set", "A"], ["secrets", "set", "a", "b"], ["secrets", "remove"], ["secrets", "list", "a"],
        ["secrets", "rotate", "--from", "plain"], ["secrets", "nothing"], ["keys", "new"], ["keys", "new", "A B"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_64(arguments, data):
    result = hubd(*arguments)
    assert result.returncode == 64 and result.stderr and not result.stdout


@pytest.mark.parametrize("command", [["secrets"], ["secrets", "set"], ["secrets", "list"], ["secrets", "remove"], ["secrets", "rotate"], ["keys", "new"]], ids=" ".join)
def test_every_command_has_an_example(command):
    result = hubd(*command, "--help")
    assert result.returncode == 0 and "Example: hubd " + command[0] in " ".join(result.stdout.split())


def test_a_terminal_does_not_show_what_is_typed(data):
    for typed, status in [(b"swordfish\n", 0), (b"sword\x03", 130)]:
        process, terminal = pty.fork()
        if process == 0:
            os.execve(binary(), ["hubd", "secrets", "set", "typed", "--data", str(data)], environment())
        shown = b""
        while b"value of typed:" not in shown:
            shown += os.read(terminal, 1000)
        os.write(terminal, typed)
        while True:
            try:
                shown += os.read(terminal, 1000)
            except OSError:  # the other end is closed
                break
        os.close(terminal)
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == status, shown
        assert b"sword" not in shown
    names = [entry["name"] for entry in json.loads(run("secrets", "list", "--json", "--data", data).stdout)["secrets"]]
    assert names == ["typed"]


def test_a_key_is_printed_once_and_nothing_is_stored(data):
    result = run("keys", "new", "support-bot", "--data", data)
    key, line = result.stdout.splitlines()
    assert re.fullmatch(r"hub_[0-9a-f]{12}_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}", key)
    made = json.loads(run("keys", "new", "support-bot", "--json").stdout)
    assert made["key"] != key and made["id"] == made["key"][4:16]
    for text, digest in [(key, line), (made["key"], made["sha256"])]:
        assert hashlib.sha256(text.encode()).hexdigest() in digest
        checksum = zlib.crc32(text[:-6].encode())
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        assert text[-6:] == "".join(digits[checksum // 62**place % 62] for place in reversed(range(6)))
    assert not data.exists()


CALLS = ["pwrite64", "write", "ftruncate", "fsync", "fdatasync", "link", "unlink", "rename"]
"""What changes files, or makes a change last."""


def killed_at(call: str, number: int, *arguments) -> bool:
    """Runs a command that is killed as a thread's nth call of a kind begins; whether it was."""
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}"]
    result = subprocess.run([*command, binary(), *map(str, arguments)], env=environment(), capture_output=True, text=True, timeout=60)
    assert result.returncode in (0, 137, -signal.SIGKILL), result.stderr
    return result.returncode != 0


def test_a_rotation_killed_at_any_write_loses_nothing(tmp_path, note):
    """Each of the calls that change files is once where the process ends; what is left opens, and the next rotation finishes it."""
    names = [f"s{number}" for number in range(34)]  # more than one transaction
    for name in names:
        set_secret(tmp_path / "whole", name, CANARY + name)
    upstreams = {name: {"addresses": ["http://127.0.0.1:1"], "credential": {"bearer": f"store:{name}"}} for name in names}
    (tmp_path / "hub.yaml").write_text(json.dumps({"upstreams": upstreams, "servers": {}}))
    points = 0
    for kind in CALLS:
        for number in itertools.count(1):
            data = tmp_path / "data"
            shutil.rmtree(data, ignore_errors=True)
            shutil.copytree(tmp_path / "whole", data)
            if not killed_at(kind, number, "secrets", "rotate", "--data", data):
                break
            points += 1
            checked = run("check", "--config", tmp_path / "hub.yaml", "--data", data)
            assert checked.returncode == 0, f"killed at {kind} {number}: {checked.stdout}"
            rotated = run("secrets", "rotate", "--data", data)
            assert rotated.returncode == 0, f"killed at {kind} {number}: {rotated.stderr}"
            assert run("check", "--config", tmp_path / "hub.yaml", "--data", data).returncode == 0, f"killed at {kind} {number}"
            keys = {entry["masterKey"] for entry in json.loads(run("secrets", "list", "--json", "--data", data).stdout)["secrets"]}
            assert len(keys) == 1 and not (data / "master.key.next").exists()
            assert scan(data, CANARY) == []
    assert points > 20, "the calls that were to be cut off are others by now"
    note("calls at which a rotation was killed", points)
