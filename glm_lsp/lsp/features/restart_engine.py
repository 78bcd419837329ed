"""`workspace/executeCommand` with `glm.restartEngine`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer

RESTART_ENGINE = "glm.restartEngine"


async def restart_engine(ls: GlmLanguageServer, *_: object) -> None:
    """Brings up a new engine; answers at once, the status tells the rest."""
    await ls.front.restart()
