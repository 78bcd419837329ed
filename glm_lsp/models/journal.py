"""What an unfinished weight file holds already, so that an import that was cut off goes on where it was.

One line of JSON for each tensor, written after its bytes are on the disk; the first line says what is being imported.
A last line that is incomplete counts as not written.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from glm_lsp.models.span import Span


class Journal:
    """The record of one weight file; use as a context manager.

    Args:
        path: its own file; made when missing.
        purpose: whatever has to be the same for the record to be worth something; with another one it starts anew.
    """

    def __init__(self, path: Path, purpose: dict[str, Any]) -> None:
        self._spans: dict[str, list[Span]] = {}
        self._first = _line({"purpose": purpose})
        kept = 0
        first, *lines = _complete_lines(path) or [b""]
        if first == self._first:
            kept = len(first)
            for line in lines:
                name, spans = _spans_in(line)
                self._spans[name] = spans
                kept += len(line)
        self._file = path.open("r+b" if kept else "wb")
        self._file.truncate(kept)
        self._file.seek(kept)
        if not kept:
            self._append(self._first)

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

    def recall(self, name: str) -> list[Span] | None:
        """Where a tensor lies; None if it has yet to be written."""
        return self._spans.get(name)

    def remember(self, name: str, spans: list[Span]) -> None:
        """Records a tensor whose bytes are on the disk."""
        self._spans[name] = spans
        self._append(_line({"name": name, "spans": [[span.offset, span.length] for span in spans]}))

    def clear(self) -> None:
        """Forgets everything: the weight file is not what the record is of."""
        self._spans.clear()
        self._file.seek(0)
        self._file.truncate()
        self._append(self._first)

    def _append(self, line: bytes) -> None:
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True).encode() + b"\n"


def _spans_in(line: bytes) -> tuple[str, list[Span]]:
    values = json.loads(line)
    return values["name"], [Span(offset, length) for offset, length in values["spans"]]


def _complete_lines(path: Path) -> list[bytes]:
    """Those of an earlier run."""
    if not path.is_file():
        return []
    return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
