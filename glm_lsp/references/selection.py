"""Which pieces are shown, and in which order.

A prompt begins with its references, so a changed one empties the KV cache behind it. Therefore what has been shown
before keeps its place at the head, and what is new comes last, nearest to the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from glm_lsp.references.candidate import Candidate, Explained, Kind, Verdict
from glm_lsp.references.chunk import trimmed
from glm_lsp.references.similarity import dice, words

_LIKE_THE_CURSOR = 0.5
_DUPLICATE = 0.9
_LEAST_CHARS = 120
"""Less than this of a piece is not worth a place."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The pieces that are shown, oldest first, and what became of all."""

    chosen: tuple[Candidate, ...] = ()
    explained: tuple[Explained, ...] = ()


def select(
    candidates: Iterable[Candidate],
    shown: Sequence[Candidate],
    max_chars: int,
    near: frozenset[str],
    *,
    stays: bool,
) -> Selection:
    """Chooses from the candidates as many as fit.

    Args:
        candidates: best first.
        shown: what is shown now, in its order.
        max_chars: most characters, with what a prompt puts around each piece.
        near: the words around the cursor; pieces very like it are left out, as a model would only repeat them. None of
            them: nothing is left out for that.
        stays: whether the place is still the same, so that what is shown goes first, as long as it is a candidate.
    """
    found = list(dict.fromkeys(candidates))
    if stays:
        found.sort(key=lambda candidate: not _is_part_of_any(candidate, shown))
    chosen: list[Candidate] = []
    taken: list[frozenset[str]] = []
    explained: list[Explained] = []
    room = max_chars
    for candidate in found:
        verdict, piece = _judge(candidate, taken, room, near)
        explained.append(Explained(candidate.path, candidate.kind, len(piece.text) if piece else 0, verdict))
        if piece is not None:
            chosen.append(piece)
            taken.append(words(candidate.text))
            room -= piece.cost
    return Selection(_ordered(chosen, shown), tuple(explained))


def _judge(
    candidate: Candidate, taken: Sequence[frozenset[str]], room: int, near: frozenset[str]
) -> tuple[Verdict, Candidate | None]:
    own = words(candidate.text)
    if candidate.kind is not Kind.DEFINITIONS and dice(own, near) > _LIKE_THE_CURSOR:
        return Verdict.LIKE_THE_CURSOR, None
    if any(dice(own, other) > _DUPLICATE for other in taken):
        return Verdict.DUPLICATE, None
    piece = _fitted(candidate, room)
    return (Verdict.USED, piece) if piece else (Verdict.NO_ROOM, None)


def _fitted(candidate: Candidate, room: int) -> Candidate | None:
    """As much of a piece as there is room for, in whole lines."""
    if candidate.cost <= room:
        return candidate
    space = room - (candidate.cost - len(candidate.text))
    if space < _LEAST_CHARS:
        return None
    lines = candidate.text.split("\n")
    if candidate.kind is Kind.DEFINITIONS:
        text = candidate.text[: candidate.text.rfind("\n", 0, space + 1) + 1].rstrip("\n")
    else:
        text = trimmed(lines, len(lines) // 2, space)  # its middle was looked for
    return Candidate(candidate.kind, candidate.path, text) if len(text) >= _LEAST_CHARS else None


def _is_part_of_any(candidate: Candidate, shown: Iterable[Candidate]) -> bool:
    return any(
        candidate.kind is other.kind and candidate.path == other.path and other.text in candidate.text
        for other in shown
    )


def _ordered(chosen: Sequence[Candidate], shown: Sequence[Candidate]) -> tuple[Candidate, ...]:
    old = [candidate for candidate in shown if candidate in chosen]
    new = [candidate for candidate in chosen if candidate not in old]
    return (*old, *reversed(new))
