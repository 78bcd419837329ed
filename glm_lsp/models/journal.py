"""What an unfinished weight file holds already, so that an import that was cut off goes on where it was.

One line of JSON for each tensor, written after its bytes are on the disk; the first line says what is being imported.
A last line that is incomplete counts as not written, and so does what the weight file no longer holds as it was.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from glm_lsp.models.span import Span

_CHUNK_BYTES = 1 << 20


class Journal:
    """The record of one weight file; use as a context manager.

    Args:
        path: its own file; made when missing.
        purpose: whatever has to be the same for the record to be worth something; with another one it starts anew.
    """

    def __init__(self, path: Path, purpose: dict[str, Any]) -> None:
        self._first = _line({"purpose": purpose})
        first, *lines = _complete_lines(path) or [b""]
        known = _known(lines) if first == self._first else {}
        self._spans = known
        self._file = path.open("r+b" if known else "wb")
        self._rewrite()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def end(self) -> int:
        """Where in the weight file the last recorded byte ends."""
        return max((span.offset + span.length for spans in self._spans.values() for span in spans), default=0)

    def keep_intact(self, path: Path) -> None:
        """Forgets the first tensor that the weight file does not hold as it was written, and all behind it."""
        intact: dict[str, list[Span]] = {}
        if path.is_file():
            with path.open("rb") as file:
                for name, spans in self._spans.items():
                    if any(_crc(file, span) != span.crc for span in spans):
                        break
                    intact[name] = spans
        if len(intact) < len(self._spans):
            self._spans = intact
            self._rewrite()

    def recall(self, name: str) -> list[Span] | None:
        """Where a tensor lies; None if it has yet to be written."""
        return self._spans.get(name)

    def remember(self, name: str, spans: list[Span]) -> None:
        """Records a tensor whose bytes are on the disk."""
        self._spans[name] = spans
        self._append(_noted(name, spans))

    def _rewrite(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._append(self._first + b"".join(_noted(name, spans) for name, spans in self._spans.items()))

    def _append(self, lines: bytes) -> None:
        self._file.write(lines)
        self._file.flush()
        os.fsync(self._file.fileno())


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True).encode() + b"\n"


def _noted(name: str, spans: list[Span]) -> bytes:
    return _line({"name": name, "spans": [[span.offset, span.length, span.crc] for span in spans]})


def _spans_in(line: bytes) -> tuple[str, list[Span]]:
    values = json.loads(line)
    return values["name"], [Span(*span) for span in values["spans"]]


def _known(lines: list[bytes]) -> dict[str, list[Span]]:
    """What the lines say, up to the first that is damaged."""
    known = {}
    for line in lines:
        try:
            name, spans = _spans_in(line)
        except (ValueError, TypeError, KeyError):
            break
        known[name] = spans
    return known


def _crc(file: BinaryIO, span: Span) -> int | None:
    """Of what the file holds there; None if it ends before."""
    file.seek(span.offset)
    crc, left = 0, span.length
    while left and (data := file.read(min(left, _CHUNK_BYTES))):
        crc, left = zlib.crc32(data, crc), left - len(data)
    return None if left else crc


def _complete_lines(path: Path) -> list[bytes]:
    """Those of an earlier run."""
    if not path.is_file():
        return []
    return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
