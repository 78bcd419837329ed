"""Every model a second time, in NumPy, straight from its formulas: what an imported graph is held against.

Reads official `config.json` keys and official tensor names by itself and imports nothing else of this program, so
that an error in a name map, a config reader or a graph shows as a difference instead of being made twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glm_lsp.models.formulas.chatglm import ChatGlmFormula
from glm_lsp.models.formulas.chatglm_6b import ChatGlm6bFormula
from glm_lsp.models.formulas.formula import BlankTokens, Formula, TensorReader
from glm_lsp.models.formulas.glm import GlmFormula
from glm_lsp.models.formulas.original_glm import OriginalGlmFormula

__all__ = ["BlankTokens", "Formula", "TensorReader", "formula_for"]


def formula_for(
    values: Mapping[str, Any], *, interpolates: bool = False, tokens: BlankTokens | None = None
) -> Formula:
    """The formula of the model a `config.json` describes.

    Args:
        interpolates: a remote-code config's `rope_ratio` divides positions (ChatGLM2-6B-32K); otherwise it
            multiplies the base.
        tokens: of an original GLM, whose config does not name them.

    Raises:
        ValueError: there is none.
        KeyError: a key that has no default is missing.
    """
    model_type, classes = values.get("model_type"), values.get("architectures") or []
    if model_type == "chatglm":
        if "position_encoding_2d" in values or "inner_hidden_size" in values:
            return ChatGlm6bFormula.from_values(values)
        return ChatGlmFormula.from_values(values, interpolates=interpolates)
    if model_type == "glm" and ("block_position_encoding" in values or "GLMModel" in classes):
        if tokens is None:
            raise ValueError("the formula of an original GLM needs its mask and start tokens")
        return OriginalGlmFormula.from_values(values, tokens)
    if model_type in ("glm", "glm4"):
        return GlmFormula.from_values(values)
    raise ValueError(f"no formula for model_type {model_type!r}")
