"""The proof lets documentation pass, and nothing else."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.proof import touches_code
from glm_lsp.docstring.source_tree import MAX_CHARS, parse

DOCUMENTED = [
    ("python", "def f():\n    return 1\n", 'def f():\n    """Do."""\n    return 1\n'),
    ("python", "def f(): return 1\n", 'def f():\n    """Do."""\n    return 1\n'),
    ("python", "class A:\n    x = 1\n", 'class A:\n    """Do."""\n\n    x = 1\n'),
    ("python", "import os\n", '"""Do."""\n\nimport os\n'),
    ("python", "async def f():\n    # a\n    await g()\n", 'async def f():\n    """Do."""\n    # a\n    await g()\n'),
    ("python", 'def f():\n    """Do."""\n    g()\n', 'def f():\n    """Do.\n\n    More.\n    """\n    g()\n'),
    ("python", "x = [1,\n     2]\n", "# Set x.\nx = [1,\n     2]\n"),
    ("javascript", "function f() {}\n", "/** Do. */\nfunction f() {}\n"),
    ("typescript", "class A {\n  f() {}\n}\n", "class A {\n  /** Do. */\n  f() {}\n}\n"),
    ("go", "package p\n\nfunc F() {}\n", "package p\n\n// F does.\nfunc F() {}\n"),
    ("rust", "fn f() {}\n", "/// Do.\nfn f() {}\n"),
    ("rust", "mod m {\n    fn f() {}\n}\n", "//! Do.\nmod m {\n    fn f() {}\n}\n"),
    ("java", "class A {\n  @B void f() {}\n}\n", "class A {\n  /** Do. */\n  @B void f() {}\n}\n"),
    ("c", "int f(void);\n", "/** Do. */\nint f(void);\n"),
    ("cpp", "template <class T> T f();\n", "/// Do.\ntemplate <class T> T f();\n"),
]  # fmt: skip

TOUCHED = [
    ("python", "def f():\n    return 1\n", 'def f():\n    """Do.\n    return 1\n'),
    ("python", "def f():\n    return 1\n", 'def f():\n    """Do."""\n    return 2\n'),
    ("python", "def f():\n    return 1\n", 'def f():\n    f"""Do."""\n    return 1\n'),
    ("python", "def f():\n    return 1\n", 'def f():\n    b"Do."\n    return 1\n'),
    ("python", "def f():\n    return 1\n", 'def f():\n    """Do.""" + x\n    return 1\n'),
    ("python", "def f():\n    return 1\n", 'def f():\n    return 1\n    """Do."""\n'),
    ("python", "if x:\n    g()\n", 'if x:\n    """Do."""\n    g()\n'),
    ("python", 'def f():\n    """Old."""\n    g()\n', 'def f():\n    """New."""\n    """Old."""\n    g()\n'),
    ("python", "def f():\n    g()\n    h()\n", "def f():\n    g()\n# Call h.\nh()\n"),
    ("python", 'x = """a\nb"""\n', 'x = """a\n# Do.\nb"""\n'),
    ("python", 'x = "a\\nb"\n', 'x = "c\\nb"\n'),
    ("python", 'x = "a \\n b"\n', 'x = "a\\n b"\n'),
    ("javascript", 'f("a\\tb");\n', 'f("b\\tb");\n'),
    ("go", 'package p\n\nvar a = "b\\n"\n', 'package p\n\nvar a = "c\\n"\n'),
    ("c", "int a @ b;\n", "int a $ b;\n"),
    ("javascript", "function f() { return g() }\n", "function f() { return\n/** Do. */\ng() }\n"),
    ("javascript", "const x = `a\nb`;\n", "const x = `a\n// Do.\nb`;\n"),
    ("javascriptreact", "const x = <p>\n  a\n</p>;\n", "const x = <p>\n  // Do.\n  a\n</p>;\n"),
    ("typescript", "f();\ng();\n", "/* Do. */ f(); /*\ng();\n"),
    ("go", "package p\n\nfunc F() {}\n", "package p\n\n// F does.func F() {}\n"),
    ("rust", "fn f() {}\n", "/// Do. */ fn g() {}\nfn f() {}\n" + "fn h() {}\n"),
    ("java", "class A { int x = 1; }\n", "class A { /** Do. */ int y; int x = 1; }\n"),
    ("c", "#define A \\\n  b\n", "#define A \\\n// Do.\n  b\n"),
    ("cpp", "int a;\nint b;\n", "int a;\n// Do. \\\nint b;\n"),
]


@pytest.mark.parametrize(("language_id", "before", "after"), DOCUMENTED)
def test_documentation_touches_no_code(language_id: str, before: str, after: str) -> None:
    assert not touches_code(language_id, before, after)


@pytest.mark.parametrize(("language_id", "before", "after"), TOUCHED)
def test_anything_else_does(language_id: str, before: str, after: str) -> None:
    assert touches_code(language_id, before, after)


@pytest.mark.parametrize(("language_id", "before", "after"), DOCUMENTED)
def test_the_proof_works_both_ways(language_id: str, before: str, after: str) -> None:
    assert not touches_code(language_id, after, before)


EXPORTED = "class AN_EXPORT Shape {\n public:\n  «»Shape(int a, int b)\n    : _a(a)\n    , _b(b)\n  { _c = b; }\n};\n"


def test_a_macro_that_no_grammar_knows_is_no_reason_to_refuse() -> None:
    before = f"namespace n {{\n{EXPORTED}}}\n".replace("«»", "")
    after = f"namespace n {{\n{EXPORTED}}}\n".replace("«»", "/** Do. */\n  ")
    # Without knowing the macro the parser gets over it in another way, with the comment there.
    old, new = parse("cpp", before), parse("cpp", after)
    assert old is not None
    assert new is not None
    assert old.root.has_error
    assert not touches_code("cpp", before, after)
    for changed in ("_a(b)", "_a(a + 1)", "_a(a), _d(a)"):
        assert touches_code("cpp", before, after.replace("_a(a)", changed))
    assert touches_code("cpp", before, after.replace("AN_EXPORT", "A_EXPORT"))
    assert touches_code("cpp", before, after.replace("*/", "*/ int d; /**/"))


def test_line_breaks_may_be_of_any_kind() -> None:
    before = "def f():\r\n    return 1\r\n"
    assert not touches_code("python", before, 'def f():\r\n    """Do."""\r\n    return 1\r\n')


@pytest.mark.parametrize("language_id", ["python", "javascript", "go", "rust", "java", "c", "cpp"])
def test_deep_nesting_is_no_danger(language_id: str) -> None:
    nested = "x = " + "(" * 20_000 + "1" + ")" * 20_000 + "\n"
    comment = "# a\n" if language_id == "python" else "// a\n"
    assert not touches_code(language_id, nested, comment + nested)
    assert touches_code(language_id, nested, nested + "y = 2\n")


def test_what_cannot_be_parsed_cannot_be_proven() -> None:
    assert touches_code("cobol", "MOVE A TO B.", "MOVE A TO B.")
    text = "x = 1\n" * (MAX_CHARS // 6 + 1)
    assert touches_code("python", text, text)
