"""`codeAction/resolve`: has the documentation written that an action promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcInvalidParams, JsonRpcRequestCancelled

from glm_lsp.lsp.wish import Wish
from glm_lsp.lsp.writing import written

if TYPE_CHECKING:
    from lsprotocol import types

    from glm_lsp.lsp.server import GlmLanguageServer


async def code_action_resolve(ls: GlmLanguageServer, params: types.CodeAction) -> types.CodeAction:
    """The action with its edit."""
    if params.edit is not None or params.disabled is not None:
        return params
    try:
        wish = Wish.of(params.data)
    except ValueError as error:
        raise JsonRpcInvalidParams(f"Invalid data of a code action: {error}") from error
    params.edit = await written(ls, wish, None)
    if params.edit is None:
        raise JsonRpcRequestCancelled("the documentation is not wanted any more")
    return params
