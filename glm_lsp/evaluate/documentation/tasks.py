"""Documented definitions of held-out files, each with its documentation taken out."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glm_lsp.docstring.dialect import STYLES
from glm_lsp.docstring.entity import Documentation, Entity, EntityKind
from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.source_tree import parse
from glm_lsp.errors import InputError
from glm_lsp.evaluate import syntax
from glm_lsp.evaluate.documentation.reading import summary
from glm_lsp.evaluate.held_out import HeldOutFile

_KINDS = frozenset([EntityKind.FUNCTION, EntityKind.METHOD, EntityKind.CONSTRUCTOR])
_MAX_FILE_CHARS = 200_000


@dataclass(frozen=True, slots=True)
class DocumentationTask:
    """One function or method without its documentation.

    Attributes:
        text: the whole file without the lines of that documentation.
        name: with the owner's, as in `Entity.qualified_name`.
        start, header_end: of the definition in `text`.
        gap: where the documentation's lines stood in `text`.
        indent: of these lines.
        wanted: the author's documentation with its quotes or marks.
    """

    path: str
    language_id: str
    text: str
    name: str
    start: int
    header_end: int
    gap: int
    indent: str
    wanted: str

    @property
    def own_name(self) -> str:
        """Without the owner's."""
        return self.name.rpartition(".")[2]


def draw_tasks(files: Sequence[HeldOutFile], count: int, seed: int) -> list[DocumentationTask]:
    """At most `count`, as evenly over the languages as they allow, by a fixed seed.

    Raises:
        InputError: nothing in the files is a documented function.
    """
    found: dict[str, list[DocumentationTask]] = {}
    for file in files:
        for task in find_tasks(file):
            found.setdefault(_family(file.language), []).append(task)
    if not found:
        raise InputError("the files hold no documented function", "Name others with --files.")
    rng = random.Random(seed)
    for tasks in found.values():
        rng.shuffle(tasks)
    drawn: list[DocumentationTask] = []
    while len(drawn) < count and any(found.values()):
        drawn += [tasks.pop() for _, tasks in sorted(found.items()) if tasks][: count - len(drawn)]
    return drawn


def _family(language_id: str) -> str:
    return language_id.removesuffix("react")


def find_tasks(file: HeldOutFile) -> Iterator[DocumentationTask]:
    """Every function of a file whose documentation says something, stands on lines of its own and can be spared."""
    if file.language not in STYLES or len(file.text) > _MAX_FILE_CHARS:
        return
    tree = parse(file.language, file.text)
    if tree is None or (file.language == "python" and not syntax.parses(file.text)):
        return
    for entity in find_entities(tree):
        there = entity.documentation
        if entity.kind in _KINDS and entity.is_sound and there and summary(file.language, there.text):
            task = _without(file, entity, there)
            if task and (file.language != "python" or syntax.parses(task.text)):
                yield task


def _without(file: HeldOutFile, entity: Entity, there: Documentation) -> DocumentationTask | None:
    text = file.text
    start = there.start - len(there.indent)
    end = text.find("\n", there.end) + 1
    if not end or text[there.end : end].strip() or text[start : there.start].strip():
        return None
    if _is_comment(text[:start].removesuffix("\n").rpartition("\n")[2].strip()):
        return None  # documentation in two comments, of which only one is taken for it
    shift = end - start if there.start < entity.header_end else 0
    return DocumentationTask(
        path=file.path,
        language_id=file.language,
        text=text[:start] + text[end:],
        name=entity.qualified_name,
        start=entity.start - (end - start if there.start < entity.start else 0),
        header_end=entity.header_end - shift,
        gap=start,
        indent=there.indent,
        wanted=there.text,
    )


def _is_comment(line: str) -> bool:
    return line.startswith(("//", "/*", "* ")) or line.endswith("*/")
