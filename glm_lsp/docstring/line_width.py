"""How long lines may be, by the settings of formatters, linters and `.editorconfig`."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

_OF_PYTHON = ("ruff.toml", ".ruff.toml", "pyproject.toml", "setup.cfg", "tox.ini", ".flake8")
_OF_PRETTIER = (".prettierrc", ".prettierrc.json", "package.json")
_OF_CLANG = (".clang-format", "_clang-format")
_OF_ALL = (".editorconfig",)
SETTINGS: dict[str, tuple[tuple[str, ...], ...]] = {
    "python": (_OF_PYTHON, _OF_ALL),
    "rust": (("rustfmt.toml", ".rustfmt.toml"), _OF_ALL),
    "c": (_OF_CLANG, _OF_ALL),
    "cpp": (_OF_CLANG, _OF_ALL),
    "java": (_OF_ALL,),
    "go": (_OF_ALL,),
    **dict.fromkeys(
        ("javascript", "javascriptreact", "typescript", "typescriptreact"), (_OF_PRETTIER, _OF_ALL)
    ),
}
"""Names of files by language, in groups; those of a group are looked for before those of the next one."""

_PATHS = {
    "ruff.toml": (("lint", "pycodestyle", "max-doc-length"), ("line-length",)),
    "pyproject.toml": (
        ("tool", "ruff", "lint", "pycodestyle", "max-doc-length"),
        ("tool", "ruff", "line-length"),
        ("tool", "black", "line-length"),
    ),
    "rustfmt.toml": (("max_width",),),
    ".prettierrc": (("printWidth",),),
    "package.json": (("prettier", "printWidth"),),
}
_PATHS |= {
    ".ruff.toml": _PATHS["ruff.toml"],
    ".rustfmt.toml": _PATHS["rustfmt.toml"],
    ".prettierrc.json": _PATHS[".prettierrc"],
}
_LINTERS = ("flake8", "pycodestyle")
_LINT_KEYS = ("max-doc-length", "max_doc_length", "max-line-length", "max_line_length")
_COLUMN_LIMIT = re.compile(r"^ColumnLimit:[ \t]*([0-9]{1,4})[ \t]*$", re.MULTILINE)
_SECTION = re.compile(r"\[(?P<name>.*)\]\s*")
_PAIR = re.compile(r"(?P<key>[\w-]+)\s*[=:]\s*(?P<value>\S+)")
_MOST_STARS = 4
"""Of a pattern in `.editorconfig`; each more costs a factor."""
_SMALLEST, _LARGEST = 20, 1000


def width_in(name: str, text: str, document: str) -> int | None:
    """Columns of the longest line by one file of settings; None where it does not say.

    Args:
        name: of the file, as in `SETTINGS`.
        document: path of the document from the file's folder, with forward slashes.
    """
    width = _width(name, text, document)
    return width if width is not None and _SMALLEST <= width <= _LARGEST else None


def _width(name: str, text: str, document: str) -> int | None:
    if name == ".editorconfig":
        # What stands further down counts.
        return _number(
            [v for section, k, v in _pairs(text) if k == "max_line_length" and _matches(section, document)][
                -1:
            ]
        )
    if name in _OF_CLANG:
        return _number(_COLUMN_LIMIT.findall(text))
    if name in _PATHS:
        values = _values(name, text)
        return _number([value for path in _PATHS[name] if (value := _at(values, path)) is not None])
    pairs = {key: value for section, key, value in _pairs(text) if section in _LINTERS}
    return _number([pairs[key] for key in _LINT_KEYS if key in pairs])


def _number(found: list[Any]) -> int | None:
    """The first of them."""
    value = str(found[0]) if found else ""
    return int(value) if re.fullmatch(r"[0-9]{1,4}", value) else None


def _values(name: str, text: str) -> Any:
    """The file as nested tables; none where it cannot be read."""
    try:
        return tomllib.loads(text) if name.endswith(".toml") else json.loads(text)
    except (ValueError, RecursionError):
        return {}


def _at(values: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _pairs(text: str) -> Iterator[tuple[str, str, str]]:
    """Section, key and value of each line of an INI file."""
    section = ""
    for line in text.splitlines():
        if found := _SECTION.fullmatch(line.strip()):
            section = found["name"]
        elif found := _PAIR.match(line.strip()):
            yield section, found["key"].lower(), found["value"]


def _matches(pattern: str, document: str) -> bool:
    """Whether a section of `.editorconfig` is about a file; a pattern without a slash is about a name anywhere."""
    stars = len(re.findall(r"\*+", pattern))
    if not pattern or stars > _MOST_STARS or pattern.count("[") > 1:
        return False
    tested = document if "/" in pattern else document.rpartition("/")[2]
    try:
        return re.fullmatch(_expression(pattern.removeprefix("/")), tested) is not None
    except re.error:
        return False


def _expression(pattern: str) -> str:
    pieces = re.findall(r"\*\*/?|\*|\?|\{[^{}]*\}|\[[^\[\]]*\]|.", pattern, re.DOTALL)
    return "".join(map(_piece, pieces))


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return {"*": "[^/]*", "**": ".*", "**/": "(?:.*/)?"}[piece]
    if piece == "?":
        return "[^/]"
    if piece[0] == "{" and piece[-1] == "}" and "," in piece:
        return "(?:" + "|".join(_expression(each) for each in piece[1:-1].split(",")) + ")"
    if piece[0] == "[" and len(piece) > 2:
        inner = piece[1:-1].replace("\\", "")
        return f"[{'^' if inner[0] == '!' else ''}{re.escape(inner.removeprefix('!')).replace(re.escape('-'), '-')}]"
    return re.escape(piece)
