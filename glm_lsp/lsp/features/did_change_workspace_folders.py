"""`workspace/didChangeWorkspaceFolders`: the paths the model sees are relative to these."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsprotocol import types

    from glm_lsp.lsp.server import GlmLanguageServer


def did_change_workspace_folders(
    ls: GlmLanguageServer, params: types.DidChangeWorkspaceFoldersParams
) -> None:
    """Adds and removes folders."""
    removed = {folder.uri for folder in params.event.removed}
    kept = [uri for uri in ls.documents.folders if uri not in removed]
    ls.documents.folders = kept + [folder.uri for folder in params.event.added if folder.uri not in kept]
    ls.front.references.folders(ls.documents.folders)
