"""Comments above selected statements: where they go, how they look, where there are none."""

from __future__ import annotations

import pytest

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring import comment
from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.comment import has_statements, plan_comments
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.proposal import Proposal, Source, propose
from glm_lsp.errors import CodeTouchedError, NothingToDocumentError
from glm_lsp.syntax.scope import Scope
from glm_lsp.syntax.scoping import scope_at
from glm_lsp.syntax.tree import SyntaxTree


class Silent:
    """Vouches for nothing, so that all is told from the names."""

    async def write(self, gap: Gap) -> str | None:
        return None


class Fixed:
    """Always says the same, and keeps what it was asked."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        self.gaps: list[Gap] = []

    async def write(self, gap: Gap) -> str | None:
        self.gaps.append(gap)
        return self.sentence


def marked(language_id: str, text: str) -> tuple[Source, int, int]:
    """A document with the selection between the marks."""
    before, _, rest = text.partition("«")
    block, _, after = rest.partition("»")
    text = before + block + after
    snapshot = DocumentSnapshot(
        uri="file:///a", path="a", language_id=language_id, version=1, text=text, offset=len(before)
    )
    return Source.of(snapshot, NoSurroundings()), len(before), len(before) + len(block)


async def commented(language_id: str, text: str, author: Silent | Fixed | None = None) -> Proposal:
    source, start, end = marked(language_id, text)
    return await propose(source, plan_comments(source, start, end), author or Silent())


@pytest.mark.parametrize(
    ("language_id", "text", "expected"),
    [
        (
            "python",
            "def f():\n    «x = 1\n    y = 2»\n",
            "def f():\n    # Set x and y.\n    x = 1\n    y = 2\n",
        ),
        ("python", "if a:\n\t«g()\n»h()\n", "if a:\n\t# Call g.\n\tg()\nh()\n"),
        ("python", "x«»  = 1\n", "# Set x.\nx  = 1\n"),
        ("python", "«x = 1»", "# Set x.\nx = 1"),
        ("python", "«x = 1\r\ny = 2\r\n»z = 3\r\n", "# Set x and y.\r\nx = 1\r\ny = 2\r\nz = 3\r\n"),
        ("python", "«a = 1\n\nb = 2»\n", "# Set a.\na = 1\n\n# Set b.\nb = 2\n"),
        ("python", "«if a:\n    g()\n»h()\n", "# Check a.\nif a:\n    g()\nh()\n"),
        ("python", "«# there\n\nx = 1»\n", "# there\n\n# Set x.\nx = 1\n"),
        (
            "javascript",
            "function f() {\n  «let x = 1;»\n}\n",
            "function f() {\n  // Set x.\n  let x = 1;\n}\n",
        ),
        ("go", "package p\nfunc f() {\n\t«g()»\n}\n", "package p\nfunc f() {\n\t// Call g.\n\tg()\n}\n"),
        ("rust", "fn f() {\n    «g();»\n}\n", "fn f() {\n    // Call g.\n    g();\n}\n"),
        ("java", "class A { void f() {\n«g();»\n} }\n", "class A { void f() {\n// Call g.\ng();\n} }\n"),
        ("cpp", "void f() {\n  «g();»\n}\n", "void f() {\n  // Call g.\n  g();\n}\n"),
        ("c", "/* old */\nvoid f() {\n  «g();»\n}\n", "/* old */\nvoid f() {\n  /* Call g. */\n  g();\n}\n"),
        ("c", "// new\nvoid f() {\n  «g();»\n}\n", "// new\nvoid f() {\n  // Call g.\n  g();\n}\n"),
    ],
)
async def test_a_comment_goes_above_the_block(language_id: str, text: str, expected: str) -> None:
    assert (await commented(language_id, text)).text == expected


@pytest.mark.parametrize(
    ("language_id", "text"),
    [
        ("python", "«\n\n»x = 1\n"),
        ("python", "«# only a comment»\n"),
        ("python", "# there already\n«x = 1»\n"),
        ("python", 's = """a\n«b»\n"""\n'),
        ("python", "x = 1 + \\\n    «2»\n"),
        ("python", "«)»\n"),
        ("javascript", "const s = `a\n«b»\n`;\n"),
        ("c", "#define A \\\n  «b()»\n"),
    ],
)
def test_where_there_is_nothing_to_comment(language_id: str, text: str) -> None:
    source, start, end = marked(language_id, text)
    with pytest.raises(NothingToDocumentError, match="GLM-106"):
        plan_comments(source, start, end)


async def test_the_model_sees_the_code_and_writes_behind_the_mark() -> None:
    author = Fixed("Adds one to the counter.")
    text = "def f():\n    a()\n    «b += 1»\n    c()\n"
    proposal = await commented("python", text, author)
    assert proposal.text == text.replace("«", "# Adds one to the counter.\n    ").replace("»", "")
    gap = author.gaps[0]
    assert gap.before.endswith("    a()\n    # ")
    assert gap.after.lstrip().startswith("b += 1")
    assert gap.code == "b += 1"


async def test_long_comments_are_wrapped() -> None:
    proposal = await commented("python", "«x = 1»\n", Fixed("word " * 40 + "end."))
    lines = proposal.text.split("\n")
    assert all(line.startswith("# ") and len(line) <= 88 for line in lines[:-2])
    assert lines[-2] == "x = 1"
    assert len(lines) > 3


async def test_a_selection_in_a_jsx_text_is_refused() -> None:
    source, start, end = marked("javascriptreact", "const x = <p>\n  «hello»\n</p>;\n")
    with pytest.raises(CodeTouchedError, match="GLM-108"):
        await propose(source, plan_comments(source, start, end), Silent())


def test_of_a_whole_file_only_so_much_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    narrated, looked_at = [], []

    def counted_narration(tree: SyntaxTree, start: int, end: int) -> str:
        narrated.append(start)
        return "Set x."

    def counted_scope(tree: SyntaxTree, offset: int) -> Scope:
        looked_at.append(offset)
        return scope_at(tree, offset)

    monkeypatch.setattr(comment, "narrate", counted_narration)
    monkeypatch.setattr(SyntaxTree, "scope_at", counted_scope)
    source, start, end = marked("python", "«" + "x = 1\n\n" * 2000 + "»")
    assert len(plan_comments(source, start, end)) == len(narrated) == len(looked_at) == 20
    assert has_statements(source, start, end)
    assert len(looked_at) == 21
    text, start, end = marked("python", '"""\n\n«' + "x = 1\n\n" * 2000 + '»"""\n')
    looked_at.clear()
    assert not has_statements(text, start, end)
    assert 0 < len(looked_at) <= 200
