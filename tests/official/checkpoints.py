"""Tiny random checkpoints under the names, keys and files in which each model of the family is published.

Everything follows from the seed. `write_official_folder` puts the tokenizer's files beside them, with a config that
agrees with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.official.tokenizer_files import FAMILIES, write_tokenizer_files
from tests.official.torch_writer import stored, widened, write_torch_file
from tests.reference.official_tensors import (
    CHATGLM_6B_VALUES,
    CHATGLM_VALUES,
    ORIGINAL_GLM_VALUES,
    Tensors,
    chatglm_6b_tensors,
    chatglm_tensors,
    original_glm_tensors,
)
from tests.tiny_model import random_weights, tiny_config

__all__ = ["FAMILIES", "OfficialCheckpoint", "write_official_checkpoint", "write_official_folder"]

VOCAB_SIZE = 512

_REPOSITORIES = {
    "codegeex4": "THUDM/codegeex4-all-9b",
    "codegeex2": "THUDM/codegeex2-6b",
    "chatglm3": "THUDM/chatglm3-6b",
    "chatglm2": "THUDM/chatglm2-6b",
    "chatglm2-32k": "THUDM/chatglm2-6b-32k",
    "chatglm-6b": "THUDM/chatglm-6b",
    "glm-4": "THUDM/glm-4-9b-chat",
    "glm-4-hf": "THUDM/glm-4-9b-chat-hf",
    "glm-4-0414": "THUDM/GLM-4-9B-0414",
    "glm-edge": "THUDM/glm-edge-1.5b-chat",
    "glm-original": "THUDM/glm-large-chinese",
    "starter": "starter",
}

_SHARDS = {
    "codegeex4": 4,
    "codegeex2": 7,
    "chatglm3": 7,
    "chatglm2": 7,
    "chatglm2-32k": 7,
    "chatglm-6b": 8,
    "glm-4": 10,
    "glm-4-hf": 4,
    "glm-4-0414": 4,
}
"""Number of files; all others are one."""

_BIN = {"codegeex2", "chatglm3", "chatglm2", "chatglm2-32k", "chatglm-6b", "glm-original"}
_HALF = {"chatglm3", "chatglm2", "chatglm2-32k", "chatglm-6b", "glm-original"}
_GLM4_IDS = ("codegeex4", "glm-4", "glm-4-hf", "glm-4-0414", "glm-edge")

_ORIGINAL: dict[str, Any] = ORIGINAL_GLM_VALUES | {
    "attention_dropout_prob": 0.1,
    "checkpoint_activations": False,
    "checkpoint_num_layers": 1,
    "embedding_dropout_prob": 0.1,
    "initializer_range": 0.02,
    "output_dropout_prob": 0.1,
    "output_predict": True,
    "parallel_output": True,
    "pool_token": "cls",
    "spell_func": "lstm",
    "spell_length": None,
    "torch_dtype": "float16",
}

_REMOTE: dict[str, Any] = CHATGLM_VALUES | {
    "classifier_dropout": None,
    "pre_seq_len": None,
    "prefix_projection": False,
    "quantization_bit": 0,
    "ffn_hidden_size": 96,
    "rmsnorm": True,
    "post_layer_norm": True,
    "original_rope": True,
    "add_bias_linear": False,
    "apply_residual_connection_post_layernorm": False,
    "apply_query_key_layer_scaling": True,
    "attention_softmax_in_fp32": True,
    "attention_dropout": 0.0,
    "hidden_dropout": 0.0,
    "bias_dropout_fusion": True,
    "fp32_residual_connection": False,
    "use_cache": True,
    "transformers_version": "4.27.1",
    "auto_map": {"AutoConfig": "configuration_chatglm.ChatGLMConfig"},
}


@dataclass(frozen=True, slots=True)
class OfficialCheckpoint:
    """A folder that was written: the values of its config, and its tensors by their official names, widened."""

    folder: Path
    family: str
    values: dict[str, Any]
    weights: Tensors


def write_official_folder(
    folder: Path,
    family: str,
    *,
    seed: int = 0,
    vocab_size: int = VOCAB_SIZE,
    variant: str = "",
    **changes: Any,
) -> OfficialCheckpoint:
    """A checkpoint with its tokenizer files; see `write_official_checkpoint`."""
    num_ids = write_tokenizer_files(folder, family, vocab_size, chinese=variant != "english")
    return write_official_checkpoint(
        folder, family, seed=seed, vocab_size=vocab_size, num_ids=num_ids, variant=variant, **changes
    )


def write_official_checkpoint(
    folder: Path,
    family: str,
    *,
    seed: int = 0,
    vocab_size: int = VOCAB_SIZE,
    num_ids: int | None = None,
    variant: str = "",
    **changes: Any,
) -> OfficialCheckpoint:
    """A checkpoint without its tokenizer files, but for the list of ids an original GLM cannot do without.

    Args:
        family: one of `FAMILIES`.
        vocab_size: rows of the embedding, padding included.
        num_ids: of the tokenizer, whose last ids are the special tokens; all rows when omitted.
        variant: of chatglm-6b "first-release", whose config does not name its masks, or "tied", without a head;
            "english" or "bare" (names without "glm.") of glm-original; "separate" (every head has its own keys and
            values) of those with remote code; "v5" (transformers 5's config) of the native ones.
        changes: values of the config.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values = _values(family, vocab_size, num_ids or vocab_size, variant) | changes
    tensors = _tensors(family, values, seed, variant)
    dtypes = {name: _dtype(family, name) for name in tensors}
    files = {name: stored(tensor, dtypes[name]) for name, tensor in tensors.items()}
    (folder / "config.json").write_text(json.dumps(values, indent=2), encoding="utf-8")
    _write_files(folder, files, dtypes, _SHARDS.get(family, 1), is_bin=family in _BIN)
    if family == "glm-original" and not (folder / "added_tokens.json").exists():
        first = (num_ids or vocab_size) - 10
        names = {"[MASK]": 3, "<|startofpiece|>": 6, "<|endofpiece|>": 7, "[sMASK]": 8, "[gMASK]": 9}
        ids = {name: first + offset for name, offset in names.items()}
        (folder / "added_tokens.json").write_text(json.dumps(ids), encoding="utf-8")
    weights = {name: widened(values, dtypes[name]) for name, values in files.items()}
    return OfficialCheckpoint(folder, family, values, weights)


def _values(family: str, vocab_size: int, num_ids: int, variant: str) -> dict[str, Any]:
    name = {"_name_or_path": _REPOSITORIES[family]}
    if family == "chatglm-6b":
        return _chatglm_6b_values(vocab_size, num_ids, variant) | name
    if family == "glm-original":
        return _ORIGINAL | {"vocab_size": vocab_size} | name
    specials = num_ids - 14
    glm4 = {"eos_token_id": [specials, specials + 7, specials + 9], "pad_token_id": specials}
    if family in ("glm-4-hf", "glm-4-0414", "glm-edge", "starter"):
        ids = {"eos_token_id": [num_ids - 8], "pad_token_id": num_ids - 2} if family == "starter" else glm4
        return _native_values(family, vocab_size, variant) | ids | name
    values = _REMOTE | {"padded_vocab_size": vocab_size} | name
    if family in ("codegeex4", "glm-4"):
        values |= {"layernorm_epsilon": 1.5625e-07, "rope_ratio": 500, "num_layers": 2, **glm4}
    else:
        values |= {"eos_token_id": 2, "pad_token_id": 0}
    if family == "chatglm2-32k":
        values["rope_ratio"] = 50
    if family == "codegeex2":
        del values["pad_token_id"]
        values |= {"interleaved_qkv": False, "rotary_percent": 0.5, "torch_dtype": "bfloat16"}
    if variant == "separate":
        values["multi_query_attention"] = False
    return values


def _chatglm_6b_values(vocab_size: int, num_ids: int, variant: str) -> dict[str, Any]:
    # Behind the special tokens come eight, the tab, the runs of blanks and 256 bytes; see the tokenizer's writer.
    first = num_ids - 256 - (8 + 1 + (79 if vocab_size >= 440 else 7))
    values = CHATGLM_6B_VALUES | {
        "num_layers": 4,
        "vocab_size": vocab_size,
        "mask_token_id": first,
        "gmask_token_id": first + 1,
        "bos_token_id": first + 4,
        "eos_token_id": first + 5,
        "pad_token_id": 3,
        "pre_seq_len": None,
        "prefix_projection": False,
        "quantization_bit": 0,
        "use_cache": True,
        "torch_dtype": "float16",
    }
    if variant == "first-release":
        del values["mask_token_id"], values["gmask_token_id"]
    return values


def _native_values(family: str, vocab_size: int, variant: str) -> dict[str, Any]:
    edge = {"partial_rotary_factor": 1.0, "attention_bias": False, "tie_word_embeddings": True}
    changes: dict[str, Any] = {
        "glm-4-hf": {"rms_norm_eps": 1.5625e-07, "tie_word_embeddings": False},
        "glm-4-0414": {"architecture": "glm4", "tie_word_embeddings": False},
        "glm-edge": edge,
        "starter": {"rms_norm_eps": 1.5625e-07},
    }[family]
    values = tiny_config(vocab_size=vocab_size, **changes).to_dict()
    if variant == "v5":
        rope = {key: values.pop(key) for key in ("rope_theta", "partial_rotary_factor")}
        del values["rope_scaling"]
        values["rope_parameters"] = {"rope_type": "default", **rope}
    return values


def _tensors(family: str, values: Mapping[str, Any], seed: int, variant: str) -> Tensors:
    if family == "chatglm-6b":
        tensors = chatglm_6b_tensors(values, seed)
        if variant == "tied":
            del tensors["lm_head.weight"]
        table = np.ones(values["hidden_size"] // values["num_attention_heads"] // 4, np.float32)
        names = (f"transformer.layers.{i}.attention.rotary_emb.inv_freq" for i in range(values["num_layers"]))
        return tensors | {name: table.copy() for name in names}
    if family == "glm-original":
        return original_glm_tensors(values, seed, prefix="" if variant == "bare" else "glm.")
    if family in ("glm-4-hf", "glm-4-0414", "glm-edge", "starter"):
        return _native_tensors(values, seed)
    frequencies = np.ones(values["kv_channels"] // 4, np.float32)
    return chatglm_tensors(values, seed) | {"transformer.rotary_pos_emb.inv_freq": frequencies}


def _native_tensors(values: Mapping[str, Any], seed: int) -> Tensors:
    fields = ("vocab_size", "attention_bias", "tie_word_embeddings", "num_hidden_layers")
    config = tiny_config(architecture=values["model_type"], **{field: values[field] for field in fields})
    return random_weights(config, seed)


def _dtype(family: str, name: str) -> str:
    if family == "starter":
        return "F32"
    if family == "chatglm-6b" and "layernorm" in name:
        return "F32"
    return "F16" if family in _HALF else "BF16"


def _write_files(
    folder: Path,
    files: Mapping[str, NDArray[Any]],
    dtypes: Mapping[str, str],
    num_shards: int,
    *,
    is_bin: bool,
) -> None:
    stem, ending = ("pytorch_model", ".bin") if is_bin else ("model", ".safetensors")
    write = write_torch_file if is_bin else _write_safetensors
    if num_shards == 1:
        write(folder / f"{stem}{ending}", files, dtypes)
        return
    shard_of = {}
    for number, names in enumerate(np.array_split(np.array([*files], object), num_shards), 1):
        file_name = f"{stem}-{number:05}-of-{num_shards:05}{ending}"
        write(folder / file_name, {name: files[name] for name in names}, dtypes)
        shard_of |= dict.fromkeys(names, file_name)
    total = sum(values.nbytes for values in files.values())
    index = {"metadata": {"total_size": total}, "weight_map": shard_of}
    (folder / f"{stem}{ending}.index.json").write_text(json.dumps(index), encoding="utf-8")


def _write_safetensors(path: Path, files: Mapping[str, NDArray[Any]], dtypes: Mapping[str, str]) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, values in files.items():
        offsets = [position, position + values.nbytes]
        header[name] = {"dtype": dtypes[name], "shape": list(values.shape), "data_offsets": offsets}
        position += values.nbytes
    text = json.dumps(header).encode()
    content = b"".join(values.tobytes() for values in files.values())
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)
