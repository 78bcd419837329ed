"""Every model a second time, in NumPy, straight from its formulas: what an imported graph is held against.

Reads official `config.json` keys and official tensor names by itself and imports nothing else of this program, so
that an error in a name map, a config reader or a graph shows as a difference instead of being made twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glm_lsp.models.formulas.chatglm import ChatGlmFormula
from glm_lsp.models.formulas.chatglm_6b import ChatGlm6bFormula
from glm_lsp.models.formulas.formula import BlankTokens, Formula, Observer, Part, TensorReader
from glm_lsp.models.formulas.glm import GlmFormula
from glm_lsp.models.formulas.original_glm import OriginalGlmFormula

ObservedFormula = ChatGlmFormula | GlmFormula
"""Those that tell an `Observer` what they compute."""

__all__ = ["BlankTokens", "Formula", "ObservedFormula", "Observer", "Part", "TensorReader", "formula_for"]

_ORIGINAL = (
    "GLMModel",
    "GLMForConditionalGeneration",
    "GLMForMultipleChoice",
    "GLMForSequenceClassification",
)


def formula_for(
    values: Mapping[str, Any], *, interpolates: bool = False, tokens: BlankTokens | None = None
) -> Formula:
    """The formula of the model a `config.json` describes.

    Args:
        interpolates: a remote-code config's `rope_ratio` divides positions (ChatGLM2-6B-32K); otherwise it
            multiplies the base.
        tokens: of a model whose prompts have a blank.

    Raises:
        ValueError: there is none.
        KeyError: a key that has no default is missing.
    """
    model_type, classes = values.get("model_type"), values.get("architectures") or []
    is_first = "position_encoding_2d" in values or "inner_hidden_size" in values
    is_original = "block_position_encoding" in values or any(name in _ORIGINAL for name in classes)
    if model_type == "chatglm" and not is_first:
        return ChatGlmFormula.from_values(values, interpolates=interpolates)
    if model_type == "glm4" or (model_type == "glm" and not is_original):
        return GlmFormula.from_values(values)
    if model_type not in ("chatglm", "glm"):
        raise ValueError(f"no formula for model_type {model_type!r}")
    if tokens is None:
        raise ValueError("the formula of a model with blanks needs its mask and start tokens")
    if model_type == "chatglm":
        return ChatGlm6bFormula.from_values(values, tokens)
    return OriginalGlmFormula.from_values(values, tokens)
