"""The ONNX graph of a model that reads its context in both directions: ChatGLM-6B and the original GLM.

    inputs   those of `models/graph.py`, and
             position_ids i64 [1, 2, S]: in the context, where what is written stands at the blank, and in what is
             written, 0 in the context;  num_context i32 [1] = c, the tokens before the start token
    outputs  those of `models/graph.py`

Token q may attend to token k if k <= q or k < c, which GroupQueryAttention cannot do. Keys and values are scattered
into the buffers that are past and present at once, and attention runs over all of the capacity with a mask made here:
entries beyond what has been run may hold anything finite. The context has to be run in one piece.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from glm_lsp.errors import ArchitectureError
from glm_lsp.models.graph_builder import CONTRIB, GraphBuilder
from glm_lsp.models.graph_options import GraphOptions
from glm_lsp.models.head import add_head
from glm_lsp.models.prefix_config import PrefixLmConfig
from glm_lsp.models.stored_matrix import StoredMatrix

PREFIX_OPSET = 24
"""The first with TensorScatter."""


def half_rotary_tables(
    config: PrefixLmConfig, length: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """cos and sin [length, head_dim / 4]: each half of a head is turned by one of the two positions."""
    exponents = np.arange(0, config.head_dim // 2, 2, dtype=np.float32) / np.float32(config.head_dim // 2)
    frequencies = 1 / (np.float32(config.rope_theta) ** exponents)
    if config.rounds_frequencies:
        frequencies = frequencies.astype(np.float16).astype(np.float32)
    angles = np.outer(np.arange(length, dtype=np.float32), frequencies)
    return np.cos(angles), np.sin(angles)


class PrefixGraph:
    """The model's structure, in execution order.

    Raises:
        ArchitectureError: the capacity is larger than the table of positions.
    """

    def __init__(self, config: PrefixLmConfig, builder: GraphBuilder, options: GraphOptions) -> None:
        self.config = config
        self.builder = builder
        self.options = options
        if not config.rotates and options.capacity > config.max_position_embeddings:
            raise ArchitectureError(
                f"the model knows {config.max_position_embeddings} positions, not {options.capacity}"
            )

    def build(self, start: Callable[[str], None]) -> None:
        """Adds every node and writes every weight; `start` is told which part comes next."""
        self._declare_inputs()
        start("embedding")
        table = self.builder.store_matrix("model.embed_tokens.weight", self.options.table_precision)
        stream = self.builder.embedding("input_ids", table, "embed")
        if not self.config.rotates:
            stream = self._add_positions(stream)
        normed = self._first_norm(stream)
        for layer in range(self.config.num_hidden_layers):
            start(f"layer {layer + 1} of {self.config.num_hidden_layers}")
            normed, stream = self._layer(layer, normed, stream)
        start("vocabulary")
        self._head(normed, table)

    def _declare_inputs(self) -> None:
        builder = self.builder
        builder.input("input_ids", TensorProto.INT64, [1, "S"])
        builder.input("position_ids", TensorProto.INT64, [1, 2, "S"])
        builder.input("num_context", TensorProto.INT32, [1])
        builder.input("seqlens_k", TensorProto.INT32, [1])
        builder.input("total_seq", TensorProto.INT32, [1])
        builder.input("sel", TensorProto.INT64, ["R"])
        for name, values in (
            ("zero", np.array(0, np.int64)),
            ("one", np.array(1, np.int64)),
            ("first_axis", np.array([0], np.int64)),
            ("last_axis", np.array([1], np.int64)),
        ):
            builder.constant(name, values)
        self._mask()
        if self.config.rotates:
            cos, sin = half_rotary_tables(self.config, self.options.capacity)
            builder.constant("alpha", np.array(self.config.residual_scale, np.float32))
            builder.constant("cos", cos)
            builder.constant("sin", sin)
            builder.node("Squeeze", ["position_ids", "first_axis"], "positions")

    def _mask(self) -> None:
        """`past` i64 [1], how many tokens have been run; `mask` bool [S, C], which may attend to which."""
        node = self.builder.node
        node("Cast", ["seqlens_k"], "last", to=TensorProto.INT64)
        node("Cast", ["total_seq"], "total", to=TensorProto.INT64)
        node("Cast", ["num_context"], "context", to=TensorProto.INT64)
        node("Shape", ["input_ids"], "num_run", start=1)
        node("Add", ["last", "one"], "end")
        node("Sub", ["end", "num_run"], "past")
        bounds = {
            name: node("Squeeze", [name, "first_axis"], f"{name}.scalar") for name in ("total", "end", "past")
        }
        node("Range", ["zero", bounds["total"], "one"], "columns")
        node("Range", [bounds["past"], bounds["end"], "one"], "row_numbers")
        node("Unsqueeze", ["row_numbers", "last_axis"], "rows")
        node("LessOrEqual", ["columns", "rows"], "mask.causal")
        node("Less", ["columns", "context"], "mask.context")
        node("Or", ["mask.causal", "mask.context"], "mask")

    def _add_positions(self, stream: str) -> str:
        """Both learned positions; the second table counts from 0 in the context."""
        builder = self.builder
        ids = builder.nodes_out(
            "Split", ["position_ids"], ["position", "block_position"], axis=1, num_outputs=2
        )
        for name, source in zip(ids, ("position_embeddings", "block_position_embeddings"), strict=True):
            table = builder.store_matrix(f"model.{source}.weight", "fp32")
            row = builder.node("Squeeze", [name, "last_axis"], f"{name}.row")
            added = builder.embedding(row, table, f"embed.{name}")
            stream = builder.node("Add", [stream, added], f"embed.with_{name}")
        return stream

    def _layer(self, layer: int, normed: str, stream: str) -> tuple[str, str]:
        """One block; returns the next block's normed input (after the last one the head's) and the stream."""
        builder, name, prefix = self.builder, f"layer{layer}", f"model.layers.{layer}"
        last = layer == self.config.num_hidden_layers - 1
        attended = self._attention(layer, normed)
        kept = self._kept(normed, stream, f"{name}.attn_kept")
        if last:
            attended = builder.node("Gather", [attended, "sel"], f"{name}.attn_sel", axis=1)
            kept = builder.node("Gather", [kept, "sel"], f"{name}.stream_sel", axis=1)
        level = self.options.accuracy.attention
        added = self._linear(attended, f"{prefix}.self_attn.o_proj", f"{name}.o", level)
        normed, stream = self._add_and_norm(
            kept, added, f"{prefix}.post_attention_layernorm", f"{name}.mlp_norm"
        )
        kept = self._kept(normed, stream, f"{name}.mlp_kept")
        added = self._mlp(layer, normed)
        following = "model.norm" if last else f"model.layers.{layer + 1}.input_layernorm"
        target = "final_norm" if last else f"layer{layer + 1}.attn_norm"
        return self._add_and_norm(kept, added, following, target)

    def _kept(self, normed: str, stream: str, output: str) -> str:
        """What the next result is added to: the stream, or in ChatGLM-6B the enlarged normed input."""
        return self.builder.node("Mul", [normed, "alpha"], output) if self.config.rotates else stream

    def _attention(self, layer: int, normed: str) -> str:
        """[1, S, hidden]."""
        builder, name = self.builder, f"layer{layer}"
        level = self.options.accuracy.attention
        qkv = self._linear(normed, f"model.layers.{layer}.self_attn.qkv_proj", f"{name}.qkv", level)
        q, k, v = self._rotated_heads(qkv, name) if self.config.rotates else self._heads(qkv, name)
        cache: list[int | str] = [1, self.config.num_attention_heads, "C", self.config.head_dim]
        both = []
        for part, update in (("k", k), ("v", v)):
            past = builder.input(f"past.{layer}.{part}", TensorProto.FLOAT, cache)
            present = builder.output(f"present.{layer}.{part}", TensorProto.FLOAT, cache)
            both.append(builder.node("TensorScatter", [past, update, "past"], present, axis=2))
        mixed = builder.node("Attention", [q, *both, "mask"], f"{name}.mixed")
        across = builder.node("Transpose", [mixed], f"{name}.across", perm=[0, 2, 1, 3])
        return self._reshape(across, [1, -1, self.config.hidden_size], f"{name}.attn")

    def _heads(self, qkv: str, name: str) -> list[str]:
        """Queries, keys and values [1, heads, S, head_dim] each."""
        heads, width = self.config.num_attention_heads, self.config.head_dim
        apart = self._reshape(qkv, [1, -1, 3 * heads, width], f"{name}.apart")
        turned = self.builder.node("Transpose", [apart], f"{name}.turned", perm=[0, 2, 1, 3])
        outputs = [f"{name}.{part}" for part in "qkv"]
        return list(self.builder.nodes_out("Split", [turned], outputs, axis=1, num_outputs=3))

    def _rotated_heads(self, qkv: str, name: str) -> list[str]:
        """The same, queries and keys rotated: their two halves are a batch of two, each with its position."""
        builder, heads, width = self.builder, self.config.num_attention_heads, self.config.head_dim
        q, k, v = self._heads(qkv, name)
        rotated = []
        for part, each in (("q", q), ("k", k)):
            halves = self._reshape(each, [heads, -1, 2, width // 2], f"{name}.{part}.halves")
            batch = builder.node("Transpose", [halves], f"{name}.{part}.batch", perm=[2, 0, 1, 3])
            turned = builder.node(
                "RotaryEmbedding", [batch, "cos", "sin", "positions"], f"{name}.{part}.turned"
            )
            back = builder.node("Transpose", [turned], f"{name}.{part}.back", perm=[1, 2, 0, 3])
            rotated.append(self._reshape(back, [1, heads, -1, width], f"{name}.{part}.rotated"))
        return [*rotated, v]

    def _mlp(self, layer: int, normed: str) -> str:
        name, prefix, level = f"layer{layer}", f"model.layers.{layer}.mlp", self.options.accuracy.mlp
        inner = self._linear(normed, f"{prefix}.up_proj", f"{name}.up", level)
        approximate = "tanh" if self.config.rotates else "none"
        gelu = self.builder.node("Gelu", [inner], f"{name}.gelu", approximate=approximate)
        return self._linear(gelu, f"{prefix}.down_proj", f"{name}.down", level)

    def _head(self, normed: str, table: StoredMatrix) -> None:
        if not self.config.tie_word_embeddings:
            table = self.builder.store_matrix("lm_head.weight", self.options.table_precision)
        count = self.options.real_vocab_size or self.config.vocab_size
        add_head(self.builder, normed, table, count, self.options.accuracy.head)

    def _linear(self, x: str, source: str, output: str, accuracy_level: int) -> str:
        matrix = self.builder.store_matrix(f"{source}.weight", self.options.precision)
        bias = self.builder.vector(f"{output}.bias", f"{source}.bias")
        return self.builder.linear(x, matrix, output, bias=bias, accuracy_level=accuracy_level)

    def _first_norm(self, stream: str) -> str:
        gain, bias = self._norm_weights("model.layers.0.input_layernorm", "layer0.attn_norm")
        return self.builder.node(
            "LayerNormalization",
            [stream, gain, bias],
            "layer0.attn_norm",
            axis=-1,
            epsilon=self.config.layer_norm_eps,
        )

    def _add_and_norm(self, kept: str, added: str, source: str, output: str) -> tuple[str, str]:
        """(layer norm of kept + added, kept + added) in one operator."""
        gain, bias = self._norm_weights(source, output)
        outputs = [output, "", "", "" if self.config.rotates else f"{output}.stream"]
        self.builder.nodes_out(
            "SkipLayerNormalization",
            [kept, added, gain, bias],
            outputs,
            CONTRIB,
            epsilon=self.config.layer_norm_eps,
        )
        return output, outputs[3]

    def _norm_weights(self, source: str, output: str) -> tuple[str, str]:
        vector = self.builder.vector
        return vector(f"{output}.gain", f"{source}.weight"), vector(f"{output}.offset", f"{source}.bias")

    def _reshape(self, x: str, shape: list[int], output: str) -> str:
        target = self.builder.constant(f"{output}.shape", np.array(shape, np.int64))
        return self.builder.node("Reshape", [x, target], output)
