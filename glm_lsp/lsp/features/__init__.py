"""What the server answers: one file for each LSP method, each translating between LSP and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from glm_lsp.lsp.features.did_change import did_change
from glm_lsp.lsp.features.did_change_configuration import did_change_configuration
from glm_lsp.lsp.features.did_change_workspace_folders import did_change_workspace_folders
from glm_lsp.lsp.features.did_close import did_close
from glm_lsp.lsp.features.did_open import did_open
from glm_lsp.lsp.features.did_save import did_save
from glm_lsp.lsp.features.initialize import initialize
from glm_lsp.lsp.features.initialized import initialized
from glm_lsp.lsp.features.inline_completion import inline_completion
from glm_lsp.lsp.features.restart_engine import RESTART_ENGINE, restart_engine
from glm_lsp.lsp.features.status import status
from glm_lsp.lsp.status import STATUS

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer


def register(ls: GlmLanguageServer) -> None:
    """Tells pygls of every handler."""
    ls.feature(types.INITIALIZE)(initialize)
    ls.feature(types.INITIALIZED)(initialized)
    ls.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    ls.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    ls.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)
    ls.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))(did_save)
    # Without options pygls does not advertise it.
    ls.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(inline_completion)
    ls.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    ls.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(did_change_workspace_folders)
    ls.feature(STATUS)(status)
    ls.command(RESTART_ENGINE)(restart_engine)
