"""Prompts: the text around the cursor, laid out the way a model was trained to read it."""

from glm_lsp.completion.prompt.languages import LANGUAGE_NAMES, language_name
from glm_lsp.completion.prompt.parts import PromptParts, Reference
from glm_lsp.completion.prompt.profiles import PROFILES, Profile, codegeex4, profile_named
from glm_lsp.completion.prompt.segment import Kind, Role, Segment

__all__ = [
    "LANGUAGE_NAMES",
    "PROFILES",
    "Kind",
    "Profile",
    "PromptParts",
    "Reference",
    "Role",
    "Segment",
    "codegeex4",
    "language_name",
    "profile_named",
]
