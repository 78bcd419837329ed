"""What a prompt profile may use."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.completion.mode import Mode


@dataclass(frozen=True, slots=True)
class Reference:
    """A piece of another file shown to the model; `path` is relative to the workspace, with forward slashes."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptParts:
    """Everything a profile may use. `suffix` starts at the line after the cursor's; `language` is its name."""

    prefix: str
    suffix: str = ""
    path: str = ""
    language: str = ""
    mode: Mode = Mode.BLOCK
    references: tuple[Reference, ...] = ()
