"""Cuts the byte stream of an editor into message bodies, and finds its feet again when the stream is broken.

Pure: bytes go in with `feed`, events come out of `next_event`. A broken stretch is reported once, however long
it is; reading goes on at the next thing that looks like a header.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_SKIPPED_BYTES = 1024 * 1024 * 1024
"""A larger announced length cannot be meant: skipping it would swallow everything that is ever sent."""
MAX_HEADER_BYTES = 8 * 1024

_BLANK_LINES = re.compile(rb"[\r\n]*")
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_CONTENT_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*([0-9]{1,18})[ \t]*(?=\r?\n)", re.IGNORECASE)
_HEADER_LINES = re.compile(rb"(?:[A-Za-z-]+[ \t]*:[^\r\n]*\r?\n)*")
_HEADER_NAME = b"content-length"


@dataclass(frozen=True, slots=True)
class Fault:
    """A stretch of the stream that is no message. After a fatal one the stream cannot be read any further."""

    reason: str
    fatal: bool = False


class FrameDecoder:
    """The bytes not yet understood, and what is being waited for."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._body_length: int | None = None
        self._num_to_skip = 0
        self._is_lost = False

    def feed(self, data: bytes) -> None:
        """Adds bytes as they were read."""
        self._buffer += data

    def unread(self, data: bytes) -> None:
        """Puts back the tail of a body that was announced too long: the next message begins in it."""
        self._buffer[:0] = data

    def next_event(self) -> bytes | Fault | None:
        """The next message body or fault; None when more bytes are needed."""
        while True:
            if self._num_to_skip and not self._skip():
                return None
            if self._body_length is not None:
                return self._take_body(self._body_length)
            num_before = len(self._buffer)
            event = self._read_headers()
            is_stuck = self._body_length is None and not self._num_to_skip and len(self._buffer) == num_before
            if event is not None or is_stuck:
                return event

    def _skip(self) -> bool:
        num_skipped = min(self._num_to_skip, len(self._buffer))
        del self._buffer[:num_skipped]
        self._num_to_skip -= num_skipped
        return self._num_to_skip == 0

    def _take_body(self, length: int) -> bytes | None:
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._body_length = None
        self._is_lost = False
        return body

    def _read_headers(self) -> Fault | None:
        """Moves on to the body if the headers are complete and good."""
        # Some clients end a body with a line end.
        blank = _BLANK_LINES.match(self._buffer)
        del self._buffer[: blank.end() if blank else 0]
        end = _END_OF_HEADERS.search(self._buffer)
        if end is None:
            return self._drop_endless_header()
        headers = bytes(self._buffer[: end.end()])
        length = max(_CONTENT_LENGTH.finditer(headers), key=re.Match.start, default=None)
        if length is None:
            del self._buffer[: end.end()]
            return self._fault("a header block without a usable Content-Length")
        is_clean = _HEADER_LINES.fullmatch(headers[: length.start()]) is not None
        del self._buffer[: end.end()]
        fault = None if is_clean else self._fault("bytes that are no header")
        return self._expect(int(length[1])) or fault

    def _expect(self, length: int) -> Fault | None:
        if length > MAX_SKIPPED_BYTES:
            return Fault(f"a message of {length} bytes was announced", fatal=True)
        if length > MAX_BODY_BYTES:
            self._num_to_skip = length
            return self._fault(f"a message of {length} bytes; at most {MAX_BODY_BYTES} are read")
        self._body_length = length
        return None

    def _drop_endless_header(self) -> Fault | None:
        """Gives up on bytes that have gone on for too long to be headers, but keeps a header begun at their end."""
        if len(self._buffer) <= MAX_HEADER_BYTES:
            return None
        begin = self._buffer.lower().rfind(_HEADER_NAME, 1)
        # Without one, its first letters may have arrived.
        begin = begin if begin > 0 and len(self._buffer) - begin < MAX_HEADER_BYTES else -len(_HEADER_NAME)
        del self._buffer[:begin]
        return self._fault("bytes that are no header")

    def _fault(self, reason: str) -> Fault | None:
        """A fault, unless the stretch it belongs to has been reported."""
        if self._is_lost:
            return None
        self._is_lost = True
        return Fault(reason)
