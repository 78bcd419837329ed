"""`glm/lastRequest`: what the last inline completion of a document was, for those who measure or wonder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcInvalidParams

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer


def last_request(ls: GlmLanguageServer, params: Any) -> dict[str, Any] | None:
    """The last answer, or None when there was none since the document was opened.

    With `withText` in the parameters also `textSha256`, of the document's present text in UTF-8: an editor can
    check that the server has the same text as itself.
    """
    try:
        document = ls.documents.get(params["textDocument"]["uri"])
        with_text = bool(params.get("withText"))
    except (LookupError, TypeError, AttributeError) as error:
        raise JsonRpcInvalidParams("no document is named") from error
    if document is None or (last := ls.front.last_request(document.uri)) is None:
        return None
    if not with_text:
        return last.to_wire()
    return last.to_wire() | {"textSha256": hashlib.sha256(str(document.text).encode()).hexdigest()}
