"""`textDocument/codeAction`: what can be documented at the cursor. No model is asked, and no engine is needed.

    snapshot -> offers -> actions

An editor that can have an action's edit made later gets it by `codeAction/resolve`; others get a command.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from glm_lsp.lsp.features.generate_docstring import GENERATE_DOCSTRING
from glm_lsp.lsp.wish import Wish

if TYPE_CHECKING:
    from glm_lsp.docstring.offer import Offer
    from glm_lsp.lsp.server import GlmLanguageServer

KIND = types.CodeActionKind.RefactorRewrite


async def code_action(
    ls: GlmLanguageServer, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command]:
    """The actions for a cursor or a selection; none where the settings or the person want none."""
    edges = sorted((edge.line, edge.character) for edge in (params.range.start, params.range.end))
    snapshot = ls.documents.snapshot(params.text_document.uri, edges[0])
    if snapshot is None or not ls.front.is_enabled or not _is_asked_for(params.context):
        return []
    start, end = (ls.documents.offset(snapshot.uri, edge) for edge in edges)
    is_by_hand = _is_by_hand(params.context)
    offers = await ls.front.docstrings.offers(snapshot, start, end, is_by_hand=is_by_hand)
    wish = partial(Wish, snapshot.uri, start=edges[0], end=edges[1], version=snapshot.version)
    client = _Client(ls.client_capabilities, params.context)
    actions = [client.action(offer, wish(extent=offer.extent)) for offer in offers]
    return [action for action in actions if action is not None]


class _Client:
    """What an editor can do with code actions."""

    def __init__(self, capabilities: types.ClientCapabilities, context: types.CodeActionContext) -> None:
        document = capabilities.text_document
        can = document.code_action if document else None
        self._knows_actions = bool(can and can.code_action_literal_support)
        resolves = can.resolve_support.properties if can and can.resolve_support else ()
        self._resolves = bool(can and can.data_support and "edit" in resolves)
        self._shows_disabled = bool(can and can.disabled_support) and _is_by_hand(context)

    def action(self, offer: Offer, wish: Wish) -> types.CodeAction | types.Command | None:
        """An offer as this editor takes it; None for one it cannot show."""
        if offer.reason:
            disabled = types.CodeActionDisabled(reason=offer.reason)
            action = types.CodeAction(title=offer.title, kind=KIND, disabled=disabled)
            return action if self._shows_disabled and self._knows_actions else None
        if self._knows_actions and self._resolves:
            return types.CodeAction(title=offer.title, kind=KIND, is_preferred=False, data=wish.to_wire())
        arguments = [replace(wish, version=None).to_wire()]
        command = types.Command(title=offer.title, command=GENERATE_DOCSTRING, arguments=arguments)
        if not self._knows_actions:
            return command
        return types.CodeAction(title=offer.title, kind=KIND, is_preferred=False, command=command)


def _is_by_hand(context: types.CodeActionContext) -> bool:
    """Whether somebody opened the menu; an editor that does not tell may be asking at each move of the cursor."""
    return context.trigger_kind is types.CodeActionTriggerKind.Invoked


def _is_asked_for(context: types.CodeActionContext) -> bool:
    """Whether our kind, or one above it, is among those wanted."""
    wanted = [str(getattr(kind, "value", kind)) for kind in context.only or ()]
    return not wanted or any(not kind or f"{KIND.value}.".startswith(f"{kind}.") for kind in wanted)
