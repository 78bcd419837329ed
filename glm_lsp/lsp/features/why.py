"""`glm/why`: the story of the last inline completion of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pygls.exceptions import JsonRpcInvalidParams

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer

WHY: Final = "glm/why"


def why(ls: GlmLanguageServer, params: Any) -> dict[str, Any] | None:
    """What `glm-lsp why --json` prints, about the last answer; None before the first of an open document.

    `references` tells what was used of other files at the last request of any document, and what was left out and why.
    """
    try:
        document = ls.documents.get(params["textDocument"]["uri"])
    except (LookupError, TypeError) as error:
        raise JsonRpcInvalidParams("no document is named") from error
    last = ls.front.last_request(document.uri) if document is not None else None
    return None if last is None else last.story() | {"references": ls.front.references.explain()}
