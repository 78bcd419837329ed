"""Whether two texts are the same code: by Python's own parser, or by the tokens of another lexer than ours."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest
from typing import Any

LEXERS = {
    "python": "python", "javascript": "javascript", "javascriptreact": "jsx", "typescript": "typescript",
    "typescriptreact": "tsx", "go": "go", "rust": "rust", "java": "java", "c": "c", "cpp": "cpp",
}  # fmt: skip
"""Pygments' lexer of each language that can be documented."""

_LINES_COUNT = frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact", "go", "python"])
"""Languages in which a line's end can end a statement."""

_ENDS_ANYWHERE = ("{", "}", ";", ":")
_CUT_ANYWHERE = ("Token.Punctuation", "Token.Literal.String", "Token.Comment.Preproc")

_Defined = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def is_same_code(language_id: str, before: str, after: str) -> bool:
    """Whether two texts differ in documentation and other comments only.

    Python that parses is compared by its syntax trees without docstrings; all else by its tokens without comments.
    """
    if language_id == "python" and (old := _python(before)) is not None:
        return old == _python(after)
    return all(
        one == other for one, other in zip_longest(_code(language_id, before), _code(language_id, after))
    )


@lru_cache(maxsize=8)
def _python(text: str) -> str | None:
    """The tree without docstrings; None for what Python refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
            for node in ast.walk(tree):
                if isinstance(node, _Defined) and ast.get_docstring(node, clean=False) is not None:
                    del node.body[0]
            return ast.dump(tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _code(language_id: str, text: str) -> Iterator[tuple[str, str, bool]]:
    """Kind and text of each token that is no comment, and whether a line that counts ends before it.

    Brackets, strings and directives in a row are one: a lexer cuts them where a comment was. Behind a brace, a
    semicolon and a colon no line's end counts.
    """
    kind, value, breaks, counts = "", "", False, False
    ends_line = False
    for found, piece in tokens(language_id, text):
        if (not piece.strip() and kind != found) or found == "comment":
            ends_line |= _has_line_end(piece)
        elif found == kind and kind.startswith(_CUT_ANYWHERE) and not (ends_line and counts):
            value += piece.strip() if ends_line else piece
            ends_line = False
        else:
            if kind:
                yield kind, value.strip(), breaks
            counts = language_id in _LINES_COUNT
            breaks = bool(kind) and ends_line and counts and not value.rstrip().endswith(_ENDS_ANYWHERE)
            kind, value, ends_line = found, piece, _has_line_end(piece)
    if kind:
        yield kind, value.strip(), breaks


def _has_line_end(text: str) -> bool:
    return "\n" in text or "\r" in text


def tokens(language_id: str, text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each token, in order; the kind of all comments and docstrings is `comment`."""
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415  # measuring alone needs it
    from pygments.token import Comment, String  # noqa: PLC0415

    lexer: Any = get_lexer_by_name(LEXERS[language_id], stripnl=False, ensurenl=False)
    for kind, piece in lexer.get_tokens(text):
        is_directive = kind in Comment.Preproc or kind in Comment.PreprocFile
        is_comment = kind in String.Doc or (kind in Comment and not is_directive)
        yield ("comment" if is_comment else str(kind)), piece
