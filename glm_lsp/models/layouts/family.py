"""Which published model a checkpoint is. Its config often does not say: names do, in the order of their weight."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glm_lsp.models.config import GlmConfig
from glm_lsp.models.layout import Layout
from glm_lsp.models.layouts.names import heading_of, names_of

_NAMED: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    "chatglm": (
        ("codegeex4", re.compile(r"codegeex-?4")),
        ("codegeex2", re.compile(r"codegeex-?2")),
        ("chatglm3", re.compile(r"chatglm-?3")),
        ("chatglm2-32k", re.compile(r"chatglm-?2.*32k")),
        ("chatglm2", re.compile(r"chatglm-?2")),
        ("glm-4", re.compile(r"glm-?4v?-?9b")),
    ),
    "glm": (
        ("codegeex4", re.compile(r"codegeex-?4")),
        ("glm-edge", re.compile(r"glm-?edge")),
        ("glm-4-hf", re.compile(r"glm-?4.*9b")),
        ("starter", re.compile(r"starter")),
    ),
}

_MADE_FROM = {"codegeex2": "chatglm2", "codegeex4": "glm-4", "chatglm2-32k": "chatglm2"}
"""`_name_or_path` may be what the model was before it was trained further."""

_EDGE_VOCAB, _GLM4_VOCAB = 59264, 151552


def family_of(folder: Path, layout: Layout, values: Mapping[str, Any]) -> str | None:
    """The family, by the folder's name and `_name_or_path` in the config, or else the first heading of its README.md.

    None where they say nothing, or one this and the other that: ChatGLM2, ChatGLM3 and CodeGeeX2 have the same config,
    GLM-4-9B and CodeGeeX4 too, and only the names tell them apart.
    """
    if layout.name in ("chatglm-6b", "glm-original"):
        return layout.name
    if layout.name == "glm4":
        return "glm-4-0414"
    said = [family for name in names_of(folder, values) if (family := _by_name(name, layout))]
    if len(said) > 1 and said[0] != said[1] and _MADE_FROM.get(said[0]) != said[1]:
        return None
    return said[0] if said else _by_name(heading_of(folder), layout) or _by_vocabulary(layout)


def _by_name(name: str, layout: Layout) -> str | None:
    for family, pattern in _NAMED[layout.name]:
        if pattern.search(name):
            return _by_rope(family, layout)
    return None


def _by_rope(family: str, layout: Layout) -> str:
    """ChatGLM2-6B under another name than its own is the one that divides positions, if it does."""
    divides = isinstance(layout.config, GlmConfig) and layout.config.rope_factor != 1.0
    return "chatglm2-32k" if family == "chatglm2" and divides else family


def _by_vocabulary(layout: Layout) -> str | None:
    if layout.name == "glm" and layout.config.vocab_size == _EDGE_VOCAB:
        return "glm-edge"
    if layout.name == "glm" and layout.config.vocab_size == _GLM4_VOCAB:
        return "glm-4-hf"
    return None
