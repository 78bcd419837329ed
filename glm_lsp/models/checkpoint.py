"""A checkpoint folder of `GlmForCausalLM` or `Glm4ForCausalLM`: one safetensors file, or indexed shards.

All names and shapes are checked before any weight is read. Tensors come one at a time in fp32, so a 9B model
needs memory for its largest matrix only. Query, key and value rows are handed out packed, as the graph uses
them.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import CheckpointError
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.safetensors_file import SafetensorsFile

SINGLE_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"

Shape = tuple[int, ...]


class Checkpoint:
    """The weights of one GLM by their transformers names.

    Raises:
        CheckpointError: a file is missing or damaged, or a tensor is missing, unknown or of the wrong shape.
    """

    def __init__(self, folder: Path, config: GlmConfig) -> None:
        self.folder = folder
        self.config = config
        self.files = _open_files(folder)
        self._file_of = {name: file for file in self.files for name in file.entries}
        _check_tensors(self._file_of, config)

    @property
    def num_parameters(self) -> int:
        """How many weights the model has; a tied head counts once."""
        return sum(int(np.prod(shape)) for shape in expected_tensors(self.config).values())

    def read(self, name: str) -> NDArray[np.float32]:
        """One tensor in fp32."""
        return self._file_of[name].read(name)

    def read_qkv(self, layer: int, kind: str) -> NDArray[np.float32]:
        """Query, key and value rows of one layer below each other; `kind` is "weight" or "bias".

        Shape: [(heads + 2 * kv_heads) * head_dim, hidden], or the first dimension alone for the bias.
        """
        prefix = f"model.layers.{layer}.self_attn"
        return np.concatenate([self.read(f"{prefix}.{part}_proj.{kind}") for part in "qkv"])


def expected_tensors(config: GlmConfig) -> dict[str, Shape]:
    """Every tensor a checkpoint of this shape must hold, with its shape."""
    vocab, hidden = config.vocab_size, config.hidden_size
    tensors: dict[str, Shape] = {"model.embed_tokens.weight": (vocab, hidden)}
    for layer in range(config.num_hidden_layers):
        tensors |= {f"model.layers.{layer}.{name}": shape for name, shape in _layer_tensors(config).items()}
    tensors["model.norm.weight"] = (hidden,)
    if not config.tie_word_embeddings:
        tensors["lm_head.weight"] = (vocab, hidden)
    return tensors


def _layer_tensors(config: GlmConfig) -> dict[str, Shape]:
    hidden, inner = config.hidden_size, config.intermediate_size
    q_rows = config.num_attention_heads * config.head_dim
    kv_rows = config.num_key_value_heads * config.head_dim
    tensors: dict[str, Shape] = {"input_layernorm.weight": (hidden,)}
    for part, rows in (("q", q_rows), ("k", kv_rows), ("v", kv_rows)):
        tensors[f"self_attn.{part}_proj.weight"] = (rows, hidden)
        if config.attention_bias:
            tensors[f"self_attn.{part}_proj.bias"] = (rows,)
    tensors["self_attn.o_proj.weight"] = (hidden, q_rows)
    tensors["post_attention_layernorm.weight"] = (hidden,)
    tensors["mlp.gate_up_proj.weight"] = (2 * inner, hidden)
    tensors["mlp.down_proj.weight"] = (hidden, inner)
    if config.architecture == "glm4":
        tensors["post_self_attn_layernorm.weight"] = (hidden,)
        tensors["post_mlp_layernorm.weight"] = (hidden,)
    return tensors


def _check_tensors(file_of: dict[str, SafetensorsFile], config: GlmConfig) -> None:
    expected = expected_tensors(config)
    for name, shape in expected.items():
        if name not in file_of:
            raise CheckpointError(f"tensor {name} is missing")
        found = file_of[name].entries[name].shape
        if found != shape:
            raise CheckpointError(f"tensor {name} has shape {list(found)}, expected {list(shape)}")
    for name in file_of:
        if name not in expected and not _redundant(name, config):
            raise CheckpointError(f"tensor {name} is unknown to {config.architecture}")


def _redundant(name: str, config: GlmConfig) -> bool:
    """A second copy of a tied head and the tabulated rotary frequencies say nothing new."""
    return name.endswith(".inv_freq") or (name == "lm_head.weight" and config.tie_word_embeddings)


def _open_files(folder: Path) -> list[SafetensorsFile]:
    if (folder / SINGLE_FILE).is_file():
        return [SafetensorsFile(folder / SINGLE_FILE)]
    if (folder / INDEX_FILE).is_file():
        return [SafetensorsFile(folder / name) for name in _shard_names(folder / INDEX_FILE)]
    pickles = any(folder.glob("*.bin"))
    found = "only .bin files, which are pickles and are not read" if pickles else "neither"
    raise CheckpointError(f"{folder} should hold {SINGLE_FILE} or {INDEX_FILE}; it holds {found}")


def _shard_names(index: Path) -> list[str]:
    """The shards an index names, each once; none may lie outside the index's folder."""
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{index} is not an index of safetensors shards: {error!r}") from error
    for name in names:
        if not _plain_file_name(name):
            raise CheckpointError(f"{index} names {name!r}, which is not a file of its own folder")
    return names


def _plain_file_name(name: object) -> bool:
    if not isinstance(name, str) or name in ("", ".", ".."):
        return False
    return name == PurePosixPath(name).name and "\\" not in name and ":" not in name
