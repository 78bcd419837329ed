"""What may be shown of other files, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_FRAME_CHARS = 32
"""What a prompt's layout puts around one reference."""


class Kind(StrEnum):
    """Where a piece comes from; `explain` and the measurements use these words."""

    RING = "ring"
    DEFINITIONS = "definitions"
    NEIGHBOUR = "neighbour"


ALL_KINDS = frozenset(Kind)


class Verdict(StrEnum):
    """What became of a piece or a file; `explanation` is the sentence for people."""

    USED = "used"
    SECRET_FILE = "secret_file"  # noqa: S105
    GITIGNORED = "gitignored"
    EXCLUDED = "excluded"
    OUTSIDE = "outside"
    ITSELF = "itself"
    UNTRUSTED = "untrusted"
    NOT_A_FILE = "not_a_file"
    TOO_LARGE = "too_large"
    NOT_TEXT = "not_text"
    UNREADABLE = "unreadable"
    LIKE_THE_CURSOR = "like_the_cursor"
    DUPLICATE = "duplicate"
    NO_ROOM = "no_room"

    @property
    def explanation(self) -> str:
        """One sentence."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Verdict.USED: "shown to the model",
    Verdict.SECRET_FILE: "its name says that it holds secrets",
    Verdict.GITIGNORED: "git ignores it",
    Verdict.EXCLUDED: "a .glmignore excludes it",
    Verdict.OUTSIDE: "it lies, or a link leads, outside of the workspace",
    Verdict.ITSELF: "it is a link to the file in hand",
    Verdict.UNTRUSTED: "the workspace is not trusted, so nothing is read from disk",
    Verdict.NOT_A_FILE: "it is not a regular file",
    Verdict.TOO_LARGE: "it is larger than 512 KiB",
    Verdict.NOT_TEXT: "it is binary or not UTF-8",
    Verdict.UNREADABLE: "it cannot be read",
    Verdict.LIKE_THE_CURSOR: "it is like the text around the cursor, which the model would repeat",
    Verdict.DUPLICATE: "it is like another piece",
    Verdict.NO_ROOM: "there is no room left for it",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece of another file; `path` is relative to the workspace with forward slashes, `text` whole lines."""

    kind: Kind
    path: str
    text: str

    @property
    def cost(self) -> int:
        """Characters it takes in a prompt."""
        return len(self.text) + len(self.path) + _FRAME_CHARS


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of an explanation; `chars` is 0 for what was not shown. Never any text of a file."""

    path: str
    kind: Kind
    chars: int
    verdict: Verdict
