"""Indentation: width, style, conversion."""

from __future__ import annotations

import pytest

from glm_lsp.completion.indent import convert_indent, indent_unit, indent_width, leading_space


@pytest.mark.parametrize(
    ("line", "width"),
    [("x", 0), ("  x", 2), ("\tx", 4), ("  \tx", 4), ("\t  x", 6), ("", 0), ("    ", 4), ("\u00a0x", 0)],
)
def test_width(line: str, width: int) -> None:
    assert indent_width(line) == width


def test_leading_space_is_spaces_and_tabs_only() -> None:
    assert leading_space(" \t x ") == " \t "
    assert leading_space("\u3000x") == ""


@pytest.mark.parametrize("width", [2, 3, 4, 8])
def test_the_step_of_a_document_of_spaces(width: int) -> None:
    step = " " * width
    assert indent_unit(f"a:\n{step}b:\n{step * 2}c\n\n{step * 2}d\ne:\n{step}f\n") == step


def test_the_step_is_what_neighbouring_lines_differ_by() -> None:
    assert indent_unit("        a:\n            b\n        c:\n            d") == "    "


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", ""),
        ("a\nb\n", ""),
        ("/**\n * a\n * b\n */\nc", ""),
        ("\ta\n\tb\n", "\t"),
        ("\ta\n\t\tb\n  c\n", "\t"),
        ("\ta\n  b\nc\n  d\n", "  "),
        ("\ta\n  b\n", ""),
        ("a\n\t\nb", ""),
    ],
)
def test_the_style_of_a_document(text: str, unit: str) -> None:
    assert indent_unit(text) == unit


@pytest.mark.parametrize(
    ("line", "unit", "width", "expected"),
    [
        ("    x", "\t", 4, "\tx"),
        ("      x", "\t", 4, "\t  x"),
        ("      x", "\t", 2, "\t\t\tx"),
        ("\t\tx", "  ", 2, "    x"),
        ("\t x", "    ", 4, "     x"),
        ("\tx", "\t", 4, "\tx"),
        ("  x", "    ", 4, "  x"),
        ("x  \t", "\t", 4, "x  \t"),
    ],
)
def test_conversion(line: str, unit: str, width: int, expected: str) -> None:
    assert convert_indent(line, unit, width) == expected
