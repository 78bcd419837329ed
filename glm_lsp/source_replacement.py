"""A source file that is to be changed: read once, replaced as a whole, never left half written."""

from __future__ import annotations

import codecs
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from glm_lsp.errors import DocumentChangedError, StorageError
from glm_lsp.paths import storage_error
from glm_lsp.source_file import decoded, read_data


@dataclass(frozen=True, slots=True)
class EditableSource:
    """A file's text, and its bytes to tell whether somebody else has changed it meanwhile.

    Attributes:
        path: as it was named.
        data: the whole file.
        text: without byte-order mark, line ends as they are.
    """

    path: Path
    data: bytes
    text: str

    @classmethod
    def read(cls, path: Path) -> EditableSource:
        """Reads a file.

        Raises:
            InputError: as `read_source`.
        """
        data = read_data(path)
        return cls(path, data, decoded(path, data))

    def encoded(self, text: str) -> bytes:
        """Another text as this file would hold it: with a byte-order mark if it has one."""
        mark = codecs.BOM_UTF8 if self.data.startswith(codecs.BOM_UTF8) else b""
        return mark + text.encode("utf-8")

    def replace(self, text: str) -> bool:
        """Gives the file another text, with its mode and, as far as allowed, its owner. A link stays one.

        Returns:
            Whether there was anything to write; a file that has the text already is not touched.

        Raises:
            DocumentChangedError: the file is not what was read.
            StorageError: it is read-only, or its folder cannot be written to; `StorageFullError` when there is no
                room. The file is as it was.
        """
        data = self.encoded(text)
        if data == self.data:
            return False
        real = Path(os.path.realpath(self.path))
        try:
            status = real.stat()
            if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(
                real, os.W_OK
            ):
                raise StorageError(f"{self.path} is read-only", "Make it writable and run the command again.")
            self._put(real, status, data)
        except OSError as error:
            raise storage_error(self.path, error) from error
        return True

    def _put(self, real: Path, status: os.stat_result, data: bytes) -> None:
        # In the same folder, since only within one file system a file takes another's place at once.
        descriptor, name = tempfile.mkstemp(prefix=f".{real.name[:80]}.", suffix=".glm-lsp", dir=real.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _take_after(Path(name), status)
            if real.read_bytes() != self.data:
                raise DocumentChangedError(
                    f"{self.path} was changed while its documentation was being written"
                )
            Path(name).replace(real)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise


def _take_after(path: Path, status: os.stat_result) -> None:
    """Owner first: changing it may clear bits of the mode."""
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(path, status.st_uid, status.st_gid)
    path.chmod(stat.S_IMODE(status.st_mode))
