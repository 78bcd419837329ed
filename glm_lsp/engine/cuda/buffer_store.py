"""The buffers of all run shapes of a session, made when first needed."""

from __future__ import annotations

from glm_lsp.engine.cuda.buffers import DeviceArray, KVLayout, Place, RunBuffers
from glm_lsp.engine.cuda.run_shape import NO_GRAPH, RunShape

MAX_KEPT = 48
KEPT_LOGITS_ROWS = 8
"""Buffers of more rows of logits are not kept: a row is half a megabyte with a large vocabulary."""


class BufferStore:
    """Buffers by shape, and whether they take logits.

    Args:
        kv: the memory that all of them are bound to.

    Attributes:
        vocab_size: columns of the logits.
    """

    def __init__(self, place: Place, kv: DeviceArray, layout: KVLayout) -> None:
        outputs = {value.name: value.shape for value in place.inference.get_outputs()}
        self.vocab_size: int = outputs["logits"][2]
        self._num_top: int = outputs["top_i"][2]
        self._place = place
        self._kv = kv
        self._layout = layout
        self._kept: dict[tuple[RunShape, bool], RunBuffers] = {}

    def get(self, shape: RunShape, want_logits: bool) -> RunBuffers:
        """Those of a shape. Steps have one set: a captured graph writes its logits always to the same place."""
        key = shape, want_logits or shape.graph_id != NO_GRAPH
        buffers = self._kept.get(key)
        if buffers is None:
            self._drop_old()
            buffers = self._kept[key] = RunBuffers(
                self._place,
                shape,
                self._kv,
                self._layout,
                num_top=self._num_top,
                vocab_size=self.vocab_size if key[1] else 0,
            )
        return buffers

    def _drop_old(self) -> None:
        """Steps stay, as graphs were captured with them, and so do the newest of the shapes that come again."""
        for shape, has_logits in list(self._kept):
            passing = not shape.is_kept or (has_logits and shape.num_rows > KEPT_LOGITS_ROWS)
            too_many = len(self._kept) >= MAX_KEPT
            if shape.graph_id == NO_GRAPH and (passing or too_many):
                del self._kept[shape, has_logits]
