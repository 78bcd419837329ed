"""Which author suits a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.completion.prompt import profile_named
from glm_lsp.docstring.authors.chat_author import ChatAuthor
from glm_lsp.docstring.authors.infill_author import InfillAuthor

if TYPE_CHECKING:
    from glm_lsp.docstring.author import Author
    from glm_lsp.engine.client.client import EngineClient


async def author_for(engine: EngineClient) -> Author:
    """The author for the model behind an engine: by dialogue if it chats and does not infill.

    Raises:
        GlmError: the engine cannot be reached.
    """
    description = await engine.describe()
    # A server that names no profile fills in as it can.
    infills = not description.profile or profile_named(description.profile).infills
    return (
        ChatAuthor(engine, description)
        if description.chat and not infills
        else InfillAuthor(engine, description)
    )
