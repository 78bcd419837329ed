"""Which files a section of `.editorconfig` is about."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glm_lsp.docstring.project.editor_config import EditorConfig, matches


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("*", "a/b.py", True),
        ("*.py", "a/b.py", True),
        ("*.py", "a/b.pyi", False),
        ("/*.py", "b.py", True),
        ("/*.py", "a/b.py", False),
        ("**/*.py", "b.py", True),
        ("**/*.py", "a/b/c.py", True),
        ("a/**/c.py", "a/c.py", True),
        ("a/**/c.py", "a/b/b/c.py", True),
        ("a/**/c.py", "a/bc.py", False),
        ("a/**.py", "a/b/c.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("b?.py", "bc.py", True),
        ("a/b?c", "a/b/c", False),
        ("*.{py,go}", "m.go", True),
        ("*.{py,go}", "m.rs", False),
        ("{a,b{c,d}}.py", "bd.py", True),
        ("{a,b{c,d}}.py", "b.py", False),
        ("{,a}.py", ".py", True),
        ("{*.py,Makefile}", "x.py", True),
        ("{a}.py", "a.py", False),
        ("{a}.py", "{a}.py", True),
        ("{a,b", "{a,b", True),
        ("a}b", "a}b", True),
        ("m{1..12}.py", "m7.py", True),
        ("m{12..1}.py", "m12.py", True),
        ("m{1..12}.py", "m13.py", False),
        ("m{-3..3}.py", "m-2.py", True),
        ("m{1..3}.py", "m1..3.py", False),
        ("[a-m].py", "b.py", True),
        ("[!a-m].py", "b.py", False),
        ("[!a-m].py", "z.py", True),
        ("[].py", "[].py", True),
        ("[a", "[a", True),
        (r"\*.py", "*.py", True),
        (r"\*.py", "a.py", False),
        (r"\{a,b\}", "{a,b}", True),
        ("", "a.py", False),
        ("*" * 257, "a.py", False),
        ("{" * 40 + "a,b" + "}" * 40, "a", False),
    ],
)
def test_what_a_section_is_about(pattern: str, path: str, *, is_match: bool) -> None:
    assert matches(pattern, path) is is_match


def expression(pieces: Iterable[str]) -> str:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(known.get(piece) or re.escape(piece) for piece in pieces)


@given(
    st.lists(st.sampled_from(["**/", "*", "?", "a", "b", "/", "a/"]), min_size=1, max_size=6),
    st.text("ab/", max_size=8),
)
def test_stars_mean_what_an_expression_would(pieces: list[str], path: str) -> None:
    pieces = ["a/", *pieces]
    assume("***" not in "".join(pieces) and ("*", "*") not in pairwise(pieces))
    assert matches("".join(pieces), path) is (re.fullmatch(expression(pieces), path) is not None)


def test_the_last_section_counts() -> None:
    config = EditorConfig.parse("[*]\nindent_size = 2\n[*.py]\nIndent_Size = 4\n[*.go]\nindent_size = 8\n")
    assert config.value("indent_size", "a/m.py") == "4"
    assert config.value("indent_size", "a/m.rs") == "2"
    assert config.value("tab_width", "a/m.py") == ""


@pytest.mark.parametrize(
    ("text", "is_root"),
    [("root = true\n[*]\n", True), ("Root=True\n", True), ("[*]\nroot = true\n", False), ("", False)],
)
def test_the_topmost_file_says_so(text: str, *, is_root: bool) -> None:
    assert EditorConfig.parse(text).is_root is is_root


def test_no_pattern_takes_long() -> None:
    """Matching by expressions would take minutes for the first, hours for the others."""
    patterns = ["/*a*a*a*b", "/" + "*a" * 100 + "b", "/**" + "a**" * 60 + "b", "*{*,a*}" * 30 + "b"]
    sections = [f"[{pattern}]\nmax_line_length = {number + 50}\n" for number, pattern in enumerate(patterns)]
    config = EditorConfig.parse("".join(sections) * 20)
    started = time.perf_counter()
    assert config.value("max_line_length", "a" * 1000) == ""
    assert time.perf_counter() - started < 20
