"""`textDocument/didClose`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcInvalidParams

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer


def did_close(ls: GlmLanguageServer, params: Any) -> None:
    """Drops everything known of the document."""
    try:
        uri = params["textDocument"]["uri"]
        document = ls.documents.get(uri)
        ls.documents.close(uri)
    except (LookupError, TypeError, AttributeError) as error:
        raise JsonRpcInvalidParams("no document is named") from error
    forget(ls, uri if document is None else document.uri)


def forget(ls: GlmLanguageServer, uri: str) -> None:
    """Drops everything known of a document, by the address it was opened with: there are several for one."""
    # What still runs would be remembered at its end.
    ls.turns.end(uri)
    ls.writing.end(uri)
    ls.front.forget(uri)
    ls.usage.closed(uri)
    ls.front.references.closed(uri)
