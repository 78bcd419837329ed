"""Which part of a text is shown: the beginning that promises to save most keys and is likely enough to be right."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glm_lsp.completion.brackets import leaves_open
from glm_lsp.completion.confidence import probability
from glm_lsp.completion.outcome import Tried, Written
from glm_lsp.completion.policy import Policy
from glm_lsp.completion.reason import BELOW_THRESHOLD, NOT_WORTH_A_KEY, PARSES_WORSE
from glm_lsp.completion.words import is_word
from glm_lsp.engine.description import ConfidenceWeights

Fits = Callable[[str, bool], bool]

_MOST_PARSED = 4
"""Parts that are parsed before none is shown: each costs a millisecond or so, and 30 before it is let pass."""


@dataclass(frozen=True, slots=True)
class Part:
    """A beginning of a text and how likely it is right; None without log-probabilities."""

    text: str
    score: float | None

    @property
    def saved_keys(self) -> float:
        """How many keys it promises to save: taking it costs one."""
        return (1.0 if self.score is None else self.score) * (len(self.text) - 1)


def choose_part(
    text: str,
    written: Written,
    weights: ConfidenceWeights | None,
    policy: Policy,
    fits: Fits,
) -> tuple[Part | None, tuple[Tried, ...]]:
    """The part to show, and what was said of those that were considered.

    Args:
        text: what post-processing left, not empty.
        written: what it comes from.
        weights: of the model's confidence.
        policy: how sure a part has to be.
        fits: whether a part may stand in the document, and whether it is the model's whole text; asked of the most
            promising ones only.
    """
    everything = whole(text, written, weights)
    found = parts(text, written, weights)
    likely = [part for part in found if part.score is None or part.score >= policy.threshold]
    worthy = sorted((part for part in likely if part.saved_keys > 0), key=_saved_keys, reverse=True)
    if not policy.trims and (everything.score is None or everything.score >= policy.threshold):
        worthy = [everything, *(part for part in worthy if part.text != everything.text)]
    if not worthy:
        best = max(found, key=lambda part: part.score or 0.0, default=everything)
        return None, (Tried(best.text, best.score, NOT_WORTH_A_KEY if likely else BELOW_THRESHOLD),)
    tried: list[Tried] = []
    for part in worthy[:_MOST_PARSED]:
        if fits(part.text, part.text == text and not written.is_torn):
            return part, (*tried, Tried(part.text, part.score))
        tried.append(Tried(part.text, part.score, PARSES_WORSE))
    return None, tuple(tried)


def _saved_keys(part: Part) -> float:
    return part.saved_keys


def whole(text: str, written: Written, weights: ConfidenceWeights | None) -> Part:
    """All of a text as one part."""
    at = written.text.find(text)
    logprobs = _logprobs(written, at + len(text) if at >= 0 else len(written.text))
    return Part(text, probability(logprobs, weights) if logprobs else None)


def parts(text: str, written: Written, weights: ConfidenceWeights | None) -> list[Part]:
    """Every beginning that ends where a word does, the shortest first; of later lines only whole ones.

    None but the text itself leaves a bracket open that it has opened: an editor closes only what is typed.

    The model's last word, if it was broken off in it, is no word. A text that post-processing has changed inside,
    not only cut, has one part.
    """
    at = written.text.find(text)
    if at < 0 or not written.token_starts:
        return [whole(text, written, weights)]
    is_open = written.is_torn and at + len(text) == len(written.text)
    found = []
    for end in _word_ends(text, is_open=is_open):
        logprobs = _logprobs(written, at + end)
        found.append(Part(text[:end], probability(logprobs, weights) if logprobs else None))
    return found


def has_more(written: Written, shown: str) -> bool:
    """Whether a broken off text has another part behind what is shown of it."""
    end = max(0, written.text.find(shown)) + len(shown)
    return any(further > end for further in _word_ends(written.text, is_open=True))


def _logprobs(written: Written, end: int) -> Sequence[float]:
    return written.token_logprobs[: bisect_left(written.token_starts, end)]


def _word_ends(text: str, *, is_open: bool) -> list[int]:
    first_line = text.find("\n")
    first_line = len(text) if first_line < 0 else first_line
    ends = [
        end
        for end in range(1, len(text) + 1)
        if (end <= first_line or text[end : end + 1] in ("", "\n"))
        and not text[end - 1].isspace()
        and not (is_word(text[end - 1]) and is_word(text[end : end + 1]))
    ]
    ends = [end for end in ends if end == len(text) or not leaves_open(text[:end])]
    if is_open and ends and ends[-1] == len(text) and is_word(text[-1]):
        ends.pop()
    return ends
