"""The syntax tree of one text, parsed anew only where the text has changed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from glm_lsp.difference import common_prefix, common_suffix
from glm_lsp.syntax.damage import damaged_nodes
from glm_lsp.syntax.languages import language_for
from glm_lsp.syntax.line import line_span
from glm_lsp.syntax.offsets import Offsets, encode
from glm_lsp.syntax.pace import CLOCKS
from glm_lsp.syntax.parsing import parsed
from glm_lsp.syntax.scope import Scope
from glm_lsp.syntax.scoping import scope_at

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Tree

MAX_PARSED_CHARS = 64_000
"""Code points of the longest text that is parsed: 13 ms in the slowest grammar, C++."""
_PROBED = 2048
"""Bytes parsed on trial, at the start and in the middle of a text eight times as long or longer."""
_PROBE_SECONDS = 0.008
"""Source takes one at most. Text that fits no grammar at all can take fifty, and seconds as a whole."""


class SyntaxTree:
    """Frozen view of one parsed text.

    Attributes:
        language_id: LSP language identifier.
        text: what was parsed.
        data: `text` as UTF-8; nodes count in its bytes.
        root: the whole tree. Its nodes are good as long as this object lives.
    """

    def __init__(self, language_id: str, text: str, data: bytes, offsets: Offsets, tree: Tree) -> None:
        self.language_id = language_id
        self.text = text
        self.data = data
        self._offsets = offsets
        self._tree = tree
        self.root: Node = tree.root_node
        self._without_line: SyntaxTree | None = None
        self._is_without_line = False

    @staticmethod
    def parse(language_id: str, text: str, *, max_chars: int = MAX_PARSED_CHARS) -> SyntaxTree | None:
        """The tree of a text; None without a grammar, or when parsing would take too long."""
        language = language_for(language_id)
        if language is None or len(text) > max_chars:
            return None
        data = encode(text)
        if _is_hopeless(language, data):
            return None
        return SyntaxTree(language_id, text, data, Offsets.of(text), parsed(language, data))

    def edited(self, text: str) -> SyntaxTree | None:
        """The tree of the same document with another text; None as in `parse`. This one stays as it is."""
        if text == self.text:
            return self
        language = language_for(self.language_id)
        if language is None or len(text) > MAX_PARSED_CHARS:
            return None
        start = common_prefix(self.text, text)
        num_after = common_suffix(self.text, text, min(len(self.text), len(text)) - start)
        inserted = text[start : len(text) - num_after]
        offsets = self._offsets.edited(text, start, len(self.text) - num_after - start, len(inserted))
        start_byte = self.byte_of(start)
        old_end = self.byte_of(len(self.text) - num_after)
        new = encode(inserted)
        if _is_hopeless(language, new):
            return None
        data = b"".join((self.data[:start_byte], new, self.data[old_end:]))
        place = _place(self.data, 0, (0, 0), start_byte)
        old = self._tree.copy()
        old.edit(
            start_byte,
            old_end,
            start_byte + len(new),
            place,
            _place(self.data, start_byte, place, old_end),
            _place(data, start_byte, place, start_byte + len(new)),
        )
        result = SyntaxTree(self.language_id, text, data, offsets, parsed(language, data, old))
        result._without_line = self if self._is_without_line else self._without_line
        return result

    def without_line(self, offset: int) -> SyntaxTree | None:
        """The tree of the text with nothing on the line of `offset`; None as in `parse`.

        One and the same object for all trees between which only this line was edited: what is read off it cannot
        change while somebody types there.
        """
        start, end = line_span(self.text, offset)
        text = self.text[:start] + self.text[end:]
        if text == self.text:
            # Not a reference to itself, which would keep the tree alive.
            self._without_line, self._is_without_line = None, True
            return self
        if self._without_line is None or self._without_line.text != text:
            self._without_line = self.edited(text)
            if self._without_line is not None:
                self._without_line._without_line, self._without_line._is_without_line = None, True
        return self._without_line

    @cached_property
    def num_errors(self) -> int:
        """Places that do not fit the grammar: text that was skipped, tokens that are missing."""
        return sum(1 for _ in damaged_nodes(self.root))

    def scope_at(self, offset: int) -> Scope:
        """What a cursor is in, `offset` code points from the start. Behind a closing quote that is code again."""
        return scope_at(self, offset)

    def byte_of(self, offset: int) -> int:
        """Bytes before an offset in code points."""
        return self._offsets.byte_of(self.text, offset)

    def offset_of(self, byte: int) -> int:
        """Code points before an offset in bytes; within a character, those before it."""
        return self._offsets.offset_of(self.data, byte)

    def text_of(self, node: Node) -> str:
        """The source of a node of this tree."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "ignore")


def _is_hopeless(language: Language, data: bytes) -> bool:
    """Whether parsing a long text would take seconds; told by pieces of it. Twice, as the machine may be busy."""
    if len(data) < 8 * _PROBED:
        return False
    return any(
        all(_seconds(language, data[start : start + _PROBED]) > _PROBE_SECONDS for _ in range(2))
        for start in (0, len(data) // 2)
    )


def _seconds(language: Language, data: bytes) -> float:
    worked = CLOCKS.stopwatch()
    parsed(language, data)
    return worked()


def _place(data: bytes, known: int, place: tuple[int, int], byte: int) -> tuple[int, int]:
    """Row and column (in bytes) of `byte`, which is not before `known`, whose place is `place`."""
    num_rows = data.count(b"\n", known, byte)
    if num_rows == 0:
        return place[0], place[1] + byte - known
    return place[0] + num_rows, byte - data.rfind(b"\n", known, byte) - 1
