"""A provider of models that answers with as many bytes of events as a request's `model` says, as fast as they are taken."""

import re
import socket
import threading

EVENT = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n'
BLOCK = (EVENT % (b"x" * 1000)) * 900
PIECE = b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK)
DONE = b"data: [DONE]\n\n"


class Pour:
    """Threads with blocking sockets, which are as fast as the hub. `sent` counts the bytes of events of each connection so far."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.sent: list[int] = []
        self.broken = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket):
        with connection:
            try:
                while self._answer(connection):
                    pass
            except OSError:
                self.broken += 1

    def _answer(self, connection) -> bool:
        request = b""
        while b'"model"' not in request or not request.endswith(b"}"):
            data = connection.recv(1 << 16)
            if not data:
                return False
            request += data
        blocks = int(re.search(rb'"model": ?"pour-(\d+)"', request).group(1))
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        number = len(self.sent)
        self.sent.append(0)
        for _ in range(blocks):
            connection.sendall(PIECE)
            self.sent[number] += len(BLOCK)
        connection.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(DONE), DONE))
        return True
