"""What stands above the code of a file: comments, often a licence, and the module docstring."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"\d+")
_DOCSTRING = re.compile(r"""\s*[rRuU]?(\"{3}|'{3}).*?\1""", re.DOTALL)


def leading_comment(text: str) -> str:
    """The run of comment and blank lines a file begins with ("" when it begins with code)."""
    end = 0
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            break
        end += len(line)
    return text[:end]


def preamble(text: str) -> str:
    """What stands above the code: leading comment, module docstring and the comment after it."""
    end = len(leading_comment(text))
    docstring = _DOCSTRING.match(text, end)
    if docstring is not None:
        end = docstring.end()
        end += len(leading_comment(text[end:]))
    return text[:end]


def comment_paragraphs(text: str) -> list[str]:
    """The leading comment's paragraphs, digits masked so that years do not tell copies apart."""
    masked = _DIGITS.sub("0", leading_comment(text))
    return [part for part in (block.strip() for block in re.split(r"\n\s*\n", masked)) if part]


def without_paragraphs(text: str, unwanted: frozenset[str]) -> str:
    """The text without those paragraphs of its leading comment that are in `unwanted` (masked form)."""
    head = leading_comment(text)
    if not head:
        return text
    kept = [
        block.strip("\n")
        for block in re.split(r"\n\s*\n", head)
        if block.strip() and _DIGITS.sub("0", block.strip()) not in unwanted
    ]
    body = text[len(head) :]
    if not kept:
        return body
    # A blank line between comment and code is kept where there was one.
    gap = "\n\n" if head.endswith("\n\n") else "\n"
    return "\n\n".join(kept) + gap + body
