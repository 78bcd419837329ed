"""Which language a file is in: the LSP's language ids, by file name, and for C headers by what they hold."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

SUFFIXES = {
    ".py": "python",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascriptreact",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "typescriptreact",
    ".go": "go",
    ".rs": "rust",
    ".c": "c", ".h": "c",
    ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hh": "cpp", ".hpp": "cpp", ".hxx": "cpp", ".ipp": "cpp",
    ".java": "java",
    ".kt": "kotlin",
}  # fmt: skip

# What figures are given for; the ids in a group share their held-out packages.
GROUPS = {
    "python": "Python",
    "javascript": "JavaScript/TypeScript", "javascriptreact": "JavaScript/TypeScript",
    "typescript": "JavaScript/TypeScript", "typescriptreact": "JavaScript/TypeScript",
    "go": "Go",
    "rust": "Rust",
    "c": "C/C++", "cpp": "C/C++",
    "java": "Java/Kotlin", "kotlin": "Java/Kotlin",
}  # fmt: skip

JAVASCRIPT = frozenset(id for id, group in GROUPS.items() if group == "JavaScript/TypeScript")

# Words at the start of a line, or signs, that C does not have.
_CPP = re.compile(
    r"^\s*(?:namespace\b|template\s*<|class\s+\w+|using\s+\w+|(?:public|private|protected)\s*:)|\w::\w|"
    r"#\s*include\s*<[a-z_]+>",
    re.MULTILINE,
)


def language_of_path(path: str) -> str | None:
    """The language a file name stands for; None when it is not a language of the corpus."""
    return SUFFIXES.get(PurePosixPath(path).suffix.lower())


def language_of(path: str, text: str) -> str | None:
    """Like `language_of_path`, but a `.h` that holds C++ is C++."""
    language = language_of_path(path)
    if language == "c" and path.lower().endswith(".h") and _CPP.search(text):
        return "cpp"
    return language
