"""What can be documented in a document, and which of it is meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from glm_lsp.completion.lines import line_end, line_start
from glm_lsp.docstring.entity import Entity, EntityKind
from glm_lsp.docstring.grammars.nodes import is_first_on_line

if TYPE_CHECKING:
    from glm_lsp.syntax.tree import SyntaxTree

_GRAMMARS = {
    "python": "python",
    "javascript": "ecmascript",
    "javascriptreact": "ecmascript",
    "typescript": "ecmascript",
    "typescriptreact": "ecmascript",
    "go": "go",
    "rust": "rust",
    "java": "java",
    "c": "c_family",
    "cpp": "c_family",
}
_CODE = re.compile(r"\S")


def find_entities(tree: SyntaxTree) -> tuple[Entity, ...]:
    """All that can be documented, in source order; a module stands before what it holds.

    Empty for languages whose definitions are not known.
    """
    name = _GRAMMARS.get(tree.language_id)
    if name is None:
        return ()
    entities: Callable[[SyntaxTree], Iterator[Entity]]
    entities = import_module(f"glm_lsp.docstring.grammars.{name}").entities
    return tuple(sorted(entities(tree), key=lambda entity: (entity.start, -entity.end)))


def entity_at(entities: Sequence[Entity], offset: int, text: str) -> Entity | None:
    """The innermost entity that a cursor is at: anywhere on the lines of a definition or of its documentation.

    A module is meant above its first statement (where `header_end` is) or in its documentation, and where nothing else
    is in the document. Of several definitions on one line the one that the cursor is in or behind is meant.

    Args:
        entities: of `text`, in source order.
        offset: of the cursor, in code points.
    """
    cursor = _Cursor(text, offset)
    return next((entity for entity in reversed(entities) if cursor.is_at(entity)), None)


def is_stub(path: str) -> bool:
    """Whether a file only repeats the signatures of another one, which has the documentation."""
    return path.endswith(".pyi")


def undocumented(entities: Sequence[Entity], path: str = "", *, private: bool = False) -> tuple[Entity, ...]:
    """Those that somebody wants documented who asks for a whole file: what others may use and nothing tells about.

    Left out are those without a place or with a syntax error, and all that `wished` leaves out.

    Args:
        path, private: see `wished`.
    """
    return tuple(
        entity for entity in wished(entities, path, private=private) if entity.is_sound and entity.place
    )


def wished(entities: Sequence[Entity], path: str = "", *, private: bool = False) -> tuple[Entity, ...]:
    """What lacks documentation that somebody wants who asks for a whole file, whether it can be had or not.

    Left out are modules, overloads whose implementation is there, what says that it overrides something, and all but
    the first of a property's accessors; and all of a stub.

    Args:
        path: of the file, as in a snapshot.
        private: also what is not public, and what is nested in functions.
    """
    if is_stub(path):
        return ()
    implemented = {(one.owner, one.name) for one in entities if not one.is_overload}
    properties: set[tuple[str, str]] = set()
    found = []
    for entity in entities:
        key = (entity.owner, entity.name)
        is_second = entity.kind is EntityKind.PROPERTY and key in properties
        if entity.kind is EntityKind.PROPERTY:
            properties.add(key)
        is_wanted = entity.kind is not EntityKind.MODULE and (
            private or (entity.is_public and not entity.is_nested)
        )
        is_told_elsewhere = entity.overrides or is_second or (entity.is_overload and key in implemented)
        if is_wanted and not is_told_elsewhere and entity.documentation is None:
            found.append(entity)
    return tuple(found)


class _Cursor:
    """A cursor and the line it is on, which is looked for once: there may be thousands of definitions."""

    def __init__(self, text: str, offset: int) -> None:
        self._text = text
        self._offset = offset
        self._line_start = line_start(text, offset, len(text))
        self._line_end = line_end(text, offset, len(text))

    def is_at(self, entity: Entity) -> bool:
        """Whether the cursor is on the lines of an entity, or of its documentation."""
        documentation = entity.documentation
        if documentation is not None and self._is_on_lines(documentation.start, documentation.end):
            return True
        if entity.kind is EntityKind.MODULE:
            return self._line_end < entity.header_end or not _CODE.search(self._text, entity.header_end)
        return self._is_on_lines(entity.start, entity.end)

    def _is_on_lines(self, start: int, end: int) -> bool:
        """Whether it is between two offsets, or on their lines: before the first if nothing else is there."""
        if start <= self._offset:
            return self._offset <= end or self._line_start <= end
        return start <= self._line_end and is_first_on_line(self._text, start)
