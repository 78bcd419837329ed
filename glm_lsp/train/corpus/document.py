"""One source file on its way into the corpus."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """A source file of a pinned package.

    Attributes:
        package: the pin's key: normalised project name ("scikit-learn"), with its registry unless that is PyPI
            ("npm:zod").
        version: the pinned version.
        path: path inside the archive, with forward slashes ("sklearn/base.py").
        licence: SPDX expression the licence gate settled on.
        text: the file's text with "\\n" line ends.
        language: LSP language id.
    """

    package: str
    version: str
    path: str
    licence: str
    text: str
    language: str = "python"

    @property
    def size(self) -> int:
        """Length of the text in UTF-8 bytes."""
        return len(self.text.encode())

    @property
    def key(self) -> tuple[str, str]:
        """The order of every output file: (package, path)."""
        return self.package, self.path

    @property
    def digest(self) -> str:
        """8-byte blake2b of the text, 16 hexadecimal digits."""
        return hashlib.blake2b(self.text.encode(), digest_size=8).hexdigest()
