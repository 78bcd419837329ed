"""Doc comments that lack something get it, where it belongs, by insertions alone."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, Returned
from glm_lsp.docstring.styles.known import styling_of
from tests.doc_comments import LANGUAGES, SEND, completed, dialect, entity, parameter

_TAGGED = (Style.JSDOC, Style.TSDOC, Style.JAVADOC, Style.DOXYGEN)
_AB = entity(parameters=(parameter("a"), parameter("b")))


def _becomes(style: Style, what: Entity, before: str, after: str, **habits: Any) -> None:
    assert completed(style, what, dedent(before).strip("\n"), **habits) == dedent(after).strip("\n")


def test_a_comment_of_one_line_gets_all_its_tags() -> None:
    _becomes(
        Style.JSDOC,
        SEND,
        "/** Sends. */",
        """
        /**
         * Sends.
         *
         * @template T - T said.
         * @param target - Target said.
         * @param retries - Retries said.
         * @returns Returns said.
         * @throws {TimeoutError} TimeoutError said.
         */
        """,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\t/** Sends. */", "\t/**\n\t * Sends.\n\t *\n\t * @param a a said\n\t */"),
        ("/**Sends.*/", "/**\n * Sends.\n *\n * @param a a said\n */"),
        ("/** Sends. **/", "/**\n * Sends.\n *\n * @param a a said\n **/"),
        ("/** @return x */", "/**\n * @param a a said\n * @return x\n */"),
        ("/**@return x*/", "/**\n * @param a a said\n * @return x\n */"),
        ("/** @throws X y */", "/**\n * @param a a said\n * @throws X y\n */"),
    ],
)
def test_marks_of_a_comment_of_one_line_move_apart(before: str, after: str) -> None:
    assert completed(Style.JAVADOC, entity(parameters=(parameter("a"),)), before) == after


def test_a_summary_stays_where_the_project_has_it() -> None:
    _becomes(
        Style.JAVADOC,
        _AB,
        "/** Sends. */",
        """
        /** Sends.
         *
         * @param a a said
         * @param b b said
         */
        """,
        summary_below=False,
    )


def test_parameters_stand_in_the_order_of_the_signature() -> None:
    _becomes(
        Style.JSDOC,
        entity(parameters=tuple(Parameter(name=name) for name in "abcde")),
        """
        /**
         * Sends.
         *
         * @param {number} b - The b,
         *   which goes on.
         * @param {number} d - The d.
         */
        """,
        """
        /**
         * Sends.
         *
         * @param a - A said.
         * @param {number} b - The b,
         *   which goes on.
         * @param c - C said.
         * @param {number} d - The d.
         * @param e - E said.
         */
        """,
    )


def test_everything_goes_next_to_its_kin() -> None:
    _becomes(
        Style.DOXYGEN,
        replace(SEND, raises=("One", "Two")),
        r"""
        /*!
         * \brief Sends.
         * \deprecated Use another.
         * \param target The target.
         *
         * A word on the target.
         * \exception ns::One If so.
         * \see other
         */
        """,
        r"""
        /*!
         * \brief Sends.
         * \deprecated Use another.
         * \tparam T T said.
         * \param target The target.
         * \param retries Retries said.
         * \return Returns said.
         *
         * A word on the target.
         * \exception ns::One If so.
         * \throws Two Two said.
         * \see other
         */
        """,
    )


@pytest.mark.parametrize(("opening", "closing"), [("```", "```"), ("@code", "@endcode"), ("{@code", "}")])
def test_nothing_is_put_into_a_listing(opening: str, closing: str) -> None:
    begun = f"/**\n * Sends.\n * @param a x\n * {opening}\n *\n * f();\n * {closing}"
    ended = "\n *\n * More.\n */"
    assert completed(Style.DOXYGEN, _AB, begun + ended) == f"{begun}\n * @param b B said.{ended}"


def test_tags_come_before_those_that_conventionally_end_a_comment() -> None:
    _becomes(
        Style.JAVADOC,
        _AB,
        """
        /**
         * Sends.
         *
         * @since 1.2
         * @see Other
         */
        """,
        """
        /**
         * Sends.
         *
         * @param a a said
         * @param b b said
         * @since 1.2
         * @see Other
         */
        """,
    )


def test_tags_come_behind_those_that_go_on_with_the_prose() -> None:
    _becomes(
        Style.TSDOC,
        _AB,
        """
        /**
         * Sends.
         *
         * @remarks Slow.
         *
         * Really slow.
         */
        """,
        """
        /**
         * Sends.
         *
         * @remarks Slow.
         *
         * Really slow.
         * @param a - A said.
         * @param b - B said.
         */
        """,
    )


def test_blank_lines_at_the_end_are_used() -> None:
    before = "/**\n * Sends.\n *\n */"
    assert (
        completed(Style.TSDOC, _AB, before)
        == "/**\n * Sends.\n *\n * @param a - A said.\n * @param b - B said.\n */"
    )


@pytest.mark.parametrize("mark", ["///", "//!"])
def test_line_comments_grow_by_lines(mark: str) -> None:
    text = completed(Style.DOXYGEN, _AB, f"    {mark} Sends.\n    {mark} @param b The b.")
    assert text == f"    {mark} Sends.\n    {mark} @param a A said.\n    {mark} @param b The b."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/**\nSends.\n@param b x\n*/", "/**\nSends.\n@param a A said.\n@param b x\n*/"),
        ("/**\n  Sends.\n*/", "/**\n  Sends.\n\n  @param a A said.\n  @param b B said.\n*/"),
        ("/** Sends.\n *  @param a x */", "/** Sends.\n *  @param a x\n * @param b B said. */"),
        (
            "/**\n *\n * Sends.\n * @param a x\n **/",
            "/**\n *\n * Sends.\n * @param a x\n * @param b B said.\n **/",
        ),
        ("/**\n *Sends.\n *@param a x\n */", "/**\n *Sends.\n *@param a x\n * @param b B said.\n */"),
        ("/** Sends.\n    @param a x  */", "/** Sends.\n    @param a x\n    @param b B said.  */"),
        ("/**\n * Sends.\n * @param a x  \n */", "/**\n * Sends.\n * @param a x  \n * @param b B said.\n */"),
    ],
)
def test_new_lines_begin_like_their_neighbours(before: str, after: str) -> None:
    assert completed(Style.DOXYGEN, _AB, before) == after


@pytest.mark.parametrize("style", _TAGGED)
@pytest.mark.parametrize("indent", ["", "  ", "\t"])
def test_line_breaks_of_windows_stay_whole(style: Style, indent: str) -> None:
    lines = ["/**", " * Sends.", " *", " * @param target x", " */"]
    text = completed(style, SEND, indent + ("\r\n" + indent).join(lines))
    assert text.count("\n") == text.count("\r\n") > 4
    assert "\r\r" not in text
    read = styling_of(style, LANGUAGES[style]).read(text[len(indent) :])
    assert read.parameters == ("target", "retries")
    assert read.has_returns


@pytest.mark.parametrize(
    ("style", "own", "added"),
    [
        (Style.JSDOC, "@param {string} a - The a.", "@param b - B said."),
        (Style.JSDOC, "@param {string} a The a.", "@param b B said."),
        (Style.JSDOC, "@param a The a.", "@param b B said."),
        (Style.DOXYGEN, r"\param[in] a The a.", r"\param b B said."),
        (Style.DOXYGEN, "@param a The a.", "@param b B said."),
    ],
)
def test_new_tags_look_like_those_there(style: Style, own: str, added: str) -> None:
    text = completed(style, _AB, f"/**\n * Sends.\n * {own}\n */", command="@", types=False)
    assert text == f"/**\n * Sends.\n * {own}\n * {added}\n */"


@pytest.mark.parametrize(
    ("documented", "names"),
    [
        (["props"], ["props", "last"]),
        (["props", "props.b"], ["props", "props.a", "props.b", "props.c", "last"]),
        (["root0", "root0.a", "root0.c"], ["root0", "root0.a", "root0.b", "root0.c", "last"]),
        (["root0", "root0.c"], ["root0", "root0.a", "root0.b", "root0.c", "last"]),
        ([], ["root0", "last"]),
    ],
)
def test_a_pattern_is_what_its_author_calls_it(documented: list[str], names: list[str]) -> None:
    what = entity(parameters=(parameter("root0", parts=("a", "b", "c")), parameter("last")))
    tags = [f" * @param {name} x" for name in [*documented, "last"]]
    text = completed(Style.JSDOC, what, "\n".join(["/**", " * Sends.", *tags, " */"]))
    assert [line.split()[2] for line in text.split("\n") if "@param" in line] == names


@pytest.mark.parametrize(
    "text",
    [
        "/** {@inheritDoc} */",
        "/**\n * {@inheritDoc}\n * @param a x\n */",
        "/** @inheritdoc */",
        "/** Sends.\n * @inheritDoc\n */",
        "/** @see Other */",
        "/**\n * @see Other\n * @deprecated\n */",
        "/** @deprecated */",
        "/** @ignore */",
        "/** Sends. @ignore-me\n * @ignore\n */",
        "/** @override */",
        "/** @type {Handler} */",
        "/** @typedef {Object} X */",
        "/** \\copydoc Other */",
        "/** */",
        "/**\n *\n */",
        "/**\n * Sends.\n * ```\n * f()\n */",
        "/** Sends. @param a x */",
        "/**\n * send - sends\n * @a: what\n */",
        "/* Sends. */",
        "///< Sends.",
        "/** Sends.\n * @throws If it fails.\n * @param a x\n * @param b y\n */",
    ],
)
@pytest.mark.parametrize("style", _TAGGED)
def test_complete_as_they_are(style: Style, text: str) -> None:
    what = replace(_AB, raises=("Oops",) if "throws" in text and style in (Style.JSDOC, Style.TSDOC) else ())
    assert completed(style, what, text) == text


@pytest.mark.parametrize("style", [*_TAGGED, Style.RUSTDOC, Style.GO, Style.PLAIN])
def test_without_documentation_nothing_is_completed(style: Style) -> None:
    assert styling_of(style, LANGUAGES.get(style, "java")).missing(SEND, dialect(style)) == ()


def test_prose_gets_tags_only_where_others_have_them() -> None:
    assert completed(Style.JAVADOC, _AB, "/** Sends. */", has_sections=False) == "/** Sends. */"
    tagged = "/** Sends.\n * @param a x\n */"
    assert "@param b b said" in completed(Style.JAVADOC, _AB, tagged, has_sections=False)


@pytest.mark.parametrize(
    "text", ["/** {@return the width} */", "/** Sends.\n * @return x\n */", "/** @returns x */"]
)
def test_what_comes_back_is_told_once(text: str) -> None:
    assert completed(Style.JAVADOC, entity(returns=Returned("int")), text) == text


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (Style.JAVADOC, "/** Sends.\n * @exception java.io.IOException x\n */"),
        (Style.DOXYGEN, "/// Sends.\n/// \\throw io::IOException x"),
        (Style.JSDOC, "/** Sends.\n * @throws {Error|IOException} x\n */"),
        (Style.TSDOC, "/** Sends.\n * @throws {@link io.IOException} x\n */"),
    ],
)
def test_exceptions_are_known_by_their_last_name(style: Style, text: str) -> None:
    assert completed(style, entity(raises=("net.IOException",)), text) == text


def test_names_that_the_signature_lacks_are_left_alone() -> None:
    _becomes(
        Style.JAVADOC,
        _AB,
        "/**\n * Sends.\n * @param old x\n */",
        "/**\n * Sends.\n * @param old x\n * @param a a said\n * @param b b said\n */",
    )


def test_classes_get_their_type_parameters_and_properties_nothing() -> None:
    text = "/** Holds. */"
    what = entity(EntityKind.CLASS, "Box", type_parameters=("T",))
    assert completed(Style.TSDOC, what, text) == "/**\n * Holds.\n *\n * @typeParam T - T said.\n */"
    assert completed(Style.TSDOC, replace(SEND, kind=EntityKind.PROPERTY), text) == text


_DANGEROUS = replace(SEND, is_fallible=True, may_panic=True, is_unsafe=True)


def test_sections_of_rustdoc_are_put_in_their_order() -> None:
    _becomes(
        Style.RUSTDOC,
        _DANGEROUS,
        """
        /// Sends.
        ///
        /// # Panics
        ///
        /// If so.
        ///
        /// # Examples
        ///
        /// ```
        /// # hidden();
        /// ```
        """,
        """
        /// Sends.
        ///
        /// # Errors
        ///
        /// Raises said.
        ///
        /// # Panics
        ///
        /// If so.
        ///
        /// # Safety
        ///
        /// Safety said.
        ///
        /// # Examples
        ///
        /// ```
        /// # hidden();
        /// ```
        """,
    )


def test_a_summary_of_rust_gets_sections_behind_it() -> None:
    text = completed(Style.RUSTDOC, entity(is_unsafe=True, parameters=(parameter("a"),)), "    /// Sends.")
    assert text == "    /// Sends.\n    ///\n    /// # Safety\n    ///\n    /// Safety said."


@pytest.mark.parametrize(
    ("items", "added"),
    [
        (["* `target` - x"], "* `retries` - Retries said."),
        (["- target: x"], "- retries: Retries said."),
        (["  * `target` \N{EM DASH} x"], "  * `retries` \N{EM DASH} Retries said."),
        (["* `target` - x", "  goes on"], "* `retries` - Retries said."),
        (["* `target`"], "* `retries` - Retries said."),
    ],
)
def test_lists_of_rustdoc_go_on_as_they_began(items: list[str], added: str) -> None:
    lines = ["Sends.", "", "# Arguments", "", *items]
    before = "\n".join(f"/// {line}".rstrip() for line in lines)
    what = replace(SEND, returns=None)
    assert completed(Style.RUSTDOC, what, before) == f"{before}\n/// {added}"


def test_arguments_of_rustdoc_are_asked_for_where_others_list_them() -> None:
    before = "/// Sends."
    assert completed(Style.RUSTDOC, SEND, before) == before
    text = completed(Style.RUSTDOC, SEND, before, has_sections=True)
    assert "/// # Arguments\n///\n/// * `target` - Target said.\n/// * `retries` - Retries said." in text
    assert "/// # Returns\n///\n/// Returns said." in text


@pytest.mark.parametrize(
    "text", ["/** Sends. */", '#[doc = "Sends."]', "///", "/// Sends.\n/// ```\n/// f()"]
)
def test_comments_of_rust_without_a_sure_place_are_left(text: str) -> None:
    assert completed(Style.RUSTDOC, _DANGEROUS, text) == text


@pytest.mark.parametrize("text", ["// Send sends.", "/* Send sends. */"])
def test_nothing_is_missing_in_go(text: str) -> None:
    assert completed(Style.GO, SEND, text) == text


def test_names_behind_commas_with_blanks_are_described() -> None:
    what = entity(parameters=(parameter("b"), parameter("c"), parameter("d")))
    before = "/**\n * Sends.\n * @param[in,out] b, c both\n */"
    after = "/**\n * Sends.\n * @param[in,out] b, c both\n * @param d D said.\n */"
    assert completed(Style.DOXYGEN, what, before) == after


def test_what_comes_back_is_told_behind_the_other_arguments() -> None:
    what = entity(parameters=(parameter("b"),), returns=Returned("int"))
    before = "/**\n * Sends.\n * @param b what\n * @param ... the rest\n */"
    after = "/**\n * Sends.\n * @param b what\n * @param ... the rest\n * @return Returns said.\n */"
    assert completed(Style.DOXYGEN, what, before) == after


def test_markdown_is_left_to_people() -> None:
    what = entity(parameters=(parameter("a"), parameter("b")))
    assert completed(Style.JAVADOC, what, "/// Sends.\n/// @param a what") == "/// Sends.\n/// @param a what"


def test_parts_with_a_default_may_be_left_out() -> None:
    what = entity(parameters=(parameter("root0", parts=("a", "b", "c"), optional_parts=("c",)),))
    before = "/**\n * Sends.\n * @param {Object} root0 x\n * @param {number} root0.a x\n */"
    text = completed(Style.JSDOC, what, before, capital=False, full_stop=False)
    assert text == before.replace("\n */", "\n * @param root0.b b said\n * @param [root0.c] c said\n */")
