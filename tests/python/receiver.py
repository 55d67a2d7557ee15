"""A webhook's receiver on loopback, with bad days."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

# What a receiver may do instead of answering.
DROP, SILENCE = "drop", "silence"


class Receiver:
    """Answers 200, or what the next entries of `behaviours` say.

    An entry is a status, a pair of status and headers, DROP (close the connection
    without an answer) or SILENCE (answer nothing until `speak` is set).
    `requests` has the headers and body of each request; `arrived` is set by each.
    """

    def __init__(self) -> None:
        self.behaviours: list = []
        self.requests: list[tuple[dict, bytes]] = []
        self.arrived = threading.Event()
        self.speak = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}/hooks/s3cr3t"
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.speak.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Reads a request and behaves as told."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.requests.append((dict(handler.headers), body))
        behaviour = self.behaviours.pop(0) if self.behaviours else 200
        self.arrived.set()
        if behaviour == SILENCE:
            self.speak.wait(10)
            behaviour = DROP
        if behaviour == DROP:
            handler.close_connection = True
            return
        status, headers = behaviour if isinstance(behaviour, tuple) else (behaviour, {})
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    @property
    def events(self) -> list[dict]:
        """The bodies, in order."""
        return [json.loads(body) for _, body in self.requests]

    @property
    def keys(self) -> list[str]:
        """The idempotency keys, in order."""
        return [headers["Idempotency-Key"] for headers, _ in self.requests]
