"""Counts of one editor window: how requests were answered and what became of the suggestions. Numbers only."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from glm_lsp.usage.acceptance import Event, Verdict
from glm_lsp.usage.survival import AGES_S, Checked

_NUM_LATENCIES = 200
_RUNS = ("model", "joined")
_NOTHING = "nothing"


@dataclass(slots=True)
class UsageFigures:
    """Everything since the window was opened.

    Attributes:
        sources: answers by where they came from; "nothing" where no text of any age was looked at.
        num_prompt_tokens: of all prompts the model was asked with.
        num_cached_tokens: those of them that were in the KV cache.
        verdicts: suggestions by what became of them; corrections are made up for.
        num_reverted: suggestions of which nothing was left when an acceptance was undone at once.
        accepted_chars: characters that were inserted by taking a suggestion or a part of one.
        reverted_chars: those of them that were undone at once.
        inserted_chars: all characters that came into open documents, however that was.
        checked: accepted texts that were looked at again, by their age in seconds.
        survived: those of them of which at least half was still there.
        latencies_ms: of the last 200 answers.
    """

    num_requests: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    num_prompt_tokens: int = 0
    num_cached_tokens: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    num_reverted: int = 0
    accepted_chars: int = 0
    reverted_chars: int = 0
    inserted_chars: int = 0
    checked: Counter[int] = field(default_factory=Counter)
    survived: Counter[int] = field(default_factory=Counter)
    latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_NUM_LATENCIES))

    def answered(self, source: str | None, ms: float, num_prompt_tokens: int, num_cached_tokens: int) -> None:
        """One answer; `source` is None where neither the model nor its earlier answers were asked."""
        self.sources[source or _NOTHING] += 1
        self.num_prompt_tokens += num_prompt_tokens
        self.num_cached_tokens += num_cached_tokens
        if source is not None:
            self.latencies_ms.append(ms)

    def happened(self, events: Iterable[Event]) -> None:
        """What became of suggestions."""
        for event in events:
            if event.verdict is Verdict.REVERTED:
                self.num_reverted += event.is_whole
                self.reverted_chars += len(event.text)
            else:
                self.verdicts[event.verdict] += 1
            if event.verdict is Verdict.TAKEN:
                self.accepted_chars += len(event.text)
            if event.instead_of is not None:
                self.verdicts[event.instead_of] -= 1

    def looked_again(self, found: Iterable[Checked]) -> None:
        """What accepted texts had come to."""
        for each in found:
            self.checked[each.age_s] += 1
            self.survived[each.age_s] += each.survived

    @property
    def num_shown(self) -> int:
        """Suggestions that were on screen long enough to be seen, or were taken sooner."""
        return self.verdicts[Verdict.SHOWN]

    @property
    def num_accepted(self) -> int:
        """Suggestions that were taken, as a whole or in part, and not undone at once."""
        return self.verdicts[Verdict.ACCEPTED] + self.verdicts[Verdict.PARTLY] - self.num_reverted

    @property
    def kept_chars(self) -> int:
        """Characters that were taken and not undone at once."""
        return self.accepted_chars - self.reverted_chars

    @property
    def kept_chars_ratio(self) -> float | None:
        """Their share of all characters that came into the documents."""
        return self.kept_chars / self.inserted_chars if self.inserted_chars else None

    @property
    def hit_rate(self) -> float | None:
        """Share of known answers: not those of a run of the model, be it one that began at an earlier key."""
        num_sourced = self.sources.total() - self.sources[_NOTHING]
        num_run = sum(self.sources[name] for name in _RUNS)
        return (num_sourced - num_run) / num_sourced if num_sourced else None

    @property
    def reuse(self) -> float | None:
        """Share of the prompts' tokens that were in the KV cache."""
        return self.num_cached_tokens / self.num_prompt_tokens if self.num_prompt_tokens else None

    def latency_ms(self, share: float) -> float | None:
        """The time within which a share of the last 200 answers came (nearest rank)."""
        ranked = sorted(self.latencies_ms)
        return ranked[max(0, -int(-share * len(ranked) // 1) - 1)] if ranked else None

    def totals(self) -> dict[str, int]:
        """What only ever grows, by the names of the engine's `/metrics`."""
        return {
            "requests": self.num_requests,
            **{f"answers_{name.replace('-', '_')}": count for name, count in self.sources.items()},
            "shown": self.num_shown,
            "accepted": self.verdicts[Verdict.ACCEPTED],
            "partly_accepted": self.verdicts[Verdict.PARTLY],
            "reverted": self.num_reverted,
            "accepted_chars": self.accepted_chars,
            "reverted_chars": self.reverted_chars,
            "inserted_chars": self.inserted_chars,
            "prompt_tokens": self.num_prompt_tokens,
            "cached_tokens": self.num_cached_tokens,
            **{f"checked_after_{age}_s": self.checked[age] for age in AGES_S},
            **{f"survived_{age}_s": self.survived[age] for age in AGES_S},
        }
