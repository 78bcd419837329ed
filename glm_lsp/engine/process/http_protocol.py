"""Uvicorn's HTTP over `httptools`, with a limit that its parser, a C library, does not have."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection. A request line and headers of more than `MAX_HEAD_BYTES` are answered with status 400."""

    _num_head_bytes = 0
    _is_head = True
    _has_moved_on = False

    def data_received(self, data: bytes) -> None:
        """Uvicorn's; then sees how long the head goes on."""
        self._has_moved_on = False
        super().data_received(data)
        if self._has_moved_on or not self._is_head:
            self._num_head_bytes = 0
            return
        self._num_head_bytes += len(data)
        if self._num_head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request's head is too long.")

    def on_headers_complete(self) -> None:
        """Uvicorn's; the body begins."""
        self._is_head, self._has_moved_on = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Uvicorn's; the next head begins."""
        self._is_head, self._has_moved_on = True, True
        super().on_message_complete()
