"""Held-out lines to be typed: all before them stands, they do not, and nothing yet of some lines below."""

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
_LONGEST_LINE = 200
_TRIES = 1000


@dataclass(frozen=True, slots=True)
class TypedLine:
    """One line: `text[start:end]`, its indent left out, is typed; what stands from there to `below` is missing."""

    document: Document
    start: int
    end: int
    below: int

    def snapshot(self, cursor: int) -> DocumentSnapshot:
        """The document when the line has been typed up to `cursor`; start <= cursor <= end."""
        text = self.document.text
        return DocumentSnapshot(
            uri=self.document.path,
            path=self.document.path,
            language_id=self.document.language,
            version=cursor,
            text=text[:cursor] + text[self.below :],
            offset=cursor,
        )


def draw_lines(documents: Sequence[Document], seed: int) -> Iterator[TypedLine]:
    """Lines without end, by a fixed seed.

    Half of them come from a file drawn among all, half from one of a project drawn among all in its language, so that
    neither large projects nor those of a few files rule. In a file a line is as likely as it is long: it has as many
    keys.

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
            if line := _line(rng.choice(files), rng):
                break
        else:
            break
        yield line
    raise InputError("the files have no line to complete", "Name a split with more code.")


def _line(document: Document, rng: random.Random) -> TypedLine | None:
    """The line around a random character, if it is one to type."""
    text = document.text
    if not text:
        return None
    at = rng.randrange(len(text))
    start, end = line_start(text, at), line_end(text, at)
    line = text[start:end]
    if not line.strip() or len(line) > _LONGEST_LINE:
        return None
    below = end
    for _ in range(rng.choice(_MISSING_LINES)):
        below = line_end(text, next_line_start(text, below))
    return TypedLine(document, start + len(line) - len(line.lstrip()), end, below)
