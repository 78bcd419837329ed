"""`initialized`: the editor is ready, so the engine may come up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.lsp.features.did_change_configuration import own_part

if TYPE_CHECKING:
    from lsprotocol import types

    from glm_lsp.lsp.server import GlmLanguageServer


async def initialized(ls: GlmLanguageServer, params: types.InitializedParams) -> None:
    """Reads the settings and starts or joins the engine, in the background."""
    options = own_part(ls.options)
    # What is no options at all is complained about by whoever reads settings.
    await ls.front.configure(ls.options if options is None else options)
