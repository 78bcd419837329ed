"""What came of one request for a completion."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.other_files import NOTHING, OtherFiles
from glm_lsp.completion.policy import Policy
from glm_lsp.completion.surroundings import Surroundings
from glm_lsp.engine.wire import FinishReason, Timing


class Source(StrEnum):
    """Where a text comes from."""

    MODEL = "model"
    JOINED = "joined"
    """From the model, too, but asked for at an earlier key: its answer still fitted."""
    TYPED_THROUGH = "typed-through"
    CACHE = "cache"
    DOCSTRING = "docstring"
    """Documentation as a whole, of whose sentences the model wrote what it was sure of."""


@dataclass(frozen=True, slots=True)
class Written:
    """One text of the model, before anything is done to it.

    Attributes:
        token_starts: where in the text each token begins; empty without log-probabilities.
        token_logprobs: their natural log-probabilities.
    """

    text: str
    finish_reason: FinishReason = "stop"
    token_starts: tuple[int, ...] = ()
    token_logprobs: tuple[float, ...] = ()

    @property
    def is_torn(self) -> bool:
        """Whether the model would have gone on: its last word may be half a word."""
        return self.finish_reason != "stop"

    def after(self, num_chars: int) -> Written:
        """What is left when the first characters have been typed; a token they cut in two stays with the rest."""
        first = sum(start < num_chars for start in self.token_starts)
        if first and (first == len(self.token_starts) or self.token_starts[first] > num_chars):
            first -= 1
        starts = tuple(max(0, start - num_chars) for start in self.token_starts[first:])
        return Written(self.text[num_chars:], self.finish_reason, starts, self.token_logprobs[first:])

    def whole_lines(self) -> Written:
        """Without the last line if that was broken off and is not the first."""
        is_torn = self.is_torn and "\n" in self.text.strip()
        return self.until(self.text.rfind("\n")) if is_torn else self

    def until(self, end: int) -> Written:
        """The text before `end`, ended there on purpose."""
        count = sum(start < end for start in self.token_starts)
        return Written(self.text[:end], "stop", self.token_starts[:count], self.token_logprobs[:count])


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One text that may be shown.

    Attributes:
        text: to be inserted at the cursor, with the document's line breaks.
        score: how likely it is what the person wants, 0 to 1; None when the engine gave no log-probabilities.
        finish_reason: why the model ended.
        source: where the text comes from.
    """

    text: str
    score: float | None
    finish_reason: FinishReason
    source: Source = Source.MODEL


@dataclass(frozen=True, slots=True)
class Tried:
    """A beginning of a text that could have been shown, and what was said of it: empty when it was shown."""

    text: str
    score: float | None
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one text of the model.

    Attributes:
        written: the model's text, without what the person has typed of it since.
        whole: the same without a torn last line of several; what the filters got.
        candidate: what of it may be shown, if anything.
        reason: why nothing, else empty.
        tried: the beginnings of it that were considered last, the one that is shown at the end.
    """

    written: Written
    whole: str
    candidate: Candidate | None
    reason: str = ""
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Tokens of one request, all candidates together; zero when the model was not asked."""

    num_prompt_tokens: int = 0
    num_cached_tokens: int = 0
    num_completion_tokens: int = 0

    def __add__(self, other: TokenCounts) -> TokenCounts:
        """Both requests together."""
        return TokenCounts(
            num_prompt_tokens=self.num_prompt_tokens + other.num_prompt_tokens,
            num_cached_tokens=self.num_cached_tokens + other.num_cached_tokens,
            num_completion_tokens=self.num_completion_tokens + other.num_completion_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The suggestions for one snapshot, or the reason why there are none.

    Attributes:
        version: of the snapshot; an outcome belongs to no other text.
        offset: of the snapshot's cursor, where the texts go.
        suggestions: the greedy one first, all different.
        reason: set when there are none: a `Refusal`, the name of a filter, or a constant of `reason.py`.
        source: where they come from; None when neither the model nor its memory was asked.
        mode: what the model was asked for; None when it was not.
        usage: token counts.
        timing_ms: milliseconds inside the engine; None when it was not asked.
        judgements: what became of each of the model's texts.
        surroundings: what post-processing looked at.
        policy: how sure a text had to be.
        others: what there was of other files.
    """

    version: int
    offset: int
    suggestions: tuple[Candidate, ...] = ()
    reason: str = ""
    source: Source | None = None
    mode: Mode | None = None
    usage: TokenCounts = TokenCounts()
    timing_ms: Timing | None = None
    judgements: tuple[Judgement, ...] = ()
    surroundings: Surroundings | None = None
    policy: Policy | None = None
    others: OtherFiles = NOTHING

    @property
    def generated(self) -> tuple[str, ...]:
        """What the model wrote, before post-processing."""
        return tuple(judgement.written.text for judgement in self.judgements)
