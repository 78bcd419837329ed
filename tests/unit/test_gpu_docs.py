"""docs/gpu.md: its table of memory follows from the shapes and from how a graph keeps weights.

`python -m tests.unit.test_gpu_docs` writes the table anew.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from glm_lsp.bench.shapes import SHAPES
from glm_lsp.engine.kv_memory import slot_bytes
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.graph_options import GraphOptions, precision_of
from glm_lsp.models.precision import ITEM_BYTES, Precision
from glm_lsp.models.quantization import BLOCK
from glm_lsp.models.tensors import tensors_of
from tests.tiny_model import tiny_config, tiny_model

PAGE = Path(__file__).parents[2] / "docs" / "gpu.md"
BEGIN, END = "<!-- memory: python -m tests.unit.test_gpu_docs -->\n", "<!-- /memory -->"
NAMES = {
    "6b": "ChatGLM3-6B, CodeGeeX2-6B",
    "9b": "GLM-4-9B, CodeGeeX4-9B",
}
CONTEXTS = (4096, 16384, 32768)
HALF = ITEM_BYTES["fp16"]


def weight_bytes(config: GlmConfig, precision: Precision) -> float:
    """Of all weights of a graph in fp16: scales and vectors have 16 bits, too."""
    options = GraphOptions(precision=precision, activations="fp16")
    return sum(
        math.prod(shape) * (bytes_per_weight(precision_of(name, options)) if len(shape) > 1 else HALF)
        for name, shape in tensors_of(config).items()
    )


def bytes_per_weight(precision: Precision) -> float:
    return HALF if precision == "fp16" else int(precision.removeprefix("int")) / 8 + HALF / BLOCK


def token_bytes(config: GlmConfig) -> int:
    return 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * HALF


def memory_table() -> str:
    header = [
        "model", "fp16", "int8", "int4", "KV of a token", *(f"KV cache of {context:,}" for context in CONTEXTS),
    ]  # fmt: skip
    lines = [header, ["---"] * len(header)]
    for shape, name in NAMES.items():
        config = SHAPES[shape]
        weights = [
            f"{weight_bytes(config, precision) / 1e9:.1f} GB" for precision in ("fp16", "int8", "int4")
        ]
        one = token_bytes(config)
        caches = [f"{one * context / 1e9:.2f} GB" for context in CONTEXTS]
        lines.append([name, *weights, f"{one / 1e3:.1f} kB", *caches])
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def test_the_table_of_memory_is_what_is_computed() -> None:
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    assert before
    assert rest.partition(END)[0] == memory_table()


@pytest.mark.parametrize("precision", ["fp16", "int8", "int4"])
def test_computed_sizes_are_those_of_a_model_folder(tmp_path: Path, precision: Precision) -> None:
    config = tiny_config(tie_word_embeddings=False, hidden_size=256, intermediate_size=512)
    model = tiny_model(tmp_path, config, precision=precision, capacity=64, activations="fp16")
    on_disk = (model.path / "model.onnx.data").stat().st_size
    # Pages are padded, small tensors lie in the graph, and the rotary tables and padded rows are counted apart.
    assert on_disk == pytest.approx(weight_bytes(config, precision), rel=0.08)
    assert slot_bytes(model) == token_bytes(config) * model.manifest.capacity


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    head, _, tail = text.partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}{memory_table()}{END}{tail.partition(END)[2]}", encoding="utf-8")
