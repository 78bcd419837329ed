"""What an unfinished weight file holds already, so that an import that was cut off goes on where it was.

One line of JSON for each tensor, written after its bytes are on the disk; the first line says what is being imported.
A last line that is incomplete counts as not written.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from glm_lsp.models.span import Span


class Journal:
    """The record of one weight file.

    Args:
        path: its own file; made when missing.
        purpose: whatever has to be the same for the record to be worth something; with another one it starts anew.
    """

    def __init__(self, path: Path, purpose: dict[str, Any]) -> None:
        self._spans: dict[str, list[Span]] = {}
        kept = 0
        first, *lines = _complete_lines(path) or [b""]
        if first == _line({"purpose": purpose}):
            kept = len(first)
            for line in lines:
                name, spans = _spans_in(line)
                self._spans[name] = spans
                kept += len(line)
        self._file = path.open("r+b" if kept else "wb")
        self._file.truncate(kept)
        self._file.seek(kept)
        if not kept:
            self._append(_line({"purpose": purpose}))

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

    def close(self) -> None:
        """Closes the file; the record stays."""
        self._file.close()

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
