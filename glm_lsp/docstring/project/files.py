"""What the files around a document show of a project's habits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.header import is_header
from glm_lsp.docstring.project.line_width import SETTINGS, width_in
from glm_lsp.docstring.source_tree import parse
from glm_lsp.references.files import FileText, WorkspaceFiles
from glm_lsp.references.location import joined, normal_roots, parent, root_of, shown_path
from glm_lsp.source_file import language_id as language_of

MAX_FILES = 24
MAX_CHARS = 256 * 1024
"""Code points of all files together."""
MAX_SECONDS = 0.15
"""For somebody who waits at a cursor."""
ENOUGH = 60
"""Documentations after which no further file is read."""
_MAX_FOLDERS = 32


class ProjectFiles:
    """The files of one language next to a document and in the folders above it, as `Surroundings`.

    Ignored files, secret ones, links out of the workspace and the document itself are left out. What has been found is
    kept; several threads may ask.

    Args:
        path: of the document; it need not exist.
        roots: the workspace folders; of a document outside of them nothing is read.
        is_trusted: whether anything may be read from disk.
        max_seconds: that looking for documentation may take; what is found within depends on how busy the machine is.
        clock: seconds.
    """

    def __init__(
        self,
        path: Path,
        roots: Sequence[Path],
        *,
        is_trusted: bool = True,
        max_seconds: float = MAX_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        [self._file] = normal_roots([path])
        folders = normal_roots(roots)
        self._files = WorkspaceFiles(folders, is_trusted=is_trusted)
        self._files.refresh((), self._file)
        self._max_seconds = max_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._documentations: dict[str, tuple[str, ...]] = {}
        self._widths: dict[str, int | None] = {}

    def documentations(self, language_id: str) -> Sequence[str]:
        """Documentation in other files of that language, nearest files first; what can be had in time."""
        with self._lock:
            if language_id not in self._documentations:
                self._documentations[language_id] = tuple(self._found(language_id))
            return self._documentations[language_id]

    def width(self, language_id: str) -> int | None:
        """Columns of the longest line by the formatters' settings, nearest file first, then `.editorconfig`.

        None where nothing says it, or where it says that there is no such limit.
        """
        with self._lock:
            if language_id not in self._widths:
                self._widths[language_id] = self._width(language_id)
            return self._widths[language_id]

    def _found(self, language_id: str) -> Iterator[str]:
        end, num_chars, num_found = self._clock() + self._max_seconds, 0, 0
        for file in self._texts(language_id, end):
            num_chars += len(file.text)
            if num_chars > MAX_CHARS:
                return
            tree = parse(language_id, file.text)
            for entity in find_entities(tree) if tree is not None else ():
                if entity.documentation is not None:
                    num_found += 1
                    yield entity.documentation.text
            if num_found >= ENOUGH:
                return

    def _texts(self, language_id: str, end: float) -> Iterator[FileText]:
        num_files = 0
        for folder in self._folders():
            for name in self._files.names_beside(joined(folder, "_")):
                if language_of(Path(name)) != language_id and not (
                    language_id == "cpp" and is_header(Path(name))
                ):
                    continue
                if self._clock() > end or num_files >= MAX_FILES:
                    return
                text = self._files.text(joined(folder, name))
                if isinstance(text, FileText):
                    num_files += 1
                    yield text

    def _folders(self) -> Iterator[str]:
        """The document's own, and those above it up to its workspace folder; none outside of those."""
        root = root_of(self._file, self._files.roots)
        if not root:
            return
        folder = parent(self._file)
        for _ in range(_MAX_FOLDERS):
            yield folder
            if folder == root or len(folder) <= len(root):
                return
            folder = parent(folder)

    def _width(self, language_id: str) -> int | None:
        groups = SETTINGS.get(language_id, ())
        widths = (
            self._width_in(folder, name) for names in groups for folder in self._folders() for name in names
        )
        return next((width for width in widths if width is not None), None) or None

    def _width_in(self, folder: str, name: str) -> int | None:
        file = joined(folder, name)
        text = self._files.text(file) if self._files.exists(file) else None
        if not isinstance(text, FileText):
            return None
        return width_in(name, text.text, shown_path(self._file, folder))
