"""`glm/why`: the story of the last inline completion of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pygls.exceptions import JsonRpcInvalidParams

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer

WHY: Final = "glm/why"


def why(ls: GlmLanguageServer, params: Any) -> dict[str, Any] | None:
    """What `glm-lsp why --json` prints, about the last answer; None before the first of an open document."""
    try:
        document = ls.documents.get(params["textDocument"]["uri"])
    except (LookupError, TypeError) as error:
        raise JsonRpcInvalidParams("no document is named") from error
    last = ls.front.last_request(document.uri) if document is not None else None
    return last.story() if last is not None else None
