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

NUM_GROUPS = 64
LEAST_GROUPED = 64 * NUM_GROUPS
"""From so many scores on the best are looked for in groups first. CUDA's TopK gave one block of threads to each row in
some releases of ONNX Runtime, which then read a large vocabulary seven times by itself: a millisecond."""

NO_SCORE = -6e4
"""Added to the scores of rows that are no ids; almost as low as fp16 goes."""


def add_head(
    builder: GraphBuilder, normed: str, table: StoredMatrix, num_ids: int, accuracy_level: int
) -> None:
    """Declares and computes the outputs `next`, `top_v`, `top_i` and `logits` of `normed` [1, R, hidden].

    The best ids come from the raw logits, so that log-softmax's rounding cannot reorder them. Of the table only the
    first `num_ids` rows are ids. Whatever the graph computes in, logits and log-probabilities are fp32.
    """
    builder.output("next", TensorProto.INT64, [1, "R"])
    builder.output("top_v", TensorProto.FLOAT, [1, "R", NUM_TOP])
    builder.output("top_i", TensorProto.INT64, [1, "R", NUM_TOP])
    builder.output("logits", TensorProto.FLOAT, [1, "R", num_ids])
    builder.constant("num_top", np.array([NUM_TOP], np.int64))
    if builder.activations == "fp32":
        builder.linear(normed, table, "logits", rows=num_ids, accuracy_level=accuracy_level)
        builder.nodes_out("TopK", ["logits", "num_top"], ["top_logits", "top_i"], axis=-1)
    else:
        _add_narrow_head(builder, normed, table, num_ids, accuracy_level)
    builder.node("LogSoftmax", ["logits"], "log_probs", axis=-1)
    builder.node("GatherElements", ["log_probs", "top_i"], "top_v", axis=-1)
    first = builder.constant("first", np.array(0, np.int64))
    builder.node("Gather", ["top_i", first], "next", axis=2)


def _add_narrow_head(
    builder: GraphBuilder, normed: str, table: StoredMatrix, num_ids: int, accuracy_level: int
) -> None:
    """`logits` and `top_i` of a graph in 16 bits."""
    if builder.activations != table.number_format:
        normed = builder.cast(normed, table.number_format, "final_norm.half")
    rows = min(table.rows, -(-num_ids // ROW_BLOCK) * ROW_BLOCK)
    scores = builder.linear(normed, table, "scores", rows=rows, accuracy_level=accuracy_level)
    if rows == num_ids:
        builder.cast(scores, "fp32", "logits")
    else:
        mask = np.zeros(rows, np.float16)
        mask[num_ids:] = NO_SCORE
        bounds = {"ids.first": 0, "ids.end": num_ids, "ids.axis": 2}
        names = [builder.constant(name, np.array([value], np.int64)) for name, value in bounds.items()]
        builder.cast(builder.node("Slice", [scores, *names], "scores.ids"), "fp32", "logits")
        scores = builder.node("Add", [scores, builder.constant("no_ids", mask)], "scores.masked")
    if rows % NUM_GROUPS == 0 and rows >= LEAST_GROUPED:
        _best_by_groups(builder, scores, rows)
    else:
        builder.nodes_out("TopK", [scores, "num_top"], ["top_scores", "top_i"], axis=-1)


def _best_by_groups(builder: GraphBuilder, scores: str, rows: int) -> None:
    """`top_i`: the best of each group, then the best of those; no id of the best can be missing."""
    width = rows // NUM_GROUPS
    by_group = builder.constant("groups.shape", np.array([0, 0, NUM_GROUPS, width], np.int64))
    in_a_row = builder.constant("groups.flat", np.array([0, 0, NUM_GROUPS * NUM_TOP], np.int64))
    starts = builder.constant("groups.starts", np.arange(0, rows, width, dtype=np.int64)[:, None])
    grouped = builder.node("Reshape", [scores, by_group], "groups")
    builder.nodes_out("TopK", [grouped, "num_top"], ["groups.scores", "groups.places"], axis=-1)
    builder.node("Add", ["groups.places", starts], "groups.ids")
    found = [builder.node("Reshape", [f"groups.{of}", in_a_row], f"best.{of}") for of in ("scores", "ids")]
    builder.nodes_out("TopK", [found[0], "num_top"], ["top_scores", "best.places"], axis=-1)
    builder.node("GatherElements", [found[1], "best.places"], "top_i", axis=-1)
