"""The texts of other files: of open documents from the editor, of the rest from disk; of none that must not be shown.

Everything that is shown goes through `WorkspaceFiles.text`: it is the one place where names, links, ignore rules, kinds
of files, sizes and encodings are looked at, and where secrets are overwritten.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from glm_lsp.completion.secret_files import is_secret_path
from glm_lsp.completion.secret_text import redact
from glm_lsp.references.candidate import Verdict
from glm_lsp.references.ignore import IgnoreRules
from glm_lsp.references.location import is_below, joined, parent, root_of, shown_path
from glm_lsp.references.safe_file import FileState, read_file, state_of

MAX_FILE_BYTES = 512 * 1024
MAX_LISTED = 20_000
"""Names of one folder that are looked at."""
_MAX_CACHED_CHARS = 8 * 1024 * 1024
_MAX_FOLDERS = 16
_SKIPPED_FOLDERS = frozenset([".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", ".tox"])


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document as the editor has it.

    Attributes:
        file: where it lies, by its address; empty if nowhere.
        real_file: where it really lies, links resolved.
        line: the last one that was changed, from 0; None if none was yet.
    """

    file: str
    real_file: str
    language_id: str
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class FileText:
    """What may be shown of a file: secrets overwritten, newlines only. `path` is relative to the workspace."""

    file: str
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class _Read:
    state: FileState
    text: str | Verdict


class WorkspaceFiles:
    """Files below the workspace folders. Used by one thread.

    Args:
        roots: absolute folders.
        is_trusted: without trust nothing is read from disk, and only open documents are files.
    """

    def __init__(self, roots: Sequence[str], *, is_trusted: bool) -> None:
        self.roots = tuple(roots)
        self.is_trusted = is_trusted
        self.rules = IgnoreRules(self.roots)
        self._real_roots = tuple(os.path.realpath(root) for root in roots) if is_trusted else ()
        self._in_hand = ""
        self._open: dict[str, OpenDocument] = {}
        self._cache: OrderedDict[str, _Read] = OrderedDict()
        self._cached_chars = 0
        self._folders: OrderedDict[str, tuple[int, tuple[str, ...]]] = OrderedDict()
        self._redacted: dict[str, tuple[str, str]] = {}

    def refresh(self, documents: Iterable[OpenDocument], in_hand: str) -> None:
        """What the editor has open now, and which file is being written; rules are looked at again."""
        self._in_hand = os.path.realpath(in_hand) if self.is_trusted and in_hand else in_hand
        self._open = {document.file: document for document in documents if document.file}
        self._redacted = {file: kept for file, kept in self._redacted.items() if file in self._open}
        self.rules.refresh()

    @property
    def documents(self) -> tuple[OpenDocument, ...]:
        """The open documents that lie somewhere."""
        return tuple(self._open.values())

    def shown_path(self, file: str) -> str:
        """The path as a model sees it; outside of the workspace the name alone."""
        root = root_of(file, self.roots)
        return shown_path(file, root or parent(file))

    def refusal(self, file: str, real_file: str = "") -> Verdict | None:
        """Why nothing of a file may be shown, told by its names alone; None if it may.

        Args:
            file: absolute.
            real_file: where it really lies, if that is known without looking.
        """
        root = root_of(file, self.roots)
        if not root:
            return Verdict.OUTSIDE
        if is_secret_path(shown_path(file, root)) or is_secret_path(file) or is_secret_path(real_file):
            return Verdict.SECRET_FILE
        if not self.is_trusted:
            moved = bool(real_file) and real_file != file and not root_of(real_file, self.roots)
            return Verdict.OUTSIDE if moved else None
        real = os.path.realpath(file)
        if is_secret_path(real):
            return Verdict.SECRET_FILE
        if not self._is_inside(real):
            return Verdict.OUTSIDE
        return self.rules.verdict(file) or self.rules.verdict(self._in_workspace(real))

    def has(self, file: str) -> bool:
        """Whether a path lies below a root."""
        return bool(root_of(file, self.roots))

    def exists(self, file: str) -> bool:
        """Whether there is such a file, open or (in a trusted workspace) on disk, below a root."""
        if file in self._open:
            return True
        return self.is_trusted and self.has(file) and Path(file).is_file()

    def text(self, file: str) -> FileText | Verdict:
        """What may be shown of a file, or why nothing may."""
        document = self._open.get(file)
        if document is not None:
            return self.text_of(document)
        if not self.is_trusted:
            return Verdict.UNTRUSTED
        if self._is_in_hand(file):
            return Verdict.ITSELF
        text = self.refusal(file) or self._from_disk(file)
        return text if isinstance(text, Verdict) else FileText(file, self.shown_path(file), text)

    def text_of(self, document: OpenDocument) -> FileText | Verdict:
        """What may be shown of a document as the editor has it, or why nothing may."""
        return Verdict.ITSELF if self._is_in_hand(document.file) else self.visited_text(document)

    def visited_text(self, document: OpenDocument) -> FileText | Verdict:
        """As `text_of`, of a document as it was; it may be the one in hand, to be shown in another file later."""
        text = self.refusal(document.file, document.real_file) or self._of_document(document)
        return (
            text
            if isinstance(text, Verdict)
            else FileText(document.file, self.shown_path(document.file), text)
        )

    def names_beside(self, file: str) -> tuple[str, ...]:
        """Names in a file's folder, sorted, at most 20,000; none in an untrusted workspace."""
        folder = parent(file)
        if (
            not self.is_trusted
            or not root_of(file, self.roots)
            or not self._is_inside(os.path.realpath(folder))
        ):
            return ()
        parts = shown_path(file, root_of(file, self.roots)).split("/")[:-1]
        if not _SKIPPED_FOLDERS.isdisjoint(parts):
            return ()
        try:
            changed = Path(folder).stat().st_mtime_ns
            known = self._folders.get(folder)
            if known is not None and known[0] == changed:
                return known[1]
            with os.scandir(folder) as entries:
                names = tuple(sorted(entry.name for entry in islice(entries, MAX_LISTED)))
        except OSError:
            return ()
        self._folders[folder] = (changed, names)
        while len(self._folders) > _MAX_FOLDERS:
            self._folders.popitem(last=False)
        return names

    def _is_in_hand(self, file: str) -> bool:
        return bool(file) and (os.path.realpath(file) if self.is_trusted else file) == self._in_hand

    def _is_inside(self, real: str) -> bool:
        return any(real == root or is_below(root, real) for root in self._real_roots)

    def _of_document(self, document: OpenDocument) -> str | Verdict:
        if len(document.text) > MAX_FILE_BYTES:
            return Verdict.TOO_LARGE
        if "\0" in document.text:
            return Verdict.NOT_TEXT
        known = self._redacted.get(document.file)
        if known is None or known[0] is not document.text:
            known = (document.text, redact(_with_newlines(document.text), document.file))
            self._redacted[document.file] = known
        return known[1]

    def _from_disk(self, file: str) -> str | Verdict:
        real = os.path.realpath(file)
        state = state_of(real, MAX_FILE_BYTES)
        if isinstance(state, Verdict):
            return state
        known = self._cache.get(real)
        if known is not None and known.state == state:
            self._cache.move_to_end(real)
            return known.text
        found = read_file(real, MAX_FILE_BYTES)
        if isinstance(found, Verdict):
            return found
        if os.path.realpath(file) != real:
            return Verdict.OUTSIDE  # somebody moves links about just now
        read = _Read(found[0], _decoded(found[1], file))
        self._remember(real, read)
        return read.text

    def _remember(self, real: str, read: _Read) -> None:
        self._cached_chars += len(read.text) - len(self._forgotten(real))
        self._cache[real] = read
        while self._cached_chars > _MAX_CACHED_CHARS:
            self._cached_chars -= len(self._forgotten(next(iter(self._cache))))

    def _forgotten(self, real: str) -> str:
        read = self._cache.pop(real, None)
        return read.text if read else ""

    def _in_workspace(self, real: str) -> str:
        """A real path as it would be called below the workspace's folders, which may be links themselves."""
        for root, real_root in zip(self.roots, self._real_roots, strict=True):
            if is_below(real_root, real):
                return joined(root, real[len(real_root) :].lstrip(os.sep))
        return real


def _decoded(data: bytes, file: str) -> str | Verdict:
    if b"\0" in data:
        return Verdict.NOT_TEXT
    try:
        return redact(_with_newlines(data.decode("utf-8-sig")), file)
    except UnicodeDecodeError:
        return Verdict.NOT_TEXT


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
