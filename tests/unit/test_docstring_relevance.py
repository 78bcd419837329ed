"""What a model's sentence is about: told by words it shares with the code, and with what is said elsewhere."""

from __future__ import annotations

import time

import pytest

from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.authors.certainty import is_misplaced
from glm_lsp.docstring.entity import Entity, EntityKind, Parameter
from glm_lsp.docstring.skeleton import Slot, SlotKind
from glm_lsp.docstring.vetting.echo import is_echo, says_the_same
from glm_lsp.docstring.vetting.relevance import is_about, is_condition
from glm_lsp.docstring.vetting.sentence import vetted
from glm_lsp.docstring.vetting.stems import stem

WELCOME = "def getwelcome(self):\n    return self.welcome\n"
POP3 = "def __init__(self, host, port=0, *, keyfile=None, certfile=None):\n    self.host = host\n"


def gap(
    code: str, name: str, slot: Slot, *, before: str = "", owner: str = "", parameters: tuple[str, ...] = ()
) -> Gap:
    entity = Entity(
        kind=EntityKind.METHOD if owner else EntityKind.FUNCTION,
        name=name,
        owner=owner,
        start=0,
        end=len(code),
        header_end=code.find(":"),
        parameters=tuple(Parameter(name=each) for each in parameters),
    )
    return Gap(
        slot=slot, before=before, after=code, code=code, entity=entity, path="p.py", language_id="python"
    )


def of_pop3(name: str, kind: SlotKind = SlotKind.PARAMETER) -> Gap:
    given = ("host", "port", "keyfile", "certfile", "x", "y")
    return gap(POP3, "__init__", Slot(kind=kind, name=name), owner="POP3_SSL", parameters=given)


@pytest.mark.parametrize(
    ("name", "sentence", "is_taken"),
    [
        ("y", "The value of x.", False),
        ("keyfile", "The hostname of the pop3 over ssl server.", False),
        ("certfile", "The port.", False),
        ("host", "The hostname of the pop3 over ssl server.", True),
        ("keyfile", "The file that holds the private key.", True),
        ("keyfile", "Where the private key is, if the host asks for one.", True),
        ("port", "The number that the server listens at.", True),
        ("y", "The value of y.", True),
    ],
)
def test_a_sentence_about_a_parameter_does_not_name_another_one(
    name: str, sentence: str, is_taken: bool
) -> None:
    assert is_about(sentence, of_pop3(name)) is is_taken


@pytest.mark.parametrize(
    ("sentence", "is_whole"),
    [
        ("If the pop3 over ssl server.", False),
        ("When the value.", False),
        ("If the value is not valid.", True),
        ("If the server closes the connection.", True),
        ("If no host was given.", True),
        ("If both differ.", True),
        ("When files don't match.", True),
        ("if parsing failed", True),
        ("The host cannot be reached.", True),
        ("On a broken connection.", True),
    ],
)
def test_a_condition_says_what_happens(sentence: str, is_whole: bool) -> None:
    assert is_condition(sentence) is is_whole
    assert is_about(sentence, of_pop3("ValueError", SlotKind.RAISES)) is is_whole


@pytest.mark.parametrize(
    ("name", "code", "sentence", "is_taken"),
    [
        ("getwelcome", WELCOME, "Send user name, return response plus following text.", False),
        ("getwelcome", WELCOME, "Return the welcome message.", True),
        ("getwelcome", WELCOME, "Return the given value.", False),
        ("fib", "def fib(n):\n    return n\n", "Compute Fibonacci numbers.", True),
        ("run", "def run(jobs):\n    for job in jobs: job.start()\n", "Start one job after another.", True),
        ("run", "def run(jobs):\n    for job in jobs: job.start()\n", "Parse the configuration.", False),
        ("__len__", "def __len__(self):\n    return 1\n", "Tell how many there are.", True),
    ],
)
def test_a_summary_shares_a_word_with_the_definition(
    name: str, code: str, sentence: str, is_taken: bool
) -> None:
    assert is_about(sentence, gap(code, name, Slot(kind=SlotKind.SUMMARY))) is is_taken
    assert (vetted(sentence, gap(code, name, Slot(kind=SlotKind.SUMMARY))) is not None) is is_taken


@pytest.mark.parametrize(
    ("name", "sentence", "is_taken"),
    [
        ("LOAD_ROWS", "Saving for rows.", False),
        ("LOAD_ROWS", "Loading for rows.", True),
        ("load_and_save_rows", "Save the rows.", True),
        ("load_rows", "Load the rows that were saved.", True),
        ("LittleEndian", "Save rows as big endian.", False),
        ("~rows", "Construct the rows.", False),
        ("~rows", "Release the rows.", True),
        ("rows_of_error", "The rows to add to the success.", False),
    ],
)
def test_a_sentence_does_not_tell_of_the_opposite(name: str, sentence: str, is_taken: bool) -> None:
    code = f"def {name}(rows): ...\n"
    assert is_about(sentence, gap(code, name, Slot(kind=SlotKind.SUMMARY))) is is_taken


@pytest.mark.parametrize(
    "other",
    [
        "//! Saving for sets\ntemplate <class Archive>\nvoid save(Archive& archive) {}\n",
        "# Saving for sets\ndef dump(archive): ...\n",
        "int all(); // Saving for sets\nint some(); // Saving for maps\n",
    ],
)
def test_a_comment_ends_where_code_begins(other: str) -> None:
    around = gap("void store() {}\n", "store", Slot(kind=SlotKind.SUMMARY), before=other)
    assert is_misplaced("Saving for sets.", around)
    assert not is_misplaced("Sorting of sets.", around)


def test_a_word_of_its_own_makes_a_sentence_another_one() -> None:
    before = "# Start watching the current loop with the given tool.\n"
    around = gap("def remove(): ...\n", "remove", Slot(kind=SlotKind.SUMMARY), before=before)
    assert not is_misplaced("Stop watching the current loop for a tool.", around)
    assert is_misplaced("Start watching the loop with the given tool.", around)


def test_a_summary_does_not_go_on_from_something() -> None:
    code = "def rows(path): ...\n"
    assert vetted("into rows of a path.", gap(code, "rows", Slot(kind=SlotKind.SUMMARY))) is None


OTHER = '''class A:
    def read_rows(self):
        """Read all rows of the table into memory.

        # Only once.
        """
'''


@pytest.mark.parametrize(
    ("name", "sentence", "is_copied"),
    [
        ("load", "Read all rows of the table into memory.", True),
        ("load", "Read all the rows of a table into memory.", True),
        ("load", "Read all rows of the table.", True),
        ("load", "Load all rows of the table into memory.", False),
        ("load_columns", "Read all columns of the table into memory.", False),
        ("load", "Read the rows.", False),
        ("table_rows", "Read all rows of the table into memory.", False),
        ("load", "Fill the cache, then close the file.", False),
    ],
)
def test_a_siblings_sentence_is_taken_only_with_the_word_that_matters(
    name: str, sentence: str, is_copied: bool
) -> None:
    around = gap(f"def {name}(): ...\n", name, Slot(kind=SlotKind.SUMMARY), before=OTHER)
    assert is_misplaced(sentence, around) is is_copied


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Where the rows are.", "Where all of the rows are.", True),
        ("The number of rows.", "The number of columns.", False),
        ("If the source is not found.", "If the sources were not found.", True),
        ("Load the rows.", "Save the table.", False),
    ],
)
def test_two_sentences_say_the_same_by_their_telling_words(one: str, other: str, same: bool) -> None:
    assert says_the_same(one, other) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [("rows", "row"), ("reading", "reader"), ("parse", "parser"), ("copies", "copy"), ("created", "create")],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    "raw",
    [
        "Now = self._now() self._crashes.append(now) recent = ...",
        "self._crashes.append(now)",
        "return rows(path)",
        "if rows: return None",
        "rows.sort(); rows.pop()",
        "for row in rows: print(row)",
        "const rows = [];",
        "raise ValueError(path)",
    ],
)
def test_code_is_no_sentence(raw: str) -> None:
    code = "def rows(path, now):\n    self._crashes.append(now)\n    return rows.sort(path)\n"
    assert vetted(raw, gap(code, "rows", Slot(kind=SlotKind.SUMMARY))) is None


@pytest.mark.parametrize(
    "raw",
    [
        "Reads the file(s) at the path & sorts the rows.",
        "Calls ``rows`` for both paths.",
        "Returns either 0 or 1 for the path.",
        "Reads rows over IPv4 from the path.",
    ],
)
def test_ordinary_sentences_are_taken(raw: str) -> None:
    code = "def rows(path): ...\n"
    assert vetted(raw, gap(code, "rows", Slot(kind=SlotKind.SUMMARY))) == raw


def test_what_comes_back_is_more_than_one_noun() -> None:
    code = "def rows(path): ...\n"
    result = gap(code, "rows", Slot(kind=SlotKind.RETURNS))
    assert vetted("The path.", result) is None
    assert vetted("The first row of the path.", result) == "The first row of the path."


@pytest.mark.parametrize("unit", ["a ", "=:", "// a\n", "/*", "x # ", "\n \n", " ", "*", "a. "])
def test_texts_of_any_shape_are_searched_in_linear_time(unit: str) -> None:
    text = (unit * 64_000)[:64_000]
    started = time.process_time()
    assert not is_echo("Read the first rows of a table.", (text,), about="", own=[["row"]])
    assert time.process_time() - started < 2.0
