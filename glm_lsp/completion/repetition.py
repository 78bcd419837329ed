"""Repetition: text that goes round in circles, and lines that say what another line says already."""

from __future__ import annotations

import re

_SHORT_PERIOD = 3
_LONG_PERIOD = 10
_LONGEST_PERIOD = 120
_LONGEST_COMPARED = 400
_NUMBER = re.compile(r"\d+")
_STRUCTURE_WORDS = frozenset([
    "begin", "break", "continue", "default:", "do", "done", "else", "else:", "end", "end;", "endif", "esac", "fi",
    "finally:", "pass", "pass;", "return", "return;", "then", "try:",
])  # fmt: skip


def circle_start(text: str) -> int | None:
    """Where the text should end when its tail repeats: after the first round. None when it does not.

    A pattern of 10 characters counts from its 4th time on, one of 3 from its 6th. White space and rules of a
    single character (`# -----`) are no repetition.
    """
    for period in range(_SHORT_PERIOD, min(_LONGEST_PERIOD, len(text) // 4) + 1):
        span = period * ((4 if period >= _LONG_PERIOD else 6) - 1)
        start = len(text) - span - period
        if start >= 0 and text.endswith(text[start : start + span]) and len(set(text[-period:].strip())) > 1:
            while start > 0 and text[start - 1] == text[start - 1 + period]:
                start -= 1
            return start + period
    return None


def is_structure(line: str) -> bool:
    """Whether a line only closes or joins blocks: such lines recur in all code and mean something by their indent."""
    code = line.strip()
    return (
        code.startswith("</")
        or code in _STRUCTURE_WORDS
        or not any(char.isalnum() or char == "_" for char in code)
    )


def repeats(line: str, other: str) -> bool:
    """Whether one line says again what the other says.

    Lines of structure must be equal with their indentation. Others may differ by 5 % of their length, by one
    character at least when they are long enough to be told apart; never in a number: lines that differ only
    there are a series.
    """
    if is_structure(line) or is_structure(other):
        return bool(line.strip()) and line.rstrip() == other.rstrip()
    a, b = line.strip(), other.strip()
    if a == b:
        return True
    longest = max(len(a), len(b))
    if not _LONG_PERIOD <= longest <= _LONGEST_COMPARED or _NUMBER.findall(a) != _NUMBER.findall(b):
        return False
    return is_within_distance(a, b, max(1, longest // 20))


def is_within_distance(a: str, b: str, limit: int) -> bool:
    """Whether at most `limit` insertions, deletions and replacements of characters turn `a` into `b`."""
    if abs(len(a) - len(b)) > limit:
        return False
    # Only a band of 2 * limit + 1 cells of each row can stay within the limit.
    row = {column: column for column in range(min(limit, len(b)) + 1)}
    for index, char in enumerate(a, 1):
        last, row = row, {}
        for column in range(max(0, index - limit), min(len(b), index + limit) + 1):
            away = limit + 1
            same = last.get(column - 1, away) + (column == 0 or char != b[column - 1])
            row[column] = min(same, last.get(column, away) + 1, row.get(column - 1, away) + 1)
        if min(row.values()) > limit:
            return False
    return row[len(b)] <= limit
