"""What an import will do, told from everything in a checkpoint folder that is small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from glm_lsp.engine.chat_encoder import ChatEncoder
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.errors import ArchitectureError, InputError
from glm_lsp.importing import device as devices
from glm_lsp.importing import papers
from glm_lsp.importing.download import Origin
from glm_lsp.importing.families import FAMILIES, NO_CHAT, family_named
from glm_lsp.importing.lfs import refuse_pointers
from glm_lsp.importing.room import require_room
from glm_lsp.importing.sizes import model_bytes
from glm_lsp.models.checkpoint import Checkpoint, require_names
from glm_lsp.models.checkpoint_files.tensor_files import indexed_names
from glm_lsp.models.config_file import read_values
from glm_lsp.models.config_values import shown, token_ids
from glm_lsp.models.convert import DEFAULT_CAPACITY
from glm_lsp.models.formulas import BlankTokens, Formula, formula_for
from glm_lsp.models.graph_options import GraphOptions
from glm_lsp.models.layout import Layout
from glm_lsp.models.layouts.detect import RopeRule, detect_layout, family_of
from glm_lsp.models.manifest import CONFIG_FILE, Source
from glm_lsp.models.model_config import ModelConfig
from glm_lsp.models.model_writer import ModelFacts, ModelParts
from glm_lsp.models.precision import PRECISIONS, Activations, Precision
from glm_lsp.models.prefix_config import PrefixArchitecture, PrefixLmConfig
from glm_lsp.models.staging import require_place
from glm_lsp.models.tensors import num_parameters
from glm_lsp.models.tokenizers import ConvertedTokenizer, convert_tokenizer

LARGE_MODEL = 2_000_000_000
"""From so many weights on a model is imported as int4 unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be imported, and how.

    Attributes:
        checkpoint: the official folder.
        name: of the model.
        family: a name of `FAMILIES`; found out when omitted.
        precision: by the model's size when omitted.
        capacity: most tokens of prompt and completion; the model's own, up to 4,096, when omitted.
        profile: of prompts; the family's when omitted.
        chat_template: likewise; "none" for no dialogue.
        rope_rule: what a ChatGLM config's `rope_ratio` means.
        device: what it is going to run on: "cpu", "cuda", or "auto" for CUDA where it is there.
        replaces: an installed model of this name may be replaced.
    """

    checkpoint: Path
    name: str
    family: str | None = None
    precision: Precision | None = None
    capacity: int | None = None
    profile: str | None = None
    chat_template: str | None = None
    rope_rule: RopeRule = "auto"
    device: str = "cpu"
    replaces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A checkpoint that can be imported, and everything that is known before its weights are read.

    `checkpoint_bytes` will be read, `model_bytes` written; `note` is what a user should know of the tokenizer first.
    `options.activations` of a model for CUDA are fp16 until its activations have been measured.
    """

    parts: ModelParts[Checkpoint]
    facts: ModelFacts
    options: GraphOptions
    runs_on: devices.Target
    formula: Formula
    target: Path
    replaces: bool
    checkpoint_bytes: int
    model_bytes: int
    note: str

    @property
    def num_ids(self) -> int:
        """Ids that exist; the rest of the vocabulary is padding."""
        return self.options.real_vocab_size or self.parts.checkpoint.config.vocab_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What is known of an import before its weights are there; `values` are those of config.json."""

    layout: Layout
    values: dict[str, Any]
    facts: ModelFacts
    tokenizer: ConvertedTokenizer
    options: GraphOptions
    runs_on: devices.Target
    model_bytes: int

    @property
    def note(self) -> str:
        """What a user should know of the tokenizer first; empty as a rule."""
        return self.tokenizer.note


def preview(wish: Wish, target: Path, *, has_weights: bool = False) -> Preview:
    """Reads configuration and tokenizer, and of the weights' index the names.

    Args:
        has_weights: whether the weight files are there; at most their headers are read.

    Raises:
        InputError: the target exists, or nothing tells which model this is.
        ArchitectureError, CheckpointError, TokenizerError: the checkpoint cannot be used.
    """
    require_place(target, replaces=wish.replaces)
    _require_apart(wish.checkpoint, target)
    refuse_pointers(wish.checkpoint)
    layout = detect_layout(wish.checkpoint, rope_rule=wish.rope_rule, has_weights=has_weights)
    if not has_weights and (names := indexed_names(wish.checkpoint)):
        require_names(names, layout)
    values = read_values(wish.checkpoint / CONFIG_FILE)
    family = _family(wish, family_of(wish.checkpoint, layout, values))
    facts = _facts(wish, family)
    converted = convert_tokenizer(wish.checkpoint, family, vocab_size=layout.config.vocab_size)
    tokenizer = SourceTokenizer(Tokenizer.from_str(converted.json))
    layout = replace(layout, config=_with_blanks(layout.config, tokenizer, values))
    runs_on = devices.target_for(wish.device, layout.config, wish.precision)
    options = GraphOptions(
        precision=_precision(wish.precision, num_parameters(layout.config)),
        activations=_activations(runs_on, wish.precision),
        capacity=_capacity(wish.capacity, layout.config.max_position_embeddings),
        real_vocab_size=converted.num_ids,
    )
    # What does not fit the tokenizer must fail here, not after half an hour.
    PromptEncoder(tokenizer, facts.prompt_profile, options.capacity)
    if facts.chat_template:
        ChatEncoder(tokenizer, facts.chat_template, options.capacity)
    return Preview(
        layout=layout,
        values=values,
        facts=facts,
        tokenizer=converted,
        options=options,
        runs_on=runs_on,
        model_bytes=model_bytes(layout.config, options),
    )


def make_plan(wish: Wish, target: Path) -> Plan:
    """As `preview`; the weight files' headers are read, too.

    Raises:
        InputError: the target exists, or nothing tells which model this is.
        ArchitectureError, CheckpointError, TokenizerError: the checkpoint cannot be used.
        StorageFullError: the model will not fit.
    """
    seen = preview(wish, target, has_weights=True)
    checkpoint = Checkpoint(wish.checkpoint, seen.layout)
    require_room({target.parent: seen.model_bytes})
    return Plan(
        parts=ModelParts(
            checkpoint=checkpoint,
            tokenizer=seen.tokenizer.json.encode(),
            papers=papers.papers_of(wish.checkpoint),
        ),
        facts=seen.facts,
        options=seen.options,
        runs_on=seen.runs_on,
        formula=_formula(seen.values, seen.layout.config),
        target=target,
        replaces=wish.replaces,
        checkpoint_bytes=sum(file.path.stat().st_size for file in checkpoint.files),
        model_bytes=seen.model_bytes,
        note=seen.note,
    )


def _require_apart(checkpoint: Path, target: Path) -> None:
    one, other = checkpoint.resolve(), target.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise InputError(
            f"the model would lie in {target}, where its checkpoint is",
            "Choose another name, or move the checkpoint.",
        )


def _facts(wish: Wish, family: str) -> ModelFacts:
    usual, origin = family_named(family), Origin.read(wish.checkpoint)
    chat = usual.chat_template if wish.chat_template is None else wish.chat_template
    return ModelFacts(
        name=wish.name,
        prompt_profile=wish.profile or usual.profile,
        source=Source(sha256="", description=f"{origin.repo_id} at {origin.revision}" if origin else ""),
        licence=(origin.licence if origin else "") or papers.licence_of(wish.checkpoint),
        family=family,
        chat_template="" if chat == NO_CHAT else chat,
    )


def _family(wish: Wish, found: str | None) -> str:
    name = wish.family or found
    if name is None:
        raise InputError(
            f"nothing in {wish.checkpoint} tells which model this is, or its names contradict each other",
            f"Name it with --family: {', '.join(FAMILIES)}.",
        )
    return name


def _precision(wanted: Precision | None, num_parameters: int) -> Precision:
    if wanted is not None and wanted not in PRECISIONS:
        raise InputError(f"precision {wanted!r} is not one of {', '.join(PRECISIONS)}")
    return wanted or ("int4" if num_parameters >= LARGE_MODEL else "int8")


def _activations(target: devices.Target, wanted: Precision | None) -> Activations:
    if target.device == "cpu":
        return "fp32"
    return "bf16" if wanted == "bf16" else "fp16"


def _capacity(wanted: int | None, longest: int) -> int:
    if wanted is None:
        return min(longest, DEFAULT_CAPACITY)
    if not 16 <= wanted <= longest:
        raise InputError(f"a capacity of {wanted} tokens is not between 16 and the model's {longest}")
    return wanted


_BLANKS: dict[PrefixArchitecture, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "chatglm-6b": (("[MASK]", "[gMASK]"), "<sop>", ("<eop>",)),
    "glm-original": (
        ("[MASK]", "[sMASK]", "[gMASK]"),
        "<|startofpiece|>",
        ("<|endofpiece|>", "<|endoftext|>"),
    ),
}
"""Tokens that mark a blank, that begin its filling, and that end it."""

_NAMED_BY_CONFIG = {
    "mask_token_id": "[MASK]",
    "gmask_token_id": "[gMASK]",
    "bos_token_id": "<sop>",
    "eos_token_id": "<eop>",
}
"""ChatGLM-6B's config has ids too. Prompts are written by the tokenizer; these must agree with it."""


def _with_blanks(config: ModelConfig, tokenizer: SourceTokenizer, values: Mapping[str, Any]) -> ModelConfig:
    """The tokens of a model with blanks are its tokenizer's; a config that names others is refused."""
    if not isinstance(config, PrefixLmConfig):
        return config
    masks, start, ends = _BLANKS[config.architecture]
    for key, name in _NAMED_BY_CONFIG.items() if config.architecture == "chatglm-6b" else ():
        said, found = token_ids(values, key), tokenizer.special_id(name)
        if said not in ((), (found,)):
            raise ArchitectureError(
                f"{key} is {shown(values[key])} in config.json, but {name} has the id {found} in the tokenizer",
                "Take config.json and the tokenizer from the same release of the model.",
            )
    return replace(
        config,
        mask_token_ids=tuple(tokenizer.special_id(name) for name in masks),
        start_token_id=tokenizer.special_id(start),
        eos_token_ids=tuple(tokenizer.special_id(name) for name in ends),
    )


def _formula(values: dict[str, Any], config: ModelConfig) -> Formula:
    try:
        if isinstance(config, PrefixLmConfig):
            return formula_for(values, tokens=BlankTokens(config.mask_token_ids, config.start_token_id))
        return formula_for(values, interpolates=config.rope_factor != 1.0)
    except (KeyError, TypeError, ValueError) as error:
        raise ArchitectureError(f"config.json is read in two ways: {shown(str(error))}") from error
