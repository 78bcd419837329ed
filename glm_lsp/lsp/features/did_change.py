"""`textDocument/didChange`.

Read by hand: an edit that is lost makes our text differ from the editor's for good, and every later suggestion
with it. So any number is a position (editors send 2^31, 2^63 and 1e308 for "the end"), and only an edit that
cannot be made at all is refused, with all that came in the same message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcInvalidParams

from glm_lsp.lsp.document import Change, Place
from glm_lsp.lsp.positions import MAX_UINTEGER

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer


def did_change(ls: GlmLanguageServer, params: Any) -> None:
    """Makes the edits."""
    try:
        document, wire = params["textDocument"], params["contentChanges"]
        uri, version = document["uri"], document.get("version")
        changes = [_change(change) for change in wire]
        edits = ls.documents.change(uri, version if isinstance(version, int) else None, changes)
    except (LookupError, TypeError, AttributeError) as error:
        raise JsonRpcInvalidParams("an edit without a document, a text or a place") from error
    ls.usage.edited(uri, edits)
    changed = ls.documents.get(uri)
    if changed is not None and edits:
        ls.front.edited(changed.uri, ls.documents.typed_since)
        line, _ = changed.text.place(min(edits[-1].offset, len(str(changed.text))))
        ls.front.references.edited(changed, line)


def _change(wire: Any) -> Change:
    if not isinstance(wire["text"], str):
        raise TypeError("text")
    place = wire.get("range")
    return Change(wire["text"], None if place is None else (_place(place["start"]), _place(place["end"])))


def _place(wire: Any) -> Place:
    return _clamped(wire["line"]), _clamped(wire["character"])


def _clamped(number: float) -> int:
    return int(min(max(number, -1), MAX_UINTEGER))
