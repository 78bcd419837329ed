"""Stop rules while decoding: where they end a text, and that the cut into tokens does not matter."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.stop import stop_rule

CODE = [
    "foo", " ", "    ", "\n", "\n", "\r\n", "(", ")", "[", "]", "{", "}", '"', "'", ":", "return x", "\t", "😀",
    "x = 1", "\n\n",
]  # fmt: skip
codes = st.lists(st.sampled_from(CODE), max_size=40).map("".join)
arounds = st.tuples(codes, st.sampled_from(["", ")", " {", '")', "]),"]), codes)
modes = st.sampled_from([None, Mode.LINE, Mode.BLOCK])
stops = st.lists(st.sampled_from(["", "x", "\n\n", "foo\n", "return", "(("]), max_size=2).map(tuple)


@given(modes, arounds, stops, codes, st.randoms())
@settings(max_examples=500, deadline=None)
def test_the_cut_into_tokens_does_not_matter(
    mode: Mode | None,
    around: tuple[str, str, str],
    stop_strings: tuple[str, ...],
    text: str,
    rng: random.Random,
) -> None:
    at_once = stop_rule(mode, *around, stop_strings).check(text)
    rule = stop_rule(mode, *around, stop_strings)
    cuts = sorted(rng.choices(range(len(text) + 1), k=6))
    answers = [rule.check(text[:cut]) for cut in [*cuts, len(text)]]
    assert answers[-1] == at_once
    assert {answer for answer in answers if answer is not None} <= {at_once}
    assert at_once is None or 0 <= at_once <= len(text)


@given(modes, st.text(max_size=30), st.text(max_size=5), st.text(max_size=30), st.text(max_size=60))
@settings(deadline=None)
def test_nothing_raises(mode: Mode | None, prefix: str, rest: str, suffix: str, text: str) -> None:
    keep = stop_rule(mode, prefix, rest, suffix, ("ab",)).check(text)
    assert keep is None or text[:keep] == text[: len(text[:keep])]
    assert keep is None or 0 <= keep <= len(text)


IF_ELSE = "if (x) {\n    a();\n  } else {\n    b();\n  }\n}"


def stopped(mode: Mode | None, marked: str, text: str, stop_strings: tuple[str, ...] = ()) -> str | None:
    """What is kept of `text` at ║, or None if decoding goes on."""
    prefix, after = marked.split("║")
    rest, _, suffix = after.partition("\n")
    keep = stop_rule(mode, prefix, rest, suffix, stop_strings).check(text)
    return None if keep is None else text[:keep]


@pytest.mark.parametrize(
    ("marked", "text", "kept"),
    [
        ("x = ║", "1\n", "1"),
        ("x = ║", "1\r\ny", "1"),
        ("x = 1║", "\ny = 2", ""),
        ("x = ║", "f(1", None),
        ("f(║)", "a, b", None),
        ("f(║)", "a, b)", "a, b"),
        ("f(║)", "g(a)", None),
        ("f(║)", "g(a))", "g(a)"),
        ("f(║)", '"a)', None),
        ("f(║)", '"a)")', '"a)"'),
        ("f(║)", "it's)\n", "it's"),
        ("f(g(║))", "x)", "x"),
        ("f(g(║)", "x)", None),
        ("f(g(║)", "x))", "x)"),
        ("a[f(║)]", "x)]", "x"),
        ("    b║\n)", ")", None),
        ("a = {║}", "'k': [1]}", "'k': [1]"),
        ("x = [║", "0, 1, " * 12, "0, 1, "),
    ],
)
def test_line(marked: str, text: str, kept: str | None) -> None:
    assert stopped(Mode.LINE, marked, text) == kept


@pytest.mark.parametrize(
    ("marked", "text", "kept"),
    [
        # indentation
        ("def f():\n    ║", "a()\n    b()\nc", "a()\n    b()"),
        ("def f():\n    ║", "a()\n    b()\n        c", None),
        ("def f():\n    ║", "a()\n    b()\n  c", "a()\n    b()"),
        ("def f():\n║", "    a()\n    b()\nc", "    a()\n    b()"),
        ("def f():║", "\n    a()\n    b()\nc", "\n    a()\n    b()"),
        ("x = 1║", "\ny = 2\nz", None),
        ("    x = 1║", "\ny", ""),
        ("def f():\n    ║", "if a:\n        b()\n    else:\n        c()\n", None),
        # blank lines
        ("def f():\n    ║", "a()\n\n    b", "a()"),
        ("def f():\n    ║", "for a in b:\n        c()\n\n        d", None),
        ("def f():\n    ║", "a = [\n        1,\n\n    2", None),
        ("def f():\n    ║", "a()\n\n\n", "a()"),
        ("def f():\n    ║", "\n    a()\n", None),
        ("def f():\n    ║", "\n\n\n\n", ""),
        ("def f():\n    ║", "\n\n    a()\n", None),
        ("x = 1║", "\n\ny", ""),
        ("x = 1║\nreturn x", "\nreturn x\n", ""),
        ("def f():║", "\n a()\n b()\nc", "\n a()\n b()"),
        ("f({\n  ║\n});", "a: 1,\n});\n", "a: 1,"),
        ("x = [║", "\n\n    1,\n", None),
        # brackets
        ("f() {\n  ║\n}", "a();\n}", "a();"),
        ("f() {\n  ║", "a();\n}\n", "a();\n}"),
        ("f() {\n  ║", "if (x) {\n    a();\n  } else {\n    b();\n  }\n}\n", IF_ELSE),
        ("f() {\n  ║", "a();\n});\n", "a();\n}"),
        ("f(\n    ║\n)", "a,\n    b)\n", "a,\n    b"),
        ("f(║", "\n    a,\n)\nb", "\n    a,\n)"),
        ("f() {║}", "\n  a();\n}", "\n  a();"),
        # the line below
        ("def f():\n    ║\n    return x", "a()\n    return x\n", "a()"),
        ("def f():\n    ║\n    return x", "return x\n", ""),
        ("def f():\n    ret║\n    return x", "urn x\n    a()\n", None),
        ("def f():\n    ║\n    end", "a()\n        end\n", None),
        ("{\n  ║\n}", "if (x) {\n    y();\n  }\n", None),
        # repetition
        ("def f():\n    ║", "a(1)\n    a(1)\n    a(1)\n", "a(1)"),
        ("def f():\n    ║", "a(1)\n    a(1)\n    b(1)\n", None),
        ("def f():\n    b()\n    ║", "c()\n    a(1)\n    a(1)\n    a(1)\n", "c()\n    a(1)"),
        ("def f():\n    ║", "abc, def " * 20, "abc, def "),
    ],
)
def test_block(marked: str, text: str, kept: str | None) -> None:
    assert stopped(Mode.BLOCK, marked, text) == kept


@pytest.mark.parametrize("mode", [None, Mode.LINE, Mode.BLOCK])
def test_stop_strings(mode: Mode | None) -> None:
    assert stopped(mode, "║", "one two three", ("two", "")) == "one "
    assert stopped(mode, "║", "one tw", ("two",)) is None
    assert stopped(mode, "║", "one two", ("two", "ne two")) == "o"


def test_without_a_mode_only_stop_strings_count() -> None:
    assert stopped(None, "f(║)", "a)\n\n\n" * 20) is None


def test_the_answer_stays_once_given() -> None:
    rule = stop_rule(Mode.LINE, "", "", "")
    assert [rule.check("ab"), rule.check("ab\nc"), rule.check("ab\ncd\n")] == [None, 2, 2]


def test_each_character_is_looked_at_once() -> None:
    rule = stop_rule(Mode.BLOCK, "def f():\n    ", "", "")
    looked = []
    look = rule._look
    rule._look = lambda text, end: (looked.append(end), look(text, end))[1]  # type: ignore[method-assign]
    text = "alpha = beta(gamma)\n    delta = [epsilon, zeta]\n    return eta"
    for end in range(1, len(text) + 1):
        rule.check(text[:end])
    assert looked == list(range(1, len(text) + 1))
