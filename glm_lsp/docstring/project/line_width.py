"""How long lines may be, by the settings of formatters, linters and `.editorconfig`."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from glm_lsp.docstring.project.editor_config import EditorConfig
from glm_lsp.docstring.project.ini_lines import pairs

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
_SMALLEST, _LARGEST = 20, 1000
_MOST_DOTS = 12
"""Of what stands on a line of TOML up to an equals sign: a key takes the square of its parts to read."""
NO_WIDTH = 0
"""Lines may be as long as one likes, or nothing further up counts."""


def width_in(name: str, text: str, document: str) -> int | None:
    """Columns of the longest line by one file of settings; None where it does not say.

    `NO_WIDTH` where such files further up are not to be asked.

    Args:
        name: of the file, as in `SETTINGS`.
        document: path of the document from the file's folder, with forward slashes.
    """
    if name == ".editorconfig":
        return _of_editor(EditorConfig.parse(text), document)
    width = _width(name, text)
    return width if width is not None and _SMALLEST <= width <= _LARGEST else None


def _of_editor(config: EditorConfig, document: str) -> int | None:
    said = config.value("max_line_length", document)
    width = _number([said])
    if width is not None and _SMALLEST <= width <= _LARGEST:
        return width
    return NO_WIDTH if said in {"off", "unset"} or config.is_root else None


def _width(name: str, text: str) -> int | None:
    if name in _OF_CLANG:
        return _number(_COLUMN_LIMIT.findall(text))
    if name in _PATHS:
        values = _values(name, text)
        return _number([value for path in _PATHS[name] if (value := _at(values, path)) is not None])
    found = {key: value for section, key, value in pairs(text) if section in _LINTERS}
    return _number([found[key] for key in _LINT_KEYS if key in found])


def _number(found: list[Any]) -> int | None:
    """The first of them."""
    value = str(found[0]) if found else ""
    return int(value) if re.fullmatch(r"[0-9]{1,4}", value) else None


def _values(name: str, text: str) -> Any:
    """The file as nested tables; none where it cannot be read."""
    is_toml = name.endswith(".toml")
    if is_toml and any(part.count(".") > _MOST_DOTS for line in text.split("\n") for part in line.split("=")):
        return {}
    try:
        return tomllib.loads(text) if is_toml else json.loads(text)
    except (ValueError, RecursionError):
        return {}


def _at(values: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values
