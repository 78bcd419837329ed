"""Files beside the one in hand, and other open documents: of each the piece most like the text at the cursor."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from glm_lsp.references.candidate import Candidate, Kind, Verdict
from glm_lsp.references.chunk import most_similar
from glm_lsp.references.files import WorkspaceFiles
from glm_lsp.references.location import joined, parent
from glm_lsp.references.spot import PieceSize, Refused, Spot
from glm_lsp.source_file import language_id as language_of

MAX_FILES = 24
_LEAST_SIMILAR = 0.08
_NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_SAME_LANGUAGE = (
    frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact"]),
    frozenset(["c", "cpp"]),
)


def find(
    files: WorkspaceFiles, spot: Spot, size: PieceSize, refused: Refused, cancelled: Callable[[], bool]
) -> list[Candidate]:
    """At most one piece of each file, most similar first.

    Args:
        files: of the workspace.
        spot: where the cursor is; nothing of that file is taken, and nothing in another language.
        size: of one piece, at most.
        refused: is told of each file that may not be shown.
        cancelled: whether nobody wants the result any more.
    """
    scored: list[tuple[float, str, Candidate]] = []
    for each in _nearby(files, spot.file, spot.language_id):
        if cancelled():
            break
        found = files.text(each)
        if isinstance(found, Verdict):
            refused(each, Kind.NEIGHBOUR, found)
            continue
        score, text = most_similar(found.text, spot.near, size.num_lines, size.max_chars)
        if score >= _LEAST_SIMILAR:
            scored.append((-score, found.path, Candidate(Kind.NEIGHBOUR, found.path, text)))
    return [candidate for _, _, candidate in sorted(scored, key=lambda entry: entry[:2])]


def _nearby(files: WorkspaceFiles, file: str, language_id: str) -> list[str]:
    """Open documents first, then files of the same folder, those with a name like this one's first."""
    opened = [
        document.file
        for document in files.documents
        if document.file != file
        and _are_alike(document.language_id, language_id)
        and files.has(document.file)
    ][: MAX_FILES // 2]
    here = Path(file).name
    names = [
        name
        for name in files.names_beside(file)
        if name != here and _are_alike(language_of(Path(name)), language_id)
    ]
    beside = [joined(parent(file), name) for name in _ranked(names, here)]
    return list(dict.fromkeys([*opened, *beside]))[:MAX_FILES]


def _ranked(names: Sequence[str], here: str) -> list[str]:
    """By words in common with a name, then by how near they stand to it in the alphabet."""
    own = _name_parts(here)
    place = sum(name < here for name in names)
    order = sorted(
        range(len(names)),
        key=lambda number: (-len(own & _name_parts(names[number])), abs(number - place), number),
    )
    return [names[number] for number in order]


def _name_parts(name: str) -> frozenset[str]:
    return frozenset(part.lower() for part in _NAME_PART.findall(name.rpartition(".")[0]))


def _are_alike(one: str, other: str) -> bool:
    return one == other or any(one in group and other in group for group in _SAME_LANGUAGE)
