"""Long text is parsed like any other, and others run meanwhile."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from glm_lsp.syntax.languages import language_for
from glm_lsp.syntax.parsing import parsed


def tree(text: str, *, whole: bool = False) -> str:
    language = language_for("python")
    assert language is not None
    data = text.encode()
    if whole:
        from tree_sitter import Parser

        return str(Parser(language).parse(data).root_node)
    return str(parsed(language, data).root_node)


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("line", ["x = 1\n", 'x = "ä€😀" + f(y)\n', "def f(:\n"])
def test_in_pieces_it_is_the_same_tree(line: str, shift: int) -> None:
    text = "#" * shift + "\n" + line * (300_000 // len(line.encode()))
    assert tree(text) == tree(text, whole=True)


def test_nodes_know_their_text() -> None:
    language = language_for("python")
    assert language is not None
    root = parsed(language, b"x = 1\n" * 50_000).root_node
    assert root.children[0].text == root.children[-1].text == b"x = 1"


def test_many_threads_may_parse_at_once() -> None:
    texts = [f"x{number} = [1, 2]\n" * 20_000 for number in range(4)]
    found: dict[str, str] = {}

    def parse(text: str) -> None:
        found[text] = tree(text)

    threads = [threading.Thread(target=parse, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[text] == tree(text, whole=True) for text in texts] == [True] * 4


def longest_gap(text: str) -> tuple[float, float]:
    """Seconds that this thread could not run while another one parsed, and those the parse took."""
    language = language_for("python")
    assert language is not None
    data, took = text.encode(), []

    def parse() -> None:
        start = time.perf_counter()
        parsed(language, data)
        took.append(time.perf_counter() - start)

    thread = threading.Thread(target=parse)
    last, gap = time.perf_counter(), 0.0
    thread.start()
    while not took:
        now = time.perf_counter()
        gap, last = max(gap, now - last), now
    gap = max(gap, time.perf_counter() - last)
    thread.join()
    return gap, took[0]


def test_others_run_while_a_long_text_is_parsed() -> None:
    assert sys.getswitchinterval() <= 0.01
    text = "def f(a, b):\n    return [a, b, {a: b}]\n\n\n" * 25_000
    # Of several tries, as the machine may be busy.
    assert any(gap < took / 3 for gap, took in (longest_gap(text) for _ in range(5)))
