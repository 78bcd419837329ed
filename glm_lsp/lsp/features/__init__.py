"""What the server answers: one module for each LSP method, each translating between LSP and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from glm_lsp.lsp.features import (
    accepted,
    code_action,
    code_action_resolve,
    did_change,
    did_change_configuration,
    did_change_trust,
    did_change_workspace_folders,
    did_close,
    did_open,
    did_save,
    generate_docstring,
    initialize,
    initialized,
    inline_completion,
    last_request,
    restart_engine,
    status,
    why,
    work_done_progress_cancel,
)
from glm_lsp.lsp.last_request import LAST_REQUEST
from glm_lsp.lsp.status import STATUS
from glm_lsp.lsp.trust import DID_CHANGE_TRUST

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer


def register(ls: GlmLanguageServer) -> None:
    """Tells pygls of every handler."""
    ls.feature(types.INITIALIZE)(initialize.initialize)
    ls.feature(types.INITIALIZED)(initialized.initialized)
    ls.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open.did_open)
    ls.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change.did_change)
    ls.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close.did_close)
    ls.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))(did_save.did_save)
    # Without options pygls does not advertise it.
    options = types.InlineCompletionOptions()
    ls.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, options)(inline_completion.inline_completion)
    configuration = did_change_configuration.did_change_configuration
    ls.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(configuration)
    folders = did_change_workspace_folders.did_change_workspace_folders
    ls.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(folders)
    ls.feature(DID_CHANGE_TRUST)(did_change_trust.did_change_trust)
    ls.feature(STATUS)(status.status)
    ls.feature(LAST_REQUEST)(last_request.last_request)
    ls.feature(why.WHY)(why.why)
    ls.command(accepted.ACCEPTED)(accepted.accepted)
    actions = types.CodeActionOptions(code_action_kinds=[code_action.KIND], resolve_provider=True)
    ls.feature(types.TEXT_DOCUMENT_CODE_ACTION, actions)(code_action.code_action)
    ls.feature(types.CODE_ACTION_RESOLVE)(code_action_resolve.code_action_resolve)
    cancel = work_done_progress_cancel.work_done_progress_cancel
    ls.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)(cancel)
    ls.command(generate_docstring.GENERATE_DOCSTRING)(generate_docstring.generate_docstring)
    ls.command(restart_engine.RESTART_ENGINE)(restart_engine.restart_engine)
