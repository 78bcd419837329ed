"""What no suggestion may do."""

from __future__ import annotations

import pytest

from glm_lsp.bench.soundness import Fault, faults


def found(marked: str, insert: str, replaced: str | None = None) -> list[Fault]:
    """`║` is the cursor; `replaced` stands around it and is what the item replaces."""
    text, cursor = marked.replace("║", ""), marked.index("║")
    start, end = (
        (cursor, cursor) if replaced is None else (text.index(replaced), text.index(replaced) + len(replaced))
    )
    return faults(text, cursor, start, end, {"insertText": insert})


@pytest.mark.parametrize(
    ("marked", "insert", "replaced"),
    [
        ("x = ║\n", "compute(y)", None),
        ("x = com║\n", "x = compute(y)", "x = com"),
        ("f(║)\n", "a, b", None),
        ("f(g(║)\n", "a)", None),
        ("print('║')\n", "it", None),
        ("if a {\n    ║\n}\n", "b();", None),
        ("if a {\n    if b {\n    ║\n}\n", "    c();\n}", None),
        ("║\nreturn a\n", "return b", None),
        ("x = ║\n", "[", None),
    ],
)
def test_what_is_sound(marked: str, insert: str, replaced: str | None) -> None:
    assert found(marked, insert, replaced) == []


@pytest.mark.parametrize(
    ("marked", "insert", "replaced", "fault"),
    [
        ("x = com║\n", "x = calculate(y)", "x = com", Fault.CHANGES_TEXT),
        ("x = com║(1)\n", "pute", "com(1)", Fault.CHANGES_TEXT),
        ("x = ║\n", "y", "x", Fault.CHANGES_TEXT),
        ("f(║)\n", "a, b)", None, Fault.REPEATS_REST),
        ("print('║')\n", "it')", None, Fault.REPEATS_REST),
        ("x = ║;\n", "1;", None, Fault.REPEATS_REST),
        ("║\nreturn a\n", "return a", None, Fault.REPEATS_BELOW),
        ("    ret║\n\n    return a\n", "urn a", None, Fault.REPEATS_BELOW),
        ("if a:\n    ║\nx = 1\n", "b()\nx = 1", None, Fault.REPEATS_BELOW),
    ],
)
def test_what_is_not(marked: str, insert: str, replaced: str | None, fault: Fault) -> None:
    assert found(marked, insert, replaced) == [fault]
