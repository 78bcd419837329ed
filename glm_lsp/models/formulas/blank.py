"""Where the tokens of a prompt with a blank stand, and what each may attend to.

The context, that is everything before the start token, is read in both directions; what follows is written
from left to right. A token has two positions: in the context, where everything that is written stands at the
blank, and within what is written, counted from 1 at the start token and 0 in the context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glm_lsp.models.formulas import arithmetic
from glm_lsp.models.formulas.formula import Array, BlankTokens


@dataclass(frozen=True, slots=True)
class Blank:
    """Positions [T] each, and bool [T, T] of which row may attend to which column."""

    positions: Array
    block_positions: Array
    allowed: Array


def place(token_ids: Sequence[int], tokens: BlankTokens) -> Blank:
    """Finds the context and the blank in a prompt and what has been written behind it.

    A prompt without a start token is read from left to right; one without a blank is written at the end of its
    context. The models were not trained on either.
    """
    count, indices = len(token_ids), np.arange(len(token_ids))
    if tokens.start not in token_ids:
        return Blank(indices, np.zeros_like(indices), arithmetic.causal(count))
    start = list(token_ids).index(tokens.start)
    context = list(token_ids[:start])
    blank = next((context.index(mask) for mask in tokens.masks if mask in context), max(0, start - 1))
    positions = np.where(indices < start, indices, blank)
    block_positions = np.maximum(indices - start + 1, 0)
    allowed = arithmetic.causal(count) | (indices < start)[None, :]
    return Blank(positions, block_positions, allowed)
