"""The rest of documentation whose opening was typed, in every language."""

from __future__ import annotations

import ast

import pytest

from glm_lsp.completion.documenting import opening_before
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.begun import begun, finished, is_safe
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.proposal import Source


class Nobody:
    """An `Author` who vouches for nothing."""

    async def write(self, gap: Gap) -> str | None:
        return None


async def completed(marked: str, language_id: str = "python", style: Style | None = None) -> str | None:
    """The document with what is suggested at ║; None where nothing is."""
    before, after = marked.split("║")
    snapshot = DocumentSnapshot(
        uri="file:///a",
        path="a",
        language_id=language_id,
        version=1,
        text=before + after,
        offset=len(before),
    )
    opening = opening_before(snapshot)
    assert opening is not None
    found = begun(snapshot, opening, lambda base: Source.of(base, NoSurroundings(), style))
    rest = None if found is None else await finished(found, Nobody())
    if found is None or rest is None:
        return None
    assert is_safe(found, rest)
    return before + rest + after


@pytest.mark.parametrize("closing", ["", '"""'])
@pytest.mark.parametrize("body", ["    return width * height\n", "\n    return width * height\n", ""])
@pytest.mark.parametrize("signature", ["def area(width, height=1):", "def area(width, height=1):  # square"])
async def test_python(closing: str, body: str, signature: str) -> None:
    text = await completed(f'{signature}\n    """║{closing}\n{body}')
    assert text is not None
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    docstring = ast.get_docstring(function) or ""
    assert "    width: " in docstring
    assert "    height: " in docstring
    assert text.count('"""') == 2
    assert text.endswith(f'"""\n{body}')


@pytest.mark.parametrize("mark", ['r"""', "'''", "r'''"])
async def test_the_quotes_are_those_that_were_typed(mark: str) -> None:
    text = await completed(f"class Box:\n    {mark}║\n\n    def grow(self):\n        return self\n")
    assert text is not None
    assert text.startswith(f"class Box:\n    {mark}")
    (box,) = ast.parse(text).body
    assert isinstance(box, ast.ClassDef)
    assert ast.get_docstring(box)


async def test_a_module() -> None:
    text = await completed('"""║\nimport os\n')
    assert text is not None
    assert ast.get_docstring(ast.parse(text))
    assert text.endswith('"""\nimport os\n')


async def test_line_breaks_are_those_of_the_document() -> None:
    text = await completed('def area(width) -> int:\r\n    """║\r\n    return width\r\n')
    assert text is not None
    assert text.count("\n") == text.count("\r\n") == text.count("\r") > 5


async def test_of_two_the_one_above_is_meant() -> None:
    text = await completed('def f(a):\n    """║\n\ndef g(b):\n    return b\n')
    assert text is not None
    first, second = ast.parse(text).body
    assert isinstance(first, ast.FunctionDef)
    assert isinstance(second, ast.FunctionDef)
    assert "a: " in (ast.get_docstring(first) or "")
    assert ast.get_docstring(second) is None


@pytest.mark.parametrize(
    "marked",
    [
        'x = 1\n"""║\n',
        'def f():\n    """Text.\n\n    More.\n    """║\n    return 1\n',
        'def f():\n    """Text."""\n    """║\n    return 1\n',
        'def f():\n    x = 1\n    """║\n    return 1\n',
        'def f(:\n    """║\n    return 1\n',
        'def f():\n  """║\n    return 1\n',
        'x = [\n    """║\n]\n',
    ],
)
async def test_where_it_documents_nothing(marked: str) -> None:
    text = await completed(marked)
    assert text is None


@pytest.mark.parametrize(
    ("language_id", "marked", "mentions"),
    [
        ("javascript", "/**║\nfunction f(a, b) {\n  return a + b;\n}\n", ["@param a", "@param b"]),
        ("javascript", "/**║ */\nfunction f(a, b) {\n  return a + b;\n}\n", ["@param a", "@param b"]),
        (
            "typescript",
            "class A {\n  /**║ */\n  f(a: number): number {\n    return a;\n  }\n}\n",
            ["@param a"],
        ),
        ("java", "class A {\n    /**║*/\n    int f(int a) { return a; }\n}\n", ["@param a", "@return"]),
        ("c", "/**║\nint add(int a, int b) { return a + b; }\n", ["param a", "param b", "return"]),
        ("cpp", "///║\nint add(int a, int b) { return a + b; }\n", ["param a", "/// "]),
        ("rust", "impl A {\n    ///║\n    pub fn f(&self, a: u8) -> u8 { a }\n}\n", ["    /// "]),
    ],
)
async def test_comments(language_id: str, marked: str, mentions: list[str]) -> None:
    text = await completed(marked, language_id)
    assert text is not None
    assert [each for each in mentions if each in text] == mentions
    assert text.count("/*") == text.count("*/")
    opening, code = marked.split("║")
    assert text.startswith(opening)
    assert text.endswith(code.partition("\n")[2])


@pytest.mark.parametrize(
    ("language_id", "marked"),
    [
        ("javascript", "/**║\n\nfunction f(a) {}\n"),
        ("javascript", "/** Text. */\n/**║\nfunction f(a) {}\n"),
        ("java", "class A {\n    int f(int a) {\n        /**║\n        return a;\n    }\n}\n"),
        ("rust", "/// Text.\n///║\nfn f() {}\n"),
    ],
)
async def test_comments_that_document_nothing(language_id: str, marked: str) -> None:
    assert await completed(marked, language_id) is None


GO = "package a\n\n{}\nfunc (b *Box) Area(w int) int {{\n\treturn w\n}}\n"


@pytest.mark.parametrize(
    ("marked", "beginning"),
    [
        (GO.format("// Area║"), "// Area returns "),
        (GO.format("// Area ║"), "// Area returns "),
        ("package a\n\n// Box║\ntype Box struct{}\n", "// Box is "),
        ("package a\n\ntype (\n\t// Box║\n\tBox struct{}\n)\n", "\t// Box is "),
        ("// Package a║\npackage a\n", "// Package a "),
    ],
)
async def test_comments_of_go_begin_with_the_name(marked: str, beginning: str) -> None:
    text = await completed(marked, "go")
    assert text is not None
    before, _, after = marked.partition("║")
    assert text.startswith(before)
    assert text.endswith(after)
    line = text[before.rfind("\n") + 1 :].partition("\n")[0]
    assert line.startswith(beginning)
    assert line.endswith(".")


@pytest.mark.parametrize(
    "marked",
    [
        GO.format("// w║"),
        GO.format("// Text.\n// Area║"),
        "package a\n\nfunc f() {\n\t// g║\n\tg()\n}\n",
        "package a\n\n// a║\nvar a = 1\n",
    ],
)
async def test_other_comments_of_go(marked: str) -> None:
    assert await completed(marked, "go") is None


JAVA = "class A {{\n    /**\n{}    int f(int a) {{ return a; }}\n}}\n"
NOTHING_BESIDE = "function f(a, b) {\n  return a + b;\n}\n"


@pytest.mark.parametrize(
    ("language_id", "marked", "comment"),
    [
        ("javascript", f"/**\n * ║\n */\n{NOTHING_BESIDE}", ["/**", " * ", " *", " * @param a", " */"]),
        ("javascript", f"/**\n * ║\n{NOTHING_BESIDE}", ["/**", " * ", " *", " * @param a", " */"]),
        ("javascript", f"/**\n║\n{NOTHING_BESIDE}", ["/**", " * ", " *", " * @param a", " */"]),
        ("typescript", "/**\n * ║\n */\nclass A {}\n", ["/**", " * ", " */"]),
        ("java", JAVA.format("     * ║\n     */\n"), ["    /**", "     * ", "     * @param a", "     */"]),
        ("java", JAVA.format("     *║*/\n"), ["    /**", "     * ", "     * @return", "     */"]),
        ("c", "/**\n * ║\nint add(int a, int b) { return a + b; }\n", ["/**", " * @brief", " */"]),
        ("cpp", "/**\n * ║\n */\nvoid go(void) { }\n", ["/**", " * @brief", " */"]),
    ],
)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
async def test_a_comment_on_several_lines(
    language_id: str, marked: str, comment: list[str], line_break: str
) -> None:
    text = await completed(marked.replace("\n", line_break), language_id)
    assert text is not None
    assert text.count(line_break) == text.count("\n")
    lines = text.split(line_break)
    ends = [number for number, line in enumerate(lines) if line.endswith("*/")]
    assert len(ends) == text.count("/*") == 1
    written = iter(lines[: ends[0] + 1])
    assert all(any(line.startswith(part) for line in written) for part in comment)
    behind = marked.partition("║")[2].removeprefix("\n").removeprefix("*/\n").split("\n")
    code = behind[1:] if behind[0].strip() == "*/" else behind
    assert lines[ends[0] + 1 :] == code


@pytest.mark.parametrize(
    ("language_id", "marked"),
    [
        ("javascript", f"/**\n * ║\n * Text.\n */\n{NOTHING_BESIDE}"),
        ("javascript", f"/**\n * ║\n */\n\n{NOTHING_BESIDE}"),
        ("javascript", f"/**\n\t* ║\n{NOTHING_BESIDE}"),
        ("javascript", "/**\n * ║"),
        ("java", JAVA.format("     * ║\n     */\n\n    // Text.\n")),
        ("rust", "/**\n * ║\n */\npub fn f(a: u8) -> u8 { a }\n"),
    ],
)
async def test_comments_on_several_lines_that_document_nothing(language_id: str, marked: str) -> None:
    assert await completed(marked, language_id) is None


async def test_a_style_without_such_a_mark_says_nothing() -> None:
    assert await completed("/**║\npub fn f(a: u8) -> u8 { a }\n", "rust") is None


class Counted(str):
    """A text that counts what is cut out of it."""

    __slots__ = ("num_chars",)
    num_chars: int

    def __getitem__(self, index: object) -> str:  # type: ignore[override]
        piece = super().__getitem__(index)  # type: ignore[index]
        self.num_chars = getattr(self, "num_chars", 0) + len(piece)
        return piece


def test_a_document_is_not_read_once_for_each_of_its_definitions() -> None:
    text = Counted("def f(a):\n    return a\n\n\n" * 1000 + 'def g(a):\n    """')
    snapshot = DocumentSnapshot(
        uri="file:///a", path="a", language_id="python", version=1, text=text, offset=len(text)
    )
    opening = opening_before(snapshot)
    assert opening is not None
    found = begun(snapshot, opening, lambda base: Source.of(base, NoSurroundings()))
    assert found is not None
    assert found.plan.entity.name == "g"
    assert text.num_chars < 10 * len(text)
