"""Document sync against a reference that counts one code unit at a time."""

from __future__ import annotations

import random
import time

import pytest
from pygls.workspace import TextDocument

from glm_lsp.lsp.document import Change, Documents, Place
from glm_lsp.lsp.positions import PositionEncoding, column_from_units, units_from_column
from glm_lsp.lsp.text import Text, split_lines, without_lone_surrogates

URI = "file:///a.py"
ENCODINGS = list(PositionEncoding)

# Everything that has ever been taken for a line end, or for one character when it is several units.
PIECES = [
    "a", "b", "def ", "    ", "\t", "\n", "\n\n", "\r\n", "\r", "\n\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c",
    "\x1c", "\x1d", "\x1e", "\0", "\ufeff", "é", "ß", "中", "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "e\u0301", "\u202e", "\U0010ffff", "\uffff", "",
]  # fmt: skip


def width(char: str, encoding: PositionEncoding) -> int:
    """Code units of one character."""
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    return len(char.encode(codec)) // {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]


class Reference:
    """A document as the specification describes it: one string, walked from its start for every position."""

    def __init__(self, text: str, encoding: PositionEncoding) -> None:
        self.text = text
        self.encoding = encoding

    def offset(self, line: int, units: int) -> int:
        if line < 0:
            return 0
        at = 0
        while line > 0:
            if at >= len(self.text):
                return len(self.text)
            char = self.text[at]
            at += 2 if self.text[at : at + 2] == "\r\n" else 1
            line -= char in "\r\n"
        while at < len(self.text) and self.text[at] not in "\r\n":
            units -= width(self.text[at], self.encoding)
            if units < 0:
                break
            at += 1
        return at

    def apply(self, change: Change) -> None:
        if change.range is None:
            self.text = change.text
            return
        start, end = sorted(self.offset(*place) for place in change.range)
        self.text = self.text[:start] + change.text + self.text[end:]


def random_text(rng: random.Random, most: int) -> str:
    return "".join(rng.choices(PIECES, k=rng.randrange(most + 1)))


def random_place(rng: random.Random) -> Place:
    wild = (-1, 2**31 - 1, 2**31, 2**63, int(1e308))
    line = rng.choice(wild) if rng.random() < 0.05 else rng.randrange(12)
    return line, rng.choice(wild) if rng.random() < 0.08 else rng.randrange(25)


def random_change(rng: random.Random) -> Change:
    if rng.random() < 0.02:
        return Change(random_text(rng, 30))
    start = random_place(rng)
    end = start if rng.random() < 0.3 else random_place(rng)
    return Change(random_text(rng, 4), (start, end))


def check_sequence(seed: int, num_edits: int) -> None:
    rng = random.Random(seed)
    encoding = rng.choice(ENCODINGS)
    text = random_text(rng, 40)
    reference, documents = Reference(text, encoding), Documents(encoding)
    documents.open(URI, "python", 1, text)
    version = 1
    while num_edits > 0:
        changes = [random_change(rng) for _ in range(rng.choice((1, 1, 1, 3)))]
        num_edits -= len(changes)
        version += 1
        text = reference.text
        edits = documents.change(URI, version, changes)
        for change, edit in zip(changes, edits, strict=True):
            reference.apply(change)
            assert text[edit.offset : edit.end] == edit.removed
            text = text[: edit.offset] + edit.inserted + text[edit.end :]
            assert text == reference.text
        check_against(reference, documents, rng)


def check_against(reference: Reference, documents: Documents, rng: random.Random) -> None:
    place = random_place(rng)
    snapshot = documents.snapshot(URI, place)
    assert snapshot is not None
    assert snapshot.text == reference.text
    assert snapshot.offset == reference.offset(*place)
    # Going back from an offset gives a place that means the same offset.
    assert reference.offset(*documents.place(URI, snapshot.offset)) == snapshot.offset
    document = documents.get(URI)
    assert document is not None
    assert document.text.size == len(reference.text)


@pytest.mark.parametrize("block", range(8))
def test_any_sequence_of_edits_gives_the_reference_text(block: int) -> None:
    """2,000 sequences of 25 edits."""
    for seed in range(block * 250, (block + 1) * 250):
        check_sequence(seed, 25)


@pytest.mark.slow
def test_many_more_sequences() -> None:
    """10,000 sequences of 50 edits."""
    for seed in range(10_000, 20_000):
        check_sequence(seed, 50)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_columns_and_units_against_counting(encoding: PositionEncoding) -> None:
    rng = random.Random(7)
    for _ in range(500):
        line = "".join(
            rng.choices([piece for piece in PIECES if "\n" not in piece and "\r" not in piece], k=8)
        )
        bounds = [sum(width(char, encoding) for char in line[:column]) for column in range(len(line) + 1)]
        assert [units_from_column(line, column, encoding) for column in range(len(line) + 1)] == bounds
        for units in range(bounds[-1] + 3):
            # Inside a character it is the character's start.
            expected = max(column for column, bound in enumerate(bounds) if bound <= units)
            assert column_from_units(line, units, encoding) == expected


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a\n", ""]),
        ("a\rb\r\nc\nd", ["a\r", "b\r\n", "c\n", "d"]),
        ("\n\r\n\r", ["\n", "\r\n", "\r", ""]),
        ("a\u2028b\x0cc\x85d\x0be\x1cf", ["a\u2028b\x0cc\x85d\x0be\x1cf"]),
    ],
)
def test_lines_end_where_lsp_says(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines


def test_a_carriage_return_and_a_line_feed_that_meet_become_one_line_end() -> None:
    text = Text("a\rb\nc")
    text.replace((1, 0), (1, 1), "")
    assert (str(text), text.num_lines) == ("a\r\nc", 2)
    text.replace((0, 1), (0, 1), "")
    text = Text("x\ny")
    text.replace((0, 1), (0, 1), "\r")
    assert (str(text), text.num_lines) == ("x\r\ny", 2)
    text = Text("\r\ny")
    text.replace((1, 0), (1, 0), "\n")
    assert (str(text), text.num_lines) == ("\r\n\ny", 3)


def test_half_characters_are_replaced_and_keep_their_width() -> None:
    assert without_lone_surrogates("a\ud83db\ude00") == "a\ufffdb\ufffd"
    documents = Documents(PositionEncoding.UTF16)
    documents.open(URI, "python", 1, "a\ud83db")
    documents.change(URI, 2, [Change("X", ((0, 2), (0, 2)))])
    snapshot = documents.snapshot(URI, (0, 9))
    assert snapshot is not None
    assert snapshot.text.encode() == "a\ufffdXb".encode()


def test_pygls_would_have_got_it_wrong() -> None:
    """Why the documents are ours: the day this fails, pygls's own can be used."""
    text = "a\u2028b\nc"
    theirs, ours = TextDocument(URI, text), Documents()
    ours.open(URI, "python", 1, text)
    snapshot = ours.snapshot(URI, (1, 0))
    assert snapshot is not None
    assert snapshot.text[snapshot.offset :] == "c"
    assert len(theirs.lines) == 3


def test_a_key_in_a_large_document_is_quick() -> None:
    """100,000 lines, 10 MB; 2 ms are allowed for an edit, as CPU time and with room for a busy machine."""
    documents = Documents()
    documents.open(URI, "python", 1, ("x = 1" * 20 + "\n") * 100_000)
    start = time.thread_time()
    for number in range(200):
        documents.change(URI, number + 2, [Change("y", ((50_000, number), (50_000, number)))])
    assert (time.thread_time() - start) / 200 < 0.004


def test_a_key_in_an_enormous_line_is_quick() -> None:
    documents = Documents()
    documents.open(URI, "python", 1, "é" * 1_000_000)
    start = time.thread_time()
    for number in range(50):
        documents.change(URI, number + 2, [Change("y", ((0, 500_000), (0, 500_000)))])
    assert (time.thread_time() - start) / 50 < 0.02
