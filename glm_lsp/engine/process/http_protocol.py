"""Uvicorn's HTTP over `httptools`: limits that its parser, a C library, does not have, and errors in our shape."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from glm_lsp.engine.http.asgi import JSON
from glm_lsp.engine.http.error_body import error_json, error_status
from glm_lsp.errors import RequestError

MAX_HEAD_BYTES = 64 * 1024


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection. A request line and headers of more than `MAX_HEAD_BYTES` are answered with status 400.

    So are as many bytes of trailers, the headers after a chunked body; those that fit are dropped.
    """

    _num_head_bytes = 0
    _is_head = True
    _has_moved_on = False

    def data_received(self, data: bytes) -> None:
        """Uvicorn's; then sees how long a head, or what follows a body, goes on."""
        self._has_moved_on = False
        super().data_received(data)
        if self._has_moved_on:
            self._num_head_bytes = 0
            return
        self._num_head_bytes += len(data)
        if self._num_head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            part = "head" if self._is_head else "trailer"
            self.send_400_response(f"The request's {part} is too long.")

    def send_400_response(self, msg: str) -> None:
        """Uvicorn's answer to what it cannot read, as our error, then the end of the connection.

        Where an answer has begun already, or has been given before the request's end, there is only the end.
        """
        cycle = self.cycle
        if cycle is None or not cycle.response_started or (cycle.response_complete and self._is_head):
            error = RequestError(f"the request cannot be used: {msg}")
            body = error_json(error)
            head = b"content-type: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % (JSON, len(body))
            self.transport.write(STATUS_LINE[error_status(error)] + head + body)
        self.transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Uvicorn's, for headers; a trailer is none, and nobody asks for it."""
        if self._is_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Uvicorn's; the body begins."""
        self._is_head, self._has_moved_on = False, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Uvicorn's; the body goes on."""
        self._has_moved_on = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Uvicorn's; the next head begins."""
        self._is_head, self._has_moved_on = True, True
        super().on_message_complete()
