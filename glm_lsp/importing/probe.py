"""The tokens a model is checked with, and the few rows of its vocabulary that a small copy of it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.layout import Shape
from glm_lsp.models.model_config import ModelConfig
from glm_lsp.models.tensors import tensors_of

NUM_TOKENS = 16
NUM_SMALL = 4
"""So many of them have the smallest embeddings of those looked at: there an epsilon shows."""
NUM_LOOKED_AT = 4096
NUM_IDS = 512
"""Vocabulary of the small copy."""
MAX_COPY_VALUES = 1 << 28
"""Weights in the layers of the small copy, 1 GiB in fp32; one layer it has at least."""

EMBEDDING = "model.embed_tokens.weight"
_BY_ID = (EMBEDDING, "lm_head.weight")


def probe_of(checkpoint: Checkpoint, num_ids: int) -> list[int]:
    """Token ids to run through a model, the same for the same weights. A prompt of its kind, where it needs a blank."""
    config = checkpoint.config
    looked_at = min(num_ids, NUM_LOOKED_AT)
    norms = np.linalg.norm(checkpoint.rows(EMBEDDING, 0, looked_at), axis=1)
    small = np.argsort(norms, kind="stable")[:NUM_SMALL]
    spread = np.random.default_rng(0).integers(0, num_ids, NUM_TOKENS - NUM_SMALL)
    probe = [int(token_id) for token_id in np.concatenate((spread, small))]
    if isinstance(config, GlmConfig):
        return probe
    markers = {config.start_token_id, *config.mask_token_ids}
    words = [token_id for token_id in probe if token_id not in markers]
    return [*words[:6], config.mask_token_ids[0], *words[6:9], config.start_token_id, *words[9:]]


@dataclass(frozen=True, slots=True)
class SmallCopy:
    """A `WeightSource` with the first layers of a checkpoint, and of its vocabulary the rows `ids` alone.

    `config` describes it; id i of the copy is id `ids[i]` of the model.
    """

    checkpoint: Checkpoint
    config: ModelConfig
    ids: tuple[int, ...]

    @classmethod
    def of(cls, checkpoint: Checkpoint, probe: list[int], num_ids: int) -> SmallCopy:
        """The copy that can run `probe`."""
        config = checkpoint.config
        ids = sorted({*probe, *range(min(num_ids, NUM_IDS))})
        shapes = tensors_of(replace(config, num_hidden_layers=1))
        layer = sum(int(np.prod(shape)) for name, shape in shapes.items() if ".layers.0." in name)
        num_layers = max(1, min(config.num_hidden_layers, MAX_COPY_VALUES // layer))
        changes: dict[str, Any] = {
            "num_hidden_layers": num_layers,
            "vocab_size": len(ids),
            "eos_token_ids": (),
        }
        if not isinstance(config, GlmConfig):
            changes["mask_token_ids"] = tuple(ids.index(i) for i in config.mask_token_ids if i in ids)
            changes["start_token_id"] = ids.index(config.start_token_id)
        small = replace(config, pad_token_id=None, **changes)
        return cls(checkpoint, small, tuple(ids))

    @property
    def num_parameters(self) -> int:
        """Weights it has."""
        return sum(int(np.prod(shape)) for shape in tensors_of(self.config).values())

    def shape(self, name: str) -> Shape:
        """See `WeightSource`."""
        return tensors_of(self.config)[name]

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """See `WeightSource`."""
        if name not in _BY_ID:
            return self.checkpoint.rows(name, start, stop)
        return np.concatenate([self.checkpoint.rows(name, i, i + 1) for i in self.ids[start:stop]])

    def translated(self, token_ids: list[int]) -> list[int]:
        """The copy's ids of the model's."""
        return [self.ids.index(token_id) for token_id in token_ids]
