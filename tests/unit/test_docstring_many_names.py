"""Signatures and comments that list more than anybody writes, and comments in another manner than tags."""

from __future__ import annotations

import time

import pytest

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.plan import Plan
from glm_lsp.docstring.proposal import Source


def plans(language_id: str, text: str) -> list[Plan]:
    snapshot = DocumentSnapshot(
        uri="file:///m", path="m", language_id=language_id, version=0, text=text, offset=0
    )
    source = Source.of(snapshot, NoSurroundings())
    return [plan for entity in source.entities if entity.name and (plan := source.plan(entity))]


def names(num: int) -> str:
    return ", ".join(f"a{number}" for number in range(num))


def python(num: int, documented: range) -> str:
    listed = "".join(f"        a{number}: x\n" for number in documented)
    return f'def f({names(num)}):\n    """X.\n\n    Args:\n{listed}    """\n'


def javascript(num: int, documented: range) -> str:
    listed = "".join(f" * @param a{number} x\n" for number in documented)
    return f"/**\n * X.\n{listed} */\nfunction f({names(num)}) {{}}\n"


SOURCES = {"python": python, "javascript": javascript}


@pytest.mark.parametrize("language_id", SOURCES)
def test_hundreds_of_parameters_are_completed(language_id: str) -> None:
    [plan] = plans(language_id, SOURCES[language_id](400, range(0, 400, 2)))
    assert plan.num_slots == 200


@pytest.mark.parametrize("language_id", SOURCES)
def test_thousands_of_parameters_are_nobodys(language_id: str) -> None:
    started = time.perf_counter()
    assert plans(language_id, SOURCES[language_id](6_000, range(0, 6_000, 2))) == []
    assert time.perf_counter() - started < 20
    text = {"python": "def f({}): pass\n", "javascript": "function f({}) {{}}\n"}[language_id]
    assert plans(language_id, text.format(names(15_000))) == []
    assert plans(language_id, text.format(names(20)))[0].num_slots == 21


def test_thousands_of_tags_are_not_compared_with_hundreds_of_parameters() -> None:
    started = time.perf_counter()
    assert plans("javascript", javascript(400, range(300, 7_000))) == []
    assert time.perf_counter() - started < 20


def test_thousands_of_entries_are_read_once() -> None:
    """Reading them for each of the parameters took minutes."""
    started = time.perf_counter()
    [plan] = plans("python", python(400, range(300, 7_000)))
    assert plan.num_slots == 300
    assert time.perf_counter() - started < 30


@pytest.mark.parametrize(
    "comment",
    [
        "/// <summary>\n/// Adds.\n/// </summary>\n/// <param name='a'>The first.</param>\n",
        "/// <summary>Adds.</summary>\n",
        '/** Adds.\n * <param name="a">The first.</param>\n * @return the sum\n */\n',
        "/// <inheritdoc/>\n/// @return the sum\n",
    ],
)
def test_comments_with_elements_get_no_tags(comment: str) -> None:
    habits = "/**\n * Halves.\n *\n * @param c what\n * @return half\n */\nint half(int c);\n"
    assert plans("cpp", f"{habits}{comment}int add(int a, int b);\n") == []
    assert (
        len(plans("cpp", f"{habits}/// Adds to List<T>.\n/// @return the sum\nint add(int a, int b);\n")) == 1
    )
