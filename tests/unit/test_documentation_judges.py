"""The judges of documentation: what they take for the same code, for parameters, for a style."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.dialect import STYLES, Style
from glm_lsp.evaluate.documentation.code_judge import LEXERS, is_same_code
from glm_lsp.evaluate.documentation.reading import content, listed, style_of, summary
from glm_lsp.evaluate.documentation.signature import parameters
from tests.syntax_sources import SOURCES

pytest.importorskip("pygments", reason="glm-lsp[eval]")
pytest.importorskip("docstring_parser", reason="glm-lsp[eval]")


def test_every_language_can_be_judged() -> None:
    assert LEXERS.keys() == STYLES.keys()


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("python", "def f():\n    return 1\n", 'def f():\n    """Does it.\n\n    More."""\n    return 1\n'),
        ("python", "def f(:\n    return 1\n", 'def f(:\n    """Does it."""\n    return 1\n'),
        ("python", "class A:\n    x = 1\n", '"""M."""\n\nclass A:\n    """C."""\n\n    x = 1  # one\n'),
        ("javascript", "a()\nfunction f() {}\n", "a()\n/**\n * It's `f`.\n */\nfunction f() {}\n"),
        ("typescript", "class A { b(): void {} }", "class A { \n/** B. */\nb(): void {} }"),
        ("go", "package a\n\nfunc F() {}\n", "// Package a.\npackage a\n\n// F it's.\nfunc F() {}\n"),
        ("rust", "#[a]\n#[b]\nfn f() {}\n", "/// It's.\n#[a]\n/// More.\n#[b]\nfn f() {}\n"),
        ("java", "class A {} class B {}", "class A {} /** B. */ class B {}"),
        ("c", "#define A 1\nint f(void);\n", "#define A 1\n/** It's. */\nint f(void);\n"),
        ("cpp", "template <class T>\nT f();\n", "/// T.\ntemplate <class T>\nT f();\n"),
    ],
)
def test_documentation_is_no_code(language: str, before: str, after: str) -> None:
    assert is_same_code(language, before, after)


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("python", "def f():\n    return 1\n", 'def f():\n    x = """Does it."""\n    return 1\n'),
        ("python", "def f():\n    return 1\n", 'def f():\n    return 1\n    """Does it."""\n'),
        ("python", "def f():\n    return 1\n", 'def f():\n    """Does it.\n    return 1\n'),
        ("python", "def f(:\n    return 1\n", "def f(:\n    # No\n    return\n"),
        ("javascript", "return f()", "return /**\n */ f()"),
        ("javascript", "f()", "/** a */ b */ f()"),
        ("go", "return f()", "return // it\nf()"),
        ("c", "#define A \\\n 1\nint f(void);", "#define A \\\n// B\n 1\nint f(void);"),
        ("c", "int ab;", "int a/** */b;"),
        ("rust", 'let a = "b";', 'let a = "/// b";'),
        ("java", "class A {}", "/** @Deprecated */ @Deprecated class A {}"),
    ],
)
def test_what_touches_code_is_seen(language: str, before: str, after: str) -> None:
    assert not is_same_code(language, before, after)


@pytest.mark.parametrize("language", SOURCES)
def test_a_missing_token_is_seen(language: str) -> None:
    text = SOURCES[language]
    assert is_same_code(language, text, text)
    at = text.rindex(")")
    assert not is_same_code(language, text, text[:at] + text[at + 1 :])


@pytest.mark.parametrize(
    ("language", "text", "name", "names"),
    [
        ("python", "@a\ndef f(x, /, y=1, *z, k: int, **w): ...", "f", ("x", "y", "z", "k", "w")),
        ("python", "class A:\n    def f(self, x): ...", "f", ("x",)),
        ("python", "class A:\n    @staticmethod\n    def f(x): ...", "f", ("x",)),
        ("javascript", "function f(a, { b, c } = {}, [d], ...e) {}", "f", ("a", "root1", "root2", "e")),
        ("javascript", "const f = (a = '(,', b) => a", "f", ("a", "b")),
        ("javascript", "const f = async a => a", "f", ("a",)),
        ("typescript", "f<T extends A<B, C>>(this: X, a?: Map<K, V>, ...b: T[]): void", "f", ("a", "b")),
        (
            "typescript",
            "constructor(private readonly a: A, b = (x: number) => x) {}",
            "constructor",
            ("a", "b"),
        ),
        ("java", "public <T> void f(final Map<K, V> a, int[] b, String... c) {", "f", ("a", "b", "c")),
        ("java", '@A(b = "f(x)") void f(@B(1) int a) {', "f", ("a",)),
        ("rust", "pub fn f<'a, T>(&mut self, a: &'a str, mut b: Vec<(T, u8)>) -> T {", "f", ("a", "b")),
        (
            "c",
            "int f(const char *a, int (*b)(int, int), unsigned c[2], struct d *e);",
            "f",
            ("a", "b", "c", "e"),
        ),
        ("c", "int f(void);", "f", ()),
        ("c", "int f(int, char *);", "f", ()),
        ("cpp", "A<B>& f(std::map<K, V> const& a = {}, T&& b, int = 3) const;", "f", ("a", "b")),
    ],
)
def test_parameters_are_read_from_the_source(
    language: str, text: str, name: str, names: tuple[str, ...]
) -> None:
    start = text.index("@a") if text.startswith("@a") else text.find("@static")
    start = start if start > 0 or text.startswith("@a") else max(text.find("def f"), 0)
    assert parameters(language, text, name, start, len(text)) == names


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        (
            "python",
            '"""A.\n\nArgs:\n    a (int): x.\n    *b: y.\n    **c: z.\n\nReturns:\n    q: r.\n"""',
            ("a", "b", "c"),
        ),
        ("python", '"""A.\n\nParameters\n----------\na : int\n    x.\n*b\n    y.\n"""', ("a", "b")),
        ("python", '"""A.\n\n:param int a: x.\n:param b: y.\n:returns: z.\n"""', ("a", "b")),
        ("python", '"""A.\n\nAttributes:\n    a: x.\n"""', ()),
        ("javascript", "/**\n * @param {{a: {b: c}}} [a=1] - x.\n * @param a.b y.\n * @param c z. */", ("a", "c")),
        ("javascript", "/**\n * ```\n * @param a\n * ```\n * @arg {...*} b\n */", ("b",)),
        ("java", "/**\n * A.\n * @param <T> x\n * @param a y\n */", ("a",)),
        ("cpp", "/// A.\n/// \\param[in,out] a x\n/// @tparam T y\n/// @param b z", ("a", "b")),
        ("rust", "/// A.\n/// # Arguments\n/// * `a` - x\n/// * `b` - y\n///\n/// # Errors\n/// * `c`", ("a", "b")),
    ],
)  # fmt: skip
def test_listed_parameters(language: str, text: str, names: tuple[str, ...]) -> None:
    assert listed(language, text) == names


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("python", 'r"""Sum of\n    two.\n\n    Args:\n        a: b.\n    """', "Sum of two."),
        ("python", "'''\n    Sum.\n    :param a: b.\n    '''", "Sum."),
        ("go", "// F adds\n// up.\n//\n// More.", "F adds up."),
        ("rust", "//! A crate.\n//!\n//! # More", "A crate."),
        ("java", "/** Adds. */", "Adds."),
        ("c", "/**\n * @brief Adds\n *        up.\n * @param a b\n */", "Adds up."),
        ("c", "/*!< Behind. */", "Behind."),
        ("javascript", "/**\n * @param a b\n */", ""),
        ("typescript", "/**\n * A *bold*\n * word.\n */", "A *bold* word."),
    ],
)
def test_summaries(language: str, text: str, found: str) -> None:
    assert summary(language, text) == found


def test_content_is_what_stands_between_the_marks() -> None:
    assert content("java", "/**\r\n     * A.\r\n     *\r\n     *   B.\r\n     */") == "A.\n\n  B."
    assert content("python", "f(x)") == ""


@pytest.mark.parametrize(
    ("language", "texts", "style"),
    [
        ("python", ['"""A."""', '"""B.\n\nArgs:\n    x: y.\n"""'], Style.GOOGLE),
        ("python", ['"""A."""', '"""B."""'], Style.PLAIN),
        ("python", ['"""A.\n\n:param x: y\n"""'] * 2 + ['"""B.\n\nArgs:\n    x: y.\n"""'], Style.SPHINX),
        ("python", ['"""A.\n\nReturns\n-------\nint\n    x.\n"""'], Style.NUMPY),
        ("javascript", ["/** @param {string} a b */"], Style.JSDOC),
        ("typescript", ["/** @param a - b */"], Style.TSDOC),
        ("typescript", ["/** A. */"], Style.PLAIN),
        ("typescript", ["/** @internal */"], Style.PLAIN),
        ("typescript", ["/** @param a b */"], None),
        ("java", ["/** @return a */"], Style.JAVADOC),
        ("c", ["/** A. */"], Style.PLAIN),
        ("go", ["// A."], Style.GO),
    ],
)  # fmt: skip
def test_styles(language: str, texts: list[str], style: Style | None) -> None:
    assert style_of(language, texts) is style
