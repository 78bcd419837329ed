"""What the last inline completion of a document was, as `glm/lastRequest` tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from glm_lsp.completion.outcome import Outcome

LAST_REQUEST: Final = "glm/lastRequest"

SWITCHED_OFF: Final = "switched_off"
NO_ENGINE: Final = "no_engine"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class LastRequest:
    """One request that was answered; those that were cancelled or overtaken leave the one before in place.

    Attributes:
        version: of the document it was about.
        outcome: None where nobody was asked, or the engine failed.
        reason: why nothing was shown, when there is no outcome.
        ms: milliseconds from the snapshot to the outcome.
    """

    version: int
    outcome: Outcome | None = None
    reason: str = ""
    ms: float = 0.0

    def to_wire(self) -> dict[str, Any]:
        """As the editor reads it; worked out when it is asked for, not at the keystroke."""
        wire = {"version": self.version, "ms": round(self.ms, 3), "reason": self.reason}
        if (outcome := self.outcome) is None:
            return {**wire, "source": None, **_counts(0, 0, 0)}
        first = outcome.suggestions[0] if outcome.suggestions else None
        usage = outcome.usage
        return {
            **wire,
            "reason": outcome.reason,
            "source": first.source.value if first else _source(outcome),
            "mode": outcome.mode.value if outcome.mode else None,
            "score": first.score if first else None,
            "finishReason": first.finish_reason if first else None,
            **_counts(usage.num_prompt_tokens, usage.num_cached_tokens, usage.num_completion_tokens),
            "timingMs": msgspec.to_builtins(outcome.timing_ms),
        }


def _counts(num_prompt_tokens: int, num_cached_tokens: int, num_completion_tokens: int) -> dict[str, int]:
    return {
        "numPromptTokens": num_prompt_tokens,
        "numCachedTokens": num_cached_tokens,
        "numCompletionTokens": num_completion_tokens,
    }


def _source(outcome: Outcome) -> str | None:
    """Where an outcome without suggestions comes from; None when it needed neither the model nor its memory."""
    if outcome.timing_ms is not None or outcome.usage.num_prompt_tokens:
        return "model"
    return "cache" if outcome.mode is not None else None
