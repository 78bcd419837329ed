"""Which files are worth learning from: pure functions of a path and a text.

Every rule names itself by a short reason; the report counts dropped files and bytes under that reason.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from pathlib import PurePosixPath

from glm_lsp.train.corpus.headers import leading_comment, preamble

MIN_BYTES = 200
MAX_BYTES = 300_000
MAX_LINE = 1000
MAX_MEAN_LINE = 100
MIN_LETTERS = 0.25
MAX_DIGITS = 0.20
MAX_NON_ASCII = 0.10
MAX_TABLE_LINES = 0.60

VENDORED = frozenset(
    (
        *("vendor", "_vendor", "vendored", "_vendored", "third_party", "thirdparty", "bundled", "_bundled"),
        *("extern", "_extern", "externals", "external", "_external", "node_modules", "site-packages"),
    )
)
FIXTURES = frozenset(("fixtures", "testdata", "test_data", "snapshots", "cassettes", "__pycache__"))
GENERATED_NAMES = re.compile(r"(_pb2|_pb2_grpc|_builtins|_mapping|_version)\.py$")
TEST_FOLDERS = frozenset(("test", "tests", "_tests", "unit_tests", "integration_tests"))

_GENERATED = re.compile(
    r"auto(matically)?[- ]?generated|@generated|generated (by|from|with|using|on|via)\b|"
    r"do not (edit|modify|change)|don't edit|machine[- ]generated",
    re.IGNORECASE,
)
_TABLE_LINE = re.compile(r"""\s*[\[({]*[bru]?["'\d+-].*,[\])}]*,?\s*(#.*)?$""")
_EMAIL = re.compile(
    r"\b[A-Za-z0-9][A-Za-z0-9._%+-]*@(?:[A-Za-z0-9-]+\.)+"
    r"(?:com|org|net|edu|gov|mil|info|dev|[a-z]{2})\b(?![\w(\[.])"
)
BLANK_EMAIL = "user@example.com"
_SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{40,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{20,}"
    r"|\bAIza[0-9A-Za-z_-]{35}\b"
    r"|\b[sr]k_live_[0-9a-zA-Z]{20,}"
    r"|\bsk-[A-Za-z0-9]{40,}"
    r"|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_-]{60,}"
    r"|\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"
)
_LETTERS = re.compile(r"[^\W\d_]+")
# Licences that are not permissive, by name; and statements that put a file under one.
_FOREIGN_LICENCE = re.compile(
    r"general public licen[cs]e|\b[AL]?GPL(?:\b|v)|mozilla public licen[cs]e|\bMPL[- ]?[12]|\bEUPL\b|\bSSPL\b"
    r"|business source licen[cs]e|creative commons|\bCC[- ]BY\b|non-?commercial"
    r"|(?:academic|research|evaluation) (?:use|purposes) only",
    re.IGNORECASE,
)
_LICENSED = re.compile(
    r"(?:licen[cs]ed under (?:the )?(?:terms of the )?|\blicen[cs]e\s*[:=]\s*[\"']?)"
    r"(?:[AL]?GPL|GNU|MPL|mozilla|CC[- ]BY|creative commons)",
    re.IGNORECASE,
)


def path_reason(path: str) -> str | None:
    """Why a file is dropped for its path alone, or None to go on."""
    parts = PurePosixPath(path).parts
    folders = frozenset(parts[:-1])
    if folders & VENDORED:
        return "vendored"
    if folders & FIXTURES:
        return "fixture"
    if GENERATED_NAMES.search(path):
        return "generated_name"
    return None


def is_test(path: str) -> bool:
    """Whether the path is that of a test."""
    pure = PurePosixPath(path)
    return (
        bool(TEST_FOLDERS.intersection(pure.parts[:-1]))
        or pure.name.startswith("test_")
        or pure.stem.endswith("_test")
        or pure.name == "conftest.py"
    )


def size_reason(text: str) -> str | None:
    """Too small or too large, in UTF-8 bytes."""
    size = len(text.encode())
    if size < MIN_BYTES:
        return "too_small"
    if size > MAX_BYTES:
        return "too_large"
    return None


def generated_reason(text: str) -> str | None:
    """A marker of generated code in the leading comment (further down it is often only talked about)."""
    return "generated" if _GENERATED.search(leading_comment(text)) else None


def line_reason(text: str) -> str | None:
    """Lines too long, one or on average (characters)."""
    lines = text.splitlines()
    if not lines:
        return "too_small"
    if max(map(len, lines)) > MAX_LINE or sum(map(len, lines)) / len(lines) > MAX_MEAN_LINE:
        return "long_lines"
    return None


def character_reason(text: str) -> str | None:
    """Shares of letters, digits and non-ASCII among the characters that are not white space."""
    visible = "".join(text.split())
    if not visible:
        return "too_small"
    if len(visible.encode()) != len(visible):
        non_ascii = sum(not character.isascii() for character in visible)
        if non_ascii / len(visible) > MAX_NON_ASCII:
            return "non_ascii"
    if sum(map(len, _LETTERS.findall(visible))) / len(visible) < MIN_LETTERS:
        return "few_letters"
    if sum(visible.count(digit) for digit in "0123456789") / len(visible) > MAX_DIGITS:
        return "many_digits"
    return None


def table_reason(text: str) -> str | None:
    """Mostly rows of literals: mapping tables, word lists, locale data."""
    lines = [line for line in text.splitlines() if line.strip()]
    rows = sum(_TABLE_LINE.match(line) is not None for line in lines)
    return "data_table" if len(lines) >= 20 and rows / len(lines) > MAX_TABLE_LINES else None


def secret_reason(text: str) -> str | None:
    """Something that looks like a key or a token."""
    return "secret" if _SECRETS.search(text) else None


def licence_reason(text: str) -> str | None:
    """A licence of the file's own that the package's metadata do not show.

    Any mention of such a licence above the code counts; below it, only the statement to be under one.
    """
    if _FOREIGN_LICENCE.search(preamble(text)) or _LICENSED.search(text):
        return "file_licence"
    return None


def syntax_reason(text: str) -> str | None:
    """Python that the running interpreter does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are the authors' affair
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "syntax"
    return None


_TEXT_RULES: tuple[Callable[[str], str | None], ...] = (
    size_reason,
    generated_reason,
    line_reason,
    character_reason,
    table_reason,
    secret_reason,
    licence_reason,
    syntax_reason,  # the dearest comes last
)


def text_reason(text: str) -> str | None:
    """The first rule on the text that drops it, or None when it is kept."""
    for rule in _TEXT_RULES:
        reason = rule(text)
        if reason is not None:
            return reason
    return None


def blank_emails(text: str) -> str:
    """The text with e-mail addresses replaced by one that belongs to nobody."""
    return _EMAIL.sub(BLANK_EMAIL, text)
