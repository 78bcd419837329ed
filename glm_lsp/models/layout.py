"""How a checkpoint folder holds a model: which tensors it must have, and where in them ours are.

A layout is data. Ours are the tensors the graph is built from (`models/tensors.py`); each is one or several runs of
rows of the checkpoint's own tensors, one below the other. So renaming, splitting and undoing an interleaving are all
the same thing, and a tensor can be read in blocks of rows however it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from glm_lsp.models.model_config import ModelConfig

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RowSpan:
    """Rows `start` to `stop` of one of the checkpoint's tensors; elements, where it has one dimension."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Tensors, by names matched in full, that make a checkpoint another model than its config says; and what to do."""

    names: re.Pattern[str]
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One model in one kind of checkpoint.

    Attributes:
        name: for people.
        config: the model.
        tensors: what the checkpoint must hold, with shapes.
        sources: the rows that make up each of our tensors.
        ignored: names that may be there and say nothing; matched in full.
        refused: names that may not be there.
        copies: names that may be there, of tensors that must hold the same as another.
    """

    name: str
    config: ModelConfig
    tensors: Mapping[str, Shape]
    sources: Mapping[str, tuple[RowSpan, ...]]
    ignored: re.Pattern[str]
    refused: tuple[Refusal, ...] = ()
    copies: Mapping[str, str] = field(default_factory=dict)


def whole(tensors: Mapping[str, Shape], name: str) -> tuple[RowSpan, ...]:
    """All rows of a tensor."""
    return (RowSpan(name, 0, tensors[name][0]),)
