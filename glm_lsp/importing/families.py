"""The published models this program knows by name, and how each is asked."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.errors import InputError


@dataclass(frozen=True, slots=True)
class Family:
    """One row of docs/models.md.

    Attributes:
        profile: how it is asked for a completion; see `completion/prompt/`.
        chat_template: how it is talked to; see `completion/chat.py`. Empty for models that hold no dialogue.
    """

    profile: str
    chat_template: str = ""


FAMILIES: dict[str, Family] = {
    "codegeex4": Family("codegeex4", "glm-4"),
    "codegeex2": Family("codegeex2"),
    "chatglm3": Family("base", "chatglm3"),
    "chatglm2": Family("base", "chatglm2"),
    "chatglm2-32k": Family("base", "chatglm2"),
    "chatglm-6b": Family("chatglm-6b-blank", "chatglm-6b"),
    "glm-4": Family("base", "glm-4"),
    "glm-4-hf": Family("base", "glm-4"),
    "glm-4-0414": Family("base", "glm-4"),
    "glm-edge": Family("base", "glm-edge"),
    "glm-original": Family("glm-blank"),
    "starter": Family("codegeex4"),
}

NO_CHAT = "none"
"""As a chat template: the model holds no dialogue."""


def family_named(name: str) -> Family:
    """The family of that name.

    Raises:
        InputError: there is none.
    """
    try:
        return FAMILIES[name]
    except KeyError:
        raise InputError(f"{name!r} is not a model family; known: {', '.join(FAMILIES)}") from None
