"""What stands above the code of a file: comments, often a licence, and the module docstring."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"\d+")
_DOCSTRING = re.compile(r"""\s*[rRuU]?(\"{3}|'{3}).*?\1""", re.DOTALL)

# Comments of the languages that write them like C. A script's first line counts, an attribute of Rust does not.
_C_HEAD = re.compile(r"(?:#!(?!\[)[^\n]*)?(?:\s+|//[^\n]*|/\*.*?\*/)*+", re.DOTALL)
_C_PARAGRAPH = re.compile(r"/\*.*?\*/|(?://|#!)[^\n]*(?:\n[ \t]*//[^\n]*)*", re.DOTALL)


def leading_comment(text: str, language: str = "python") -> str:
    """The run of comment and blank lines a file begins with ("" when it begins with code)."""
    if language != "python":
        found = _C_HEAD.match(text)
        return found.group() if found is not None else ""
    end = 0
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            break
        end += len(line)
    return text[:end]


def preamble(text: str, language: str = "python") -> str:
    """What stands above the code: leading comment and, in Python, the docstring and the comment after it."""
    end = len(leading_comment(text, language))
    docstring = _DOCSTRING.match(text, end) if language == "python" else None
    if docstring is not None:
        end = docstring.end()
        end += len(leading_comment(text[end:]))
    return text[:end]


def comment_paragraphs(text: str, language: str = "python") -> list[str]:
    """The leading comment's paragraphs, digits masked so that years do not tell copies apart."""
    return [_masked(part) for part in _paragraphs(leading_comment(text, language), language)]


def without_paragraphs(text: str, unwanted: frozenset[str], language: str = "python") -> str:
    """The text without those paragraphs of its leading comment that are in `unwanted` (masked form)."""
    head = leading_comment(text, language)
    if not head.strip():
        return text
    parts = _paragraphs(head, language)
    kept = [part for part in parts if _masked(part) not in unwanted]
    if language != "python" and len(kept) == len(parts):
        return text
    body = text[len(head) :]
    if not kept:
        return body
    # A blank line between comment and code is kept where there was one.
    gap = "\n\n" if head.endswith("\n\n") else "\n"
    return "\n\n".join(kept) + gap + body


def is_interpreter_line(paragraph: str) -> bool:
    """Whether it is only the line that names a script's interpreter."""
    return paragraph.startswith("#!") and "\n" not in paragraph


def _paragraphs(head: str, language: str) -> list[str]:
    """The parts of a leading comment that can go one by one: a block comment is never cut in two."""
    if language != "python":
        return _C_PARAGRAPH.findall(head)
    return [block.strip("\n") for block in re.split(r"\n\s*\n", head) if block.strip()]


def _masked(paragraph: str) -> str:
    return _DIGITS.sub("0", paragraph.strip())
