"""Models that are not run here, each with the reason and with what can be done instead."""

from __future__ import annotations

import re
from pathlib import Path

from glm_lsp.errors import ArchitectureError
from glm_lsp.models.config_values import shown

TEAM_SERVER = "Serve it with vLLM or SGLang on a larger machine, and set engineUrl to that server's address."
SEE = "See docs/models.md for the models that can be imported."

_KNOWN: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r".*glm.*(4v|v_|vlm|agent|46v|ocr|image|video).*"), "it looks at pictures", SEE),
    (re.compile(r"glm.*(moe|dsa).*"), "it is a mixture of experts, too large for this program", TEAM_SERVER),
    (
        re.compile(r"codegeex"),
        "CodeGeeX-13B has an architecture of its own; import CodeGeeX2 or CodeGeeX4",
        SEE,
    ),
    (re.compile(r"glm-?130b"), "GLM-130B is too large for this program", SEE),
)


def foreign(model_type: str) -> ArchitectureError:
    """Why a model of this type is refused."""
    for pattern, why, remedy in _KNOWN:
        if pattern.fullmatch(model_type.lower()):
            return ArchitectureError(f"model_type {model_type!r} is not supported: {why}", remedy)
    return ArchitectureError(f"model_type {shown(model_type)} is not a GLM that this program runs", SEE)


def refuse_training_folder(folder: Path) -> None:
    """Refuses a folder without config that holds what CodeGeeX-13B and GLM-130B are given out as.

    Raises:
        ArchitectureError: it is one.
    """
    if not (folder / "config.json").exists() and (any(folder.glob("*.pt")) or any(folder.glob("*/*.pt"))):
        raise ArchitectureError(
            f"{folder} holds .pt files and no config.json, as CodeGeeX-13B and GLM-130B come: they are not supported",
            SEE,
        )
