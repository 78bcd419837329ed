"""Why a suggestion came, or did not: the story of one request, as `glm-lsp why` and the editors tell it."""

from __future__ import annotations

from msgspec import Struct

from glm_lsp.completion.outcome import Judgement, Outcome, Tried
from glm_lsp.completion.postprocess import trace
from glm_lsp.completion.reason import does, explain
from glm_lsp.completion.surroundings import Surroundings
from glm_lsp.engine.wire import Timing


class Context(Struct, frozen=True, kw_only=True):
    """What the model could see, in characters and tokens.

    Attributes:
        prefix_chars, suffix_chars: of the window around the cursor.
        rest_of_line: what stands right of the cursor.
        lookup_chars: of the text around the window, in which things are looked up.
        reference_chars: of other files.
        prompt_tokens, cached_tokens: zero when the model was not asked.
    """

    prefix_chars: int
    suffix_chars: int
    rest_of_line: str
    lookup_chars: int
    reference_chars: int
    prompt_tokens: int
    cached_tokens: int


class FilterStep(Struct, frozen=True):
    """A filter that changed a text, what it does, and what it left."""

    name: str
    does: str
    text: str


class PartStep(Struct, frozen=True):
    """A beginning of a text that could have been shown; `verdict` is empty for the one that was."""

    text: str
    score: float | None
    verdict: str


class CandidateStory(Struct, frozen=True, kw_only=True):
    """What became of one text of the model."""

    model_text: str
    finish_reason: str
    filters: list[FilterStep]
    parts: list[PartStep]
    shown: str
    reason: str


class Story(Struct, frozen=True, kw_only=True):
    """One request.

    Attributes:
        trigger: `automatic` while typing, `invoked` by hand.
        shown: the texts that were suggested.
        reason: why there are none, as a name, and `explanation` in words.
        source: where they come from: model, joined, cache, typed-through, docstring; None when nobody was asked.
        threshold: the least probability of being right; `trims` tells whether a text is cut to its likely part.
        total_ms: from the request to its answer; `engine_ms` is inside the engine.
    """

    trigger: str
    shown: list[str]
    reason: str
    explanation: str
    source: str | None
    mode: str | None
    threshold: float | None
    trims: bool | None
    context: Context | None
    candidates: list[CandidateStory]
    completion_tokens: int
    total_ms: float
    engine_ms: Timing | None


def story(outcome: Outcome, *, is_invoked: bool, total_ms: float) -> Story:
    """The story of an outcome."""
    around, policy = outcome.surroundings, outcome.policy
    return Story(
        trigger="invoked" if is_invoked else "automatic",
        shown=[candidate.text for candidate in outcome.suggestions],
        reason=outcome.reason,
        explanation=explain(outcome.reason) if outcome.reason else "",
        source=outcome.source.value if outcome.source else None,
        mode=outcome.mode.value if outcome.mode else None,
        threshold=policy.threshold if policy else None,
        trims=policy.trims if policy else None,
        context=_context(outcome, around) if around else None,
        candidates=[_candidate(one, around) for one in outcome.judgements if around],
        completion_tokens=outcome.usage.num_completion_tokens,
        total_ms=round(total_ms, 3),
        engine_ms=outcome.timing_ms,
    )


def _context(outcome: Outcome, around: Surroundings) -> Context:
    window, usage, others = around.window, outcome.usage, outcome.others
    return Context(
        prefix_chars=len(window.prefix),
        suffix_chars=len(window.suffix),
        rest_of_line=window.rest_of_line,
        lookup_chars=len(window.before) + len(window.after),
        reference_chars=len(others.looked_up) + sum(len(reference.text) for reference in others.in_prompt),
        prompt_tokens=usage.num_prompt_tokens,
        cached_tokens=usage.num_cached_tokens,
    )


def _candidate(judgement: Judgement, around: Surroundings) -> CandidateStory:
    written = judgement.written
    return CandidateStory(
        model_text=written.text,
        finish_reason=written.finish_reason,
        filters=[FilterStep(name, does(name), left) for name, left in trace(judgement.whole, around)],
        parts=[_part(tried) for tried in judgement.tried],
        shown=judgement.candidate.text if judgement.candidate else "",
        reason=judgement.reason,
    )


def _part(tried: Tried) -> PartStep:
    score = None if tried.score is None else round(tried.score, 4)
    return PartStep(tried.text, score, tried.verdict)
