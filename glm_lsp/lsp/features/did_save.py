"""`textDocument/didSave`: saving our own settings file makes it take effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pygls.uris import to_fs_path

if TYPE_CHECKING:
    from lsprotocol import types

    from glm_lsp.lsp.server import GlmLanguageServer


async def did_save(ls: GlmLanguageServer, params: types.DidSaveTextDocumentParams) -> None:
    """Reads the settings again if they were what was saved."""
    ls.front.references.saved(params.text_document.uri)
    path = to_fs_path(params.text_document.uri)
    if path is not None and ls.front.is_config_file(path):
        await ls.front.reload()
