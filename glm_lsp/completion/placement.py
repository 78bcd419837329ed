"""Where a completion may be asked for at all."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import unquote

from glm_lsp.completion.brackets import CLOSERS
from glm_lsp.completion.lines import line_end
from glm_lsp.completion.secret_files import is_secret_path
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.words import is_word

MAX_DOCUMENT_CHARS = 10 * 1024 * 1024
"""Characters, not bytes: counting bytes would mean encoding the document at every key."""
_LONGEST_REST = 1024
_CLOSING = "".join(CLOSERS) + ">\"'`"
_ENDINGS = frozenset(["", ":", "{", ";", ","])


class Refusal(StrEnum):
    """Why nothing is asked of the model; `explanation` is the sentence for people."""

    SECRET_FILE = "secret_file"  # noqa: S105
    IGNORED_FILE = "ignored_file"
    TOO_LARGE = "document_too_large"
    EMPTY_DOCUMENT = "empty_document"
    INSIDE_WORD = "inside_word"
    MID_LINE = "mid_line"
    IN_COMMENT = "in_comment"
    IN_STRING = "in_string"

    @property
    def explanation(self) -> str:
        """One sentence, as `why` prints it."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Refusal.SECRET_FILE: "the file's name says that it holds secrets, which no model gets to see",
    Refusal.IGNORED_FILE: "a .glmignore names the file",
    Refusal.TOO_LARGE: "the document is larger than 10 MiB",
    Refusal.EMPTY_DOCUMENT: "the document is empty and has no name: there is nothing to go by",
    Refusal.INSIDE_WORD: "the cursor stands inside a word",
    Refusal.MID_LINE: "more than closing punctuation stands right of the cursor",
    Refusal.IN_COMMENT: "the cursor stands in a comment, where the setting `disabledIn` wants nothing",
    Refusal.IN_STRING: "the cursor stands in a string, where the setting `disabledIn` wants nothing",
}


def refuse_document(snapshot: DocumentSnapshot) -> Refusal | None:
    """Why nothing of this document may be sent to the model, wherever the cursor stands; None if it may."""
    # A document outside the workspace has only its name as `path`; the address knows the folders.
    names = (snapshot.path, _address_path(snapshot.uri), snapshot.real_path)
    if any(is_secret_path(name) for name in names):
        return Refusal.SECRET_FILE
    if len(snapshot.text) > MAX_DOCUMENT_CHARS:
        return Refusal.TOO_LARGE
    if not snapshot.path and (not snapshot.text or snapshot.text.isspace()):
        return Refusal.EMPTY_DOCUMENT
    return None


def refuse_cursor(snapshot: DocumentSnapshot) -> Refusal | None:
    """Why no completion fits at the cursor; None if one does."""
    text, cursor = snapshot.text, snapshot.offset
    if is_word(text[cursor - 1 : cursor]) and is_word(text[cursor : cursor + 1]):
        return Refusal.INSIDE_WORD
    end = line_end(text, cursor)
    if end - cursor > _LONGEST_REST:
        return Refusal.MID_LINE
    rest = text[cursor:end].strip()
    return None if rest.lstrip(_CLOSING).lstrip() in _ENDINGS else Refusal.MID_LINE


def _address_path(uri: str) -> str:
    """The path of an address, its scheme left in place as one more folder."""
    return unquote(uri.partition("?")[0].partition("#")[0])
