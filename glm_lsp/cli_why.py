"""`glm-lsp why`: one request, told step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.completion.snapshot import DocumentSnapshot
    from glm_lsp.completion.why import CandidateStory, Context, Story
    from glm_lsp.config import Settings

_SHOWN_CHARS = 160


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
    print(f"{'trigger':<12} {told.trigger}, language {language_id or 'unknown'}")
    if told.mode:
        print(f"{'mode':<12} {told.mode}, from {told.source}")
    if told.context:
        print(f"{'context':<12} {_context(told.context)}")
    if told.threshold is not None:
        policy = "the likely part" if told.trims else "everything"
        print(f"{'shows':<12} {policy}, from a probability of {told.threshold:.2f}")
    for number, candidate in enumerate(told.candidates, start=1):
        print(f"\ncandidate {number}")
        _print_candidate(candidate)
    print()
    for text in told.shown:
        print(f"{'shown':<12} {_quoted(text)}")
    if not told.shown:
        print(f"{'nothing':<12} {told.reason}: {told.explanation}")
    engine = told.engine_ms
    inside = f", {engine.total:.1f} ms of it in the engine" if engine else ""
    print(f"{'time':<12} {told.total_ms:.1f} ms{inside}, {told.completion_tokens} tokens written")


def _context(context: Context) -> str:
    parts = [
        f"{context.prefix_chars} characters before the cursor",
        f"{context.suffix_chars} below its line",
        f"{context.lookup_chars} more to look things up in",
        f"{context.reference_chars} of other files",
        f"{context.prompt_tokens} prompt tokens, {context.cached_tokens} of them cached",
    ]
    if context.rest_of_line:
        parts.insert(1, f"{_quoted(context.rest_of_line)} right of it")
    return "; ".join(parts)


def _print_candidate(candidate: CandidateStory) -> None:
    print(f"  {'model':<10} {_quoted(candidate.model_text)} ({candidate.finish_reason})")
    for step in candidate.filters:
        print(f"  {'filter':<10} {step.name} ({step.does}) left {_quoted(step.text)}")
    for part in candidate.parts:
        score = "" if part.score is None else f"probability {part.score:.2f}: "
        print(f"  {'part':<10} {_quoted(part.text)} {score}{part.verdict or 'shown'}")
    if candidate.reason:
        print(f"  {'dropped':<10} {candidate.reason}")


def _quoted(text: str) -> str:
    """A text on one line, escaped: it may hold anything."""
    shown = ascii(text) if not text.isprintable() else repr(text)
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}… ({len(text)} characters)"
