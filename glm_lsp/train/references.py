"""Pieces of other files of a package, as the server shows them to the model above the code."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from glm_lsp.completion.prompt import Reference
from glm_lsp.train.example import Document

Draw = Callable[[random.Random], Document | None]
"""Draws another document of the same package, or None."""

MOST = 2
_CANDIDATES = 4
_CHARS_PER_TOKEN = 3.2
_NAME = re.compile(r"[A-Za-z_]\w{2,}")


def no_other(rng: random.Random) -> Document | None:
    """For a document that is alone."""
    return None


def draw_references(
    around: str, draw: Draw, rng: random.Random, encode: Callable[[str], list[int]], budget: int
) -> tuple[Reference, ...]:
    """One or two pieces of at most `budget` tokens each.

    Of some drawn at random, those are taken that share most names with `around`.
    """
    wanted = set(_NAME.findall(around))
    pieces: dict[str, tuple[int, Reference]] = {}
    for _ in range(_CANDIDATES):
        document = draw(rng)
        if document is None:
            continue
        text = _piece(document.text, rng, encode, budget)
        if text:
            shared = len(wanted & set(_NAME.findall(text)))
            pieces[document.path] = (shared, Reference(document.path, text))
    best = sorted(pieces.values(), key=lambda piece: piece[0], reverse=True)[: rng.randint(1, MOST)]
    # The server puts the newest last, right above the code; here the nearest takes its place.
    return tuple(reference for _, reference in reversed(best))


def _piece(text: str, rng: random.Random, encode: Callable[[str], list[int]], budget: int) -> str:
    """Whole lines from a random place, at most `budget` tokens."""
    size = int(budget * _CHARS_PER_TOKEN)
    start = text.rfind("\n", 0, rng.randrange(max(1, len(text) - size // 2))) + 1
    lines = text[start : start + size].split("\n")
    while lines and len(encode("\n".join(lines))) > budget:
        lines = lines[: len(lines) * 4 // 5]
    return "\n".join(lines).strip("\n")
