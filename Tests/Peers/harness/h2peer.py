"""An HTTP/2 caller by hand, of the frames and header blocks of the `h2` project: as well-behaved or as hostile as a test wants."""

import socket
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from hpack import Decoder, Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

LIMIT = 10
FRAME = 16384


@dataclass
class H2Answer:
    """What came on one stream."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None

    @property
    def status(self) -> int:
        return int(self.headers.get(":status", 0))

    @property
    def is_over(self) -> bool:
        return self.ended or self.reset is not None


class H2Connection:
    """A connection to the address of `url`, under the name `name`."""

    def __init__(self, url: str, context: ssl.SSLContext, name="a.test", opens_windows=True, initial_window=65535):
        address = urlsplit(url)
        plain = socket.create_connection((address.hostname, address.port), timeout=LIMIT)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname=name)
        assert self.socket.selected_alpn_protocol() == "h2"
        self.name = name
        self.opens_windows = opens_windows
        self.encoder, self.decoder = Encoder(), Decoder()
        self.decoder.max_allowed_table_size = 4096
        self.received = b""
        self.block = b""
        self.windows = {0: 65535}
        self.next_stream = 1
        self.answers: dict[int, H2Answer] = {}
        self.goodbyes: list[int] = []
        self.closed = False
        self.is_greeted = False
        self.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0, settings={4: initial_window}).serialize())
        self.pump(lambda: self.is_greeted)

    def raw(self, data: bytes | Frame):
        """Sends bytes or one frame as they are; a connection that the hub has ended swallows them."""
        try:
            self.socket.sendall(data.serialize() if isinstance(data, Frame) else data)
        except OSError:
            self.closed = True

    def head(self, method="GET", path="/nothing", **fields) -> list[tuple[str, str]]:
        """The header block of a good request; `fields` (with `_` for `-`) are added."""
        pseudo = [(":method", method), (":scheme", "https"), (":authority", self.name), (":path", path)]
        return pseudo + [(name.replace("_", "-"), value) for name, value in fields.items()]

    def send(self, headers, body=b"", end=True) -> int:
        """Begins a request; gives its stream."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.answers[stream] = H2Answer()
        self.windows[stream] = 65535
        block = self.encoder.encode(headers)
        pieces = [block[start : start + FRAME] for start in range(0, len(block), FRAME)]
        frames = [HeadersFrame(stream, data=pieces[0])] + [ContinuationFrame(stream, data=piece) for piece in pieces[1:]]
        frames[-1].flags.add("END_HEADERS")
        if end and not body:
            frames[0].flags.add("END_STREAM")
        self.raw(b"".join(frame.serialize() for frame in frames))
        if body:
            self.data(stream, body, end)
        return stream

    def data(self, stream: int, body: bytes, end=False):
        """Sends a piece of a body, at most one frame, without asking whether there is room."""
        for window in (0, stream):
            self.windows[window] -= len(body)
        self.raw(DataFrame(stream, data=body, flags=["END_STREAM"] if end else []))

    def has_room(self, stream: int, size: int) -> bool:
        return min(self.windows[0], self.windows[stream]) >= size

    def reset(self, stream: int):
        self.raw(RstStreamFrame(stream, error_code=8))

    def pump(self, until, limit=LIMIT):
        """Reads until `until()` or the end of the connection."""
        deadline = time.monotonic() + limit
        while not self.closed and not until():
            left = deadline - time.monotonic()
            assert left > 0, "nothing came in time"
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                continue
            except OSError:
                data = b""
            if not data:
                self.closed = True
            self.received += data
            while len(self.received) >= 9:
                frame, length = Frame.parse_frame_header(memoryview(self.received[:9]))
                if len(self.received) < 9 + length:
                    break
                frame.parse_body(memoryview(self.received[9 : 9 + length]))
                self.received = self.received[9 + length :]
                self._took(frame)

    def _took(self, frame: Frame):
        answer = self.answers.setdefault(frame.stream_id, H2Answer())
        match frame:
            case SettingsFrame() if "ACK" not in frame.flags:
                self.is_greeted = True
                self.raw(SettingsFrame(0, flags=["ACK"]))
            case PingFrame() if "ACK" not in frame.flags:
                self.raw(PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]))
            case WindowUpdateFrame():
                self.windows[frame.stream_id] = self.windows.get(frame.stream_id, 0) + frame.window_increment
            case HeadersFrame() | ContinuationFrame():
                self.block += frame.data
                if "END_HEADERS" in frame.flags:
                    answer.headers, self.block = dict(self.decoder.decode(self.block)), b""
                answer.ended = answer.ended or "END_STREAM" in frame.flags
            case DataFrame():
                answer.body += frame.data
                answer.ended = "END_STREAM" in frame.flags
                if self.opens_windows and frame.flow_controlled_length:
                    for stream in (0, frame.stream_id):
                        self.raw(WindowUpdateFrame(stream, window_increment=frame.flow_controlled_length))
            case RstStreamFrame():
                answer.reset = frame.error_code
            case GoAwayFrame():
                self.goodbyes.append(frame.error_code)

    def answer(self, stream: int, limit=LIMIT) -> H2Answer:
        """The complete answer on a stream, or what there is of it when the stream or the connection ends."""
        self.pump(lambda: self.answers[stream].is_over, limit)
        return self.answers[stream]

    def ask(self, headers, body=b"") -> H2Answer:
        """One request and its answer."""
        return self.answer(self.send(headers, body))

    def ending(self, limit=LIMIT) -> int | None:
        """Reads until the hub has closed the connection; gives the reason of its last GOAWAY."""
        self.pump(lambda: False, limit)
        return self.goodbyes[-1] if self.goodbyes else None

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
