"""What a model may write into documentation: cleaned up, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.entity import Entity, EntityKind, Parameter
from glm_lsp.docstring.harmless import is_harmless
from glm_lsp.docstring.skeleton import Slot, SlotKind
from glm_lsp.docstring.vetting.sentence import in_person, is_whole, vetted
from glm_lsp.docstring.words.verbs import VERBS, gerund, participle, plain_form, third_person

CODE = "def load_rows(path, limit=10):\n    return read_csv(path)[:limit]\n"
SUMMARY = Slot(kind=SlotKind.SUMMARY)
PATH = Slot(kind=SlotKind.PARAMETER, name="path")
PLAIN = Slot(kind=SlotKind.PARAMETER, name="path", capital=False, full_stop=False)


def gap(slot: Slot = SUMMARY) -> Gap:
    entity = Entity(
        kind=EntityKind.FUNCTION,
        name="load_rows",
        start=0,
        end=len(CODE),
        header_end=31,
        parameters=(Parameter(name="path"), Parameter(name="limit", default="10")),
    )
    return Gap(
        slot=slot,
        before="class Table: ...\n",
        after=CODE,
        code=CODE,
        entity=entity,
        path="t.py",
        language_id="python",
    )


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("Read the first rows of a file.", "Read the first rows of a file."),
        ("  read the first rows of a file", "Read the first rows of a file."),
        ("Read  the\n    first rows of a file.\n\n    More.", "Read the first rows of a file."),
        ("Read rows, e.g. of a table. Then stop.", "Read rows, e.g. of a table."),
        ("Read rows i.e. lines. Then stop.", "Read rows i.e. lines."),
        ("Read at most 1.5 million rows. Or fewer.", "Read at most 1.5 million rows."),
        ("Read rows by table.read calls. Or not.", None),
        ("Read rows with read_csv. Or not.", "Read rows with read_csv."),
        ("Read rows!", "Read rows!"),
        ("Read the rows.\n\nArgs:\n    path: ...", "Read the rows."),
        ("Read the rows.\n    Args:\n        path: ...", "Read the rows."),
        ("Read the rows\n    :param path: the path", "Read the rows."),
        ("Read the rows\n * @param path the path", "Read the rows."),
        ("Read the rows\n    * of a file", "Read the rows."),
        ("* Read the rows */", "Read the rows."),
        ('"""Read the rows."""', "Read the rows."),
        ("'Read the rows.'", "Read the rows."),
        ("Read the `limit` first rows.", "Read the `limit` first rows."),
        ("Don't read all rows.", "Don't read all rows."),
        ("Read the users' rows.", None),
        ("Read rows (or not.", None),
        ("Read `rows.", None),
        ("Read rows ) or not (.", None),
        ('Read "rows".', None),
        ("Read rows \\ columns.", None),
        ("Read rows\x00.", None),
        ("Read rows\u2028.", "Read rows."),
        ("Read */ rows.", None),
        ("Read the the rows.", None),
        ("Of the rows of the rows of the rows of the rows of the rows.", None),
        ("TODO: read the rows.", None),
        ("Read the rows, FIXME.", None),
        ("Read rows from https://example.com/rows.", None),
        ("Read rows for jane@example.com.", None),
        ("Read rows, as of 2021-03-04.", None),
        ("Copyright by the authors.", None),
        ("Read rows with frobnicate_all.", None),
        ("Read rows with pandas.read.", None),
        ("Read rows into a DataFrame.", None),
        ("Read rows2.", None),
        ("Read rows with frobnicate().", None),
        ("Read %s rows.", None),
        ("Read {limit} rows.", None),
        ("Args: the path.", None),
        (">>> load_rows(1)", None),
        ("@param path the path", None),
        ("path: The path of the file.", None),
        ("Read Vec<T> rows.", None),
        ("limit = 10", None),
        ("read_csv(path) of rows.", None),
        ("Rows[limit] of a file.", None),
        ("Read the first rows of the", None),
        ("load_rows", None),
        ("Rows.", None),
        ("...", None),
        ("1. 2. 3.", None),
        ("", None),
        ("\n\n", None),
        ("Read rows " + "and more " * 30, None),
    ],
)
def test_a_summary_is_cleaned_up_or_refused(raw: str, said: str | None) -> None:
    assert vetted(raw, gap()) == said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("The path of the file.", "The path of the file."),
        ("where the rows are", "Where the rows are."),
        ("- where the rows are", "Where the rows are."),
        ("The path.", None),
        ("path", None),
        ("the limit", None),
        ("limit: how many", None),
        ("read_csv of the file.", None),
        ("`limit`", None),
        ("The file. It must exist.", "The file."),
        ("The file\n    limit: how many rows", "The file."),
    ],
)
def test_a_parameters_sentence_is_about_that_parameter(raw: str, said: str | None) -> None:
    assert vetted(raw, gap(PATH)) == said


@pytest.mark.parametrize(
    "raw",
    [
        "Close the timeout expired, NOT if any path expired, NOT if any path expired.",
        "Read rows, rows and rows of a table.",
        "The representation of the representation for developers.",
        "Read the rows of the table into the rows of the table.",
        "We read the rows of a table.",
        "Read the rows, but do NOT keep them.",
        "Read the rows with limit=10.",
        "Read the rows!!",
        "Read the rows. static table of them.",
    ],
)
def test_what_turns_in_circles_shouts_or_speaks_of_us_is_refused(raw: str) -> None:
    assert vetted(raw, gap()) is None


@pytest.mark.parametrize(
    "raw", ["Return the number of rows and the number of columns.", "Read a row, or the row at the limit."]
)
def test_small_words_may_come_again(raw: str) -> None:
    assert vetted(raw, gap()) == raw


@pytest.mark.parametrize(
    "raw", ["For the file.", "can be the file", "of a file", "that is read", "here so that it is kept"]
)
def test_a_description_of_a_thing_begins_with_the_thing(raw: str) -> None:
    assert vetted(raw, gap(PATH)) is None


@pytest.mark.parametrize(
    ("raw", "said"),
    [("Function name.", None), ("The rows of it.", "The rows of it."), ("A type.", "A type.")],
)
def test_a_type_parameters_sentence_is_about_a_type(raw: str, said: str | None) -> None:
    rows = Slot(kind=SlotKind.TYPE_PARAMETER, name="Rows")
    assert vetted(raw, gap(rows)) == said


def test_words_that_stand_there_already_are_not_said_twice() -> None:
    go = Slot(kind=SlotKind.SUMMARY, lead="load_rows", capital=False)
    assert vetted("load_rows reads rows.", gap(go)) == "reads rows."
    assert vetted("reads rows.", gap(go)) == "reads rows."


def test_capital_and_full_stop_are_those_of_the_slot() -> None:
    assert vetted("The path of the file.", gap(PLAIN)) == "the path of the file"
    assert vetted("URL of the file.", gap(PLAIN)) == "URL of the file"
    assert vetted("files etc.", gap(PATH)) == "Files etc."


@pytest.mark.parametrize("mark", [" * ", "/// ", "//! ", "\t// "])
def test_lines_of_a_comment_are_joined_without_their_marks(mark: str) -> None:
    comment = replace(gap(), language_id="rust")
    assert vetted(f"Read the rows\n{mark}of a file.", comment) == "Read the rows of a file."
    assert vetted(f"Read the rows\n{mark.rstrip()}\n{mark}of a file.", comment) == "Read the rows."
    assert vetted(f"Read the rows\n{mark}@param path ...", comment) == "Read the rows."


@given(st.text(max_size=120), st.sampled_from([SUMMARY, PATH, PLAIN]))
def test_what_passes_is_one_harmless_line_and_passes_again(raw: str, slot: Slot) -> None:
    said = vetted(raw, gap(slot))
    if said is not None:
        assert is_harmless(said)
        assert said == " ".join(said.split())
        assert vetted(said, gap(slot)) == said


@pytest.mark.parametrize(
    ("raw", "slot", "whole"),
    [
        ("Read", SUMMARY, False),
        ("Read the rows.", SUMMARY, False),
        ("Read the rows. T", SUMMARY, True),
        ("Read the rows, e.g. T", SUMMARY, False),
        ("Read the rows\n    of", SUMMARY, False),
        ("Read the rows\n    Args:", SUMMARY, False),
        ("Read the rows\n    Args:\n", SUMMARY, True),
        ("Read\nthe\nrows\nof\n", SUMMARY, True),
        ("The path", PATH, False),
        ("The path\n", PATH, False),
        ("The path\n    limit: ", PATH, False),
        ("The path\n    limit: how\n", PATH, True),
        ("\n    The path", PATH, False),
    ],
)
def test_reading_ends_with_the_sentence(raw: str, slot: Slot, whole: bool) -> None:
    assert is_whole(raw, gap(slot)) is whole


@example(pieces=["Read the rows", "of a file", "\n", "Read the rows", "\n", "e.g. ", "\n    Args:\n"])
@given(
    st.lists(
        st.sampled_from(["Read the rows", ". ", "\n", "\n    Args:\n", "e.g. ", "of a file", "\n\n", "* "]),
        max_size=8,
    )
)
def test_what_comes_behind_a_whole_sentence_changes_nothing(pieces: list[str]) -> None:
    raw = "".join(pieces)
    for end in range(len(raw)):
        if is_whole(raw[:end], gap()):
            assert vetted(raw, gap()) == vetted(raw[:end], gap())


@pytest.mark.parametrize(
    ("text", "third", "plain"),
    [
        ("Return the rows.", "Returns the rows.", "Return the rows."),
        ("Returns the rows.", "Returns the rows.", "Return the rows."),
        ("Copies the file.", "Copies the file.", "Copy the file."),
        ("fetch it.", "fetches it.", "fetch it."),
        ("Set of items.", "Set of items.", "Set of items."),
        ("Test case for rows.", "Test case for rows.", "Test case for rows."),
        ("Rows of a table.", "Rows of a table.", "Rows of a table."),
        ("This returns rows.", "This returns rows.", "This returns rows."),
    ],
)
def test_a_summarys_first_verb_is_put_into_the_wanted_person(text: str, third: str, plain: str) -> None:
    assert in_person(text, is_third=True) == third
    assert in_person(text, is_third=False) == plain


@pytest.mark.parametrize(
    ("verb", "third", "doing", "done"),
    [
        ("read", "reads", "reading", "read"),
        ("parse", "parses", "parsing", "parsed"),
        ("copy", "copies", "copying", "copied"),
        ("fetch", "fetches", "fetching", "fetched"),
        ("get", "gets", "getting", ""),
        ("map", "maps", "mapping", "mapped"),
        ("process", "processes", "processing", "processed"),
        ("submit", "submits", "submitting", "submitted"),
        ("render", "renders", "rendering", "rendered"),
        ("destroy", "destroys", "destroying", "destroyed"),
        ("tie", "ties", "tying", "tied"),
        ("free", "frees", "freeing", "freed"),
        ("quit", "quits", "quitting", "quit"),
        ("show", "shows", "showing", "shown"),
        ("load", "loads", "loading", "loaded"),
    ],
)
def test_verbs_have_their_forms(verb: str, third: str, doing: str, done: str) -> None:
    assert (third_person(verb), gerund(verb), participle(verb)) == (third, doing, done)


def test_every_known_verb_is_found_by_its_third_person() -> None:
    assert [verb for verb in sorted(VERBS) if plain_form(third_person(verb)) != verb] == []
