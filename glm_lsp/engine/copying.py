"""Copying: what came after the same words elsewhere in the text is blended into the model's scores.

Source code repeats itself nearby: names, calls, whole lines. A small model has seen little and its context is short,
but the text around the cursor lies there to be looked up. For each token the longest run of bytes before it that
also stands elsewhere is found; the tokens that follow in those places get a share of the probability. How large a
share depends on how long the run is, how far the places agree and how sure the model is, by weights that are
fitted on held-out code for each model (`CopyWeights` of its manifest). This is the continuous cache of Grave et al.
(arXiv 1612.04426) with matches of bytes in place of hidden states.

Ids and bytes only. Copying looks at the best candidates of a row, never at all logits.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from dataclasses import dataclass

import numpy as np
from msgspec.structs import astuple

from glm_lsp.engine.healing import VocabularyIndex
from glm_lsp.engine.session import Scores
from glm_lsp.engine.text_lookup import BORDER, Match, Trail
from glm_lsp.models.manifest import CopyWeights

_LOOK_AHEAD = 24
_LINE_BREAKS = b"\r\n"
_MOST = 700.0
"""`math.exp` of more does not exist."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is known about the next token: probabilities by id, the model's best first."""

    model: dict[int, float]
    copied: dict[int, float]
    length: int
    num_places: int

    def features(self) -> tuple[float, ...]:
        """What the weights are for, in the order of `CopyWeights`."""
        favourite = next(iter(self.model))
        candidate = max(self.copied, key=self.copied.__getitem__)
        return (
            1.0,
            math.log(self.length),
            math.log(self.num_places),
            self.copied[candidate],
            self.model[favourite],
            self.model.get(candidate, 0.0),
            float(candidate == favourite),
        )

    def share(self, weights: CopyWeights) -> float:
        """How much of the probability copying gets, between 0 and 1."""
        total = sum(map(operator.mul, astuple(weights), self.features()))
        return 1 / (1 + math.exp(min(_MOST, -total)))


@dataclass(frozen=True, slots=True)
class Copying:
    """The mixture for one answer.

    Attributes:
        trail: where the answer stands; `after` moves it on.
        within_line: whether a line break means the end of the answer.
    """

    vocabulary: VocabularyIndex
    weights: CopyWeights
    trail: Trail
    within_line: bool
    end_ids: frozenset[int]

    def blend(self, scores: Scores) -> Scores:
        """The scores of one row with the copied tokens' share in them.

        The result has up to `MAX_PLACES` candidates more, and no logits.
        """
        proposal = self.propose(scores)
        if proposal is None:
            return scores
        share = proposal.share(self.weights)
        mixed = {id_: (1 - share) * probability for id_, probability in proposal.model.items()}
        for id_, probability in proposal.copied.items():
            mixed[id_] = mixed.get(id_, 0.0) + share * probability
        return _ranked(mixed)

    def propose(self, scores: Scores) -> Proposal | None:
        """What the places where the text before stands, too, say about the next token; None when nothing."""
        match = self.trail.match
        if match is None:
            return None
        ids, logprobs = scores.top_ids[0].tolist(), scores.top_logprobs[0].astype(np.float64)
        counts = self._next_tokens(match, ids)
        if not counts:
            return None
        total = sum(counts.values())
        return Proposal(
            model=dict(zip(ids, np.exp(logprobs).tolist(), strict=True)),
            copied={id_: count / total for id_, count in counts.items()},
            length=match.length,
            num_places=total,
        )

    def after(self, token_id: int) -> None:
        """Goes on behind a token."""
        self.trail.after(self.vocabulary.text_of(token_id))

    def _next_tokens(self, match: Match, ids: list[int]) -> Counter[int]:
        data, num_pending = self.trail.lookup.data, len(self.trail.pending)
        # Many places go on alike: what follows is counted before it is taken apart.
        following = Counter(data[end - num_pending : end - num_pending + _LOOK_AHEAD] for end in match.ends)
        tokens: Counter[int] = Counter()
        for text, count in following.items():
            if text[num_pending] in _LINE_BREAKS:
                # Where lines end is the model's affair, unless it is the line that is asked for; and what has to be
                # written again comes before any end.
                if self.within_line and not num_pending:
                    tokens[self._end_of_line(ids)] += count
                continue
            token_id = self.vocabulary.longest(text.partition(BORDER)[0])
            if token_id is not None:
                tokens[token_id] += count
        return tokens

    def _end_of_line(self, ids: list[int]) -> int:
        """The end as the model would write it."""
        return next((id_ for id_ in ids if id_ in self.end_ids), min(self.end_ids))


def _ranked(probabilities: dict[int, float]) -> Scores:
    ids = np.array(sorted(probabilities, key=probabilities.__getitem__, reverse=True), np.int64)
    values = np.array([probabilities[id_] for id_ in ids.tolist()], np.float64)
    logprobs = np.log(np.maximum(values, 1e-30)).astype(np.float32)
    return Scores(ids[:1], ids[None], logprobs[None], None)


@dataclass(frozen=True, slots=True)
class Copier:
    """Starts copying for one model's requests.

    Attributes:
        vocabulary: all tokens that may be written.
        weights: fitted for the model.
        end_ids: tokens that end an answer; at least one.
    """

    vocabulary: VocabularyIndex
    weights: CopyWeights
    end_ids: frozenset[int]

    def start(self, trail: Trail, *, within_line: bool) -> Copying:
        """The mixture for an answer that begins where the trail stands.

        Args:
            within_line: whether the answer ends with the line.
        """
        return Copying(self.vocabulary, self.weights, trail, within_line, self.end_ids)
