"""Documentation that an editor asked for: from the wish to the edit, or to nothing where it was cancelled.

snapshot -> newest wins -> progress bar -> written and proven -> still the same text? -> edit
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from glm_lsp.errors import DocumentChangedError, NothingToDocumentError
from glm_lsp.lsp.workspace_edit import workspace_edit

if TYPE_CHECKING:
    from lsprotocol import types

    from glm_lsp.completion.snapshot import DocumentSnapshot
    from glm_lsp.lsp.server import GlmLanguageServer
    from glm_lsp.lsp.wire.client_token import Token
    from glm_lsp.lsp.wish import Wish
    from glm_lsp.lsp.work_done import Bar

logger = logging.getLogger(__name__)

_TITLE = "Writing documentation"


async def written(ls: GlmLanguageServer, wish: Wish, token: Token | None) -> types.WorkspaceEdit | None:
    """The edit; None where the person cancelled it in the progress bar, or has asked for something else since.

    Args:
        ls: the server.
        wish: what is wanted.
        token: of a progress bar that the editor has made for it.

    Raises:
        DocumentChangedError: the document is not what was looked at, or was changed meanwhile.
        GlmError: see `Docstrings.write`.
    """
    snapshot = _snapshot(ls, wish)
    start, end = (ls.documents.offset(snapshot.uri, place) for place in (wish.start, wish.end))
    if not ls.front.is_enabled:
        raise NothingToDocumentError("the setting `enable` is off", "Set `enable` to true.")
    edit = None
    with ls.writing.newest(snapshot.uri), ls.front.status.busy():
        async with ls.work_done.bar(_TITLE, token, partial(ls.writing.end, snapshot.uri)) as bar:
            proposal = await ls.front.docstrings.write(
                snapshot,
                wish.extent,
                start,
                end,
                wish.style,
                partial(_note, ls, snapshot, bar),
            )
            _check_unchanged(ls, snapshot)
            if proposal.refused:
                logger.warning(
                    "documentation of %d definitions would have touched code", len(proposal.refused)
                )
            edit = workspace_edit(ls.documents, proposal, ls.client_capabilities)
    return edit


def _snapshot(ls: GlmLanguageServer, wish: Wish) -> DocumentSnapshot:
    snapshot = ls.documents.snapshot(wish.uri, wish.start)
    if snapshot is None:
        raise DocumentChangedError("the document is not open", "Open it; nothing was changed.")
    if wish.version is not None and wish.version != snapshot.version:
        raise _changed(snapshot)
    return snapshot


def _note(ls: GlmLanguageServer, snapshot: DocumentSnapshot, bar: Bar, done: int, total: int) -> None:
    """After each sentence: what nobody can use any more is not written to its end."""
    _check_unchanged(ls, snapshot)
    bar.report(done, total)


def _check_unchanged(ls: GlmLanguageServer, snapshot: DocumentSnapshot) -> None:
    document = ls.documents.get(snapshot.uri)
    # Texts are compared, too: versions may count oddly.
    if document is None or document.version != snapshot.version or str(document.text) != snapshot.text:
        raise _changed(snapshot)


def _changed(snapshot: DocumentSnapshot) -> DocumentChangedError:
    name = snapshot.path or "the document"
    return DocumentChangedError(f"{name} was edited before its documentation was written")
