"""The shape of a model that reads its context in both directions: ChatGLM-6B and the original GLM.

Their prompts have a blank. Everything before the start token is context, which every token of it sees whole; what
is written behind it stands at the blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from glm_lsp.errors import ArchitectureError
from glm_lsp.models.config_file import read_values
from glm_lsp.models.config_values import MIN_CONTEXT

PrefixArchitecture = Literal["chatglm-6b", "glm-original"]

UNKNOWN_MASKS = (0,)
"""Of a config whose tokenizer has not been read: it alone says which tokens mark a blank and its filling."""

PREFIX_ARCHITECTURES: tuple[PrefixArchitecture, ...] = ("chatglm-6b", "glm-original")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixLmConfig:
    """One model's sizes and constants; names equal those of `GlmConfig` where they mean the same.

    Attributes:
        layer_norm_eps: added to a variance.
        max_position_embeddings: tokens of context; the rows of a position table less one, where there is one.
        mask_token_ids: the tokens that mark a blank; of several kinds in a prompt the first listed is meant.
        start_token_id: ends the context and begins what is written.
        residual_scale: of the normed input that ChatGLM-6B adds to what a block computes.
        rope_theta: base of the rotation's frequencies; only ChatGLM-6B rotates.
        rounds_frequencies: those frequencies are rounded to half precision, as in its checkpoint.

    Raises:
        ArchitectureError: the sizes contradict each other, or a token lies outside the vocabulary.
    """

    architecture: PrefixArchitecture
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int
    mask_token_ids: tuple[int, ...]
    start_token_id: int
    layer_norm_eps: float = 1e-5
    residual_scale: float = 1.0
    rope_theta: float = 10000.0
    rounds_frequencies: bool = True
    tie_word_embeddings: bool = False
    eos_token_ids: tuple[int, ...] = ()
    pad_token_id: int | None = None

    def __post_init__(self) -> None:
        for problem in _contradictions(self):
            raise ArchitectureError(problem)

    @property
    def num_key_value_heads(self) -> int:
        """Every head has its own keys and values."""
        return self.num_attention_heads

    @property
    def head_dim(self) -> int:
        """Dimensions of one head."""
        return self.hidden_size // self.num_attention_heads

    @property
    def qkv_width(self) -> int:
        """Rows of the packed query, key and value projection."""
        return 3 * self.hidden_size

    @property
    def rotates(self) -> bool:
        """Positions turn queries and keys; otherwise they are added to the embeddings."""
        return self.architecture == "chatglm-6b"

    @classmethod
    def from_file(cls, path: Path) -> PrefixLmConfig:
        """Reads the `config.json` of a model folder.

        Raises:
            CheckpointError: the file is missing or not a JSON object.
            ArchitectureError: see `from_dict`.
        """
        return cls.from_dict(read_values(path))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PrefixLmConfig:
        """Reads what `to_dict` writes; a checkpoint's own config has other keys.

        Raises:
            ArchitectureError: a value is missing, unknown or not of its kind, or see the class.
        """
        known: dict[str, Any] = {"architecture": values.get("model_type")}
        names = [field.name for field in fields(cls) if field.name != "architecture"]
        unknown = sorted(set(values) - {*names, "model_type"})
        if known["architecture"] not in PREFIX_ARCHITECTURES or unknown:
            raise ArchitectureError(
                f"model_type {known['architecture']!r}, keys {unknown}: not a config of this program"
            )
        for name in names:
            if name in values:
                value = values[name]
                known[name] = tuple(value) if isinstance(value, list) else value
        try:
            return cls(**known)
        except TypeError as error:
            raise ArchitectureError(f"the config is incomplete or holds a wrong type: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """The keys of a model folder's `config.json`."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        lists = {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
        return {"model_type": values.pop("architecture"), **values, **lists}


_SIZES = (
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "max_position_embeddings",
)  # fmt: skip


def _contradictions(config: PrefixLmConfig) -> list[str]:
    """Why these sizes cannot be run."""
    problems = [
        f"{name} is {size!r}, not a positive int"
        for name in _SIZES
        if not isinstance(size := getattr(config, name), int) or isinstance(size, bool) or size <= 0
    ]
    problems += [
        f"{name} is {value!r}, not a positive number"
        for name in ("layer_norm_eps", "residual_scale", "rope_theta")
        if not isinstance(value := getattr(config, name), (int, float)) or not value > 0
    ]
    if problems:
        return problems
    if config.hidden_size % config.num_attention_heads:
        problems.append(
            f"hidden_size {config.hidden_size} is not a multiple of num_attention_heads "
            f"{config.num_attention_heads}"
        )
    if config.rotates and config.head_dim % 4:
        problems.append(f"heads of {config.head_dim} dimensions cannot be rotated by halves of halves")
    if not config.mask_token_ids:
        problems.append("there is no token for a blank")
    if config.max_position_embeddings < MIN_CONTEXT:
        problems.append(
            f"a context of {config.max_position_embeddings} tokens is too short: {MIN_CONTEXT} are the least"
        )
    ids = (*config.mask_token_ids, *config.eos_token_ids, config.start_token_id, config.pad_token_id or 0)
    wrong = [token_id for token_id in ids if not 0 <= token_id < config.vocab_size]
    if wrong:
        problems.append(f"token ids {wrong} are outside the vocabulary of {config.vocab_size}")
    return problems
