"""Random GLMs of a hundred thousand weights with a real tokenizer, for tests that need a model to run.

`tiny_config` and `write_checkpoint` make a checkpoint folder as transformers would save it; `tiny_model`
converts one into a model folder. Everything follows from the seed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from glm_lsp.models.config import GlmConfig
from glm_lsp.models.convert import convert
from glm_lsp.models.layouts.native import native_tensors
from glm_lsp.models.store import ModelFolder

SPECIAL_TOKENS = (
    "<|endoftext|>", "<|user|>", "<|assistant|>", "<|code_suffix|>", "<|code_prefix|>", "<|code_middle|>",
    "<|pad|>", "<|doc|>",
)  # fmt: skip

VOCAB_SIZE = 384

SAMPLE = '''
def read_numbers(path):
    """Read one number per line."""
    with open(path) as file:
        return [float(line) for line in file if line.strip()]


class Counter:
    def __init__(self, start=0):
        self.value = start

    def increment(self, by=1):
        self.value += by
        return self.value
'''


def tiny_config(**changes: Any) -> GlmConfig:
    """Two layers, hidden 64, head_dim 32; `changes` are fields of `GlmConfig`."""
    sizes: dict[str, Any] = {
        "vocab_size": VOCAB_SIZE,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
        "max_position_embeddings": 512,
        "eos_token_ids": (0,),
        "pad_token_id": 6,
    }
    return GlmConfig(**(sizes | changes))


def random_weights(config: GlmConfig, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Weights 0.15 * N(0, 1) and norm gains around 1: logits of a few units, so that errors show."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in native_tensors(config).items():
        values = rng.standard_normal(shape, dtype=np.float32)
        weights[name] = 1 + 0.1 * values if name.endswith("norm.weight") else 0.15 * values
    return weights


def tiny_tokenizer(vocab_size: int = VOCAB_SIZE, special_tokens: Sequence[str] = SPECIAL_TOKENS) -> Tokenizer:
    """A byte-level BPE over `SAMPLE` with the special tokens as its first ids; any text round-trips."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(special_tokens),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([SAMPLE] * 4, trainer)
    return tokenizer


def write_checkpoint(
    folder: Path, config: GlmConfig | None = None, *, seed: int = 0, weights: dict[str, Any] | None = None
) -> Path:
    """Writes config.json, model.safetensors and tokenizer.json into a new folder and returns it."""
    config = config or tiny_config()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config.to_dict()), encoding="utf-8")
    save_file(weights or random_weights(config, seed), folder / "model.safetensors")
    tiny_tokenizer(min(config.vocab_size, VOCAB_SIZE)).save(str(folder / "tokenizer.json"))
    return folder


def tiny_model(
    folder: Path,
    config: GlmConfig | None = None,
    *,
    seed: int = 0,
    precision: str = "fp32",
    capacity: int = 256,
    **options: Any,
) -> ModelFolder:
    """A converted model at `folder / "tiny"`; its checkpoint stays beside it. `options` go to `convert`."""
    checkpoint = write_checkpoint(folder / "checkpoint", config, seed=seed)
    defaults = {"name": "tiny", "prompt_profile": "codegeex4"}
    convert(checkpoint, folder / "tiny", precision=precision, capacity=capacity, **(defaults | options))
    return ModelFolder.load(folder / "tiny")
