"""Prompt profiles: the text around the cursor, laid out the way a model was trained to read it.

A profile turns `PromptParts` into segments. A segment is either the name of one special token, looked up by
name and inserted by id, or ordinary text, which is encoded with special tokens switched off: user code that
happens to contain `<|user|>` stays code. Training renders its examples through the same functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from glm_lsp.completion.mode import Mode
from glm_lsp.errors import TokenizerError


class Role(Enum):
    """What a segment is for; training takes no loss on the header."""

    HEADER = auto()
    SUFFIX = auto()
    PREFIX = auto()
    MIDDLE = auto()


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a prompt: a special token's name, or text to encode apart from its neighbours."""

    text: str
    role: Role
    special: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """A piece of another file shown to the model; `path` is relative to the workspace, with forward slashes."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptParts:
    """Everything a profile may use. `suffix` starts at the line after the cursor's."""

    prefix: str
    suffix: str = ""
    path: str = ""
    language: str = ""
    mode: Mode = Mode.BLOCK
    references: tuple[Reference, ...] = ()


Profile = Callable[[PromptParts], list[Segment]]


def codegeex4(parts: PromptParts) -> list[Segment]:
    """Suffix, prefix, middle, as in CodeGeeX4's infilling guide.

    The order puts the text before the cursor last, so that typing only appends and everything before it stays
    in the KV cache.
    """
    references = "".join(f"###REFERENCE:\n###PATH:{ref.path}\n{ref.text}\n" for ref in parts.references)
    header = f"\n{references}###PATH:{parts.path}\n###LANGUAGE:{parts.language}\n###MODE:{parts.mode.value}\n"
    return [
        Segment("<|user|>", Role.HEADER, special=True),
        Segment(header, Role.HEADER),
        Segment("<|code_suffix|>", Role.HEADER, special=True),
        Segment(parts.suffix, Role.SUFFIX),
        Segment("<|code_prefix|>", Role.HEADER, special=True),
        Segment(parts.prefix, Role.PREFIX),
        Segment("<|code_middle|>", Role.HEADER, special=True),
        Segment("<|assistant|>", Role.HEADER, special=True),
        Segment("\n", Role.HEADER),
    ]


def plain(parts: PromptParts) -> list[Segment]:
    """The text before the cursor and nothing else, for models without an infilling format."""
    return [Segment(parts.prefix, Role.PREFIX)]


PROFILES: dict[str, Profile] = {"codegeex4": codegeex4, "plain": plain}

# CodeGeeX4 was trained with capitalised names; an unknown language leaves the field empty, as its guide allows.
LANGUAGE_NAMES = {
    "c": "C", "cpp": "C++", "csharp": "C#", "css": "CSS", "dart": "Dart", "dockerfile": "Dockerfile",
    "go": "Go", "html": "HTML", "java": "Java", "javascript": "JavaScript", "javascriptreact": "JavaScript",
    "json": "JSON", "kotlin": "Kotlin", "lua": "Lua", "makefile": "Makefile", "markdown": "Markdown",
    "perl": "Perl", "php": "PHP", "python": "Python", "r": "R", "ruby": "Ruby", "rust": "Rust", "scala": "Scala",
    "sh": "Shell", "shellscript": "Shell", "sql": "SQL", "swift": "Swift", "toml": "TOML", "typescript": "TypeScript",
    "typescriptreact": "TypeScript", "vue": "Vue", "yaml": "YAML",
}  # fmt: skip


def profile_named(name: str) -> Profile:
    """The profile of that name.

    Raises:
        TokenizerError: a model asks for a profile this version does not have.
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise TokenizerError(
            f"unknown prompt profile {name!r}; known: {', '.join(sorted(PROFILES))}"
        ) from None
