"""Random models that read their context in both directions, as checkpoints of their own kind and as model folders."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer

import glm_lsp
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.formulas import BlankTokens, Formula, formula_for
from glm_lsp.models.graph import GraphOptions, write_graph
from glm_lsp.models.integrity import describe_folder, hash_file
from glm_lsp.models.layout import Layout, whole
from glm_lsp.models.manifest import (
    CONFIG_FILE,
    FORMAT_VERSION,
    TOKENIZER_FILE,
    AccuracyEntry,
    Manifest,
    Source,
)
from glm_lsp.models.prefix_config import PrefixLmConfig
from glm_lsp.models.store import ModelFolder
from glm_lsp.models.tensor_files import SINGLE_FILE
from glm_lsp.models.tensors import num_parameters, tensors_of
from tests.reference.official_tensors import (
    CHATGLM_6B_VALUES,
    ORIGINAL_GLM_VALUES,
    ORIGINAL_MASKS,
    ORIGINAL_START,
    MemoryReader,
    chatglm_6b_tensors,
    original_glm_tensors,
)
from tests.tiny_model import VOCAB_SIZE, tiny_tokenizer

CAPACITY = 96

BLANK_TOKENS = (
    "<|endoftext|>", "[MASK]", "[gMASK]", "<sop>", "<eop>", "[CLS]", "<|startofpiece|>", "<|endofpiece|>",
)  # fmt: skip
"""The first ids of the tokenizer that `blank_model` writes."""


@dataclass(frozen=True)
class PrefixSubject:
    """One model: its config here, its formula, its official tensors."""

    config: PrefixLmConfig
    formula: Formula
    reader: MemoryReader


def chatglm_6b(seed: int = 0, **changes: Any) -> PrefixSubject:
    """ChatGLM-6B, thin but with all its layers; `changes` are keys of its `config.json`."""
    values = CHATGLM_6B_VALUES | changes
    config = PrefixLmConfig(
        architecture="chatglm-6b",
        residual_scale=(2 * 28) ** 0.5,
        layer_norm_eps=values["layernorm_epsilon"],
        mask_token_ids=(values["mask_token_id"], values["gmask_token_id"]),
        start_token_id=values["bos_token_id"],
        eos_token_ids=(values["eos_token_id"],),
        pad_token_id=values["pad_token_id"],
        intermediate_size=values["inner_hidden_size"],
        **_shared(values),
    )
    return PrefixSubject(config, formula_for(values), MemoryReader(chatglm_6b_tensors(values, seed)))


def original_glm(
    seed: int = 0,
    *,
    masks: tuple[int, ...] = ORIGINAL_MASKS,
    start: int = ORIGINAL_START,
    **changes: Any,
) -> PrefixSubject:
    """The original GLM; `changes` are keys of its `config.json`."""
    values = ORIGINAL_GLM_VALUES | changes
    config = PrefixLmConfig(
        architecture="glm-original",
        mask_token_ids=masks,
        start_token_id=start,
        tie_word_embeddings=True,
        intermediate_size=4 * values["hidden_size"],
        **_shared(values),
    )
    formula = formula_for(values, tokens=BlankTokens(masks, start))
    return PrefixSubject(config, formula, MemoryReader(original_glm_tensors(values, seed)))


SUBJECTS = {"chatglm-6b": chatglm_6b, "glm-original": original_glm}


def prefix_model(
    folder: Path,
    subject: PrefixSubject,
    *,
    precision: str = "fp32",
    capacity: int = CAPACITY,
    num_ids: int | None = None,
    prompt_profile: str = "chatglm-6b-blank",
    tokenizer: Tokenizer | None = None,
) -> ModelFolder:
    """The model folder of a subject, whose checkpoint is written beside it."""
    source, out = folder / "tensors", folder / "model"
    source.mkdir(parents=True)
    out.mkdir()
    tensors = tensors_of(subject.config)
    save_file(our_tensors(subject), source / SINGLE_FILE)
    layout = Layout(
        name=subject.config.architecture,
        config=subject.config,
        tensors=tensors,
        sources={name: whole(tensors, name) for name in tensors},
        ignored=re.compile("(?!)"),
    )
    num_ids = num_ids or subject.config.vocab_size
    options = GraphOptions(precision=precision, capacity=capacity, real_vocab_size=num_ids)  # type: ignore[arg-type]
    write_graph(Checkpoint(source, layout), out, options)
    (out / CONFIG_FILE).write_text(json.dumps(subject.config.to_dict()), encoding="utf-8")
    (tokenizer or tiny_tokenizer(num_ids)).save(str(out / TOKENIZER_FILE))
    Manifest(
        format_version=FORMAT_VERSION,
        program_version=glm_lsp.__version__,
        name="tiny",
        architecture=subject.config.architecture,
        precision=precision,
        accuracy_level=AccuracyEntry(attention=4, mlp=4, head=4),
        capacity=capacity,
        context_length=capacity,
        prompt_profile=prompt_profile,
        num_parameters=num_parameters(subject.config),
        vocab_size=num_ids,
        files=describe_folder(out),
        source=Source(sha256="0" * 64),
        tokenizer_sha256=hash_file(out / TOKENIZER_FILE),
    ).write(out)
    return ModelFolder.load(out)


def blank_model(folder: Path, name: str, **options: Any) -> ModelFolder:
    """A model that can be asked for text: its blank tokens are those of its tokenizer and its prompt profile."""
    tokenizer = tiny_tokenizer(VOCAB_SIZE, BLANK_TOKENS)
    sizes = {"vocab_size": VOCAB_SIZE, "max_sequence_length": 512}
    if name == "chatglm-6b":
        ids = {"mask_token_id": 1, "gmask_token_id": 2, "bos_token_id": 3, "eos_token_id": 4}
        subject, profile = chatglm_6b(**sizes, **ids, num_layers=3), "chatglm-6b-blank"
    else:
        subject, profile = original_glm(masks=(1, 2), start=6, **sizes), "glm-blank"
    return prefix_model(
        folder,
        subject,
        capacity=512,
        num_ids=tokenizer.get_vocab_size(),
        tokenizer=tokenizer,
        prompt_profile=profile,
        **options,
    )


def our_tensors(subject: PrefixSubject) -> dict[str, NDArray[np.float32]]:
    """The official tensors under this program's names."""
    official = subject.reader.tensors
    rotates = subject.config.rotates
    prefix = "transformer." if rotates else "glm.transformer."
    table = "transformer.word_embeddings" if rotates else "glm.word_embeddings"
    ours = {"model.embed_tokens.weight": official[f"{table}.weight"]}
    if rotates:
        ours["lm_head.weight"] = official["lm_head.weight"]
    else:
        for name in ("position_embeddings", "block_position_embeddings"):
            ours[f"model.{name}.weight"] = official[f"{prefix}{name}.weight"]
    for kind in ("weight", "bias"):
        ours[f"model.norm.{kind}"] = official[f"{prefix}final_layernorm.{kind}"]
        for layer in range(subject.config.num_hidden_layers):
            for old, new in _RENAMED.items():
                values = official[f"{prefix}layers.{layer}.{old}.{kind}"]
                if rotates and old == "attention.query_key_value":
                    values = _apart(values, subject.config)
                ours[f"model.layers.{layer}.{new}.{kind}"] = values
    return ours


_RENAMED = {
    "input_layernorm": "input_layernorm",
    "attention.query_key_value": "self_attn.qkv_proj",
    "attention.dense": "self_attn.o_proj",
    "post_attention_layernorm": "post_attention_layernorm",
    "mlp.dense_h_to_4h": "mlp.up_proj",
    "mlp.dense_4h_to_h": "mlp.down_proj",
}


def _apart(values: NDArray[np.float32], config: PrefixLmConfig) -> NDArray[np.float32]:
    """Rows [head, 3, d] as [Q; K; V]."""
    each = values.reshape(config.num_attention_heads, 3, config.head_dim, *values.shape[1:])
    return np.ascontiguousarray(each.swapaxes(0, 1).reshape(values.shape))


def _shared(values: Mapping[str, Any]) -> dict[str, int]:
    return {
        "vocab_size": values["vocab_size"],
        "hidden_size": values["hidden_size"],
        "num_hidden_layers": values["num_layers"],
        "num_attention_heads": values["num_attention_heads"],
        "max_position_embeddings": values["max_sequence_length"],
    }
