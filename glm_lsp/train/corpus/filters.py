"""Which files are worth learning from: pure functions of a path and a text.

Every rule names itself by a short reason; the report counts dropped files and bytes under that reason.
"""

from __future__ import annotations

import ast
import re
import warnings
from pathlib import PurePosixPath

from glm_lsp.train.corpus.headers import leading_comment, preamble
from glm_lsp.train.corpus.languages import JAVASCRIPT
from glm_lsp.train.corpus.licences import expression_allowed

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
        *("third-party", "3rdparty", "Godeps", "bower_components"),
    )
)
FIXTURES = frozenset(
    (
        *("fixtures", "testdata", "test_data", "snapshots", "cassettes", "__pycache__"),
        *("__fixtures__", "__snapshots__", "__mocks__"),
    )
)
GENERATED_NAMES = re.compile(
    r"(_pb2|_pb2_grpc|_builtins|_mapping|_version)\.py$|\.pb(\.gw)?\.go$|/zz_generated[^/]*$|\.pb\.(h|cc)$"
)
TEST_FOLDERS = frozenset(("test", "tests", "_tests", "unit_tests", "integration_tests"))
_OTHER_TEST_FOLDERS = TEST_FOLDERS | {"__tests__", "spec", "specs", "unittests", "androidTest"}
_TEST_NAME = re.compile(r"[._-](test|spec)s?\.[a-z]+$|Tests?\.(java|kt)$")
# npm packages hold what was built from their sources, mostly beside them.
BUILT_FOLDERS = frozenset(
    (
        *(
            "dist",
            "umd",
            "cjs",
            "esm",
            "amd",
            "iife",
            "bundles",
            "bundle",
            "fesm2015",
            "fesm2020",
            "fesm2022",
        ),
        *("_esm5", "_esm2015", "_cjs", "_esm", "_types", "lib.commonjs", "lib.esm", "min", "es5", "types"),
    )
)
BUILT_NAMES = re.compile(r"[.-](min|umd|esm|cjs|bundle|prod|production|development)\.[cm]?js$|\.d\.[cm]?ts$")

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
# What compilers of JavaScript leave in their output.
_COMPILED = re.compile(
    r"Object\.defineProperty\(exports, ['\"]__esModule['\"]|_interopRequire|__webpack_require__|_classCallCheck\("
    r"|//# sourceMappingURL=|\b__(?:awaiter|extends|decorate|importDefault)\b\s*=|\bregeneratorRuntime\b|tslib_1"
)
_FLOW = re.compile(r"@(?:no)?flow\b")
_GO_GENERATED = re.compile(r"^// Code generated .* DO NOT EDIT\.$", re.MULTILINE)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([^\n*]+)")
# One of these is in every text the expression finds; looking for them first is ten times as fast.
_SECRET_SIGNS = (
    *("PRIVATE KEY", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xox", "AIza"),
    *("k_live_", "sk-", "npm_", "pypi-", "eyJ"),
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


def path_reason(path: str, language: str = "python") -> str | None:
    """Why a file is dropped for its path alone, or None to go on."""
    parts = PurePosixPath(path).parts
    folders = frozenset(parts[:-1])
    if folders & VENDORED:
        return "vendored"
    if folders & FIXTURES:
        return "fixture"
    if GENERATED_NAMES.search(path):
        return "generated_name"
    if language in JAVASCRIPT and (folders & BUILT_FOLDERS or BUILT_NAMES.search(path)):
        return "built"
    return None


def is_test(path: str) -> bool:
    """Whether the path is that of a test."""
    pure = PurePosixPath(path)
    folders = frozenset(pure.parts[:-1])
    if pure.suffix != ".py":
        return (
            bool(_OTHER_TEST_FOLDERS & folders)
            or pure.stem.endswith("_test")
            or _TEST_NAME.search(pure.name) is not None
        )
    return (
        bool(TEST_FOLDERS & folders)
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


def generated_reason(text: str, language: str = "python") -> str | None:
    """A marker of generated code in the leading comment (further down it is often only talked about)."""
    if _GENERATED.search(leading_comment(text, language)):
        return "generated"
    return "generated" if language == "go" and _GO_GENERATED.search(text) else None


def compiled_reason(text: str, language: str = "python") -> str | None:
    """JavaScript that a compiler wrote, and JavaScript with the types of Flow, which other tools do not read."""
    if language not in JAVASCRIPT:
        return None
    if _COMPILED.search(text):
        return "compiled"
    return "flow" if _FLOW.search(leading_comment(text, language)) else None


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
    if not any(sign in text for sign in _SECRET_SIGNS):
        return None
    return "secret" if _SECRETS.search(text) else None


def licence_reason(text: str, language: str = "python") -> str | None:
    """A licence of the file's own that the package's metadata do not show.

    Any mention of such a licence above the code counts; below it, only the statement to be under one.
    """
    if language == "python":  # where identifiers by SPDX are rare and told of in strings
        head = preamble(text)
    else:
        head = preamble(text, language)
        named = _SPDX.findall(head)
        if named:  # they say all: "GPL-2.0 OR MIT" names a licence that need not be taken
            return None if all(map(expression_allowed, named)) else "file_licence"
    stated = ("icen" in text or "ICEN" in text) and _LICENSED.search(text)
    if stated or _FOREIGN_LICENCE.search(head):
        return "file_licence"
    return None


def syntax_reason(text: str, language: str = "python") -> str | None:
    """Python that the running interpreter does not parse; other languages are not parsed."""
    if language != "python":
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are the authors' affair
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "syntax"
    return None


def text_reason(text: str, language: str = "python") -> str | None:
    """The first rule on the text that drops it, or None when it is kept; whether it parses is asked later."""
    return (
        size_reason(text)
        or generated_reason(text, language)
        or compiled_reason(text, language)
        or line_reason(text)
        or character_reason(text)
        or table_reason(text)
        or secret_reason(text)
        or licence_reason(text, language)
    )


def blank_emails(text: str) -> str:
    """The text with e-mail addresses replaced by one that belongs to nobody."""
    return _EMAIL.sub(BLANK_EMAIL, text) if "@" in text else text
