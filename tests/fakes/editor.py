"""A workspace with an editor in front of it, for tests of references."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from glm_lsp.completion.prompt import Reference
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.references.source import ReferenceSource
from glm_lsp.source_file import language_id

LONG = 60.0
"""Seconds that no gathering takes in a test."""


def put(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Writes files below a folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


class Editor:
    """Documents below `root`, one of which is being written.

    Args:
        root: the workspace folder.
        source: is told of everything.
    """

    def __init__(self, root: Path, source: ReferenceSource) -> None:
        self.root = root
        self.source = source
        self.texts: dict[str, str] = {}

    def key(self, name: str) -> str:
        """The document's address, decoded."""
        return f"file://{(self.root / name).as_posix()}"

    def open(self, name: str, text: str | None = None) -> None:
        """Opens a file, or a document that differs from it."""
        path = self.root / name
        self.texts[name] = path.read_text("utf-8") if text is None else text
        real = path.resolve().as_posix()
        moved = "" if real == path.as_posix() else real
        self.source.open(self.key(name), name, moved, language_id(path), self.texts[name])

    def edit(self, name: str, line: int, text: str | None = None) -> None:
        """Changes a line."""
        if text is not None:
            self.texts[name] = text
        self.source.edited(self.key(name), self.texts[name], line)

    def snapshot(self, name: str, line: int = 0) -> DocumentSnapshot:
        """The document with the cursor at the start of a line."""
        text = self.texts[name]
        return DocumentSnapshot(
            uri=(self.root / name).as_uri(),
            path=name,
            language_id=language_id(Path(name)),
            version=1,
            text=text,
            offset=sum(len(each) + 1 for each in text.split("\n")[:line]),
        )

    async def gather(
        self, name: str, line: int = 0, max_chars: int = 8000, within_s: float = LONG
    ) -> tuple[Reference, ...]:
        """What a request at a line gets."""
        return await self.source.gather(self.snapshot(name, line), max_chars, within_s=within_s)
