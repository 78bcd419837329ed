"""Random models that read their context in both directions, as checkpoints of their own kind and as model folders."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors.numpy import save_file
from tokenizers import Tokenizer

import glm_lsp
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.checkpoint_files.tensor_files import SINGLE_FILE
from glm_lsp.models.formulas import BlankTokens, Formula, formula_for
from glm_lsp.models.graph import GraphOptions, write_graph
from glm_lsp.models.integrity import describe_folder, hash_file
from glm_lsp.models.layout import Layout
from glm_lsp.models.layouts.chatglm_6b import chatglm_6b_layout
from glm_lsp.models.layouts.original_glm import original_glm_layout
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
from glm_lsp.models.tensors import num_parameters
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
    """One model: how its checkpoint is read, its formula, its official tensors."""

    layout: Layout
    formula: Formula
    reader: MemoryReader

    @property
    def config(self) -> PrefixLmConfig:
        assert isinstance(self.layout.config, PrefixLmConfig)
        return self.layout.config


def chatglm_6b(seed: int = 0, **changes: Any) -> PrefixSubject:
    """ChatGLM-6B, thin but with all its layers; `changes` are keys of its `config.json`."""
    values = CHATGLM_6B_VALUES | changes
    tokens = BlankTokens((values["mask_token_id"], values["gmask_token_id"]), values["bos_token_id"])
    reader = MemoryReader(chatglm_6b_tensors(values, seed))
    return PrefixSubject(
        _with_tokens(chatglm_6b_layout(values), tokens, (values["eos_token_id"],)),
        formula_for(values, tokens=tokens),
        reader,
    )


def original_glm(
    seed: int = 0, *, masks: tuple[int, ...] = ORIGINAL_MASKS, start: int = ORIGINAL_START, **changes: Any
) -> PrefixSubject:
    """The original GLM; `changes` are keys of its `config.json`."""
    values = ORIGINAL_GLM_VALUES | changes
    tokens = BlankTokens(masks, start)
    reader = MemoryReader(original_glm_tensors(values, seed))
    layout = _with_tokens(original_glm_layout(values), tokens, ())
    return PrefixSubject(layout, formula_for(values, tokens=tokens), reader)


def _with_tokens(layout: Layout, tokens: BlankTokens, ends: tuple[int, ...]) -> Layout:
    """The layout once a tokenizer has said which tokens are which."""
    assert isinstance(layout.config, PrefixLmConfig)
    config = replace(
        layout.config, mask_token_ids=tokens.masks, start_token_id=tokens.start, eos_token_ids=ends
    )
    return replace(layout, config=config)


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
    save_file(subject.reader.tensors, source / SINGLE_FILE)
    num_ids = num_ids or subject.config.vocab_size
    options = GraphOptions(precision=precision, capacity=capacity, real_vocab_size=num_ids)  # type: ignore[arg-type]
    write_graph(Checkpoint(source, subject.layout), out, options)
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
