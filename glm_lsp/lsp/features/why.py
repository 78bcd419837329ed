"""`glm/why`: the story of the last inline completion of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pygls.exceptions import JsonRpcInvalidParams

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer

WHY: Final = "glm/why"


def why(ls: GlmLanguageServer, params: Any) -> dict[str, Any] | None:
    """What `glm-lsp why --json` prints, about the last answer; None before the first of an open document.

    `asked` tells where the cursor stood, from 1, and how long ago that was. `references` tells what was used of other
    files at the last request of any document, and what was left out and why. With `withText` in the parameters there
    is also `text`, the story as `glm-lsp why` prints it, with all this; of other files only what was about it.
    """
    try:
        document = ls.documents.get(params["textDocument"]["uri"])
        with_text = bool(params.get("withText"))
    except (LookupError, TypeError, AttributeError) as error:
        raise JsonRpcInvalidParams("no document is named") from error
    if document is None or (last := ls.front.last_request(document.uri)) is None:
        return None
    references = ls.front.references.explain()
    told = last.story() | {"references": references}
    if with_text:
        about_it = references if ls.front.references_are_of(last) else []
        told["text"] = last.text(about_it, is_changed=document.version != last.version)
    return told
