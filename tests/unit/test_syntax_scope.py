"""What a cursor is in: code, comment or string; in sound text and in the middle of writing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.syntax.languages import LANGUAGES
from glm_lsp.syntax.scope import Scope
from glm_lsp.syntax.tree import SyntaxTree
from tests.syntax_sources import SOURCES

COMMENTS = [
    ("python", "x = 1  # foo║\ny = 2\n"),
    ("python", "#║"),
    ("python", "def f():\n    # foo║\n\n    return 1\n"),
    ("python", "# foo║\r\nx = 1\r\n"),
    ("python", "x = (  # é😀 foo║\n    1\n"),
    ("python", 'x = """open"""\nx = f(a, # "foo║'),
    ("javascript", "let x = 1; // foo║\nlet y"),
    ("javascript", "/* foo ║ */ let x;"),
    ("javascript", "/* foo ║\nlet x = 1;\n"),
    ("javascript", "f(); /*\n * it's ║\n"),
    ("typescript", "let x: T; // foo║"),
    ("typescriptreact", "const a = <p>{/* foo ║ */}</p>;"),
    ("go", "x := 1 // foo║\n"),
    ("go", "package a\n\n/* foo ║\nvar x = 1\n"),
    ("rust", "/// foo║\nfn f() {}"),
    ("rust", "fn f() {} // foo║\nfn g() {}"),
    ("rust", "/* a /* b */ ║ */"),
    ("java", "int x; // foo║\n"),
    ("java", "/** foo ║\nclass A {}"),
    ("c", "int x; // foo║\nint y;"),
    ("c", "/* foo ║\nint y;"),
    ("c", "#define A 1 // foo║\nint y;"),
    ("cpp", "// foo║"),
]
STRINGS = [
    ("python", 'x = "abc║"\n'),
    ("python", 'x = "abc║\ny = 2\n'),
    ("python", "x = 'it║"),
    ("python", 'x = "é😀 ║\n'),
    ("python", 'f("a", "b║)\n'),
    ("python", 'def f():\n    """Doc║\n\ndef g():\n    pass\n'),
    ("python", 'def f():\n    """Doc.\n\n    More # ║\n    """\n'),
    ("python", '"""║"""'),
    ("python", 'x = r"\\║"'),
    ("python", 'x = f"{a} b║'),
    ("python", 'x = f"{{b║'),
    ("javascript", 'let x = "abc║\nlet y = 2;\n'),
    ("javascript", "let x = `a ║ b`"),
    ("javascript", "let x = `a\n  b ║\nlet y = 1;\n"),
    ("javascript", 'let x = /a[/"]║/;'),
    ("typescript", "import x from './a║"),
    ("typescriptreact", 'const a = <p title="a║">b</p>;'),
    ("go", 'func f() {\n\tx := "abc║\n\ty := 2\n}\n'),
    ("go", "var x = `abc\n ║"),
    ("go", "var x = '║'"),
    ("rust", 'fn f() { let x = "abc║\n let y = 1; }\n'),
    ("rust", 'fn f() { let x = r#"a"b║\n let y = 1; }\n'),
    ("java", 'class A { String s = "abc║\n int y; }'),
    ("java", 'class A { String s = """\n abc║\n'),
    ("c", 'char *s = "abc║;\nint y;\n'),
    ("c", '#include "foo║.h"\n'),
    ("c", "#include <foo║.h>\n"),
    ("cpp", 'auto s = R"(a"b║)";\n'),
    ("cpp", 'auto s = R"x(a)"b║\nint y;\n'),
]
CODE = [
    ("python", "║"),
    ("python", "║# foo"),
    ("python", "# foo\n║"),
    ("python", "# foo\r\n║x = 1"),
    ("python", 'x = ""║'),
    ("python", 'x = "abc"║\n'),
    ("python", '"""Doc."""║\n'),
    ("python", 'x = f"a {b║} c"'),
    ("python", 'x = f"a {b║'),
    ("python", 'x = f"a {b[║" + "'),
    ("python", 'x = "a" + f(║\ny = 2\n'),
    ("python", 'x = "abc\ny = 2║\n'),
    ("javascript", "let x = `a ${b║} c`;"),
    ("javascript", "let x = `a ${b║\nlet z = 1;\n"),
    ("javascript", "let x = `a`║;"),
    ("javascript", "/* foo */║ let x"),
    ("javascript", "let x = a / b║ / c"),
    ("javascript", "let x = /a'b/.test(║"),
    ("typescriptreact", "const a = <p>{b║}</p>;"),
    ("go", "x := `a`║"),
    ("rust", "fn f<'a║>(x: &'a str) {"),
    ("rust", "fn f<'a>(x: &'a str, y: &'b ║"),
    ("rust", "/// foo\n║fn g() {}"),
    ("java", "char c = '\"'; int y║ ="),
    ("c", "int x; /* a */ int ║"),
    ("cpp", "int x = 1'000; f(║"),
    ("cpp", 'auto s = R"(a"b)" + ║'),
]
MARKED = [
    *((language, marked, Scope.COMMENT) for language, marked in COMMENTS),
    *((language, marked, Scope.STRING) for language, marked in STRINGS),
    *((language, marked, Scope.CODE) for language, marked in CODE),
]


def scope(language: str, marked: str) -> Scope:
    before, after = marked.split("║")
    tree = SyntaxTree.parse(language, before + after)
    assert tree is not None
    return tree.scope_at(len(before))


@pytest.mark.parametrize(("language", "marked", "expected"), MARKED)
def test_scope(language: str, marked: str, expected: Scope) -> None:
    assert scope(language, marked) is expected


@pytest.mark.parametrize(("language", "marked", "expected"), MARKED)
def test_what_stands_above_changes_nothing(language: str, marked: str, expected: Scope) -> None:
    assert scope(language, f"{SOURCES[sound(language)]}\n{marked}") is expected


def sound(language: str) -> str:
    """The language of a sound source that is one in `language`, too."""
    return "javascript" if language == "typescript" else language


@pytest.mark.parametrize("language", SOURCES)
def test_every_place_is_the_same_while_the_text_is_being_written(language: str) -> None:
    """The text from its beginning to the cursor, and nothing behind it: how a file comes to be."""
    source = SOURCES[language]
    whole = SyntaxTree.parse(language, source)
    assert whole is not None
    tree: SyntaxTree | None = whole
    wrong = []
    for offset in range(len(source)):
        assert tree is not None
        tree = tree.edited(source[:offset])
        assert tree is not None
        if tree.scope_at(offset) is not whole.scope_at(offset):
            wrong.append(source[max(0, offset - 20) : offset])
    # Within a mark of two or three characters it cannot be told yet what it will be.
    assert len(wrong) <= len(source) // 50, wrong


@given(
    st.text("ab\"'`#/*{}()[]\\\n\r é😀", max_size=60), st.sampled_from(sorted(LANGUAGES)), st.integers(0, 60)
)
@settings(max_examples=200, deadline=None)
def test_any_text_has_a_scope_everywhere(text: str, language: str, offset: int) -> None:
    tree = SyntaxTree.parse(language, text)
    assert tree is not None
    assert tree.scope_at(min(offset, len(text))) in Scope
