"""The standard graph of exporters, with a past and a present, put together here so that no exporter is needed.

It is written from the model's formulas with ordinary operators, the way exported graphs are: keys and values are
concatenated, the mask is computed from positions, every row is scored.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from glm_lsp.models.config import GlmConfig

INT64, FLOAT = TensorProto.INT64, TensorProto.FLOAT


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._numbers = count()

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        name = f"c{next(self._numbers)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def __call__(self, operator: str, *inputs: str, into: str = "", **attributes: Any) -> str:
        name = into or f"v{next(self._numbers)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def split(self, value: str, *sizes: int) -> list[str]:
        names = [f"v{next(self._numbers)}" for _ in sizes]
        self.nodes.append(helper.make_node("Split", [value, self.ints(*sizes)], names, axis=-1))
        return names

    def norm(self, x: str, weight: NDArray[Any], epsilon: float) -> str:
        mean = self("ReduceMean", self("Mul", x, x), self.ints(-1), keepdims=1)
        return self(
            "Mul",
            self("Div", x, self("Sqrt", self("Add", mean, self.constant(epsilon)))),
            self.constant(weight),
        )

    def linear(self, x: str, weight: NDArray[Any], bias: NDArray[Any] | None = None) -> str:
        y = self("MatMul", x, self.constant(weight.T))
        return y if bias is None else self("Add", y, self.constant(bias))


def standard_graph(config: GlmConfig, weights: dict[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """The graph of a GLM in fp32; `weights` by their transformers names."""
    g = _Graph()
    heads, kv_heads, size = config.num_attention_heads, config.num_key_value_heads, config.head_dim
    x = g("Gather", g.constant(weights["model.embed_tokens.weight"]), "input_ids")
    half = config.rotary_dim // 2
    inverse = (
        config.rope_theta ** (-np.arange(half, dtype=np.float64) * 2 / config.rotary_dim) / config.rope_factor
    )
    positions = g("Cast", g("Unsqueeze", "position_ids", g.ints(1, 3)), to=FLOAT)
    angles = g("Mul", positions, g.constant(inverse))
    cos, sin = g("Cos", angles), g("Sin", angles)
    past_length = g("Slice", g("Shape", "past_key_values.0.key"), g.ints(2), g.ints(3))
    length = g("Add", past_length, g("Slice", g("Shape", "input_ids"), g.ints(1), g.ints(2)))
    keys_at = g("Range", g.constant(0, np.int64), g("Squeeze", length), g.constant(1, np.int64))
    seen = g(
        "LessOrEqual", g("Unsqueeze", keys_at, g.ints(0, 1, 2)), g("Unsqueeze", "position_ids", g.ints(1, 3))
    )
    kept = g("Cast", g("Unsqueeze", "attention_mask", g.ints(1, 2)), to=TensorProto.BOOL)
    mask = g("Where", g("And", seen, kept), g.constant(0.0), g.constant(-1e30))

    def as_heads(value: str, number: int) -> str:
        return g("Transpose", g("Reshape", value, g.ints(1, -1, number, size)), perm=[0, 2, 1, 3])

    def rotated(value: str) -> str:
        turned, rest = g.split(value, 2 * half, size - 2 * half) if size > 2 * half else (value, "")
        pairs = g("Reshape", turned, g.ints(0, 0, -1, half, 2))
        even, odd = (g("Gather", pairs, g.constant(index, np.int64), axis=4) for index in (0, 1))
        first = g("Sub", g("Mul", even, cos), g("Mul", odd, sin))
        second = g("Add", g("Mul", odd, cos), g("Mul", even, sin))
        both = [g("Unsqueeze", part, g.ints(4)) for part in (first, second)]
        turned = g("Reshape", g("Concat", *both, axis=4), g.ints(0, 0, -1, 2 * half))
        return g("Concat", turned, rest, axis=-1) if rest else turned

    def repeated(value: str) -> str:
        wide = g("Expand", g("Unsqueeze", value, g.ints(2)), g.ints(1, 1, heads // kv_heads, 1, 1))
        return g("Reshape", wide, g.ints(1, heads, -1, size))

    for layer in range(config.num_hidden_layers):
        part = f"model.layers.{layer}."
        own = {name.removeprefix(part): value for name, value in weights.items() if name.startswith(part)}
        normed = g.norm(x, own["input_layernorm.weight"], config.rms_norm_eps)
        q, k, v = (
            as_heads(
                g.linear(
                    normed, own[f"self_attn.{name}_proj.weight"], own.get(f"self_attn.{name}_proj.bias")
                ),
                number,
            )
            for name, number in (("q", heads), ("k", kv_heads), ("v", kv_heads))
        )
        past = f"past_key_values.{layer}"
        key = g("Concat", f"{past}.key", rotated(k), into=f"present.{layer}.key", axis=2)
        value = g("Concat", f"{past}.value", v, into=f"present.{layer}.value", axis=2)
        scores = g("MatMul", rotated(q), g("Transpose", repeated(key), perm=[0, 1, 3, 2]))
        scores = g("Add", g("Mul", scores, g.constant(size**-0.5)), mask)
        mixed = g("MatMul", g("Softmax", scores, axis=-1), repeated(value))
        mixed = g("Reshape", g("Transpose", mixed, perm=[0, 2, 1, 3]), g.ints(1, -1, heads * size))
        mixed = g.linear(mixed, own["self_attn.o_proj.weight"])
        if config.architecture == "glm4":
            mixed = g.norm(mixed, own["post_self_attn_layernorm.weight"], config.rms_norm_eps)
        x = g("Add", x, mixed)
        normed = g.norm(x, own["post_attention_layernorm.weight"], config.rms_norm_eps)
        gate, up = g.split(g.linear(normed, own["mlp.gate_up_proj.weight"]), *[config.intermediate_size] * 2)
        inner = g.linear(g("Mul", g("Mul", gate, g("Sigmoid", gate)), up), own["mlp.down_proj.weight"])
        if config.architecture == "glm4":
            inner = g.norm(inner, own["post_mlp_layernorm.weight"], config.rms_norm_eps)
        x = g("Add", x, inner)
    head = weights.get("lm_head.weight", weights["model.embed_tokens.weight"])
    y = g.linear(g.norm(x, weights["model.norm.weight"], config.rms_norm_eps), head)
    g("Identity", y, into="logits")
    return _model(g, config)


def _model(g: _Graph, config: GlmConfig) -> onnx.ModelProto:
    def value(name: str, kind: int, *shape: int | str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, shape)

    names = [f"{layer}.{kind}" for layer in range(config.num_hidden_layers) for kind in ("key", "value")]
    kv_heads, size = config.num_key_value_heads, config.head_dim
    inputs = [
        value("input_ids", INT64, "batch", "sequence"),
        value("attention_mask", INT64, "batch", "total"),
        value("position_ids", INT64, "batch", "sequence"),
        *(value(f"past_key_values.{name}", FLOAT, "batch", kv_heads, "past", size) for name in names),
    ]
    outputs = [
        value("logits", FLOAT, "batch", "sequence", config.vocab_size),
        *(value(f"present.{name}", FLOAT, "batch", kv_heads, "total", size) for name in names),
    ]
    graph = helper.make_graph(g.nodes, "standard", inputs, outputs, g.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def write_standard_graph(path: Path, config: GlmConfig, weights: dict[str, NDArray[np.float32]]) -> None:
    """Writes it as one file, as exporters do with small models."""
    onnx.save_model(standard_graph(config, weights), str(path))
