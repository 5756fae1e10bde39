"""A network of its own, in which every address of the internet answers and names are what a test says.

All addresses lead to this machine's own loopback device, inside a network namespace: a hub that connects where it must not is seen doing it,
where on a real network the attempt might only fail. This file is both sides: `Outside` starts, asks and ends the namespace, and the script
itself runs within.
"""

import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
from pathlib import Path

PORTS = [80, 443, 8443]
TLS_PORTS = [443, 8443]
LIMIT = 30
NEEDED = (
    "no network of its own could be made, which this test needs: run it as root, or where users may make namespaces "
    "(`unshare --user --net --mount`), with util-linux, iproute2 and IPv6"
)


class Outside:
    """A running network. `log()` has what happened in it since it was last asked."""

    def __init__(self, folder: Path, names: dict, certificate: tuple[Path, Path]):
        """`names` has for each name the answers it is given in turn, each a list of addresses."""
        self.folder = folder
        self.answers: dict[str, dict] = {}
        self.answer({})
        (folder / "names.json").write_text(json.dumps(names))
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\nsearch .\noptions timeout:2 attempts:2\n")
        (folder / "nsswitch.conf").write_text("hosts: files dns\n")
        (folder / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        self.isolation = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        command = ["unshare", *self.isolation, "--net", "--mount", sys.executable, __file__, folder, *certificate]
        try:
            self.process = self._start(command)
        except FileNotFoundError as error:
            raise AssertionError(f"{NEEDED}\n{error}") from None
        if self.process.stdout.readline() != "ready\n":
            _, errors = self.process.communicate(timeout=LIMIT)
            raise AssertionError(f"{NEEDED}\n{errors[-2000:]}")

    @staticmethod
    def _start(command: list) -> subprocess.Popen:
        pipe = subprocess.PIPE
        return subprocess.Popen([*map(str, command)], stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def answer(self, answers: dict[str, dict]) -> None:
        """What URLs answer: `{"http://host/path": {"status", "headers", "body"}}`. All others answer `{"ok": true}`."""
        new = self.folder / "answers.new"
        new.write_text(json.dumps(answers))
        new.rename(self.folder / "answers.json")

    def enter(self) -> list[str]:
        """A command that runs another one within."""
        user = ["--user", "--preserve-credentials"] if self.isolation else []
        return ["nsenter", "--target", str(self.process.pid), *user, "--net", "--mount"]

    def log(self) -> dict:
        """The `connections` that were opened, in order, and the `questions` for names."""
        self.process.stdin.write("log\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait(LIMIT)
        self.process.stdout.close()
        self.process.stderr.close()


# Within the namespace


def run(*command) -> None:
    subprocess.run(command, check=True, timeout=LIMIT)


def set_up(folder: Path) -> None:
    """Makes every address local, and this process the only name server."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo")
    run("ip", "-6", "addr", "add", "2606:4700::1111/128", "dev", "lo")
    run("ip", "-6", "route", "add", "local", "::/0", "dev", "lo")
    for file in ["resolv.conf", "nsswitch.conf", "hosts"]:
        run("mount", "--bind", str(folder / file), f"/etc/{file}")


class NameServer:
    """Answers questions for A and AAAA with what a test wrote, with a time to live of zero (RFC 1035)."""

    def __init__(self, names: dict):
        self.names = names
        self.turns = dict.fromkeys(names, 0)
        self.questions: list[str] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            question, sender = self.socket.recvfrom(2048)
            self.socket.sendto(self._answer(question), sender)

    def _answer(self, question: bytes) -> bytes:
        labels, at = [], 12
        while length := question[at]:
            labels.append(question[at + 1 : at + 1 + length].decode("ascii", "replace"))
            at += 1 + length
        kind = struct.unpack(">H", question[at + 1 : at + 3])[0]
        name = ".".join(labels).lower()
        family, size = {1: (socket.AF_INET, 4), 28: (socket.AF_INET6, 16)}.get(kind, (None, 0))
        if kind == 1:
            self.questions.append(name)
        addresses = self._addresses(name, advance=kind == 1) if family else []
        wanted = [address for address in addresses if (":" in address) == (family == socket.AF_INET6)]
        records = [struct.pack(">HHHIH", 0xC00C, kind, 1, 0, size) + socket.inet_pton(family, address) for address in wanted]
        code = 0 if name in self.names else 3
        head = question[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(records), 0, 0)
        return head + question[12 : at + 5] + b"".join(records)

    def _addresses(self, name: str, advance: bool) -> list[str]:
        turns = self.names.get(name, [[]])
        turn = self.turns.get(name, 0)
        if advance and name in self.turns:
            self.turns[name] += 1
        return turns[turn % len(turns)]


class Web:
    """Accepts every connection at every address, keeps to which one it was, and answers each request as a test wrote."""

    def __init__(self, folder: Path, certificate: str, key: str):
        self.folder = folder
        self.certificate = (certificate, key)
        self.connections: list[dict] = []
        self.changed = threading.Condition()
        for port in PORTS:
            for family, host in [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]:
                listener = socket.socket(family)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listener.bind((host, port))
                listener.listen(128)
                threading.Thread(target=self._accept, args=[listener, port], daemon=True).start()

    def _accept(self, listener: socket.socket, port: int) -> None:
        while True:
            connection, peer = listener.accept()
            connection.settimeout(LIMIT)
            entry = {"address": connection.getsockname()[0], "port": port, "from": peer[:2]}
            with self.changed:
                self.connections.append(entry)
                self.changed.notify_all()
            threading.Thread(target=self._serve, args=[connection, entry], daemon=True).start()

    def _serve(self, connection: socket.socket, entry: dict) -> None:
        try:
            with self._secured(connection, entry) as stream:
                head = b""
                while b"\r\n\r\n" not in head:
                    received = stream.recv(1 << 16)
                    if not received:
                        return
                    head += received
                lines = head.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
                entry["request"] = lines[0]
                entry["host"] = next((line[5:].strip() for line in lines if line.lower().startswith("host:")), None)
                stream.sendall(self._answer(entry))
        except OSError:
            pass  # the hub left, or does not trust the certificate: what came is in the log

    def _secured(self, connection: socket.socket, entry: dict):
        if entry["port"] not in TLS_PORTS:
            return connection
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        context.sni_callback = lambda _, name, __: entry.update(serverName=name)
        return context.wrap_socket(connection, server_side=True)

    def _answer(self, entry: dict) -> bytes:
        target = entry["request"].split(" ")[1]
        known = json.loads((self.folder / "answers.json").read_text())
        answer = known.get(f"http://{entry['host']}{target}", {"body": '{"ok": true}'})
        body = answer.get("body", "").encode()
        fields = {"content-type": "application/json", "content-length": len(body), "connection": "close", **answer.get("headers", {})}
        lines = [f"HTTP/1.1 {answer.get('status', 200)} X", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def log(self) -> list[dict]:
        """What was accepted so far. Connections are accepted in order: once one that is opened now was, all before it have been."""
        marks = []
        for port in PORTS:
            for host in ["127.0.0.1", "::1"]:
                with socket.create_connection((host, port), timeout=LIMIT) as mark:
                    marks.append(list(mark.getsockname()[:2]))
        with self.changed:
            accepted = self.changed.wait_for(
                lambda: all(any(list(entry["from"]) == mark for entry in self.connections) for mark in marks), timeout=LIMIT
            )
            assert accepted, "a listener does not accept"
            found = [entry for entry in self.connections if list(entry["from"]) not in marks]
            self.connections = []
        return found


def main() -> None:
    folder, certificate, key = sys.argv[1:]
    set_up(Path(folder))
    names = NameServer(json.loads((Path(folder) / "names.json").read_text()))
    web = Web(Path(folder), certificate, key)
    print("ready", flush=True)
    for _ in sys.stdin:
        connections = web.log()
        questions, names.questions = names.questions, []
        print(json.dumps({"connections": connections, "questions": questions}), flush=True)


if __name__ == "__main__":
    main()
