"""`glm/didChangeTrust`: the person at the editor has thought again about the opened folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer


async def did_change_trust(ls: GlmLanguageServer, params: Any) -> None:
    """Reads the settings again with what the folder may choose now. What is not plainly true is no trust."""
    await ls.front.trust(isinstance(params, dict) and params.get("trusted") is True)
