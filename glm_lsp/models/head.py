"""The end of every graph: scores over the vocabulary, and the best of them."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from glm_lsp.models.graph_builder import GraphBuilder, StoredMatrix

NUM_TOP = 8
"""How many best ids each scored row yields."""


def add_head(
    builder: GraphBuilder, normed: str, table: StoredMatrix, num_ids: int, accuracy_level: int
) -> None:
    """Declares and computes the outputs `next`, `top_v`, `top_i` and `logits` of `normed` f32 [1, R, hidden].

    The best ids come from the raw logits, so that log-softmax's rounding cannot reorder them. Of the table only the
    first `num_ids` rows are scored.
    """
    builder.output("next", TensorProto.INT64, [1, "R"])
    builder.output("top_v", TensorProto.FLOAT, [1, "R", NUM_TOP])
    builder.output("top_i", TensorProto.INT64, [1, "R", NUM_TOP])
    builder.output("logits", TensorProto.FLOAT, [1, "R", num_ids])
    builder.linear(normed, table, "logits", rows=num_ids, accuracy_level=accuracy_level)
    top = builder.constant("num_top", np.array([NUM_TOP], np.int64))
    builder.nodes_out("TopK", ["logits", top], ["top_logits", "top_i"], axis=-1)
    builder.node("LogSoftmax", ["logits"], "log_probs", axis=-1)
    builder.node("GatherElements", ["log_probs", "top_i"], "top_v", axis=-1)
    first = builder.constant("first", np.array(0, np.int64))
    builder.node("Gather", ["top_i", first], "next", axis=2)
