"""The end of every graph: scores over the vocabulary, and the best of them."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from glm_lsp.models.graph_builder import GraphBuilder
from glm_lsp.models.stored_matrix import StoredMatrix

NUM_TOP = 8
"""How many best ids each scored row yields."""

ROW_BLOCK = 64
"""CUDA's kernels for a few rows want a whole number of these, at least of 8, in the table. Without, they turn all of it
back into fp16 at each step."""


def add_head(
    builder: GraphBuilder, normed: str, table: StoredMatrix, num_ids: int, accuracy_level: int
) -> None:
    """Declares and computes the outputs `next`, `top_v`, `top_i` and `logits` of `normed` [1, R, hidden].

    The best ids come from the raw logits, so that log-softmax's rounding cannot reorder them. Of the table only the
    first `num_ids` rows are scored. Whatever the graph computes in, scores and log-probabilities are fp32.
    """
    builder.output("next", TensorProto.INT64, [1, "R"])
    builder.output("top_v", TensorProto.FLOAT, [1, "R", NUM_TOP])
    builder.output("top_i", TensorProto.INT64, [1, "R", NUM_TOP])
    builder.output("logits", TensorProto.FLOAT, [1, "R", num_ids])
    if builder.activations == "fp32":
        builder.linear(normed, table, "logits", rows=num_ids, accuracy_level=accuracy_level)
    else:
        _narrow_scores(builder, normed, table, num_ids, accuracy_level)
    top = builder.constant("num_top", np.array([NUM_TOP], np.int64))
    builder.nodes_out("TopK", ["logits", top], ["top_logits", "top_i"], axis=-1)
    builder.node("LogSoftmax", ["logits"], "log_probs", axis=-1)
    builder.node("GatherElements", ["log_probs", "top_i"], "top_v", axis=-1)
    first = builder.constant("first", np.array(0, np.int64))
    builder.node("Gather", ["top_i", first], "next", axis=2)


def _narrow_scores(
    builder: GraphBuilder, normed: str, table: StoredMatrix, num_ids: int, accuracy_level: int
) -> None:
    if builder.activations != table.number_format:
        normed = builder.cast(normed, table.number_format, "final_norm.half")
    rows = min(table.rows, -(-num_ids // ROW_BLOCK) * ROW_BLOCK)
    scores = builder.linear(normed, table, "scores", rows=rows, accuracy_level=accuracy_level)
    if rows > num_ids:
        bounds = {"ids.first": 0, "ids.end": num_ids, "ids.axis": 2}
        names = [builder.constant(name, np.array([value], np.int64)) for name, value in bounds.items()]
        scores = builder.node("Slice", [scores, *names], "scores.ids")
    builder.cast(scores, "fp32", "logits")
