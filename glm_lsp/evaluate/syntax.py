"""Whether a file still parses."""

from __future__ import annotations

import ast
import warnings
from functools import lru_cache

LANGUAGES = frozenset(["python"])
"""Languages that can be judged without a further package."""


@lru_cache(maxsize=1024)  # a file is asked about once for each of its cursors
def parses(text: str) -> bool:
    """Whether a Python file is free of syntax errors; only what the parser itself finds counts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes and the like
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
