"""`textDocument/inlineCompletion`: ghost text.

    snapshot -> newest wins -> suggestions -> still the same text? -> items

An empty list is the answer whenever there is nothing to show: Neovim keeps the old ghost text on `null`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsprotocol import types

from glm_lsp.lsp.features.accepted import ACCEPTED
from glm_lsp.lsp.text import without_lone_surrogates

if TYPE_CHECKING:
    from glm_lsp.completion.snapshot import DocumentSnapshot
    from glm_lsp.lsp.document import Documents, Place
    from glm_lsp.lsp.server import GlmLanguageServer

_NUM_CANDIDATES = {
    types.InlineCompletionTriggerKind.Automatic: 1,
    types.InlineCompletionTriggerKind.Invoked: 3,
}


@dataclass(frozen=True, slots=True)
class _Question:
    """What to ask, and where in the document the answer goes.

    Attributes:
        snapshot: the document as it is.
        asked: the same with the popup's selected item put in, if there is one; what the model sees.
        selected: that item's text; answers have to begin with it.
        start: offset of what an answer replaces; the cursor without a popup.
        end: where that ends.
    """

    snapshot: DocumentSnapshot
    asked: DocumentSnapshot
    selected: str
    start: int
    end: int


async def inline_completion(
    ls: GlmLanguageServer, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """The suggestions for the cursor."""
    question = _question(ls.documents, params)  # before the first await: the document may change during any
    outcome = None
    ls.usage.requested()
    start = time.perf_counter()
    if question is not None:
        with ls.turns.newest(question.snapshot.uri):
            outcome = await ls.front.suggest(
                question.asked,
                _NUM_CANDIDATES[params.context.trigger_kind],
                since_key_s=ls.documents.since_change_s(question.snapshot.uri),
            )
        if ls.documents.get(question.snapshot.uri) is None:
            ls.front.forget(question.snapshot.uri)  # it was closed meanwhile: nothing of it is kept
    ls.usage.answered(outcome, 1000 * (time.perf_counter() - start))
    if question is None:
        return types.InlineCompletionList(items=[])
    texts = [suggestion.text for suggestion in outcome.suggestions] if outcome else []
    items = list(_items(ls.documents, question, texts))
    number = _note_shown(ls, question, items)
    for item in items:
        item.command = types.Command(title="", command=ACCEPTED, arguments=[number])
    return types.InlineCompletionList(items=items)


def _question(documents: Documents, params: types.InlineCompletionParams) -> _Question | None:
    """None for a document that is not open, or a popup that is not about the cursor's place."""
    uri, place = params.text_document.uri, _place(params.position)
    snapshot = documents.snapshot(uri, place)
    popup = params.context.selected_completion_info
    if snapshot is None:
        return None
    if popup is None:
        return _Question(snapshot, snapshot, "", snapshot.offset, snapshot.offset)
    start, end = (documents.offset(uri, _place(edge)) for edge in (popup.range.start, popup.range.end))
    if popup.range.start.line != popup.range.end.line or not start <= snapshot.offset <= end:
        return None
    selected = without_lone_surrogates(popup.text)
    text = snapshot.text[:start] + selected + snapshot.text[end:]
    asked = replace(snapshot, text=text, offset=start + len(selected))
    return _Question(snapshot, asked, selected, start, end)


def _items(
    documents: Documents, question: _Question, texts: list[str]
) -> Iterator[types.InlineCompletionItem]:
    """What of the answers fits the document now: all of it, or what is left after the user typed its beginning."""
    typed = documents.typed_since(question.snapshot)
    if typed is None or (typed and question.selected):
        return
    uri = question.snapshot.uri
    start, end = (documents.place(uri, offset + len(typed)) for offset in (question.start, question.end))
    for text in texts:
        whole = question.selected + text
        if whole.startswith(typed) and len(whole) > len(typed):
            yield types.InlineCompletionItem(
                insert_text=_with_line_feeds(whole[len(typed) :]),
                range=types.Range(types.Position(*start), types.Position(*end)),
            )


def _note_shown(
    ls: GlmLanguageServer, question: _Question, items: list[types.InlineCompletionItem]
) -> int | None:
    """Has it counted what is on screen from now on; the number under which it is."""
    uri = question.snapshot.uri
    document, typed = ls.documents.get(uri), ls.documents.typed_since(question.snapshot)
    if document is None or typed is None:
        return None
    place = (question.start + len(typed), question.end + len(typed))
    return ls.usage.shown(uri, str(document.text), place, [str(item.insert_text) for item in items])


def _place(position: types.Position) -> Place:
    return position.line, position.character


def _with_line_feeds(text: str) -> str:
    """Editors put in their buffer's own line ends, but Neovim would keep a CR as a character."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
