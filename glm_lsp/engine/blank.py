"""Prompts with a blank: models that read their context in both directions (`models/prefix_graph.py`).

The context is everything before the start token. Each of its tokens sees all of it, so its keys and values hold for
this very context only, and it has to be run in one piece. What is written behind it is ordinary: it can be cut, kept
and rewound like any text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import SessionError
from glm_lsp.models.prefix_config import PrefixLmConfig


@dataclass(frozen=True, slots=True)
class Blank:
    """Where a prompt's blank is.

    Attributes:
        num_context: c, the tokens before the start token, all of which see each other.
        position: of everything that is written; None where there is no start token. Such a text is read from left to
            right, which these models have not learned: it makes no sense, but it is the same however it is cut.
    """

    num_context: int
    position: int | None

    def positions(self, first: int, count: int) -> NDArray[np.int64]:
        """Both positions of the tokens from `first` on: [2, count]."""
        indices = np.arange(first, first + count, dtype=np.int64)
        if self.position is None:
            return np.stack([indices, np.zeros_like(indices)])
        inside = indices < self.num_context
        written = np.maximum(indices - self.num_context + 1, 0)
        return np.stack([np.where(inside, indices, self.position), written])


@dataclass(frozen=True, slots=True)
class BlankTokens:
    """The tokens that say where a prompt's blank is; `masks` in the order of their rank."""

    masks: tuple[int, ...]
    start: int

    @classmethod
    def of(cls, config: PrefixLmConfig) -> BlankTokens:
        """A model's."""
        return cls(config.mask_token_ids, config.start_token_id)

    def find(self, token_ids: Sequence[int]) -> Blank:
        """The blank of a prompt: its first mask of the highest rank, or without one the context's last token."""
        start = self._start(token_ids)
        if start is None:
            return Blank(0, None)
        context = list(token_ids[:start])
        first = next((context.index(mask) for mask in self.masks if mask in context), max(0, start - 1))
        return Blank(start, first)

    def inseparable(self, token_ids: Sequence[int]) -> int:
        """How many of a prompt's first tokens have to be run together: the context and the start token."""
        start = self._start(token_ids)
        return 0 if start is None else start + 1

    def reusable(self, token_ids: Sequence[int], num_shared: int) -> int:
        """How many of the first tokens' keys and values hold, when they are those of a text with as many the same.

        All, if that text has the same context and is known to by its start token; otherwise none.
        """
        start = self._start(token_ids[:num_shared])
        return 0 if start is None else num_shared

    def after(self, blank: Blank, past: int, token_ids: Sequence[int]) -> Blank:
        """The blank of a text of which `past` tokens have been run, with that `blank`, and `token_ids` come now.

        Raises:
            SessionError: the tokens are part of a context, or end one, that has not been run in one piece.
        """
        if past == 0:
            return self.find(token_ids)
        if blank.position is None:
            is_torn = self.start in token_ids
        else:
            is_torn = past < blank.num_context or (past == blank.num_context and token_ids[0] != self.start)
        if is_torn:
            raise SessionError(f"{len(token_ids)} tokens after {past} belong to a context that was cut")
        return blank

    def _start(self, token_ids: Sequence[int]) -> int | None:
        return list(token_ids).index(self.start) if self.start in token_ids else None
