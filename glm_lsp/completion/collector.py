"""Collects the chunks of one stream into texts, token log-probabilities and counts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from glm_lsp.completion.outcome import TokenCounts, Written
from glm_lsp.engine.wire import Choice, CompletionChunk, FinishReason, Timing, Usage


@dataclass(slots=True)
class Writing:
    """One choice as it grows."""

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

    def written(self) -> Written:
        """The choice as it is now."""
        return Written(self.text, self.finish_reason, tuple(self.token_starts), tuple(self.token_logprobs))


@dataclass(slots=True)
class Collector:
    """What has come of one stream.

    Attributes:
        usage, timing_ms: what the engine reported at the end.
    """

    usage: TokenCounts = field(default_factory=TokenCounts)
    timing_ms: Timing | None = None
    _choices: dict[int, Writing] = field(default_factory=dict)

    @property
    def choices(self) -> tuple[Written, ...]:
        """All choices, in order."""
        return tuple(self._choices[index].written() for index in sorted(self._choices))

    @property
    def first_text(self) -> str:
        """What the first choice says so far."""
        return self._choices[0].text if 0 in self._choices else ""

    @property
    def is_cancelled(self) -> bool:
        """Whether the engine broke off on its own account, so that a new request might bring more."""
        return any(choice.finish_reason == "cancelled" for choice in self._choices.values())

    async def read(
        self, stream: AsyncGenerator[CompletionChunk, None], on_piece: Callable[[], None] = lambda: None
    ) -> None:
        """Reads a stream to its end. It is closed at once when reading ends early: that is how work is cancelled.

        Raises:
            GlmError: as the engine reports it.
        """
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                for choice in chunk.choices:
                    self._choices.setdefault(choice.index, Writing()).push(choice)
                self.usage = _counts(chunk.usage) if chunk.usage else self.usage
                self.timing_ms = chunk.glm.timing_ms if chunk.glm else self.timing_ms
                on_piece()


def _counts(usage: Usage) -> TokenCounts:
    return TokenCounts(
        num_prompt_tokens=usage.prompt_tokens,
        num_cached_tokens=usage.prompt_tokens_details.cached_tokens,
        num_completion_tokens=usage.completion_tokens,
    )
