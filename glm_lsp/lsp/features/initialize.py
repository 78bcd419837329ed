"""`initialize`: what the editor says about itself. pygls makes the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.uris import from_fs_path

from glm_lsp.lsp.document import Documents
from glm_lsp.lsp.positions import MAX_UINTEGER, PositionEncoding
from glm_lsp.lsp.trust import stated_trust

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer


def initialize(ls: GlmLanguageServer, params: types.InitializeParams) -> None:
    """Notes encoding, folders and options, and watches the editor's process from now on."""
    encoding = PositionEncoding(ls.workspace.position_encoding or PositionEncoding.UTF16)
    ls.documents = Documents(encoding, _folders(params))
    ls.options, ls.front.is_trusted = stated_trust(params.initialization_options)
    ls.front.references.trusted(ls.front.is_trusted)
    ls.front.references.folders(ls.documents.folders)
    if params.process_id is not None and 0 < params.process_id <= MAX_UINTEGER:
        ls.watch_editor(params.process_id)


def _folders(params: types.InitializeParams) -> list[str]:
    if params.workspace_folders:
        return [folder.uri for folder in params.workspace_folders]
    root = params.root_uri or (params.root_path and from_fs_path(params.root_path))
    return [root] if root else []
