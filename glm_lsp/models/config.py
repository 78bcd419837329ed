"""The shape of a GLM: `GlmConfig`, read from the `config.json` of `GlmForCausalLM` or `Glm4ForCausalLM`.

Both layouts are read: transformers 4 keeps `rope_theta`, `partial_rotary_factor` and `rope_scaling` at the
top level, transformers 5 puts them into `rope_parameters`. Absent keys take the defaults of transformers'
classes, as published checkpoints rely on them. Everything this program cannot compute exactly is refused by
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from glm_lsp.errors import ArchitectureError
from glm_lsp.models.config_file import read_values
from glm_lsp.models.config_values import (
    MAX_COUNT,
    MAX_HEADS,
    MAX_LAYERS,
    MIN_CONTEXT,
    PAIRS_CAUSALLY,
    class_names,
    count,
    flag,
    number,
    refuse_quantised,
    refuse_unknown,
    shown,
    token_id,
    token_ids,
)

Architecture = Literal["glm", "glm4"]

CLASS_NAMES: dict[Architecture, str] = {"glm": "GlmForCausalLM", "glm4": "Glm4ForCausalLM"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GlmConfig:
    """One GLM's sizes and constants; names equal transformers', defaults are those of its `GlmConfig`.

    `architecture` "glm4" adds the two sandwich norms of GLM-4-0414. `rope_factor` divides positions (rope
    type linear; 1.0 is the default type). Only the first `rotary_dim` of a head's dimensions are rotated.

    Raises:
        ArchitectureError: the sizes contradict each other or the attention kernel cannot take them.
    """

    architecture: Architecture = "glm"
    vocab_size: int = 151552
    hidden_size: int = 4096
    intermediate_size: int = 13696
    num_hidden_layers: int = 40
    num_attention_heads: int = 32
    num_key_value_heads: int = 2
    head_dim: int = 128
    rms_norm_eps: float = 1.5625e-07
    rope_theta: float = 10000.0
    rope_factor: float = 1.0
    partial_rotary_factor: float = 0.5
    attention_bias: bool = True
    tie_word_embeddings: bool = False
    max_position_embeddings: int = 131072
    eos_token_ids: tuple[int, ...] = (151329, 151336, 151338)
    pad_token_id: int | None = 151329

    def __post_init__(self) -> None:
        for problem in _contradictions(self):
            raise ArchitectureError(problem)

    @property
    def rotary_dim(self) -> int:
        """How many of a head's dimensions are rotated."""
        return int(self.head_dim * self.partial_rotary_factor)

    @property
    def qkv_width(self) -> int:
        """Rows of the packed query, key and value projection."""
        return (self.num_attention_heads + 2 * self.num_key_value_heads) * self.head_dim

    @classmethod
    def from_file(cls, path: Path) -> GlmConfig:
        """Reads a `config.json`.

        Raises:
            CheckpointError: the file is missing or not a JSON object.
            ArchitectureError: it describes a model this program cannot run.
        """
        return cls.from_dict(read_values(path))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> GlmConfig:
        """Reads the keys of a `config.json` in transformers 4's or 5's layout.

        Raises:
            ArchitectureError: see the class.
        """
        architecture = _architecture(values)
        _refuse_foreign(values)
        known: dict[str, Any] = {**_rope_of(values), **_absent_by_null(values)}
        given = {name for name in (*_NUMBERS, *_FLAGS) if values.get(name) is not None}
        known |= {name: count(values, name, at_most=_COUNTS[name]) for name in given & _COUNTS.keys()}
        known |= {name: flag(values, name, False) for name in given & set(_FLAGS)}
        if _EPSILON in given:
            known[_EPSILON] = number(values, _EPSILON)
        if "eos_token_id" in values:
            known["eos_token_ids"] = token_ids(values, "eos_token_id")
        if "pad_token_id" in values:
            known["pad_token_id"] = token_id(values, "pad_token_id")
        return cls(architecture=architecture, **known)

    def to_dict(self) -> dict[str, Any]:
        """The keys of a `config.json` that transformers 4 and 5 and `from_dict` all read."""
        values: dict[str, Any] = {name: getattr(self, name) for name in (*_NUMBERS, *_FLAGS)}
        linear = {"rope_type": "linear", "factor": self.rope_factor} if self.rope_factor != 1.0 else None
        return {
            "architectures": [CLASS_NAMES[self.architecture]],
            "model_type": self.architecture,
            "hidden_act": "silu",
            **values,
            "rope_theta": self.rope_theta,
            "partial_rotary_factor": self.partial_rotary_factor,
            "rope_scaling": linear,
            "eos_token_id": list(self.eos_token_ids),
            "pad_token_id": self.pad_token_id,
        }


_COUNTS = {
    "vocab_size": MAX_COUNT,
    "hidden_size": MAX_COUNT,
    "intermediate_size": MAX_COUNT,
    "num_hidden_layers": MAX_LAYERS,
    "num_attention_heads": MAX_HEADS,
    "num_key_value_heads": MAX_HEADS,
    "head_dim": MAX_COUNT,
    "max_position_embeddings": MAX_COUNT,
}
"""Whole numbers, and the most each may be."""
_EPSILON = "rms_norm_eps"
_NUMBERS = (*_COUNTS, _EPSILON)
_FLAGS = ("attention_bias", "tie_word_embeddings")
_ROPE = ("rope_theta", "partial_rotary_factor")
_ROPE_TYPE = ("rope_type", "type")
_KNOWN = {*_NUMBERS, *_FLAGS, *_ROPE, "rope_scaling", "rope_parameters", "hidden_act"}


def _architecture(values: Mapping[str, Any]) -> Architecture:
    classes, model_type = class_names(values), values.get("model_type")
    architecture = next((name for name in CLASS_NAMES if name == model_type), None)
    if architecture is None:
        raise ArchitectureError(f"model_type {shown(model_type)} is not one of {', '.join(CLASS_NAMES)}")
    if classes and CLASS_NAMES[architecture] not in classes:
        raise ArchitectureError(f"architectures is {shown(classes)}, not {CLASS_NAMES[architecture]}")
    return architecture


def _refuse_foreign(values: Mapping[str, Any]) -> None:
    activation = values.get("hidden_act", "silu")
    if activation not in ("silu", "swish"):
        raise ArchitectureError(f"hidden_act {shown(activation)} is not silu")
    refuse_quantised(values)
    refuse_unknown(values, _KNOWN, PAIRS_CAUSALLY)


def _rope_of(values: Mapping[str, Any]) -> dict[str, float]:
    """`rope_theta`, `partial_rotary_factor` and `rope_factor`, as far as they are given.

    Where several places say one of them, the readers of transformers 4 and 5 differ in which they believe.
    """
    found = {key: number(values, key) for key in _ROPE if values.get(key) is not None}
    for place in ("rope_scaling", "rope_parameters"):
        for key, value in _rope(values.get(place), place).items():
            if found.setdefault(key, value) != value:
                raise ArchitectureError(f"{key} is {found[key]} in one place and {value} in {place}")
    return found


def _rope(settings: object, place: str) -> dict[str, float]:
    """What one object of rope settings says; nothing where it is empty or null."""
    if settings is None or settings == {}:
        return {}
    if not isinstance(settings, Mapping):
        raise ArchitectureError(f"the rope settings are {shown(settings)}, not an object")
    given = {key: value for key, value in settings.items() if value is not None}
    unknown = sorted(given.keys() - {*_ROPE, *_ROPE_TYPE, "factor"})
    if unknown:
        raise ArchitectureError(f"{place} has the key {shown(unknown[0])}, which this program does not know")
    kinds = [given[key] for key in _ROPE_TYPE if key in given] or ["default"]
    for kind in kinds:
        if kind not in ("default", "linear") or kind != kinds[0]:
            raise ArchitectureError(f"rope type {shown(kind)} is not supported; only default and linear are")
    factor = number(
        {"rope_factor": given.get("factor", 1.0 if kinds[0] == "default" else None)}, "rope_factor"
    )
    if kinds[0] == "default" and factor != 1.0:
        raise ArchitectureError(f"{place} has a factor of {factor}, but not the rope type linear")
    return {key: number(given, key) for key in _ROPE if key in given} | {"rope_factor": factor}


def _absent_by_null(values: Mapping[str, Any]) -> dict[str, int]:
    """What transformers makes of an explicit null: kv heads = heads, head_dim = hidden_size / heads."""
    nulls = {name for name in ("num_key_value_heads", "head_dim") if values.get(name, 0) is None}
    if not nulls:
        return {}
    heads = count(values, "num_attention_heads", 32, at_most=MAX_HEADS)
    hidden = count(values, "hidden_size", 4096)
    return {name: heads if name == "num_key_value_heads" else hidden // heads for name in nulls}


def _contradictions(config: GlmConfig) -> list[str]:
    """Why these sizes cannot be run; the limits on head_dim and rotation are the attention kernel's."""
    heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
    problems = []
    if heads % kv_heads:
        problems.append(f"num_attention_heads {heads} is not a multiple of num_key_value_heads {kv_heads}")
    if config.head_dim % 16:
        problems.append(f"head_dim {config.head_dim} is not a multiple of 16")
    if config.rotary_dim % 16 or not 0 < config.rotary_dim <= config.head_dim:
        problems.append(
            f"head_dim {config.head_dim} with partial_rotary_factor {config.partial_rotary_factor} rotates "
            f"{config.rotary_dim} dimensions, which is not a multiple of 16 up to head_dim"
        )
    if config.max_position_embeddings < MIN_CONTEXT:
        problems.append(
            f"a context of {config.max_position_embeddings} tokens is too short: {MIN_CONTEXT} are the least"
        )
    ids = (*config.eos_token_ids, *(() if config.pad_token_id is None else (config.pad_token_id,)))
    if wrong := [token_id for token_id in ids if not 0 <= token_id < config.vocab_size]:
        problems.append(
            f"eos_token_id and pad_token_id: {wrong} are outside the vocabulary of {config.vocab_size}"
        )
    return problems
