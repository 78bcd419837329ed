"""What came of one request for a completion."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.surroundings import Surroundings
from glm_lsp.engine.wire import FinishReason, Timing


class Source(StrEnum):
    """Where a text comes from."""

    MODEL = "model"
    TYPED_THROUGH = "typed-through"
    CACHE = "cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One text that may be shown.

    Attributes:
        text: to be inserted at the cursor, with the document's line breaks.
        score: probability of its tokens, geometric mean: comparable between texts of any length; None when the
            engine gave no log-probabilities.
        probability: of the whole text, the product over its tokens; None likewise.
        finish_reason: why the model ended.
        source: where the text comes from.
    """

    text: str
    score: float | None
    probability: float | None
    finish_reason: FinishReason
    source: Source = Source.MODEL


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Tokens of one request, all candidates together; zero when the model was not asked."""

    num_prompt_tokens: int = 0
    num_cached_tokens: int = 0
    num_completion_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The suggestions for one snapshot, or the reason why there are none.

    Attributes:
        version: of the snapshot; an outcome belongs to no other text.
        offset: of the snapshot's cursor, where the texts go.
        suggestions: the greedy one first, all different.
        reason: set when there are none: a `Refusal`, the name of a filter, or a constant of `reason.py`.
        mode: what the model was asked for; None when it was not.
        usage: token counts.
        timing_ms: milliseconds inside the engine; None when it was not asked.
        generated: what the model wrote, before post-processing.
        surroundings: what post-processing looked at; with `generated` it lets `postprocess.trace` tell the story.
    """

    version: int
    offset: int
    suggestions: tuple[Candidate, ...] = ()
    reason: str = ""
    mode: Mode | None = None
    usage: TokenCounts = TokenCounts()
    timing_ms: Timing | None = None
    generated: tuple[str, ...] = ()
    surroundings: Surroundings | None = None
