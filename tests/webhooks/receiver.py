"""A receiver of webhooks that behaves as it is told."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What came, and how the next requests are answered."""

    url: str = ""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    # In turn: a status, a body as JSON, `drop`, `hang`, `endless`, `redirect`; then always 204.
    answers: list[Any] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A real server on a port of its own."""
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.came.append(({k.lower(): v for k, v in self.headers.items()}, body))
            how = told.answers.pop(0) if told.answers else 204
            if how == "drop":
                self.connection.close()
            elif how == "hang":
                time.sleep(8)
            elif how == "endless":
                self.send_response(200)
                self.end_headers()
                end = time.monotonic() + 30
                while time.monotonic() < end:
                    try:
                        self.wfile.write(b"x" * 65536)
                    except OSError:
                        return
            elif how == "redirect":
                self.send_response(302)
                self.send_header("location", f"{told.url}/elsewhere")
                self.end_headers()
            else:
                said = json.dumps(how) if isinstance(how, dict) else f"said {how}"
                self.send_response(200 if isinstance(how, dict) else how)
                self.end_headers()
                if how != 204:
                    self.wfile.write(said.encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
