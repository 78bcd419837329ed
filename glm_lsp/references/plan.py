"""How an engine's model uses references: what was measured for the starter, and a careful guess for larger ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from glm_lsp.completion.prompt import Reference
from glm_lsp.references.candidate import ALL_KINDS, Kind

LOOKUP_CHARS = 12 * 1024
"""Of references that are only looked up in. They cost no prompt, but a request carries them."""
MAX_PROMPT_CHARS = 8 * 1024
_SMALL_CONTEXT = 1024
_CHARS_PER_TOKEN = 3
_HEADER_TOKENS = 64


class Way(StrEnum):
    """What references are used for."""

    PROMPT = "in_the_prompt"
    LOOKUP = "looked_up"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to gather for a model, how much of it, and what to do with it."""

    way: Way
    kinds: frozenset[Kind]
    max_chars: int


def plan_for(context_length: int, *, copies: bool) -> Plan | None:
    """The plan for an engine by its description; None where references do not pay.

    In a small context they take the place of code that is worth more, so they are only looked up in, and only what is
    alike pays (docs/decisions.md). A larger context gets all kinds, in a quarter of it; that is not measured yet.

    Args:
        context_length: tokens of prompt and completion together.
        copies: whether the engine copies from the text around the window.
    """
    if context_length > _SMALL_CONTEXT:
        return Plan(Way.PROMPT, ALL_KINDS, min(MAX_PROMPT_CHARS, context_length // 4 * _CHARS_PER_TOKEN))
    return Plan(Way.LOOKUP, frozenset([Kind.NEIGHBOUR]), LOOKUP_CHARS) if copies else None


def prompt_chars(context_length: int) -> int:
    """The most that an engine shows of references, with the head of the prompt: half of what is left by the answer."""
    budget = context_length - min(128, context_length // 8)
    return max(0, budget // 2 - _HEADER_TOKENS) * _CHARS_PER_TOKEN


def lookup_text(references: Iterable[Reference]) -> str:
    """References as one text, to be laid before the document's own in which an engine looks things up."""
    return "".join(f"{reference.text}\n\n" for reference in references)
