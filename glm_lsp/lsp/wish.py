"""What an editor wants documented: arguments of the command, data of a code action. Both may hold anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.extent import Extent
from glm_lsp.lsp.document import Place
from glm_lsp.lsp.positions import MAX_UINTEGER


@dataclass(frozen=True, slots=True)
class Wish:
    """Documentation that somebody wants.

    Attributes:
        uri: of the document.
        extent: how much of it; `scope` on the wire.
        start, end: the selection in the editor's units; both the same for a cursor.
        style: None: the setting's.
        version: of the document that was looked at; None: as it is now.
    """

    uri: str
    extent: Extent
    start: Place
    end: Place
    style: Style | None = None
    version: int | None = None

    @classmethod
    def of(cls, wire: object) -> Wish:
        """Reads `{uri, scope?, position | range, style?, version?}`.

        Raises:
            ValueError: with what is wrong, in words.
        """
        if not isinstance(wire, dict):
            raise ValueError("an object with `uri`, `scope` and `position` is wanted")
        uri, version = wire.get("uri"), wire.get("version")
        if not isinstance(uri, str) or not uri:
            raise ValueError("`uri` names no document")
        if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
            raise ValueError("`version` is a whole number")
        extent = _extent(wire.get("scope", Extent.DEFINITION.value))
        start, end = _selection(wire, extent)
        return cls(uri, extent, start, end, _style(wire.get("style")), version)

    def to_wire(self) -> dict[str, Any]:
        """What `of` reads."""
        wire: dict[str, Any] = {"uri": self.uri, "scope": self.extent.value}
        if self.start == self.end:
            wire["position"] = _wire_place(self.start)
        else:
            wire["range"] = {"start": _wire_place(self.start), "end": _wire_place(self.end)}
        if self.style is not None:
            wire["style"] = self.style.value
        return wire if self.version is None else wire | {"version": self.version}


def _extent(name: object) -> Extent:
    if not isinstance(name, str) or name not in set(Extent):
        raise ValueError(f"`scope` is one of {', '.join(Extent)}")
    return Extent(name)


def _selection(wire: dict[str, Any], extent: Extent) -> tuple[Place, Place]:
    selected, position = wire.get("range"), wire.get("position")
    if isinstance(selected, dict):
        start, end = sorted((_place(selected.get("start")), _place(selected.get("end"))))
        return start, end
    if extent is Extent.BLOCK:
        raise ValueError("`range` is wanted: the lines to comment")
    if position is None and extent is Extent.FILE:
        return (0, 0), (0, 0)
    place = _place(position)
    return place, place


def _place(wire: object) -> Place:
    if not isinstance(wire, dict):
        raise ValueError("a position is an object with `line` and `character`")
    return _count(wire.get("line")), _count(wire.get("character"))


def _count(number: object) -> int:
    """Any number is a position: editors have several for "the end"."""
    if not isinstance(number, int | float) or isinstance(number, bool) or math.isnan(number):
        raise ValueError("`line` and `character` are numbers")
    return int(min(max(number, 0), MAX_UINTEGER))


def _style(name: object) -> Style | None:
    if name is None or name == "auto":
        return None
    if not isinstance(name, str) or name not in set(Style):
        raise ValueError(f"`style` is auto or one of {', '.join(Style)}")
    return Style(name)


def _wire_place(place: Place) -> dict[str, int]:
    line, character = place
    return {"line": line, "character": character}
