"""New doc comments: every style with every shape, to the letter."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from glm_lsp.docstring.dialect import STYLES, Style
from glm_lsp.docstring.entity import EntityKind, Returned
from glm_lsp.docstring.skeleton import SlotKind
from glm_lsp.docstring.styles.comment_habits import default_dialect
from glm_lsp.docstring.styles.known import styling_of
from tests.doc_comments import LANGUAGES, SEND, dialect, entity, new, parameter, rest

_TAGGED = (Style.JSDOC, Style.TSDOC, Style.JAVADOC, Style.DOXYGEN)


def _is(text: str, expected: str) -> None:
    assert text == dedent(expected).strip("\n")


def test_jsdoc_without_types() -> None:
    _is(
        new(Style.JSDOC, SEND),
        """
        /**
         * Summary said.
         *
         * @template T - T said.
         * @param target - Target said.
         * @param retries - Retries said.
         * @returns Returns said.
         * @throws {TimeoutError} TimeoutError said.
         */
        """,
    )


def test_jsdoc_with_types_and_without_dashes() -> None:
    what = replace(SEND, parameters=(*SEND.parameters, parameter("key"), rest("more", type="string[]")))
    _is(
        new(Style.JSDOC, what, types=True, dash=False),
        """
        /**
         * Summary said.
         *
         * @template T T said.
         * @param {Address} target Target said.
         * @param {number} [retries=3] Retries said.
         * @param key Key said.
         * @param {...string} more More said.
         * @returns {boolean} Returns said.
         * @throws {TimeoutError} TimeoutError said.
         */
        """,
    )


def test_jsdoc_of_a_pattern_and_a_generator() -> None:
    what = entity(parameters=(parameter("root0", parts=("width", "height")),), yields=Returned())
    _is(
        new(Style.JSDOC, what, types=True),
        """
        /**
         * Summary said.
         *
         * @param root0 - Root0 said.
         * @yields Yields said.
         */
        """,
    )


@pytest.mark.parametrize(
    ("fields", "tag"),
    [
        ({"default": "[1, 2]"}, "@param [size=[1, 2]] - "),
        ({"is_optional": True}, "@param [size] - "),
        ({"default": "']'"}, "@param [size] - "),
        ({"default": "x" * 60}, "@param [size] - "),
        ({"default": "'\\n'"}, "@param [size] - "),
        ({"default": "/* 1 */ 1"}, "@param [size] - "),
        ({"type": "{ a: { b: string } }"}, "@param {{ a: { b: string } }} size - "),
        ({"type": "'*/'"}, "@param size - "),
        ({"type": "'}'"}, "@param size - "),
        ({"type": "a\u2028b"}, "@param size - "),
    ],
)
def test_jsdoc_takes_from_the_source_only_what_fits(fields: dict[str, object], tag: str) -> None:
    what = entity(parameters=(parameter("size", **fields),))
    skeleton = styling_of(Style.JSDOC, "javascript").skeleton(what, dialect(Style.JSDOC, types=True))
    assert skeleton.before(1, ["Sum."], "", 80).rpartition(" * ")[2] == tag


def test_jsdoc_of_an_asynchronous_function_without_a_type_returns_a_promise() -> None:
    what = entity(returns=Returned(), is_async=True)
    assert "@returns Returns said." in new(Style.JSDOC, what, types=True)


def test_files_of_ecmascript() -> None:
    what = entity(EntityKind.MODULE, "")
    assert new(Style.JSDOC, what) == "/** @file Summary said. */"
    _is(
        new(Style.TSDOC, what),
        """
        /**
         * Summary said.
         *
         * @packageDocumentation
         */
        """,
    )


def test_tsdoc() -> None:
    what = replace(SEND, parameters=(*SEND.parameters, parameter("root2", parts=("a",)), rest("more")))
    _is(
        new(Style.TSDOC, what, types=True, dash=False),
        """
        /**
         * Summary said.
         *
         * @typeParam T - T said.
         * @param target - Target said.
         * @param retries - Retries said.
         * @param root2 - Root2 said.
         * @param more - More said.
         * @returns Returns said.
         * @throws {@link TimeoutError} TimeoutError said.
         */
        """,
    )


def test_javadoc() -> None:
    _is(
        new(Style.JAVADOC, SEND),
        """
        /**
         * Summary said.
         *
         * @param <T> T said
         * @param target target said
         * @param retries retries said
         * @return returns said
         * @throws TimeoutError TimeoutError said
         */
        """,
    )


def test_javadoc_of_a_record_lists_its_components() -> None:
    what = entity(
        EntityKind.CLASS, "Point", parameters=(parameter("x"), parameter("y")), type_parameters=("N",)
    )
    _is(
        new(Style.JAVADOC, what, capital=True, full_stop=True),
        """
        /**
         * Summary said.
         *
         * @param <N> N said.
         * @param x X said.
         * @param y Y said.
         */
        """,
    )


def test_doxygen() -> None:
    _is(
        new(Style.DOXYGEN, SEND),
        """
        /**
         * @brief Summary said.
         *
         * @tparam T T said.
         * @param target Target said.
         * @param retries Retries said.
         * @return Returns said.
         * @throws TimeoutError TimeoutError said.
         */
        """,
    )


@pytest.mark.parametrize("opening", ["///", "//!"])
def test_doxygen_in_line_comments_with_backslashes(opening: str) -> None:
    text = new(Style.DOXYGEN, SEND, "\t", opening=opening, command="\\", has_brief=False)
    expected = [
        "/// Summary said.",
        "///",
        r"/// \tparam T T said.",
        r"/// \param target Target said.",
        r"/// \param retries Retries said.",
        r"/// \return Returns said.",
        r"/// \throws TimeoutError TimeoutError said.",
    ]
    assert text == "\n\t".join(expected).replace("///", opening)


def test_doxygen_of_qt() -> None:
    what = entity(parameters=(parameter("x"),))
    _is(
        new(Style.DOXYGEN, what, opening="/*!", command="\\", summary_below=False),
        r"""
        /*! \brief Summary said.
         *
         * \param x X said.
         */
        """,
    )


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (EntityKind.FUNCTION, "Send", "// Send summary said."),
        (EntityKind.METHOD, "Close", "// Close summary said."),
        (EntityKind.CLASS, "Client", "// Client is summary said."),
        (EntityKind.MODULE, "wire", "// Package wire summary said."),
        (EntityKind.MODULE, "", "// Summary said."),
    ],
)
def test_go_begins_with_the_name(kind: EntityKind, name: str, expected: str) -> None:
    what = entity(kind, name, parameters=(parameter("x"),), returns=Returned("error"))
    assert new(Style.GO, what) == expected


def test_slots_of_go_know_what_they_go_on_from() -> None:
    (slot,) = styling_of(Style.GO, "go").skeleton(entity(name="Send"), dialect(Style.GO)).slots
    assert (slot.lead, slot.capital, slot.hang) == ("Send", False, "// ")


def test_rustdoc_lists_no_arguments_unless_the_project_does() -> None:
    assert new(Style.RUSTDOC, SEND) == "/// Summary said."
    _is(
        new(Style.RUSTDOC, replace(SEND, is_fallible=True, may_panic=True, is_unsafe=True)),
        """
        /// Summary said.
        ///
        /// # Errors
        ///
        /// Raises said.
        ///
        /// # Panics
        ///
        /// Panics said.
        ///
        /// # Safety
        ///
        /// Safety said.
        """,
    )


def test_rustdoc_with_arguments() -> None:
    _is(
        new(
            Style.RUSTDOC, replace(SEND, is_fallible=True), has_sections=True, parameters_heading="Parameters"
        ),
        """
        /// Summary said.
        ///
        /// # Parameters
        ///
        /// * `target` - Target said.
        /// * `retries` - Retries said.
        ///
        /// # Returns
        ///
        /// Returns said.
        ///
        /// # Errors
        ///
        /// Raises said.
        """,
    )


def test_rustdoc_of_a_file_and_of_a_module() -> None:
    assert new(Style.RUSTDOC, entity(EntityKind.MODULE, "")) == "//! Summary said."
    assert new(Style.RUSTDOC, entity(EntityKind.MODULE, "wire")) == "/// Summary said."


@pytest.mark.parametrize(
    ("language_id", "opening", "expected"),
    [
        ("javascript", "", "/** Summary said. */"),
        ("typescriptreact", "", "/** Summary said. */"),
        ("java", "", "/** Summary said. */"),
        ("c", "", "/** Summary said. */"),
        ("cpp", "/*!", "/*! Summary said. */"),
        ("cpp", "///", "/// Summary said."),
        ("java", "///", "/** Summary said. */"),
    ],
)
def test_plain_comments_list_nothing(language_id: str, opening: str, expected: str) -> None:
    assert new(Style.PLAIN, SEND, language_id=language_id, opening=opening) == expected


def test_plain_in_python_is_a_string() -> None:
    assert styling_of(Style.PLAIN, "python").skeleton(SEND, dialect(Style.PLAIN)).parts[0] == '"""'


@pytest.mark.parametrize("style", _TAGGED)
@pytest.mark.parametrize("kind", [EntityKind.PROPERTY, EntityKind.MODULE, EntityKind.BLOCK])
def test_only_what_has_a_signature_has_tags(style: Style, kind: EntityKind) -> None:
    slots = styling_of(style, LANGUAGES[style]).skeleton(replace(SEND, kind=kind), dialect(style)).slots
    assert [slot.kind for slot in slots] == [SlotKind.SUMMARY]


@pytest.mark.parametrize("style", _TAGGED)
def test_constructors_return_nothing(style: Style) -> None:
    what = replace(SEND, kind=EntityKind.CONSTRUCTOR)
    read = styling_of(style, LANGUAGES[style]).read(new(style, what))
    assert (read.parameters, read.raises, read.has_returns) == (
        ("target", "retries"),
        ("TimeoutError",),
        False,
    )


@pytest.mark.parametrize("style", [*_TAGGED, Style.PLAIN])
def test_one_line_where_it_fits(style: Style) -> None:
    what = entity(EntityKind.CLASS, "Client")
    language_id = LANGUAGES.get(style, "java")
    assert "\n" not in new(style, what, language_id=language_id)
    for habits in ({"width": 20}, {"is_one_line": False}):
        first, *middle, last = new(style, what, "  ", language_id, **habits).split("\n")
        assert (first, last) == ("/**", "   */")
        assert all(line.startswith("   * ") for line in middle)


@pytest.mark.parametrize(
    "style", STYLES["cpp"] + STYLES["java"] + STYLES["typescript"] + (Style.RUSTDOC, Style.GO)
)
@pytest.mark.parametrize("indent", ["", "    ", "\t\t"])
def test_long_sentences_are_wrapped_behind_the_mark(style: Style, indent: str) -> None:
    language_id = LANGUAGES.get(style, "java")
    what = replace(SEND, is_fallible=True, kind=EntityKind.METHOD)
    skeleton = styling_of(style, language_id).skeleton(what, dialect(style, has_sections=True))
    sentence = "Some words of a sentence that goes on for long enough to be wrapped, and then goes on again."
    first, *more = skeleton.text([sentence] * len(skeleton.slots), indent, 72).split("\n")
    for line in [indent + first, *more]:
        assert len(line.expandtabs(4)) <= 72
        assert line == line.rstrip()
        assert line.startswith(indent)
        assert line.strip().startswith(("/**", "*", "//"))


@pytest.mark.parametrize(
    ("style", "further"),
    [
        (Style.JSDOC, " *   word"),
        (Style.TSDOC, " *   word"),
        (Style.JAVADOC, " *     word"),
        (Style.DOXYGEN, " *   word"),
    ],
)
def test_further_lines_of_a_tag_hang(style: Style, further: str) -> None:
    skeleton = styling_of(style, LANGUAGES[style]).skeleton(
        entity(parameters=(parameter("x"),)), dialect(style)
    )
    lines = skeleton.text(["Sum.", "word " * 12], "", 40).split("\n")
    assert lines[-2].startswith(further)


@pytest.mark.parametrize("style", [*_TAGGED, Style.RUSTDOC, Style.GO])
@pytest.mark.parametrize("name", ["a\\u0061", "a*/b", "a\u202eb", "a\nb"])
def test_names_that_could_do_harm_are_left_out(style: Style, name: str) -> None:
    what = replace(
        SEND, name=name, parameters=(parameter(name), parameter("b", parts=(name,))), type_parameters=(name,)
    )
    text = new(style, replace(what, raises=(name,)), has_sections=True)
    assert name not in text
    assert "Summary said." in text


@pytest.mark.parametrize("language_id", [each for each in STYLES if each != "python"])
def test_every_style_of_every_language_has_a_default_dialect(language_id: str) -> None:
    for style in STYLES[language_id]:
        habits = default_dialect(language_id, style)
        assert habits.style is style
        assert habits.third_person
        assert styling_of(style, language_id).skeleton(SEND, habits).slots[0].kind is SlotKind.SUMMARY
    assert default_dialect(language_id).style is STYLES[language_id][0]


def test_what_the_signature_describes_has_no_tag() -> None:
    what = entity(parameters=(parameter("a", is_described=True), parameter("b")))
    assert "@param b" in new(Style.DOXYGEN, what)
    assert "@param a" not in new(Style.DOXYGEN, what)


@pytest.mark.parametrize("style", [Style.JSDOC, Style.TSDOC, Style.JAVADOC, Style.DOXYGEN])
def test_tags_are_for_those_who_write_them(style: Style) -> None:
    text = new(style, SEND, has_sections=False, has_brief=False, is_one_line=True)
    assert text == "/** Summary said. */"
