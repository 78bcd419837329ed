"""Kept characters: what hints save somebody who types held-out code.

The person types one key after another; after each the completer is asked as an editor would ask it. A hint is
taken when the rest of the text begins with all of it and it ends where a word or a line ends. An editor's
automatic indent is assumed to be right, so the white space at a line's start counts nowhere.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from glm_lsp.completion.lifecycle import Completer
from glm_lsp.completion.lines import line_end
from glm_lsp.completion.outcome import Candidate, Source
from glm_lsp.completion.policy import POLICIES, SHOW_ALL, Policy
from glm_lsp.completion.preferences import Preferences
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.words import is_word
from glm_lsp.engine.chat_wire import ChatRequest
from glm_lsp.engine.client.client import EngineClient
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest
from glm_lsp.errors import InputError
from glm_lsp.evaluate.cursors import line_starts
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.evaluate.scores import Estimate, estimate_ratio
from glm_lsp.evaluate.validity import is_worse
from glm_lsp.progress import Progress, silent

_THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
CURVE = {
    **{name.value: replace(policy, floor=0.0) for name, policy in POLICIES.items()},
    **{f"{threshold:.1f}": Policy(threshold, trims=True) for threshold in _THRESHOLDS},
}
"""What is simulated: the settings of `suggest`, then the likely part at rising thresholds. None of them has a floor,
so the model answers each question once for all."""
BALANCED = "balanced"
LEAST_PRECISION = 0.35
"""At `best`, at least this part of the hints shown is taken: fewer, and people switch them off."""

REGION_CHARS = 300
"""At least; at most twice as many."""

_INDENT = " \t"


@dataclass(frozen=True, slots=True)
class Region:
    """Whole lines of a file, `text[start:end]`, the last one's line break left out."""

    file: HeldOutFile
    start: int
    end: int

    @property
    def text(self) -> str:
        """What is typed."""
        return self.file.text[self.start : self.end]

    @property
    def num_chars(self) -> int:
        """Characters that somebody would have to type: line breaks count, indents do not."""
        return count_typed(self.text, at_line_start=True)


@dataclass(slots=True)
class Tally:
    """What happened while one region was typed.

    Attributes:
        num_chars: typed or kept in the end; indents do not count.
        num_kept: of these, those that came with a hint that was taken.
        num_asked: times the completer was asked: once for each key, and after each hint that was taken.
        num_shown: hints shown; one that the person types along with is still the same.
        num_taken: of these, those that were taken.
        num_replaced: of these, those in whose place another hint stood one key later.
        num_parsed: of the hints shown, those in a language with a grammar.
        num_worse: of these, those with which the file had more syntax errors than without.
        num_parsed: of these, those in files of a language with a grammar; of these, with `num_worse` the file had more
            syntax errors than without.
    """

    num_chars: int = 0
    num_kept: int = 0
    num_asked: int = 0
    num_shown: int = 0
    num_taken: int = 0
    num_replaced: int = 0
    num_parsed: int = 0
    num_worse: int = 0


@dataclass(frozen=True, slots=True)
class TypingScores:
    """Over all regions, with one policy.

    Attributes:
        kept_chars: characters that came with hints, of all.
        saved_keys: the same, with a key counted for each hint that was taken.
        shown_precision: hints taken, of those shown; None when none was shown.
        replaced: hints in whose place another one stood after the next key, of those shown; None likewise.
        shown_per_100_chars: how often one appears.
        parses_no_worse: hints that add no syntax error to their file, of those shown in a language with a grammar.
    """

    threshold: float
    trims: bool
    kept_chars: Estimate
    saved_keys: Estimate
    shown_precision: Estimate | None
    replaced: Estimate | None
    shown_per_100_chars: float
    parses_no_worse: Estimate | None
    num_shown: int
    num_taken: int


@dataclass
class RememberingClient:
    """An `EngineClient` that asks another one each question once, for simulations that differ only in what is shown."""

    client: EngineClient
    answers: dict[CompletionRequest, list[CompletionChunk]] = field(default_factory=dict)

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`."""
        if request not in self.answers:
            self.answers[request] = [chunk async for chunk in self.client.complete(request)]
        for chunk in self.answers[request]:
            yield chunk

    def chat(self, request: ChatRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`; asked anew each time."""
        return self.client.chat(request)

    async def describe(self) -> EngineDescription:
        """See `EngineClient`."""
        return await self.client.describe()

    async def close(self) -> None:
        """See `EngineClient`."""
        await self.client.close()


def draw_regions(files: Sequence[HeldOutFile], count: int, seed: int) -> list[Region]:
    """Regions of `REGION_CHARS` to twice as many that begin at a random line with text.

    Of the files that have such regions each is as likely, and in it each line where one begins.

    Raises:
        InputError: no file has one.
    """
    rng = random.Random(seed)
    regions = [found for file in files if (found := _regions(file))]
    if not regions:
        reason = (
            f"no file has whole lines of {REGION_CHARS} to {2 * REGION_CHARS} characters in a row to type"
        )
        raise InputError(reason, "Name longer files, or files whose lines are shorter.")
    return [rng.choice(rng.choice(regions)) for _ in range(count)]


async def simulate(client: EngineClient, region: Region, policy: Policy = SHOW_ALL) -> Tally:
    """Types one region with the hints that a policy shows.

    Raises:
        GlmError: the engine failed.
    """
    completer = Completer(client)
    preferences = Preferences(policy=policy)
    tally = Tally(num_chars=region.num_chars)
    text = region.text
    at = 0
    shown: Candidate | None = None
    while (at := skip_indent(text, at)) < len(text):
        before = region.file.text[: region.start] + text[:at]
        snapshot = DocumentSnapshot(
            uri=region.file.path,
            path=region.file.path,
            language_id=region.file.language,
            version=tally.num_asked,
            text=before + region.file.text[region.end :],
            offset=len(before),
        )
        outcome = await completer.suggest(snapshot, preferences=preferences)
        tally.num_asked += 1
        hint = outcome.suggestions[0] if outcome.suggestions else None
        if hint and (shown is None or hint.source is not Source.TYPED_THROUGH):
            tally.num_shown += 1
            tally.num_replaced += shown is not None
            after = f"{before}{hint.text}{region.file.text[region.end :]}"
            if (worse := is_worse(region.file.language, snapshot.text, after)) is not None:
                tally.num_parsed += 1
                tally.num_worse += worse
        if hint and is_taken(hint.text, text[at:]):
            tally.num_taken += 1
            tally.num_kept += count_typed(hint.text, at_line_start=False)
            at += len(hint.text)
            shown = None
        else:
            at += 1
            shown = hint
    return tally


async def simulate_all(
    client: EngineClient,
    regions: Sequence[Region],
    policies: Mapping[str, Policy] = CURVE,
    *,
    progress: Progress = silent,
) -> dict[str, list[Tally]]:
    """Types every region with every policy; the model answers each question once.

    Raises:
        GlmError: the engine failed.
    """
    tallies: dict[str, list[Tally]] = {name: [] for name in policies}
    for number, region in enumerate(regions, start=1):
        remembering = RememberingClient(client)
        for name, policy in policies.items():
            tallies[name].append(await simulate(remembering, region, policy))
        progress(number, len(regions))
    return tallies


def is_taken(hint: str, rest: str) -> bool:
    """Whether the person takes a hint: the rest begins with all of it, and no word goes on behind it."""
    if not hint.strip() or not rest.startswith(hint):
        return False
    behind = rest[len(hint) : len(hint) + 1]
    return not (is_word(hint[-1]) and is_word(behind))


def skip_indent(text: str, at: int) -> int:
    """The offset behind the indent if `at` is a line's start, else `at`."""
    if at == 0 or text[at - 1] in "\r\n":
        while at < len(text) and text[at] in _INDENT:
            at += 1
    return at


def count_typed(text: str, *, at_line_start: bool) -> int:
    """Characters that are not part of an indent; a line break of two characters is one key."""
    typed = 0
    for char in text.replace("\r\n", "\n"):
        typed += not (at_line_start and char in _INDENT)
        at_line_start = char in "\r\n" or (at_line_start and char in _INDENT)
    return typed


def summarise(policy: Policy, tallies: Sequence[Tally], seed: int) -> TypingScores:
    """The ratios over all regions; their intervals say what other regions would have given."""
    chars = [tally.num_chars for tally in tallies]
    shown = [tally.num_shown for tally in tallies]
    taken = [tally.num_taken for tally in tallies]
    kept = [tally.num_kept for tally in tallies]
    saved = [tally.num_kept - tally.num_taken for tally in tallies]
    replaced = [tally.num_replaced for tally in tallies]
    return TypingScores(
        threshold=policy.threshold,
        trims=policy.trims,
        kept_chars=estimate_ratio(kept, chars, seed),
        saved_keys=estimate_ratio(saved, chars, seed),
        shown_precision=estimate_ratio(taken, shown, seed) if any(shown) else None,
        replaced=estimate_ratio(replaced, shown, seed) if any(shown) else None,
        shown_per_100_chars=float(100 * np.sum(shown) / np.sum(chars)),
        parses_no_worse=_parses_no_worse(tallies, seed),
        num_shown=sum(shown),
        num_taken=sum(taken),
    )


def by_language(
    policy: Policy, regions: Sequence[Region], tallies: Sequence[Tally], seed: int
) -> dict[str, TypingScores]:
    """The same for the regions of each language."""
    found: dict[str, list[Tally]] = {}
    for region, tally in zip(regions, tallies, strict=True):
        found.setdefault(region.file.language, []).append(tally)
    return {language: summarise(policy, found[language], seed) for language in sorted(found)}


def _parses_no_worse(tallies: Sequence[Tally], seed: int) -> Estimate | None:
    parsed = [tally.num_parsed for tally in tallies]
    sound = [tally.num_parsed - tally.num_worse for tally in tallies]
    return estimate_ratio(sound, parsed, seed) if any(parsed) else None


def best(curve: Iterable[TypingScores]) -> TypingScores | None:
    """The policy that keeps most characters at `LEAST_PRECISION`; None if none is that precise."""
    precise = [s for s in curve if s.shown_precision and s.shown_precision.value >= LEAST_PRECISION]
    return max(precise, key=lambda scores: scores.kept_chars.value, default=None)


def _regions(file: HeldOutFile) -> list[Region]:
    """Each that a file has; the last line of one may be too long for it."""
    text = file.text
    starts = [start for start in line_starts(text) if start + REGION_CHARS <= len(text)]
    regions = [Region(file, start, line_end(text, start + REGION_CHARS)) for start in starts]
    return [region for region in regions if region.end - region.start <= 2 * REGION_CHARS]
