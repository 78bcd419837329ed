"""What the last inline completion of a document was, as `glm/lastRequest` tells it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from glm_lsp.completion.outcome import Outcome
    from glm_lsp.completion.snapshot import DocumentSnapshot
    from glm_lsp.completion.why import Story

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
class Whereabouts:
    """Where and when a request was made; `at` by `time.monotonic`. Lines are not counted before somebody wonders."""

    snapshot: DocumentSnapshot
    at: float

    @classmethod
    def of(cls, snapshot: DocumentSnapshot) -> Whereabouts:
        """The cursor of a snapshot, now."""
        return cls(snapshot, time.monotonic())

    @property
    def place(self) -> tuple[int, int]:
        """Line and column, from 1, in code points."""
        text, offset = self.snapshot.text, self.snapshot.offset
        ends = text.count("\n", 0, offset) + text.count("\r", 0, offset) - text.count("\r\n", 0, offset)
        start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
        return ends + 1, offset - start + 1

    @property
    def ago_s(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self.at


@dataclass(frozen=True, slots=True)
class LastRequest:
    """One request that was answered; those that were cancelled or overtaken leave the one before in place.

    Attributes:
        version: of the document it was about.
        outcome: None where nobody was asked, or the engine failed.
        reason: why nothing was shown, when there is no outcome.
        ms: milliseconds from the snapshot to the outcome.
        is_invoked: whether it was asked for by hand.
        asked: where and when.
    """

    version: int
    outcome: Outcome | None = None
    reason: str = ""
    ms: float = 0.0
    is_invoked: bool = False
    asked: Whereabouts | None = None

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
        """What became of it, step by step, in the words of `completion/why.py`, and where and when it was asked."""
        wire = {"version": self.version, **_in_camel_case(msgspec.to_builtins(self._story()))}
        if (asked := self.asked) is not None:
            line, column = asked.place
            wire["asked"] = {"line": line, "column": column, "secondsAgo": round(asked.ago_s, 3)}
        return wire

    def text(self, references: Sequence[dict[str, Any]], *, is_changed: bool) -> str:
        """The same for people.

        Args:
            references: what was used and left out of other files, as `ReferenceNotes.explain` tells it.
            is_changed: whether the document has changed since.
        """
        from glm_lsp.completion.why_text import Asked, OtherFile, why_text  # noqa: PLC0415

        others = [OtherFile(one["path"], one["chars"], one["explanation"]) for one in references]
        if (asked := self.asked) is None:
            return why_text(self._story(), "", None, others)
        where = Asked(asked.snapshot.path, *asked.place, asked.ago_s, is_changed)
        return why_text(self._story(), asked.snapshot.language_id, where, others)

    def _story(self) -> Story:
        from glm_lsp.completion.outcome import Outcome  # noqa: PLC0415 - nobody asks before there is an engine
        from glm_lsp.completion.why import story  # noqa: PLC0415

        outcome = self.outcome or Outcome(version=self.version, offset=0)
        told = story(outcome, is_invoked=self.is_invoked, total_ms=self.ms)
        if self.outcome is not None:
            return told
        return msgspec.structs.replace(told, reason=self.reason, explanation=_NOBODY_WAS_ASKED[self.reason])


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
