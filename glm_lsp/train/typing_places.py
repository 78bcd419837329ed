"""Cursors of somebody who types held-out code: a line half written, and nothing yet of some lines below it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glm_lsp.completion.lines import line_end, line_start, next_line_start
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.errors import InputError
from glm_lsp.train.example import Document

_MISSING_LINES = (0, 0, 1, 4, 8)
_ASKED_KEYS = 1 / 8
"""Of a line's keys. Neighbours have much in common: more lines tell more, and cost a sixth more each."""
_LONGEST_LINE = 200
_TRIES = 1000


@dataclass(frozen=True, slots=True)
class TypingPlace:
    """One cursor, and what its author wrote from there on, down to the end of the file."""

    snapshot: DocumentSnapshot
    rest: str


def draw_places(documents: Sequence[Document], seed: int) -> Iterator[TypingPlace]:
    """Cursors without end, a few on each line, by a fixed seed.

    Half of the lines come from a file drawn among all, half from one of a project drawn among all in its language, so
    that neither large projects nor those of a few files rule. In a file a line is as likely as it is long: it has as
    many keys.

    Raises:
        InputError: the documents have hardly any line to type.
    """
    rng = random.Random(seed)
    projects: defaultdict[tuple[str, str], list[Document]] = defaultdict(list)
    for document in documents:
        projects[document.language, document.package].append(document)
    by_project = list(projects.values())
    while by_project:
        for _ in range(_TRIES):
            files = rng.choice(by_project) if rng.random() < 0.5 else documents
            if span := _line(document := rng.choice(files), rng):
                break
        else:
            break
        yield from _along(document, *span, rng)
    raise InputError("the files have no line to complete", "Name a split with more code.")


def _line(document: Document, rng: random.Random) -> tuple[int, int] | None:
    """Where the line around a random character begins behind its indent, and where it ends."""
    text = document.text
    if not text:
        return None
    at = rng.randrange(len(text))
    start, end = line_start(text, at), line_end(text, at)
    line = text[start:end]
    if not line.strip() or len(line) > _LONGEST_LINE:
        return None
    return start + len(line) - len(line.lstrip()), end


def _along(document: Document, start: int, end: int, rng: random.Random) -> Iterator[TypingPlace]:
    text = document.text
    below = end
    for _ in range(rng.choice(_MISSING_LINES)):
        below = line_end(text, next_line_start(text, below))
    for cursor in range(start, end):
        if rng.random() < _ASKED_KEYS:
            snapshot = DocumentSnapshot(
                uri=document.path,
                path=document.path,
                language_id=document.language,
                version=0,
                text=text[:cursor] + text[below:],
                offset=cursor,
            )
            yield TypingPlace(snapshot, text[cursor:])
