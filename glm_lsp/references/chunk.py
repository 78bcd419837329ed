"""Cutting texts into pieces of whole lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from glm_lsp.references.similarity import jaccard, words

MAX_LINES = 64
MIN_LINES = 3
"""Fewer lines with text say too little."""
_MOST_CHARS_PER_LINE = 400
"""Longer lines are data."""


def lines_of(text: str) -> list[str]:
    r"""The lines without their line breaks; `\n` alone breaks."""
    return text.split("\n")


def around(text: str, line: int, num_lines: int, max_chars: int) -> str:
    """Whole lines around a line, as many before as after it; empty if there is too little text.

    Args:
        text: with newlines only.
        line: from 0; beyond the end it is the last one.
        num_lines: most lines.
        max_chars: most characters.
    """
    lines = lines_of(text)
    line = min(max(line, 0), len(lines) - 1)
    start = max(0, min(line - num_lines // 2, len(lines) - num_lines))
    return trimmed(lines[start : start + num_lines], line - start, max_chars)


def trimmed(lines: Sequence[str], kept: int, max_chars: int) -> str:
    """The lines around number `kept` that fit into `max_chars`; empty if fewer than three with text do."""
    if not lines or len(lines[kept]) > max_chars:
        return ""
    start, end, size = kept, kept + 1, len(lines[kept]) + 1
    grew = True
    while grew:
        grew = False
        if start > 0 and size + len(lines[start - 1]) + 1 <= max_chars:
            start -= 1
            size += len(lines[start]) + 1
            grew = True
        if end < len(lines) and size + len(lines[end]) + 1 <= max_chars:
            size += len(lines[end]) + 1
            end += 1
            grew = True
    return worthwhile(lines[start:end])


def worthwhile(lines: Sequence[str]) -> str:
    """The lines as a text, blank ones at either end left out; empty if they say too little, or are data."""
    found = [number for number, line in enumerate(lines) if line.strip()]
    if len(found) < MIN_LINES or max(map(len, lines)) > _MOST_CHARS_PER_LINE:
        return ""
    return "\n".join(lines[found[0] : found[-1] + 1])


def windows(text: str, num_lines: int) -> Iterator[list[str]]:
    """Overlapping runs of lines, the next half a run further on."""
    lines = lines_of(text)
    step = max(1, num_lines // 2)
    for start in range(0, max(1, len(lines) - step), step):
        yield lines[start : start + num_lines]


def most_similar(text: str, wanted: frozenset[str], num_lines: int, max_chars: int) -> tuple[float, str]:
    """The run of lines that shares most words with `wanted`: its Jaccard similarity and its text."""
    best, chosen = 0.0, ""
    for lines in windows(text, num_lines):
        score = jaccard(words("\n".join(lines)), wanted)
        if score > best and (piece := trimmed(lines, len(lines) // 2, max_chars)):
            best, chosen = score, piece
    return best, chosen
