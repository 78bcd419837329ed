"""Single values of a `config.json`, each read as what it must be; what is not is refused by its key."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Collection, Mapping
from typing import Any, TypeGuard

from glm_lsp.errors import ArchitectureError

MAX_COUNT = 1 << 30
MAX_LAYERS = 128
MAX_HEADS = 256
"""GLM-4.5 has 92 layers and 96 heads. Lists of tensors, and of their rows by head, are as long as these allow."""

MIN_CONTEXT = 32
"""Tokens: room for the marks of a prompt, a line of code and a few tokens of answer."""

MEANINGFUL = re.compile(
    r"act_fn|activation|alibi|att(ention|n)|bias|causal|clip|compress|dilat|direction|encoder_decoder|eps(ilon)?$"
    r"|expert|hidden_act|interleav|layer_?drop|layer_?types?|lora|mask_type|mlp_type|moe|multiplier|mup|norm|parallel_(block|layer|mlp)"
    r"|position|prefix|prun|quant|query|residual|rope|rotary|scal(ar|e|ing)|slid|softcap|sparse|temperature|theta|window"
)
"""What a key says that may change what a model computes. A key that this program does not know is passed over, as
published configs are full of them, but not one of these."""

_ON = re.compile(r"causal|interleav|norm_(before|first)|pre_?norm|layer_norm_before|rope|rotary")
"""Keys of `MEANINGFUL`'s kind where false is not "as usual"."""
_FACTOR = re.compile(r"multiplier|scal(ar|e|ing)|temperature")
"""Likewise, where zero is not, but one is."""

PAIRS_CAUSALLY: Mapping[str, tuple[object, ...]] = {
    "act_fn": ("silu", "swish"),
    "activation": ("silu", "swish", "swiglu"),
    "activation_function": ("silu", "swish", "swiglu"),
    "hidden_act": ("silu", "swish"),
    "causal": (True,),
    "is_causal": (True,),
    "interleaved_qkv": (False,),
    "interleaved_rope": (True,),
    "rope_interleave": (True,),
    "rope_interleaved": (True,),
    "rotary_interleaved": (True,),
    "use_rope": (True,),
    "use_rotary": (True,),
    "use_rotary_embedding": (True,),
    "do_layer_norm_before": (True,),
    "norm_first": (True,),
    "pre_norm": (True,),
    "rms_norm": (True,),
    "rmsnorm": (True,),
    "use_rms_norm": (True,),
    "scale_attn_weights": (True,),
    "mask_type": ("causal",),
    "mlp_type": ("swiglu",),
    "position_embedding_type": ("rope", "rotary"),
}
"""What keys that no published config of the family has would have to say of a model that reads from left to right and
rotates neighbouring pairs."""

QUANTISED = "Import the unquantised repository; this program quantises itself with --precision int4."

HARMLESS = frozenset({
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_attn_implementation_internal",
    "attention_dropout",
    "attention_dropout_prob",
    "attn_implementation",
    "max_position_embeddings",
    "num_attention_heads",
    "output_attentions",
    "temperature",  # of a sampler
})  # fmt: skip
"""Keys of `MEANINGFUL`'s kind that change nothing, or are always read."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80


def shown(value: object) -> str:
    """A value for a message: cut short, however large it is."""
    return _SHORT.repr(value)


def count(
    values: Mapping[str, Any], key: str, default: int | None = None, *, at_most: int = MAX_COUNT
) -> int:
    """A positive whole number; `default` where the key is absent or null.

    Raises:
        ArchitectureError: it is something else, or absent without a default.
    """
    value = values.get(key)
    if value is None and default is not None:
        return default
    if _is_number(value) and 0 < value <= at_most and value == int(value):
        return int(value)
    raise ArchitectureError(f"{key} is {shown(value)}, not a positive int up to {at_most}")


def number(values: Mapping[str, Any], key: str, default: float | None = None) -> float:
    """A positive number; see `count`."""
    value = values.get(key)
    if value is None and default is not None:
        return default
    if _is_number(value) and 0 < value <= 1e30:
        return float(value)
    raise ArchitectureError(f"{key} is {shown(value)}, not a positive float")


def flag(values: Mapping[str, Any], key: str, default: bool) -> bool:
    """True or false; see `count`."""
    value = values.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ArchitectureError(f"{key} is {shown(value)}, not true or false")
    return value


def token_id(values: Mapping[str, Any], key: str, default: int | None = None) -> int | None:
    """A token id; see `count`."""
    value = values.get(key)
    if value is None:
        return default
    if not _is_id(value):
        raise ArchitectureError(f"{key} is {shown(value)}, not a token id")
    return int(value)


def token_ids(values: Mapping[str, Any], key: str) -> tuple[int, ...]:
    """One token id or a list of them; none where the key is absent or null.

    Raises:
        ArchitectureError: it is something else.
    """
    value = values.get(key)
    ids = value if isinstance(value, list) else [] if value is None else [value]
    if len(ids) > 64 or not all(_is_id(one) for one in ids):
        raise ArchitectureError(f"{key} is {shown(value)}, not a token id or a list of them")
    return tuple(ids)


def class_names(values: Mapping[str, Any]) -> list[str]:
    """The model classes a config names.

    Raises:
        ArchitectureError: `architectures` is something else than a list of names.
    """
    names = values.get("architectures")
    if names is None:
        return []
    if not isinstance(names, list) or len(names) > 64 or not all(isinstance(name, str) for name in names):
        raise ArchitectureError(f"architectures is {shown(names)}, not a list of names")
    return names


def refuse_quantised(values: Mapping[str, Any]) -> None:
    """Refuses a checkpoint whose weights are codes.

    Raises:
        ArchitectureError: it is one.
    """
    for key in ("quantization_bit", "quantization_config", "compression_config"):
        if values.get(key):
            raise ArchitectureError(
                f"{key} is {shown(values[key])}: the checkpoint is quantised already", QUANTISED
            )


def refuse_unknown(
    values: Mapping[str, Any], known: Collection[str], computed: Mapping[str, tuple[object, ...]]
) -> None:
    """Refuses keys that are not known and may say that the model computes something else.

    Args:
        computed: what keys may say because it is computed, as `PAIRS_CAUSALLY`.

    Raises:
        ArchitectureError: there is one.
    """
    for key, value in values.items():
        if key in known or key in HARMLESS or not MEANINGFUL.search(key):
            continue
        if not _says_nothing(key, value, computed):
            raise ArchitectureError(
                f"{shown(key)} is {shown(value)}: this program does not know that key, and it may change what the "
                "model computes"
            )


def _says_nothing(key: str, value: Any, computed: Mapping[str, tuple[object, ...]]) -> bool:
    """It is empty, says what is computed anyway, or switches something off that is not computed."""
    if value is None or value in ("", [], {}):
        return True
    if key in computed:
        return any(value == one and type(value) is type(one) for one in computed[key])
    if key == "layer_types":
        return isinstance(value, list) and all(one == "full_attention" for one in value)
    if _ON.search(key):
        return False
    if _FACTOR.search(key) and value is not False:
        return _is_number(value) and value == 1
    return value is False or (_is_number(value) and value == 0)


def _is_number(value: Any) -> TypeGuard[int | float]:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (isinstance(value, float) and math.isfinite(value))


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT
