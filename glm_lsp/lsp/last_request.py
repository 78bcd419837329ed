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

_NOBODY_WAS_ASKED = {
    SWITCHED_OFF: "the settings want no suggestions here: see `enable` and `disabledIn`",
    NO_ENGINE: "the model is still being loaded, or the engine is being brought back",
    FAILED: "the engine failed; the status and the log say how",
}


@dataclass(frozen=True, slots=True)
class LastRequest:
    """One request that was answered; those that were cancelled or overtaken leave the one before in place.

    Attributes:
        version: of the document it was about.
        outcome: None where nobody was asked, or the engine failed.
        reason: why nothing was shown, when there is no outcome.
        ms: milliseconds from the snapshot to the outcome.
        is_invoked: whether it was asked for by hand.
    """

    version: int
    outcome: Outcome | None = None
    reason: str = ""
    ms: float = 0.0
    is_invoked: bool = False

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
            "source": outcome.source.value if outcome.source else None,
            "mode": outcome.mode.value if outcome.mode else None,
            "score": first.score if first else None,
            "finishReason": first.finish_reason if first else None,
            **_counts(usage.num_prompt_tokens, usage.num_cached_tokens, usage.num_completion_tokens),
            "timingMs": msgspec.to_builtins(outcome.timing_ms),
        }

    def story(self) -> dict[str, Any]:
        """What became of it, step by step, in the words of `completion/why.py`."""
        from glm_lsp.completion.outcome import Outcome  # noqa: PLC0415 - nobody asks before there is an engine
        from glm_lsp.completion.why import story  # noqa: PLC0415

        outcome = self.outcome or Outcome(version=self.version, offset=0)
        told = _in_camel_case(
            msgspec.to_builtins(story(outcome, is_invoked=self.is_invoked, total_ms=self.ms))
        )
        if self.outcome is None:
            told |= {"reason": self.reason, "explanation": _NOBODY_WAS_ASKED[self.reason]}
        return {"version": self.version, **told}


def _in_camel_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {_camel(key): _in_camel_case(item) for key, item in value.items()}
    return [_in_camel_case(item) for item in value] if isinstance(value, list) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _counts(num_prompt_tokens: int, num_cached_tokens: int, num_completion_tokens: int) -> dict[str, int]:
    return {
        "numPromptTokens": num_prompt_tokens,
        "numCachedTokens": num_cached_tokens,
        "numCompletionTokens": num_completion_tokens,
    }
