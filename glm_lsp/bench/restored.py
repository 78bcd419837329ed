"""A model folder's weights back as a checkpoint: what a peer needs to compute with the same numbers.

    python -m glm_lsp.bench.restored MODEL OUT --activations fp16     # MODEL as a GPU computes it


The codes and scales in the graph are multiplied out to fp32. Quantising the result again gives the same codes and
scales, as the block's greatest element is stored without rounding: nothing is lost on the way there or back.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from safetensors.numpy import save_file

from glm_lsp.errors import ArchitectureError, ModelFileError
from glm_lsp.models.checkpoint_files.tensor_files import SINGLE_FILE
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.convert import convert
from glm_lsp.models.external_data import require_contained
from glm_lsp.models.graph_options import AccuracyLevels
from glm_lsp.models.manifest import CONFIG_FILE, TOKENIZER_FILE
from glm_lsp.models.precision import ACTIVATIONS, Activations
from glm_lsp.models.quantization import BLOCK, Bits, QuantizedMatrix, dequantize
from glm_lsp.models.store import ModelFolder, ModelStore

Weights = dict[str, NDArray[np.float32]]


def restore_checkpoint(folder: ModelFolder, out: Path) -> Path:
    """Writes config.json, model.safetensors (fp32) and tokenizer.json of a model into a new folder.

    Raises:
        ArchitectureError: the model has no names in transformers.
        ModelFileError: the graph is not one of this program's, or its weights lie outside the folder.
    """
    out.mkdir(parents=True)
    save_file(restored_weights(folder), out / SINGLE_FILE, metadata={"format": "pt"})
    (out / CONFIG_FILE).write_text(json.dumps(folder.config.to_dict(), indent=2), encoding="utf-8")
    shutil.copyfile(folder.tokenizer_path, out / TOKENIZER_FILE)
    return out


def restored_weights(folder: ModelFolder) -> Weights:
    """Every tensor by its name in transformers, in fp32; a tied head is left out.

    Raises:
        ArchitectureError, ModelFileError: see `restore_checkpoint`.
    """
    if not isinstance(folder.config, GlmConfig):
        raise ArchitectureError(f"the graph of {folder.config.architecture} cannot be turned back")
    require_contained(folder.graph_path, folder.manifest.files)
    graph = onnx.load(str(folder.graph_path)).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    try:
        return _named(_Graph(tensors), folder.config)
    except KeyError as error:
        raise ModelFileError(f"{folder.graph_path} has no tensor {error}") from error


def with_capacity(
    folder: ModelFolder, out: Path, capacity: int, activations: Activations | None = None
) -> ModelFolder:
    """The same model in the new folder `out`, with the same codes and room for `capacity` tokens.

    It computes in the same `activations` unless others are named.

    It also takes prompts of that length, which says nothing of its quality there: this is for measuring time.

    Raises:
        GlmError: as `restore_checkpoint` and `models.convert.convert`.
    """
    manifest = folder.manifest
    checkpoint = restore_checkpoint(folder, out.with_name(f"{out.name}-checkpoint"))
    levels = manifest.accuracy_level
    return convert(
        checkpoint,
        out,
        name=manifest.name,
        prompt_profile=manifest.prompt_profile,
        precision=manifest.precision,  # type: ignore[arg-type]
        activations=activations or manifest.activations,
        capacity=capacity,
        accuracy=AccuracyLevels(levels.attention, levels.mlp, levels.head),
        real_vocab_size=manifest.vocab_size,
        healing=manifest.healing,
        copying=manifest.copying,
        confidence=manifest.confidence,
    )


class _Graph:
    """The initializers of a graph by the names `models.graph` gave them."""

    def __init__(self, tensors: dict[str, NDArray[np.generic]]) -> None:
        self._tensors = tensors

    def vector(self, name: str) -> NDArray[np.float32]:
        return self._tensors[name].astype(np.float32)

    def matrix(self, name: str, columns: int) -> NDArray[np.float32]:
        """[rows, columns]; `name` is followed by nothing (fp32), or by `.codes` and `.scales`."""
        if name in self._tensors:
            return self._tensors[name].astype(np.float32)
        codes = self._tensors[f"{name}.codes"].astype(np.uint8)
        scales = self.vector(f"{name}.scales")
        bits: Bits = 8 if codes.size == len(codes) * columns else 4
        codes = codes.reshape(len(codes), columns // BLOCK, BLOCK * bits // 8)
        return dequantize(QuantizedMatrix(codes, scales, bits))

    def table(self, columns: int) -> NDArray[np.float32]:
        """The embedding, which the fp32 graph names as any other matrix."""
        name = "embed.weight" if "embed.weight" in self._tensors else "embed.table"
        return self.matrix(name, columns)

    def head(self, columns: int) -> NDArray[np.float32]:
        """The head, whose scores are the logits themselves in an fp32 graph."""
        in_fp32 = any(name.startswith("logits.weight") for name in self._tensors)
        return self.matrix("logits.weight" if in_fp32 else "scores.weight", columns)


def _named(graph: _Graph, config: GlmConfig) -> Weights:
    hidden, attended = config.hidden_size, config.num_attention_heads * config.head_dim
    weights = {"model.embed_tokens.weight": graph.table(hidden)}
    for layer in range(config.num_hidden_layers):
        own, to = f"layer{layer}", f"model.layers.{layer}"
        weights |= _split_qkv(config, f"{to}.self_attn", "weight", graph.matrix(f"{own}.qkv.weight", hidden))
        if config.attention_bias:
            weights |= _split_qkv(config, f"{to}.self_attn", "bias", graph.vector(f"{own}.qkv.bias"))
        weights[f"{to}.self_attn.o_proj.weight"] = graph.matrix(f"{own}.o.weight", attended)
        weights[f"{to}.mlp.gate_up_proj.weight"] = graph.matrix(f"{own}.gate_up.weight", hidden)
        weights[f"{to}.mlp.down_proj.weight"] = graph.matrix(f"{own}.down.weight", config.intermediate_size)
        weights[f"{to}.input_layernorm.weight"] = graph.vector(f"{own}.attn_norm.gain")
        weights[f"{to}.post_attention_layernorm.weight"] = graph.vector(f"{own}.mlp_norm.gain")
        if config.architecture == "glm4":
            weights[f"{to}.post_self_attn_layernorm.weight"] = graph.vector(f"{own}.o_norm.gain")
            weights[f"{to}.post_mlp_layernorm.weight"] = graph.vector(f"{own}.down_norm.gain")
    weights["model.norm.weight"] = graph.vector("final_norm.gain")
    if not config.tie_word_embeddings:
        head = graph.head(hidden)
        # Rows of ids that do not exist are not in the graph.
        padding = np.zeros((config.vocab_size - len(head), hidden), np.float32)
        weights["lm_head.weight"] = np.concatenate([head, padding])
    return weights


def _split_qkv(config: GlmConfig, prefix: str, kind: str, packed: NDArray[np.float32]) -> Weights:
    q_rows = config.num_attention_heads * config.head_dim
    kv_rows = config.num_key_value_heads * config.head_dim
    parts = np.split(packed, [q_rows, q_rows + kv_rows])
    return {
        f"{prefix}.{name}_proj.{kind}": np.ascontiguousarray(part)
        for name, part in zip("qkv", parts, strict=True)
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module; returns the exit status."""
    parser = argparse.ArgumentParser(description="Convert a converted model for other activations.")
    parser.add_argument("model")
    parser.add_argument("out", type=Path)
    parser.add_argument("--activations", choices=ACTIVATIONS, default="fp16")
    options = parser.parse_args(arguments)
    folder = ModelStore().resolve(options.model)
    with tempfile.TemporaryDirectory() as room:
        made = with_capacity(folder, Path(room) / "model", folder.manifest.capacity, options.activations)
        shutil.copytree(made.path, options.out)
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
