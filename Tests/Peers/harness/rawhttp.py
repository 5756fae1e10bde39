"""One connection to the hub, byte by byte: what is sent is sent as it is, and every answer is counted."""

import socket
import time
from dataclasses import dataclass

from harness.recorder import chunks


@dataclass
class Answer:
    """One complete final answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def answers(data: bytes) -> list[Answer]:
    """The complete final answers in `data`."""
    found = []
    while b"\r\n\r\n" in data:
        head, data = data.split(b"\r\n\r\n", 1)
        line, *fields = head.decode("latin-1").split("\r\n")
        assert line.startswith("HTTP/1.1 "), f"no answer of HTTP/1.1: {line!r}"
        headers = {name.lower(): value.strip() for name, value in (field.split(":", 1) for field in fields)}
        status = int(line.split(" ")[1])
        if status < 200:
            continue
        if headers.get("transfer-encoding") == "chunked":
            end = b"0\r\n\r\n"
            if not data.startswith(end) and b"\r\n" + end not in data:
                break
            body, data = chunks(data)
            data = data.removeprefix(b"\r\n")
        else:
            length = int(headers.get("content-length", 0))
            if len(data) < length:
                break
            body, data = data[:length], data[length:]
        found.append(Answer(status, headers, body))
    return found


class Connection:
    """A connection to the address of `url`."""

    def __init__(self, url: str):
        host, port = url.removeprefix("http://").split("/")[0].split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.received = b""
        self.is_closed = False

    def send(self, data: bytes) -> None:
        """Sends all of it, or as much as the hub takes before it closes."""
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # the hub closed: what it said before is still to be read

    def wait(self, until, limit=8) -> list[Answer]:
        """Reads until `until(answers)` holds, the hub closes, or the time is up; gives the answers so far."""
        deadline = time.monotonic() + limit
        while not self.is_closed and not until(answers(self.received)):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                break
            except OSError:
                data = b""  # reset: closed with bytes of ours unread
            self.is_closed = not data
            self.received += data
        return answers(self.received)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
