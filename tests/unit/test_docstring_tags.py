"""What is read in doc comments, however oddly they are written."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.styles.comment_block import DocComment
from glm_lsp.docstring.styles.known import styling_of
from glm_lsp.docstring.styles.styling import Documented
from glm_lsp.docstring.styles.tags import is_doubtful
from tests.doc_comments import LANGUAGES


def _read(style: Style, text: str) -> Documented:
    return styling_of(style, LANGUAGES[style]).read(text)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("@param size", "size"),
        ("@param  size   how many", "size"),
        ("@param\tsize\thow many", "size"),
        ("@arg size how many", "size"),
        ("@argument size", "size"),
        ("@param {number} size - how many", "size"),
        ("@param {{ a: { b: string } }} size", "size"),
        ("@param {...number} size", "size"),
        ("@param {function(string): void} [size] - x", "size"),
        ("@param {number} [size=1] - x", "size"),
        ("@param {number[]} [size=[1, 2]] - x", "size"),
        ("@param [size='a b'] x", "size"),
        ("@param ...size", "size"),
        ("@param size: how many", "size"),
        ("@param size, how many", "size"),
        ("@param `size` how many", "size"),
        ("@param $size", "$size"),
        ("@param größe wie viele", "größe"),
        ("@param: size how many", "size"),
    ],
)
def test_names_of_parameters_in_jsdoc(tag: str, name: str) -> None:
    assert _read(Style.JSDOC, f"/**\n * Sum.\n * {tag}\n */") == Documented(
        summary="Sum.", parameters=(name,)
    )


@pytest.mark.parametrize(
    ("tag", "names"),
    [
        (r"\param[in] size how many", ("size",)),
        ("@param[in,out] size how many", ("size",)),
        ("@param [out] size how many", ("size",)),
        ("@param[ in, out ] size", ("size",)),
        ("@param *size how many", ("size",)),
        ("@param &size how many", ("size",)),
        ("@param x,y the place", ("x", "y")),
        (r"\param size", ("size",)),
    ],
)
@pytest.mark.parametrize("opening", ["///", "//!", "/*!"])
def test_names_of_parameters_in_doxygen(tag: str, names: tuple[str, ...], opening: str) -> None:
    block = opening.startswith("/*")
    text = f"/*!\n * Sum.\n * {tag}\n */" if block else f"{opening} Sum.\n  {opening} {tag}"
    assert _read(Style.DOXYGEN, text) == Documented(summary="Sum.", parameters=names)


def test_parts_of_a_parameter_are_the_parameter() -> None:
    text = "/**\n * @param {Object} o\n * @param {string} o.a\n * @param {Object[]} l\n * @param {string} l[].b\n */"
    assert _read(Style.JSDOC, text).parameters == ("o", "l")


@pytest.mark.parametrize(
    ("style", "tag", "names"),
    [
        (Style.JSDOC, "@template T", ("T",)),
        (Style.JSDOC, "@template {string} T - x", ("T",)),
        (Style.JSDOC, "@template K, V", ("K", "V")),
        (Style.JSDOC, "@template [T=string] x", ("T",)),
        (Style.TSDOC, "@typeParam T - x", ("T",)),
        (Style.TSDOC, "@typeparam T x", ("T",)),
        (Style.JAVADOC, "@param <T> x", ("T",)),
        (Style.JAVADOC, "@param < T > x", ("T",)),
        (Style.DOXYGEN, r"\tparam T x", ("T",)),
    ],
)
def test_type_parameters(style: Style, tag: str, names: tuple[str, ...]) -> None:
    assert _read(style, f"/** Sum.\n * {tag} */") == Documented(summary="Sum.", type_parameters=names)


@pytest.mark.parametrize(
    ("style", "tag", "names"),
    [
        (Style.JSDOC, "@throws {TypeError} if so", ("TypeError",)),
        (Style.JSDOC, "@throws {TypeError|net.Error}", ("TypeError", "net.Error")),
        (Style.JSDOC, "@exception {TypeError}", ("TypeError",)),
        (Style.JSDOC, "@throws TypeError if so", ("TypeError",)),
        (Style.JSDOC, "@throws If it fails.", ()),
        (Style.TSDOC, "@throws {@link TypeError} if so", ("TypeError",)),
        (Style.TSDOC, "@throws {@link TypeError | a name} if so", ("TypeError",)),
        (Style.JAVADOC, "@throws IOException if so", ("IOException",)),
        (Style.JAVADOC, "@exception java.io.IOException if so", ("java.io.IOException",)),
        (Style.JAVADOC, "@throws {@link IOException} if so", ("IOException",)),
        (Style.DOXYGEN, r"\throw std::bad_alloc if so", ("std::bad_alloc",)),
        (Style.DOXYGEN, "@throws Oops: if so", ("Oops",)),
    ],
)
def test_exceptions(style: Style, tag: str, names: tuple[str, ...]) -> None:
    assert _read(style, f"/** Sum.\n * {tag} */").raises == names


@pytest.mark.parametrize(
    "tag", ["@return x", "@returns {number}", "@returns", "@returns: x", "\\return x", "\\retval 0"]
)
def test_what_comes_back(tag: str) -> None:
    assert _read(Style.DOXYGEN, f"/**\n * {tag}\n */").has_returns


def test_what_comes_back_within_the_prose() -> None:
    assert _read(Style.JAVADOC, "/** {@return the width} */").has_returns
    assert _read(Style.JSDOC, "/** Sum.\n * @yields {number} x\n */").has_yields
    assert not _read(Style.JAVADOC, "/** Returns the width. */").has_returns


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("indent", ["", "    ", "\t"])
@pytest.mark.parametrize(
    "lines",
    [
        ["/**", " * First", " * line.", " *", " * More.", " *", " * @param a x", " * @param b y", " */"],
        ["/** First", " * line.", " *", " * @param a x", " * @param b y */"],
        ["/**", "First", "line.", "", "@param a x", "@param b", "  y", "**/"],
        ["/**", " *First", " *line.", " *@param a x", " *@param b y", " */"],
        [
            "/*****************",
            " * First",
            " * line.",
            " * @param a x",
            " * @param b y",
            " ****************/",
        ],
        ["/// First", "/// line.", "///", "/// @param a x", "/// @param b y"],
        ["///First", "///line.", "///", "///@param a x", "///   @param b y  "],
    ],
)
def test_lines_and_marks_of_all_sorts(lines: list[str], indent: str, line_break: str) -> None:
    read = _read(Style.DOXYGEN, (line_break + indent).join(lines))
    assert read == Documented(summary="First line.", parameters=("a", "b"))


@pytest.mark.parametrize(
    "text",
    [
        "/** Sum.\n * ```\n * @param a x\n * ```\n * @param b y\n */",
        "/** Sum.\n * ~~~\n * @param a x\n * ~~~\n * @param b y\n */",
        "/** Sum.\n * @code\n * @param a x\n * @endcode\n * @param b y\n */",
        "/** Sum.\n * @code{.cpp}\n * @param a x\n * @endcode\n * @param b y\n */",
        "/** Sum.\n * @verbatim\n * @param a x\n * @endverbatim\n * @param b y\n */",
        "/** Sum.\n * {@code\n * @param a x\n * }\n * @param b y\n */",
        "/** Sum.\n * @code f(); @endcode\n * @param b y\n */",
        "/** Sum.\n * {@link Other}\n * @param b y\n */",
        "/** Sum.\n * mail@param.a\n * @param b y\n */",
    ],
)
def test_listings_hold_no_tags(text: str) -> None:
    assert _read(Style.DOXYGEN, text).parameters == ("b",)


@pytest.mark.parametrize(
    ("style", "text", "summary"),
    [
        (Style.DOXYGEN, "/** @brief Sum\n * more.\n *\n * Detail.\n */", "Sum more."),
        (Style.DOXYGEN, r"/// \brief Sum.", "Sum."),
        (Style.JSDOC, "/** @file Sum. */", "Sum."),
        (Style.JSDOC, "/** @description Sum. */", "Sum."),
        (Style.JSDOC, "/** @returns {number} x */", ""),
        (Style.JSDOC, "/** */", ""),
        (Style.GO, "// Send sends\n// it.\n//\n// More.", "Send sends it."),
        (Style.GO, "/* Send sends\nit. */", "Send sends it."),
        (Style.RUSTDOC, "/// Sum\n/// more.\n///\n/// Detail.", "Sum more."),
        (Style.RUSTDOC, "//! Sum.", "Sum."),
        (Style.RUSTDOC, "/** Sum. */", "Sum."),
        (Style.RUSTDOC, "/// # Errors\n///\n/// If so.", ""),
        (Style.RUSTDOC, '#[doc = "Sum."]', ""),
    ],
)
def test_summaries(style: Style, text: str, summary: str) -> None:
    assert _read(style, text).summary == summary


@pytest.mark.parametrize(
    "items",
    [
        ["* `a` - x", "* `b` - y"],
        ["- `a`: x", "- `b`: y"],
        ["* a - x", "  goes on", "* b - y"],
        ["  * `a` x", "  * `b`"],
        ["* `a` - x", "    * `c` - part", "* `b` \N{EM DASH} y"],
    ],
)
@pytest.mark.parametrize("title", ["# Arguments", "## Parameters", "# Args:"])
def test_arguments_of_rustdoc(title: str, items: list[str]) -> None:
    lines = ["Sum.", "", title, "", *items, "", "# Returns", "", "Something.", "# Examples", "* `z` - no"]
    read = _read(Style.RUSTDOC, "\n".join(f"/// {line}" for line in lines))
    assert read == Documented(summary="Sum.", parameters=("a", "b"), has_returns=True)


def test_headings_within_code_are_code() -> None:
    text = "/// Sum.\n/// ```\n/// # Arguments\n/// * `a` - x\n/// ```"
    assert _read(Style.RUSTDOC, text) == Documented(summary="Sum.")


def test_comments_of_the_kernel_list_parameters_their_own_way() -> None:
    read = _read(Style.DOXYGEN, "/**\n * send - sends\n * @target: where to\n * @size: how many\n */")
    assert read == Documented(summary="send - sends", parameters=("target", "size"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "# x",
        "/* x */",
        "// x\n/// y",
        "/**/",
        "/**",
        "/** x",
        "///< x",
        "/**< x */",
        '"""x"""',
        "/// x\ny",
    ],
)
def test_what_is_no_doc_comment_says_nothing(text: str) -> None:
    assert _read(Style.DOXYGEN, text) == Documented()


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("/** Sum. @param a x */", True),
        ("/**\n * @param a x @returns y\n */", True),
        ("/**\n * ```\n * @param a x\n */", True),
        ("/**\n * @code\n * @param a x\n */", True),
        ("/**\n * {@code\n * @param a x\n */", True),
        ("/**\n * Like `@param a`, {@link x}.\n * @param a x\n */", False),
        ("/**\n * ```\n * x @param a\n * ```\n */", False),
    ],
)
def test_doubtful_comments_are_told(text: str, doubtful: bool) -> None:
    comment = DocComment.parse(text)
    assert comment is not None
    assert is_doubtful(comment) is doubtful


@pytest.mark.parametrize("piece", ["*", " ", "{@", "[", "{", "/// @param ", "a.", "`", "@param [", "-"])
def test_reading_takes_no_time(piece: str) -> None:
    for text in (f"/** {piece * 20_000} */", f"/// @param {piece * 20_000}"):
        for style in (Style.DOXYGEN, Style.JSDOC, Style.RUSTDOC, Style.GO):
            assert len(_read(style, text).parameters) <= 1
