"""The dialect that doc comments show."""

from __future__ import annotations

from typing import Any

import pytest

from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.styles.comment_habits import default_dialect, habits
from tests.doc_comments import SEND, new

_PROSE = ["/** Sends. */", "/** Reads it. */", "/** A client. */"]


def _block(*lines: str) -> str:
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in lines), " */"])


def _tagged(*tags: str) -> str:
    return _block("Sends.", "", *tags)


@pytest.mark.parametrize(
    ("language_id", "texts", "style"),
    [
        ("javascript", [_tagged("@param {string} a - x")], Style.JSDOC),
        ("javascript", [_tagged("@param a - x")], Style.JSDOC),
        ("javascript", [_tagged("@typeParam T - x", "@param a - x")], Style.TSDOC),
        ("typescript", [_tagged("@param {string} a - x")], Style.JSDOC),
        ("typescript", [_tagged("@param a - x")], Style.TSDOC),
        ("typescript", [_tagged("@param a x")], Style.JSDOC),
        ("typescript", [_tagged("@remarks x", "@returns y")], Style.TSDOC),
        ("typescript", [_tagged("@template T x", "@param a - y")], Style.JSDOC),
        ("typescript", [_tagged("@returns x")], Style.TSDOC),
        (
            "typescriptreact",
            [_tagged("@param a - x"), _tagged("@param {X} a"), _tagged("@param b - x")],
            Style.TSDOC,
        ),
        ("typescript", _PROSE, Style.PLAIN),
        ("typescript", [*_PROSE, _tagged("@returns {X} x")], Style.JSDOC),
        ("java", [_tagged("@param a x")], Style.JAVADOC),
        ("java", _PROSE, Style.PLAIN),
        ("java", [*_PROSE, _block("Sends.", "@since 1")], Style.PLAIN),
        ("cpp", ["/// Sends.\n/// @param a x"], Style.DOXYGEN),
        ("c", _PROSE, Style.PLAIN),
        ("go", ["// Send sends."], Style.GO),
        ("rust", ["/// Sends."], Style.RUSTDOC),
    ],
)
def test_style(language_id: str, texts: list[str], style: Style) -> None:
    found = habits(language_id, texts)
    assert found is not None
    assert found.style is style


@pytest.mark.parametrize("language_id", ["javascript", "typescript", "java", "cpp"])
@pytest.mark.parametrize("texts", [[], _PROSE[:2], ["/* x */"] * 5, ["/** */"] * 5, ["# x"] * 5])
def test_too_little_tells_nothing(language_id: str, texts: list[str]) -> None:
    assert habits(language_id, texts) is None


@pytest.mark.parametrize("language_id", ["go", "rust"])
def test_nothing_tells_nothing(language_id: str) -> None:
    assert habits(language_id, []) is None


def test_another_style_than_the_forced_one_tells_nothing() -> None:
    texts = [_tagged("@param {string} a - x")]
    assert habits("typescript", texts, Style.TSDOC) is None
    assert habits("typescript", texts, Style.JSDOC) == habits("typescript", texts)


@pytest.mark.parametrize(
    ("language_id", "texts", "shown"),
    [
        ("javascript", [_tagged("@param {string} a - x")], {"types": True, "dash": True}),
        ("javascript", [_tagged("@param {string} a x")], {"types": True, "dash": False}),
        ("javascript", [_tagged("@param a x")], {"types": False, "dash": False}),
        ("java", [_tagged("@param a The place.")], {"capital": True, "full_stop": True}),
        ("java", [_tagged("@param a the place")], {"capital": False, "full_stop": False}),
        ("javascript", [_tagged("@param a the place.")], {"capital": False, "full_stop": True}),
        ("javascript", [_tagged("@param a JSON, or `x`")], {"capital": True, "full_stop": False}),
        ("cpp", [_tagged(r"\param a x")], {"command": "\\", "has_brief": False}),
        (
            "cpp",
            ["/*! \\brief Sends.\n * \\return x\n */"],
            {"opening": "/*!", "has_brief": True, "summary_below": False},
        ),
        ("cpp", ["/// Sends.\n/// @return x"], {"opening": "///", "command": "@"}),
        ("cpp", ["//! Sends.", "//! Reads.", "//! Writes."], {"opening": "//!", "style": Style.PLAIN}),
        ("java", [_tagged("@return x")], {"summary_below": True}),
        ("java", ["/** Sends.\n * @return x */"], {"summary_below": False}),
        ("java", [*_PROSE, _tagged("@return x")], {"is_one_line": True, "has_sections": True}),
        ("java", [*(_block(f"Says {n}.") for n in "abc"), _tagged("@return x")], {"is_one_line": False}),
        ("java", [*_PROSE, *_PROSE, _tagged("@return x")], {"has_sections": False}),
        ("java", _PROSE, {"has_sections": False}),
        ("java", ["/** Send it. */", "/** Read it. */", "/** A client. */"], {"third_person": False}),
        ("java", ["/** Sends it. */", "/** Reads it. */", "/** Class of it. */"], {"third_person": True}),
        (
            "rust",
            ["/// Return it.", "/// Read it.", "/// Sends it."],
            {"third_person": False, "has_sections": False},
        ),
        (
            "rust",
            ["/// Sends.\n///\n/// # Parameters\n///\n/// * `a` - the place"],
            {"has_sections": True, "parameters_heading": "Parameters", "capital": False, "full_stop": False},
        ),
        ("rust", ["/// Sends.\n///\n/// # Errors\n///\n/// If so."], {"has_sections": False}),
    ],
)
def test_habits(language_id: str, texts: list[str], shown: dict[str, Any]) -> None:
    found = habits(language_id, texts)
    assert found is not None
    assert {name: getattr(found, name) for name in shown} == shown


@pytest.mark.parametrize(
    ("language_id", "style"),
    [
        ("javascript", Style.JSDOC),
        ("typescript", Style.TSDOC),
        ("java", Style.JAVADOC),
        ("cpp", Style.DOXYGEN),
    ],
)
def test_who_writes_like_this_is_understood(language_id: str, style: Style) -> None:
    default = default_dialect(language_id)
    text = new(style, SEND, language_id=language_id)
    found = habits(language_id, [text] * 3)
    assert found is not None
    for name in (
        "style",
        "types",
        "dash",
        "capital",
        "full_stop",
        "summary_below",
        "has_sections",
    ):
        assert getattr(found, name) == getattr(default, name), name
    assert found.has_brief is (style is Style.DOXYGEN)
