"""`initialized`: the editor is ready, so the engine may come up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.lsp.features.did_change_configuration import wanted_options

if TYPE_CHECKING:
    from lsprotocol import types

    from glm_lsp.lsp.server import GlmLanguageServer


async def initialized(ls: GlmLanguageServer, params: types.InitializedParams) -> None:
    """Reads the settings and starts or joins the engine, in the background."""
    await ls.front.configure(wanted_options(ls.options))
