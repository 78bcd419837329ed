"""What a formula is, and what it reads its weights from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""float32 or float64; one call of `Formula.logits` keeps to one of them."""

Real = type[np.float32] | type[np.float64]


Part = Literal["residual", "attention", "mlp", "head"]
"""Of a model: the residual stream with what is added to it; queries, keys, values and their mixture; gate, up and their
product; the last hidden state and the logits."""

Observer = Callable[[Part, Array], None]
"""Told every value of a part as it is computed."""


def unobserved(_part: Part, _values: Array) -> None:
    """An `Observer` that looks away."""


class TensorReader(Protocol):
    """The tensors of an official checkpoint by their official names."""

    def shape(self, name: str) -> tuple[int, ...]:
        """Its dimensions.

        Raises:
            LookupError: there is no such tensor.
        """

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows `start` to `stop`, or that many elements of a tensor with one dimension."""


class Formula(Protocol):
    """One model, read from the values of its `config.json`."""

    def logits(
        self,
        reader: TensorReader,
        token_ids: Sequence[int],
        *,
        num_layers: int | None = None,
        num_ids: int | None = None,
        dtype: Real = np.float32,
    ) -> Array:
        """Scores [T, num_ids] of what follows each token, in `dtype` throughout.

        Args:
            num_layers: only the first so many, then the last norm and the head as ever; all when omitted.
            num_ids: only the scores of the first so many ids; all rows of the head when omitted.
        """


@dataclass(frozen=True, slots=True)
class BlankTokens:
    """The token ids that give a prompt with a blank its positions.

    `masks` come in the order of their rank: the first kind that occurs before the start token is the blank.
    """

    masks: tuple[int, ...]
    start: int
