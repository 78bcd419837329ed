"""`workspace/executeCommand` with `glm.generateDocstring`: has documentation written, and puts it into the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from glm_lsp.errors import DocumentChangedError, GlmError
from glm_lsp.lsp.wire.client_token import CLIENT_TOKEN
from glm_lsp.lsp.wish import Wish
from glm_lsp.lsp.writing import written

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer

GENERATE_DOCSTRING = "glm.generateDocstring"
_LABEL = "Documentation"


async def generate_docstring(ls: GlmLanguageServer, *arguments: object) -> bool:
    """Writes what the first argument wants, `{uri, scope, position | range, style?}`; errors are shown as messages.

    Returns:
        whether the editor was given documentation, and has put it into the document.
    """
    first = arguments[0] if arguments else None
    if isinstance(first, list):  # some clients hand on the list as it is
        first = first[0] if first else None
    try:
        wish = Wish.of(first)
    except ValueError as error:
        raise JsonRpcInvalidParams(f"Invalid params of {GENERATE_DOCSTRING}: {error}") from error
    try:
        edit = await written(ls, wish, CLIENT_TOKEN.get())
        if edit is None:
            return False
        await _apply(ls, edit)
    except GlmError as error:
        ls.show_message(str(error))
        return False
    return True


async def _apply(ls: GlmLanguageServer, edit: types.WorkspaceEdit) -> None:
    try:
        answer = await ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit, label=_LABEL))
    except JsonRpcException as error:
        raise DocumentChangedError("the editor does not make edits for language servers") from error
    if not answer.applied:
        reason = f": {answer.failure_reason}" if answer.failure_reason else ""
        raise DocumentChangedError(f"the editor did not make the edit{reason}")
