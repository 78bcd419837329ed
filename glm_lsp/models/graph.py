"""The ONNX graph of a model, written straight from its checkpoint with ONNX Runtime's fused operators.

Models that read their context in both directions have a graph of their own, `models/prefix_graph.py`. A GLM's:

    inputs   input_ids i64 [1, S]; seqlens_k i32 [1] = past + S - 1; total_seq i32 [1] = capacity, always;
             sel i64 [R], the rows to score; past.{i}.k and .v [1, kv_heads, C, head_dim]
    outputs  next i64 [1, R]; top_v f32 and top_i i64 [1, R, 8], log-probabilities, best first;
             logits f32 [1, R, V]; present.{i}.k and .v, bound to the memory of past

Keys and values, and everything else between embedding and head, are of `GraphOptions.activations`.

There is neither mask nor position input: GroupQueryAttention derives both from `seqlens_k`, writes keys and
values in place and rotates twice as many dimensions as the cos table is wide, which is GLM's partial
rotation. Only the scored rows pass through the last layer's MLP, the last norm and the vocabulary. V is the
number of ids that exist: padded vocabulary rows are embedded but never scored.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from glm_lsp.errors import ArchitectureError
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.graph_builder import CONTRIB, GraphBuilder
from glm_lsp.models.graph_options import GraphOptions
from glm_lsp.models.head import NUM_TOP, add_head
from glm_lsp.models.journal import Journal
from glm_lsp.models.manifest import MODEL_FILE, WEIGHT_FILE
from glm_lsp.models.model_config import ModelConfig
from glm_lsp.models.number_format import DATA_TYPE
from glm_lsp.models.precision import FITTING
from glm_lsp.models.prefix_config import PrefixLmConfig
from glm_lsp.models.prefix_graph import PREFIX_OPSET, PrefixGraph
from glm_lsp.models.quantization import BLOCK
from glm_lsp.models.stored_matrix import StoredMatrix, WeightSource
from glm_lsp.models.weight_file import WeightFile

OPSET, CONTRIB_OPSET = 21, 1

IR_VERSIONS = {OPSET: 10, PREFIX_OPSET: 12}
"""The oldest format of a file that may use a set of operators."""


class ModelWeights(WeightSource, Protocol):
    """A whole model: a checkpoint, or a part of one."""

    @property
    def config(self) -> ModelConfig:
        """What it is."""

    @property
    def num_parameters(self) -> int:
        """How many weights it has."""


Progress = Callable[[str, float], None]
"""Called with what is being done and the finished share of the weights, 0 to 1."""


def write_graph(
    model: ModelWeights,
    folder: Path,
    options: GraphOptions,
    *,
    metadata: dict[str, str] | None = None,
    journal: Journal | None = None,
    progress: Progress = lambda _what, _share: None,
) -> None:
    """Writes `model.onnx` and `model.onnx.data` into `folder`, one block of a tensor in memory at a time.

    Args:
        journal: of the weight file; with one, what an earlier run has written is kept.

    Raises:
        ArchitectureError: the sizes do not fit the precision, or the vocabulary is smaller than its tokens.
        CheckpointError: a tensor cannot be read.
    """
    _check_sizes(model.config, options)
    count = _Count(model.num_parameters, progress)
    with WeightFile(folder / WEIGHT_FILE, journal) as weights:
        builder = GraphBuilder(weights, model, options.activations, count.add)
        opset = _build(model.config, builder, options, count.start)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(CONTRIB, CONTRIB_OPSET)]
    graph = builder.finish("glm")
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSIONS[opset])
    helper.set_model_props(proto, metadata or {})
    (folder / MODEL_FILE).write_bytes(proto.SerializeToString())


def rotary_tables(config: GlmConfig, length: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """cos and sin [length, rotary_dim / 2]; in fp32 throughout, as the models were trained."""
    exponents = np.arange(0, config.rotary_dim, 2, dtype=np.float32) / np.float32(config.rotary_dim)
    frequencies = 1 / (np.float32(config.rope_theta) ** exponents) / np.float32(config.rope_factor)
    angles = np.outer(np.arange(length, dtype=np.float32), frequencies)
    return np.cos(angles), np.sin(angles)


def _build(
    config: ModelConfig, builder: GraphBuilder, options: GraphOptions, start: Callable[[str], None]
) -> int:
    """Adds everything a model consists of and returns the set of operators it is made of."""
    if isinstance(config, PrefixLmConfig):
        PrefixGraph(config, builder, options).build(start)
        return PREFIX_OPSET
    _GlmGraph(config, builder, options).build(start)
    return OPSET


def _check_sizes(config: ModelConfig, options: GraphOptions) -> None:
    if options.precision not in FITTING[options.activations]:
        raise ArchitectureError(
            f"{options.precision} weights cannot be computed with in {options.activations}",
            f"Choose one of {', '.join(FITTING[options.activations])}.",
        )
    if isinstance(config, PrefixLmConfig) and options.activations != "fp32":
        raise ArchitectureError(
            f"models that read in both directions, as {config.architecture}, are computed in fp32 only",
            "Import it with --device cpu.",
        )
    if options.real_vocab_size is not None and not NUM_TOP <= options.real_vocab_size <= config.vocab_size:
        raise ArchitectureError(
            f"{options.real_vocab_size} tokens do not fit a vocabulary of {config.vocab_size} rows"
        )
    widths = (config.hidden_size, config.intermediate_size, config.num_attention_heads * config.head_dim)
    if options.precision in ("int8", "int4") and any(width % BLOCK for width in widths):
        raise ArchitectureError(f"{options.precision} needs widths in multiples of {BLOCK}, not {widths}")


class _Count:
    """Weights taken so far, of all."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total = total
        self._progress = progress
        self._what = ""
        self._done = 0

    def start(self, what: str) -> None:
        """What is being done from now on."""
        self._what = what
        self.add(0)

    def add(self, num_values: int) -> None:
        """So many more are done."""
        self._done += num_values
        self._progress(self._what, min(1.0, self._done / self._total))


class _GlmGraph:
    """The model's structure, in execution order; `stream` is the residual stream's current value."""

    def __init__(self, config: GlmConfig, builder: GraphBuilder, options: GraphOptions) -> None:
        self.config = config
        self.builder = builder
        self.options = options

    def build(self, start: Callable[[str], None]) -> None:
        """Adds every node and writes every weight; `start` is told which part comes next."""
        config, builder = self.config, self.builder
        self._declare_inputs()
        start("embedding")
        table = self._table("model.embed_tokens.weight")
        stream = builder.embedding("input_ids", table, "embed")
        normed = self._norm(stream, "model.layers.0.input_layernorm.weight", "layer0.attn_norm")
        for layer in range(config.num_hidden_layers):
            start(f"layer {layer + 1} of {config.num_hidden_layers}")
            normed, stream = self._layer(layer, normed, stream)
        start("vocabulary")
        self._head(normed, table)

    def _declare_inputs(self) -> None:
        builder = self.builder
        builder.input("input_ids", TensorProto.INT64, [1, "S"])
        builder.input("seqlens_k", TensorProto.INT32, [1])
        builder.input("total_seq", TensorProto.INT32, [1])
        builder.input("sel", TensorProto.INT64, ["R"])
        cos, sin = rotary_tables(self.config, self.options.capacity)
        builder.real_constant("cos", cos)
        builder.real_constant("sin", sin)

    def _layer(self, layer: int, normed: str, stream: str) -> tuple[str, str]:
        """One block; returns the next block's normed input (after the last one the head's) and the stream."""
        name, prefix = f"layer{layer}", f"model.layers.{layer}"
        last = layer == self.config.num_hidden_layers - 1
        attended = self._attention(layer, normed)
        if last:
            attended = self.builder.node("Gather", [attended, "sel"], f"{name}.attn_sel", axis=1)
            stream = self.builder.node("Gather", [stream, "sel"], f"{name}.stream_sel", axis=1)
        level = self.options.accuracy.attention
        added = self._linear(attended, f"{prefix}.self_attn.o_proj.weight", f"{name}.o", level)
        added = self._sandwich(added, f"{prefix}.post_self_attn_layernorm.weight", f"{name}.o_norm")
        gain = f"{prefix}.post_attention_layernorm.weight"
        normed, stream = self._add_and_norm(stream, added, gain, f"{name}.mlp_norm")
        added = self._mlp(layer, normed)
        added = self._sandwich(added, f"{prefix}.post_mlp_layernorm.weight", f"{name}.down_norm")
        gain = "model.norm.weight" if last else f"model.layers.{layer + 1}.input_layernorm.weight"
        target = "final_norm" if last else f"layer{layer + 1}.attn_norm"
        return self._add_and_norm(stream, added, gain, target)

    def _attention(self, layer: int, normed: str) -> str:
        config, builder, name = self.config, self.builder, f"layer{layer}"
        cache: list[int | str] = [1, config.num_key_value_heads, "C", config.head_dim]
        kind = DATA_TYPE[self.options.activations]
        past = [builder.input(f"past.{layer}.{part}", kind, cache) for part in "kv"]
        present = [builder.output(f"present.{layer}.{part}", kind, cache) for part in "kv"]
        source = f"model.layers.{layer}.self_attn.qkv_proj"
        weight = builder.store_matrix(f"{source}.weight", self.options.precision)
        bias = builder.vector(f"{name}.qkv.bias", f"{source}.bias") if config.attention_bias else ""
        qkv = builder.linear(
            normed, weight, f"{name}.qkv", bias=bias, accuracy_level=self.options.accuracy.attention
        )
        return builder.nodes_out(
            "GroupQueryAttention",
            [qkv, "", "", *past, "seqlens_k", "total_seq", "cos", "sin"],
            [f"{name}.attn", *present],
            CONTRIB,
            num_heads=config.num_attention_heads,
            kv_num_heads=config.num_key_value_heads,
            do_rotary=1,
            rotary_interleaved=1,
        )[0]

    def _mlp(self, layer: int, normed: str) -> str:
        """down(silu(gate) * up); x * sigmoid(x) is fused to one operator when the model is loaded."""
        name, prefix, level = f"layer{layer}", f"model.layers.{layer}.mlp", self.options.accuracy.mlp
        both = self._linear(normed, f"{prefix}.gate_up_proj.weight", f"{name}.gate_up", level)
        gate, up = self.builder.nodes_out(
            "Split", [both], [f"{name}.gate", f"{name}.up"], axis=-1, num_outputs=2
        )
        sigmoid = self.builder.node("Sigmoid", [gate], f"{name}.sigmoid")
        silu = self.builder.node("Mul", [gate, sigmoid], f"{name}.silu")
        product = self.builder.node("Mul", [silu, up], f"{name}.product")
        return self._linear(product, f"{prefix}.down_proj.weight", f"{name}.down", level)

    def _head(self, normed: str, table: StoredMatrix) -> None:
        if not self.config.tie_word_embeddings:
            table = self._table("lm_head.weight")
        count = self.options.real_vocab_size or self.config.vocab_size
        add_head(self.builder, normed, table, count, self.options.accuracy.head)

    def _table(self, name: str) -> StoredMatrix:
        options = self.options
        return self.builder.store_matrix(name, options.table_precision, options.format_of(name))

    def _linear(self, x: str, weight: str, output: str, accuracy_level: int) -> str:
        matrix = self.builder.store_matrix(weight, self.options.precision)
        return self.builder.linear(x, matrix, output, accuracy_level=accuracy_level)

    def _norm(self, x: str, gain: str, output: str) -> str:
        scale = self.builder.vector(f"{output}.gain", gain)
        return self.builder.node(
            "SimplifiedLayerNormalization", [x, scale], output, axis=-1, epsilon=self.config.rms_norm_eps
        )

    def _sandwich(self, x: str, gain: str, output: str) -> str:
        """GLM-4-0414's norm of what is about to be added; GLM has none."""
        return self._norm(x, gain, output) if self.config.architecture == "glm4" else x

    def _add_and_norm(self, stream: str, added: str, gain: str, output: str) -> tuple[str, str]:
        """(rms norm of stream + added, stream + added) in one operator."""
        scale = self.builder.vector(f"{output}.gain", gain)
        outputs = [output, "", "", f"{output}.stream"]
        self.builder.nodes_out(
            "SkipSimplifiedLayerNormalization",
            [stream, added, scale],
            outputs,
            CONTRIB,
            epsilon=self.config.rms_norm_eps,
        )
        return output, outputs[3]
