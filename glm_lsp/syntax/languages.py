"""The grammars, by LSP language identifier. Nothing is imported until a grammar is asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language

# Language identifier: the grammar's package, and the function in it.
_GRAMMARS = {
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    # The grammar of JavaScript knows JSX; that of TypeScript does not: `<T>x` is a cast there.
    "javascript": ("tree_sitter_javascript", "language"),
    "javascriptreact": ("tree_sitter_javascript", "language"),
    "python": ("tree_sitter_python", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "typescriptreact": ("tree_sitter_typescript", "language_tsx"),
}

LANGUAGES = frozenset(_GRAMMARS)
"""LSP identifiers of the languages with a grammar."""


@cache
def language_for(language_id: str) -> Language | None:
    """The grammar of a language, loaded once; None for one without."""
    if language_id not in _GRAMMARS:
        return None
    from tree_sitter import Language  # noqa: PLC0415 - a server without open documents does not pay for it

    package, function = _GRAMMARS[language_id]
    return Language(getattr(import_module(package), function)())
