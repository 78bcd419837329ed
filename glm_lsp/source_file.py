"""`FILE:LINE[:COL]` on the command line, read into the snapshot an editor would have sent."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.errors import (
    InputError,
    PositionError,
    SourceNotFoundError,
    SourceNotTextError,
    SourceTooLargeError,
)

MAX_SOURCE_BYTES = 10 * 1024 * 1024

# The numbers are taken from the end, so that C:\x.py:3:4 and names with colons in them come out right.
_POSITION = re.compile(r"(?P<file>.+?):(?P<line>[0-9]{1,9})(?::(?P<column>[0-9]{1,9}))?", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\r|\n")

# LSP's language identifiers by file name; what is not listed is sent as the extension itself.
_LANGUAGES = {
    ".bash": "shellscript", ".c": "c", ".cc": "cpp", ".cjs": "javascript", ".cpp": "cpp", ".cs": "csharp",
    ".css": "css", ".cxx": "cpp", ".dart": "dart", ".go": "go", ".h": "c", ".hpp": "cpp", ".htm": "html",
    ".html": "html", ".java": "java", ".js": "javascript", ".json": "json", ".jsx": "javascriptreact",
    ".kt": "kotlin", ".kts": "kotlin", ".lua": "lua", ".md": "markdown", ".mjs": "javascript", ".php": "php",
    ".pl": "perl", ".py": "python", ".pyi": "python", ".r": "r", ".rb": "ruby", ".rs": "rust",
    ".scala": "scala", ".sh": "shellscript", ".sql": "sql", ".swift": "swift", ".toml": "toml",
    ".ts": "typescript", ".tsx": "typescriptreact", ".vue": "vue", ".yaml": "yaml", ".yml": "yaml",
    "dockerfile": "dockerfile", "makefile": "makefile",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """A place in a file; `line` and `column` count from 1, no column means the end of the line."""

    path: Path
    line: int
    column: int | None = None

    @classmethod
    def parse(cls, argument: str) -> SourcePosition:
        r"""Reads `FILE:LINE[:COL]`; the file may be `C:\x.py`.

        Raises:
            InputError: there is no line number.
        """
        match = _POSITION.fullmatch(argument)
        if match is None:
            raise InputError(f"{argument!r} names no line", "Write FILE:LINE or FILE:LINE:COL, both from 1.")
        column = match["column"]
        return cls(Path(match["file"]), int(match["line"]), int(column) if column is not None else None)

    def snapshot(self) -> DocumentSnapshot:
        """Reads the file and puts the cursor there.

        Raises:
            SourceNotFoundError: there is no such file.
            SourceNotTextError: it is a folder, binary or not UTF-8, or cannot be read.
            SourceTooLargeError: it has more than `MAX_SOURCE_BYTES`.
            PositionError: the line or the column does not exist.
        """
        return self.snapshot_of(read_source(self.path))

    def snapshot_of(self, text: str) -> DocumentSnapshot:
        """The same for a file that has been read.

        Raises:
            PositionError: the line or the column does not exist.
        """
        return DocumentSnapshot(
            uri=self.path.absolute().as_uri(),
            path=_shown_path(self.path),
            language_id=language_id(self.path),
            version=0,
            text=text,
            offset=self.offset_in(text),
            real_path=self.path.resolve().as_posix(),
        )

    def offset_in(self, text: str) -> int:
        """Where the place is in the file's text, in code points.

        Raises:
            PositionError: the line or the column does not exist.
        """
        start, end, num_lines = _line_span(text, self.line)
        if start < 0:
            raise PositionError(
                f"{self.path} has {num_lines} line{'s' * (num_lines != 1)}, so no line {self.line}"
            )
        length = end - start
        column = length + 1 if self.column is None else self.column
        if not 1 <= column <= length + 1:
            raise PositionError(
                f"line {self.line} of {self.path} has {length} characters, so no column {column}"
            )
        return start + column - 1


def read_source(path: Path) -> str:
    """A source file's text as an editor shows it: no byte-order mark, line ends as they are.

    Raises:
        InputError: as `SourcePosition.snapshot`.
    """
    return decoded(path, read_data(path))


def read_data(path: Path) -> bytes:
    """All of a source file.

    Raises:
        SourceNotFoundError: there is no such file.
        SourceNotTextError: it is no ordinary file, or cannot be read.
        SourceTooLargeError: it has more than `MAX_SOURCE_BYTES`.
    """
    try:
        status = path.stat()
        _check_kind(path, status)
        with path.open("rb") as file:
            data = file.read(MAX_SOURCE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceNotFoundError(f"there is no file {path}") from error
    except (OSError, ValueError) as error:  # a name with NUL in it is a ValueError
        reason = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise SourceNotTextError(reason, "Check its name and permissions.") from error
    if len(data) > MAX_SOURCE_BYTES:
        raise SourceTooLargeError(f"{path} has {status.st_size / 2**20:.1f} MiB")
    return data


def decoded(path: Path, data: bytes) -> str:
    """The text of a source file's bytes, without a byte-order mark.

    Raises:
        SourceNotTextError: they are no UTF-8, or binary.
    """
    if b"\0" in data:
        raise SourceNotTextError(f"{path} is binary, or text in UTF-16: it holds a NUL byte")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise SourceNotTextError(f"{path} is not UTF-8: byte 0x{byte:02x} in line {line}") from error


def line_starts(text: str) -> tuple[int, ...]:
    """Where the lines of a text begin; a carriage return alone ends one, too."""
    return (0, *(found.end() for found in _LINE_END.finditer(text)))


def language_id(path: Path) -> str:
    """LSP's identifier for a file of that name."""
    return _LANGUAGES.get(path.suffix.lower()) or _LANGUAGES.get(path.name.lower()) or path.suffix[1:].lower()


def _check_kind(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise SourceNotTextError(f"{path} is a folder", "Name a file in it.")
    if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device could take for ever
        raise SourceNotTextError(f"{path} is not a regular file", "Name an ordinary file.")


def _line_span(text: str, line: int) -> tuple[int, int, int]:
    """Start and end of a line without its line end, and the number of lines; start is -1 if there is none."""
    start = 0
    num_lines = 0
    for match in _LINE_END.finditer(text):
        num_lines += 1
        if num_lines == line:
            return start, match.start(), num_lines
        start = match.end()
    num_lines += 1
    return (start if num_lines == line else -1), len(text), num_lines


def _shown_path(path: Path) -> str:
    """Relative to the current folder when it lies inside, as an editor's workspace would be."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.name
