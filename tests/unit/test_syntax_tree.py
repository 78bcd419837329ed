"""Trees: what was edited is what was parsed anew, and offsets count what they say."""

from __future__ import annotations

import gc
import random
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Node

from glm_lsp.syntax.languages import LANGUAGES, language_for
from glm_lsp.syntax.scope import Scope
from glm_lsp.syntax.tree import MAX_PARSED_CHARS, SyntaxTree
from tests.syntax_sources import SOURCES

EDITED = ["python", "javascript", "typescriptreact", "go", "rust", "java", "c", "cpp"]
PIECES = [
    *"x(){}[]\"'`#/:,\n\r\t ",
    *("\r\n", "é", "日本", "😀", "foo(", "if x:\n", "*/", "/*", '"""', "=> {", "// a", "\ud800"),
]


def parsed(language: str, text: str) -> SyntaxTree:
    tree = SyntaxTree.parse(language, text)
    assert tree is not None
    return tree


def shape(tree: SyntaxTree) -> list[tuple[object, ...]]:
    """Every node with its places, in the order of the text."""
    nodes: list[tuple[object, ...]] = []
    waiting: list[Node] = [tree.root]
    while waiting:
        node = waiting.pop()
        places = node.start_byte, node.end_byte, node.start_point, node.end_point
        nodes.append((node.type, node.is_missing, *places))
        waiting.extend(reversed(node.children))
    return nodes


def random_edit(text: str, rng: random.Random) -> str:
    start = rng.randrange(len(text) + 1)
    kind = rng.random()
    if kind < 0.5:
        return text[:start] + rng.choice(PIECES) + text[start:]
    if kind < 0.75:
        return text[:start] + text[start + rng.randrange(1, 4) :]
    copied = rng.randrange(len(text) + 1)
    end = start + rng.randrange(30)
    return text[:start] + text[copied : copied + rng.randrange(30)] + text[end:]


def test_every_language_has_a_grammar_that_knows_it() -> None:
    assert {"python", "javascript", "typescript", "go", "rust", "java", "c", "cpp"} < LANGUAGES
    for language in LANGUAGES:
        assert language_for(language) is language_for(language)
    for language, source in SOURCES.items():
        assert parsed(language, source).num_errors == 0, language
    assert parsed("javascriptreact", "x = <p>{y}</p>;").num_errors == 0
    assert parsed("typescript", "let x = <T>y;").num_errors == 0


def test_a_language_without_a_grammar_has_no_tree() -> None:
    assert language_for("cobol") is None
    assert SyntaxTree.parse("cobol", "x") is None


@pytest.mark.parametrize("language", EDITED)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_single_edit_gives_the_tree_of_a_fresh_parse(language: str, line_end: str) -> None:
    """Text that an edit breaks may be mended in another way than from scratch, but that is rare."""
    rng = random.Random(f"{language}{line_end}")
    source = SOURCES[language].replace("\n", line_end)
    tree = parsed(language, source)
    differing = 0
    for _ in range(60):
        text = random_edit(source, rng)
        edited = tree.edited(text)
        assert edited is not None
        assert edited.text == text
        fresh = parsed(language, text)
        assert edited.data == fresh.data
        is_same = shape(edited) == shape(fresh)
        assert is_same or fresh.num_errors
        differing += not is_same
    assert differing <= 2


@pytest.mark.parametrize("language", EDITED)
def test_a_row_of_edits_and_the_way_back_give_the_tree_of_a_fresh_parse(language: str) -> None:
    rng = random.Random(language)
    texts = [SOURCES[language]]
    for _ in range(40):
        texts.append(random_edit(texts[-1], rng))
    tree = parsed(language, texts[0])
    differing = 0
    for text in [*texts, *reversed(texts)]:
        edited = tree.edited(text)
        assert edited is not None
        tree = edited
        fresh = parsed(language, text)
        assert tree.data == fresh.data
        assert fresh.num_errors or tree.num_errors == 0
        differing += shape(tree) != shape(fresh)
    assert shape(tree) == shape(parsed(language, texts[0]))
    assert differing <= 4


def test_an_edit_leaves_the_tree_before_as_it_was() -> None:
    tree = parsed("python", "def f():\n    return 1\n")
    before = shape(tree)
    edited = tree.edited("def f(:\n    return 1\n")
    assert edited is not None
    assert edited.num_errors > 0
    assert tree.num_errors == 0
    assert shape(tree) == before
    assert tree.text.startswith("def f()")


def test_nothing_of_a_text_is_kept_when_its_tree_is_gone() -> None:
    tree = parsed("python", "x = 1\n" * 100)
    texts = [tree.data]
    edited = tree.edited("y" * 100)
    assert edited is not None
    del tree
    gc.collect()
    num_references = sys.getrefcount(texts[0])
    assert num_references == 2, "the list's and the argument's"


def test_the_same_text_is_the_same_tree() -> None:
    tree = parsed("python", "x = 1")
    assert tree.edited("x = 1") is tree


@given(
    before=st.text(st.sampled_from("aé日😀\n"), max_size=6000),
    new=st.text(max_size=9),
    seed=st.integers(0, 9999),
)
@settings(max_examples=60, deadline=None)
def test_offsets_count_bytes_and_code_points_also_after_an_edit(before: str, new: str, seed: int) -> None:
    rng = random.Random(seed)
    text = before * rng.randrange(1, 4)
    tree = parsed("python", f"#{text}")
    for _ in range(3):
        start = rng.randrange(len(tree.text) + 1)
        edited = tree.edited(tree.text[:start] + new + tree.text[start + rng.choice([0, 0, 3, 3000]) :])
        assert edited is not None
        tree = edited
        for offset in [0, len(tree.text), *(rng.randrange(len(tree.text) + 1) for _ in range(20))]:
            byte = tree.byte_of(offset)
            assert byte == len(tree.text[:offset].encode("utf-8", "replace"))
            assert tree.offset_of(byte) == offset


def test_a_byte_within_a_character_counts_the_characters_before() -> None:
    tree = parsed("python", "x = '日'")
    assert [tree.offset_of(byte) for byte in range(5, 9)] == [5, 5, 5, 6]


def test_the_text_of_a_node_is_its_source() -> None:
    tree = parsed("python", "# 😀\nname = 'é'\n")
    assignment = tree.root.children[1]
    assert tree.text_of(assignment) == "name = 'é'"


def test_text_that_is_too_long_has_no_tree() -> None:
    text = "x = 1\n" * (MAX_PARSED_CHARS // 6)
    tree = parsed("python", text)
    assert tree.edited(text + "y" * 10) is None
    assert SyntaxTree.parse("python", text + "y" * 10) is None


@pytest.mark.parametrize("language", ["python", "javascript", "rust", "cpp"])
@pytest.mark.parametrize("piece", ["(", "{", "[", '"', "a?", "`${", "/*", "if x {", "<", "f(x, "])
def test_what_fits_no_grammar_takes_no_longer_than_it_may(language: str, piece: str) -> None:
    text = piece * (MAX_PARSED_CHARS // len(piece))
    start = time.perf_counter()
    tree = SyntaxTree.parse(language, text)
    if tree is not None:
        tree.scope_at(len(text))
        tree.edited(text[:5000] + "x" + text[5000:])
    # Two parses of 0.2 s at most; the rest is for a slow machine.
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("language", EDITED)
@pytest.mark.parametrize("brackets", ["()", "{}", "[]"])
def test_brackets_that_are_nested_deeply_do_no_harm(language: str, brackets: str) -> None:
    half = MAX_PARSED_CHARS // 2
    text = brackets[0] * half + brackets[1] * half
    tree = SyntaxTree.parse(language, text)
    if tree is not None:
        assert tree.num_errors >= 0
        assert tree.scope_at(half) is Scope.CODE
        tree.edited(text[: half - 1] + "x" + text[half:])


def test_a_tree_without_a_line_stays_the_same_while_the_line_is_typed() -> None:
    above, below = "def f():\n    ", "\n\nx = {}\n"
    tree = parsed("python", above + below)
    bare = tree.without_line(len(above))
    assert bare is not None
    assert bare.text == "def f():\n\n\nx = {}\n"
    for typed in ["r", "re", 're"""', 're"""{', ""]:
        edited = tree.edited(f"{above}{typed}{below}")
        assert edited is not None
        tree = edited
        assert tree.without_line(len(above)) is bare


def test_a_blank_line_is_the_tree_without_it() -> None:
    tree = parsed("python", "x = 1\n\ny = 2")
    assert tree.without_line(6) is tree
    edited = tree.edited("x = 1\n(\ny = 2")
    assert edited is not None
    assert edited.without_line(7) is tree
    other = edited.without_line(0)
    assert other is not None
    assert other.text == "\n(\ny = 2"
