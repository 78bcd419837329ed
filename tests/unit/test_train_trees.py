"""Blocks, documented definitions and bodies in languages with braces."""

from __future__ import annotations

import random

import pytest

from glm_lsp.train.bracket_tree import LANGUAGES, BracketTree
from glm_lsp.train.example import Document
from glm_lsp.train.spans import Span
from glm_lsp.train.tree import tree_of

TYPESCRIPT = """import { a } from "b";

/**
 * Adds first and second, returns the sum.
 */
export function add(first: number, second: number): number {
  const sum = first + second; // not a {
  if (sum > 10) {
    log("big { number");
  } else {
    log(`small } ${sum}`);
  }
  return sum;
}

// The radius of a circle, doubled to its diameter.
const diameter = (radius: number) => {
  return items
    .map((x) => x * 2)
    .filter(Boolean);
};
"""
RUST = """/// Returns the longer of two names.
pub fn longer<'a>(one: &'a str, two: &'a str) -> &'a str {
    let brace = '{';
    if one.len() > two.len() { one } else { two }
}
"""
GO = """// Area returns the area of the square.
func (s Square) Area() int {
	switch s.kind {
	case 1:
		return s.side * s.side
	}
	return 0
}
"""
C = """#define OPEN 1
static int twice(int number)
{
    char quote = '\\'';
    return number * 2;
}
"""


def texts(source: str, spans: list[Span]) -> set[str]:
    return {source[span.start : span.end] for span in spans}


def test_statements_and_bodies_of_typescript() -> None:
    tree = BracketTree(TYPESCRIPT, "typescript")
    blocks = texts(TYPESCRIPT, tree.blocks)
    assert 'import { a } from "b";' in blocks
    assert "return sum;" in blocks
    assert "return items\n    .map((x) => x * 2)\n    .filter(Boolean);" in blocks
    whole = 'if (sum > 10) {\n    log("big { number");\n  } else {\n    log(`small } ${sum}`);\n  }'
    assert whole in blocks
    assert not any(block.startswith((".", "}", "//", "*")) for block in blocks)
    assert {body.split("\n")[0] for body in texts(TYPESCRIPT, tree.bodies)} == {
        "const sum = first + second; // not a {",
        "return items",
    }


def test_comments_that_describe_what_follows() -> None:
    tree = BracketTree(TYPESCRIPT, "typescript")
    assert texts(TYPESCRIPT, tree.docstrings) == {
        "\n * Adds first and second, returns the sum.\n */",
        "The radius of a circle, doubled to its diameter.",
    }
    unrelated = TYPESCRIPT.replace("Adds first and second, returns the sum.", "Lorem ipsum dolor sit amet.")
    assert len(BracketTree(unrelated, "typescript").docstrings) == 1


@pytest.mark.parametrize(
    ("source", "language", "block"),
    [
        (RUST, "rust", "if one.len() > two.len() { one } else { two }"),
        (GO, "go", "switch s.kind {\n\tcase 1:\n\t\treturn s.side * s.side\n\t}"),
        (C, "c", "return number * 2;"),
    ],
)
def test_quotes_of_each_language(source: str, language: str, block: str) -> None:
    assert block in texts(source, BracketTree(source, language).blocks)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_what_does_not_match_has_no_blocks(language: str) -> None:
    for source in ("f(x {\n  a();\n}\n", "}\na();\n", "a(\n", ""):
        tree = BracketTree(source, language)
        assert (tree.blocks, tree.docstrings, tree.bodies) == ([], [], [])


@pytest.mark.parametrize(
    ("source", "language"), [(TYPESCRIPT, "typescript"), (RUST, "rust"), (GO, "go"), (C, "c")]
)
def test_torn_files_never_fail_and_spans_stay_inside(source: str, language: str) -> None:
    rng = random.Random(1)
    for _ in range(200):
        start = rng.randrange(len(source))
        piece = source[start : rng.randrange(start, len(source) + 1)]
        tree = tree_of(Document("demo", "x", language, piece))
        for span in (*tree.blocks, *tree.docstrings, *tree.bodies):
            assert 0 <= span.start < span.end <= span.suffix_start <= len(piece)
            assert not piece[span.end - 1].isspace()


def test_unknown_languages_have_no_blocks() -> None:
    assert tree_of(Document("demo", "a.md", "markdown", "# A\n\ntext {\n}\n")).blocks == []
