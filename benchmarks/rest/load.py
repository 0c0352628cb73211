"""Ask over many connections, in a process of its own and one thread; latencies as JSON.

Without a rate each connection asks again as soon as it is answered: what the server can do at
most. With one, questions come when they come, at random, as from people and programs who do not
know of each other, and wait for a free connection if there is none; a latency counts that too.
"""

import json
import re
import selectors
import socket
import sys
import time
from collections import deque
from itertools import cycle
from random import Random
from typing import Any

LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
HEAD, LAST_CHUNK = b"\r\n\r\n", b"\r\n0\r\n\r\n"


class Connection:
    """One connection and the answer that it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked, self.got = 0.0, bytearray()

    def ask(self, question: bytes, asked: float) -> None:
        """Send one question that was due at an instant."""
        self.asked = asked
        self.got.clear()
        self.socket.sendall(question)

    def answered(self) -> bool:
        """Take in what has come; whether that is all of it."""
        came = self.socket.recv(1 << 18)
        self.got += came
        head = self.got.find(HEAD)
        if not came or (head >= 0 and not self.got.startswith(b"HTTP/1.1 200 ")):
            raise SystemExit(f"not answered: {bytes(self.got[:600])!r}")
        if head < 0:
            return False
        length = LENGTH.search(self.got, 0, head + 2)
        if length is None:
            return self.got.endswith(LAST_CHUNK)
        return len(self.got) >= head + len(HEAD) + int(length[1])


def run(given: dict[str, Any]) -> list[float]:
    """Ask for some seconds; how long each answer took."""
    heads = "".join(f"{name}: {value}\r\n" for name, value in given["headers"].items())
    questions = cycle(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{heads}\r\n".encode() for path in given["paths"]
    )
    idle = deque(Connection(given["port"]) for _ in range(given["connections"]))
    waiting, spent = selectors.DefaultSelector(), list[float]()
    chance = Random(1)  # noqa: S311 - when questions come
    began = due = time.perf_counter()
    while (at := time.perf_counter()) < began + given["seconds"]:
        while idle and (given["rate"] is None or due <= at):
            one = idle.popleft()
            one.ask(next(questions), at if given["rate"] is None else due)
            waiting.register(one.socket, selectors.EVENT_READ, one)
            if given["rate"] is not None:
                due += chance.expovariate(given["rate"])
        rest = 1.0 if given["rate"] is None or not idle else max(0.0, due - time.perf_counter())
        for key, _ in waiting.select(rest):
            if key.data.answered():
                spent.append(time.perf_counter() - key.data.asked)
                waiting.unregister(key.data.socket)
                idle.append(key.data)
    return spent


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
