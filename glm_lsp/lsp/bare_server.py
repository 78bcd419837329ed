"""The least that pygls can do with inline completions: what `glm-lsp bench overhead` compares the server with.

It keeps documents in step and answers each request with one fixed text. `python -m glm_lsp.lsp.bare_server` speaks
LSP on stdin and stdout.
"""

from __future__ import annotations

from lsprotocol import types
from pygls.lsp.server import LanguageServer

TEXT = "value + 1"


async def inline_completion(
    ls: LanguageServer, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Looks the document up, as every server has to, and answers."""
    ls.workspace.get_text_document(params.text_document.uri)
    return types.InlineCompletionList(items=[types.InlineCompletionItem(insert_text=TEXT)])


def main() -> None:
    """Serves until the editor leaves."""
    server = LanguageServer("bare", "1")
    server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(inline_completion)
    server.start_io()


if __name__ == "__main__":
    main()
