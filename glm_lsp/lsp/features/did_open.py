"""`textDocument/didOpen`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcInvalidParams

from glm_lsp.lsp.features.did_close import forget
from glm_lsp.lsp.positions import MAX_UINTEGER

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer

_END = (MAX_UINTEGER, MAX_UINTEGER)


def did_open(ls: GlmLanguageServer, params: Any) -> None:
    """Takes in the document; the engine reads it before anybody asks."""
    item = params.get("textDocument") if isinstance(params, dict) else None
    uri, text = (item.get("uri"), item.get("text")) if isinstance(item, dict) else (None, None)
    if not isinstance(item, dict) or not isinstance(uri, str) or not isinstance(text, str):
        raise JsonRpcInvalidParams("a document without a URI or a text")
    if (before := ls.documents.get(uri)) is not None:
        forget(ls, before.uri)  # opened twice without being closed
    language_id, version = item.get("languageId"), item.get("version")
    ls.documents.open(
        uri,
        language_id if isinstance(language_id, str) else "",
        version if isinstance(version, int) else 0,
        text,
    )
    document = ls.documents.get(uri)
    if document is not None:
        ls.front.references.opened(document, ls.documents.folders)
    ls.front.warm(lambda: ls.documents.snapshot(uri, _END))
