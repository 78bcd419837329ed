"""`glm-lsp why`: one request, told step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.snapshot import DocumentSnapshot
    from glm_lsp.completion.why import Story
    from glm_lsp.config import Settings


async def tell(snapshot: DocumentSnapshot, settings: Settings, *, is_invoked: bool) -> Story:
    """Asks as an editor would, and tells what came of it.

    Raises:
        GlmError: the engine cannot be loaded or reached, or refuses the request.
    """
    import time

    from glm_lsp.cli_complete import engine_client, finder_for
    from glm_lsp.completion.lifecycle import Completer
    from glm_lsp.completion.preferences import Preferences
    from glm_lsp.completion.why import story

    async with engine_client(settings) as client:
        start = time.perf_counter()
        with finder_for(snapshot) as finder:
            outcome = await Completer(client, finder=finder).suggest(
                snapshot, candidates=3 if is_invoked else 1, preferences=Preferences.of(settings)
            )
        return story(outcome, is_invoked=is_invoked, total_ms=1000 * (time.perf_counter() - start))


def print_story(told: Story, language_id: str) -> None:
    """The story for people."""
    from glm_lsp.completion.why_text import why_text

    print(why_text(told, language_id))
