"""A bad line between client and server: it delays, and loses answers to what was done."""

import random
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CONNECTIONS_LOST, DELAY = 0.25, 0.05


class _Line(socketserver.BaseRequestHandler):
    """One connection, led on to the target."""

    server: "_Lines"

    def handle(self) -> None:
        time.sleep(self.server.dice.random() * DELAY)
        lost = self.server.dice.random() < CONNECTIONS_LOST
        with suppress(OSError), socket.create_connection(self.server.target, 5) as there:
            there.settimeout(None)
            asking = threading.Thread(target=_pass_on, args=(self.request, there))
            asking.start()
            if lost:  # the server has done it, and nobody hears of it
                there.recv(65_536)
            else:
                _pass_on(there, self.request)
            self.request.shutdown(socket.SHUT_RDWR)
            asking.join()


class _Lines(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, target: int, seed: int) -> None:
        self.target = ("127.0.0.1", target)
        self.dice = random.Random(seed)
        super().__init__(("127.0.0.1", 0), _Line)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def flaky(target: int, seed: int) -> Iterator[int]:
    """A port whose connections lead to the target's, some only as far as the question."""
    with _Lines(target, seed) as lines:
        thread = threading.Thread(target=lines.serve_forever)
        thread.start()
        try:
            yield lines.server_address[1]
        finally:
            lines.shutdown()
            thread.join()
