"""The difference of two texts as `git apply` takes it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

_NOT_PLAIN = re.compile(r'["\\\x00-\x1f\x7f]')
_NO_LINE_BREAK = "\n\\ No newline at end of file\n"


def unified_diff(path: str, old: str, new: str) -> str:
    """The diff of one file; empty where there is no difference.

    Args:
        path: with forward slashes, relative to where the diff will be applied.
        old, new: with the file's line ends and byte-order mark.
    """
    # Only \n ends a line for git; a \r before it belongs to the line.
    before, after = (text.split("\n") for text in (old, new))
    lines = difflib.unified_diff(list(_lines(before)), list(_lines(after)), "/", "/")
    body = "".join(lines)
    if not body:
        return ""
    _, _, hunks = body.split("\n", 2)
    return f"--- {_name('a/' + path)}\n+++ {_name('b/' + path)}\n{hunks}"


def _lines(lines: list[str]) -> Iterator[str]:
    for line in lines[:-1]:
        yield f"{line}\n"
    if lines[-1]:
        yield f"{lines[-1]}{_NO_LINE_BREAK}"


def _name(name: str) -> str:
    """As git quotes names; a tab behind one with a blank in it shows where it ends."""
    if _NOT_PLAIN.search(name):
        return '"' + _NOT_PLAIN.sub(_escape, name) + '"'
    return f"{name}\t" if " " in name else name


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return f"\\{character}" if character in '"\\' else f"\\{ord(character):03o}"
