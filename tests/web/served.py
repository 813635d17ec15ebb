"""The site's own WSGI application on a real socket, one request after the other.

Comes in: nothing but a set-up Django. Goes out: its address, until the end of the block; no connection to the
database is left behind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


class _Patient(WSGIServer):
    """A browser that goes away in the middle of an answer is no fault."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """Serve until the end of the block."""
    from django.core.wsgi import get_wsgi_application
    from django.db import connections

    application = get_wsgi_application()

    def closing(environ: Any, start: Any) -> Iterator[bytes]:
        answer = application(environ, start)
        try:
            yield from answer
        finally:
            answer.close()
            connections.close_all()

    server = make_server("127.0.0.1", 0, closing, server_class=_Patient, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
