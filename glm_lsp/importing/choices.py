"""What may be chosen for an import, checked by itself: before a hub is asked or a folder is opened."""

from __future__ import annotations

import shutil
from pathlib import Path

from glm_lsp.completion.chat import TEMPLATES
from glm_lsp.completion.prompt import PROFILES
from glm_lsp.errors import InputError
from glm_lsp.importing.families import FAMILIES, NO_CHAT
from glm_lsp.models.precision import PRECISIONS

ROPE_RULES = ("auto", "base", "interpolate")
DEVICES = ("auto", "cpu", "cuda")
EXPORTERS = ("own", "optimum")
MIN_CAPACITY = 16


def require_known(
    *,
    family: str | None,
    precision: str | None,
    capacity: int | None,
    profile: str | None,
    chat_template: str | None,
    rope_rule: str,
    device: str,
) -> None:
    """Refuses what no model could be imported with; None is what was not chosen.

    Raises:
        InputError: names it, and what there is.
    """
    _require("--family", "a model family", family, tuple(FAMILIES))
    _require("--precision", "a precision", precision, PRECISIONS)
    _require("--profile", "a prompt profile", profile, tuple(PROFILES))
    _require("--chat", "a chat template", chat_template, (*TEMPLATES, NO_CHAT))
    _require("--rope-rule", "a rule", rope_rule, ROPE_RULES)
    _require("--device", "a device", device, DEVICES)
    if capacity is not None and capacity < MIN_CAPACITY:
        raise InputError(f"--capacity {capacity}: a capacity has at least {MIN_CAPACITY} tokens")


def require_exporter(exporter: str, python: Path | None, precision: str | None, device: str) -> None:
    """Refuses what cannot go with an exporter.

    Raises:
        InputError: there is no such exporter or no such `python`, or it exports another precision, or for the CPU.
    """
    _require("--exporter", "an exporter", exporter, EXPORTERS)
    if exporter == "own":
        if python is not None:
            raise InputError("--exporter-python belongs to --exporter optimum")
        return
    if precision not in (None, "fp32"):
        raise InputError(f"optimum exports fp32, not {precision}", "Leave --precision out, or --exporter.")
    if device == "cuda":
        raise InputError(
            "optimum's graph is fp32 and runs on the CPU only", "Leave --device out, or --exporter."
        )
    if python is not None and shutil.which(python) is None:
        raise InputError(f"{python} cannot be run", "Name a Python with --exporter-python.")


def _require(option: str, what: str, given: str | None, known: tuple[str, ...]) -> None:
    if given is not None and given not in known:
        raise InputError(f"{option} {given!r} is not {what}", f"Choose one of {', '.join(known)}.")
