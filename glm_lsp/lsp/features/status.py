"""`glm/status` as a request: for editors that start to listen late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer


def status(ls: GlmLanguageServer, params: Any) -> dict[str, Any]:
    """The present status."""
    ls.usage.refresh()
    return ls.front.status.to_wire()
