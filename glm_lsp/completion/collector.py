"""Collects the chunks of one stream into texts, token scores and counts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from glm_lsp.completion.outcome import TokenCounts
from glm_lsp.engine.wire import Choice, CompletionChunk, FinishReason, Timing, Usage


@dataclass(slots=True)
class Written:
    """One choice as it grows: its text and, for each token, where in the text it began and its log-probability."""

    text: str = ""
    finish_reason: FinishReason = "stop"
    token_starts: list[int] = field(default_factory=list)
    token_logprobs: list[float] = field(default_factory=list)

    def push(self, choice: Choice) -> None:
        """Appends a piece."""
        if choice.logprobs:
            logprobs = choice.logprobs.token_logprobs
            # A server that does not tell sends each token by itself; some count from the prompt's beginning.
            offsets = choice.logprobs.text_offset or [0] * len(logprobs)
            self.token_starts += [len(self.text) + offset - offsets[0] for offset in offsets]
            self.token_logprobs += logprobs
        self.text += choice.text
        self.finish_reason = choice.finish_reason or self.finish_reason

    def log_probability(self, shown: str) -> tuple[float, int] | None:
        r"""Sum of the natural logarithms over the tokens of `shown` (with `\n`), and their number.

        Tokens that post-processing cut away do not count. None without log-probabilities.
        """
        at = self.text.find(shown)
        end = at + len(shown) if at >= 0 else len(self.text)
        logprobs = [p for start, p in zip(self.token_starts, self.token_logprobs, strict=True) if start < end]
        return (math.fsum(logprobs), len(logprobs)) if logprobs else None


@dataclass(slots=True)
class Collected:
    """All choices of a finished stream, in order, and what the engine reported at its end."""

    choices: list[Written]
    usage: TokenCounts
    timing_ms: Timing | None

    @property
    def is_cancelled(self) -> bool:
        """Whether the engine broke off on its own account, so that a new request might bring more."""
        return any(written.finish_reason == "cancelled" for written in self.choices)


async def collect(stream: AsyncGenerator[CompletionChunk, None]) -> Collected:
    """Reads a stream to its end. It is closed at once when reading ends early: that is how work is cancelled.

    Raises:
        GlmError: as the engine reports it.
    """
    written: defaultdict[int, Written] = defaultdict(Written)
    usage, timing = TokenCounts(), None
    async with aclosing(stream) as chunks:
        async for chunk in chunks:
            for choice in chunk.choices:
                written[choice.index].push(choice)
            usage = _counts(chunk.usage) if chunk.usage else usage
            timing = chunk.glm.timing_ms if chunk.glm else timing
    return Collected([written[index] for index in sorted(written)], usage, timing)


def _counts(usage: Usage) -> TokenCounts:
    return TokenCounts(
        num_prompt_tokens=usage.prompt_tokens,
        num_cached_tokens=usage.prompt_tokens_details.cached_tokens,
        num_completion_tokens=usage.completion_tokens,
    )
