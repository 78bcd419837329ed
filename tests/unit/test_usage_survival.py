"""How much of an accepted text is still there later, and at its place."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.usage.edit import Edit
from glm_lsp.usage.likeness import distance_within
from glm_lsp.usage.survival import MAX_KEPT_CHARS, Checked, Survival

URI = "file:///a.py"


class Document:
    """A text in which something was accepted at time 0."""

    def __init__(self, before: str, accepted: str, after: str) -> None:
        self.text = before + accepted + after
        self.survival = Survival()
        self.survival.taken(URI, 1, len(before), accepted, 0.0)

    def replace(self, old: str, new: str) -> None:
        """Puts something in place of the first `old`."""
        at = self.text.index(old)
        self.text = self.text.replace(old, new, 1)
        self.survival.edited(URI, Edit(at, old, new))

    def at(self, seconds: float) -> list[Checked]:
        return self.survival.tick(seconds, self.read)

    def read(self, uri: str, start: int, end: int) -> str:
        return self.text[start:end]


def slow_distance(pattern: str, text: str) -> int:
    """The textbook's table."""
    above = [0] * (len(text) + 1)
    for number, wanted in enumerate(pattern, 1):
        row = [number]
        for column, char in enumerate(text):
            row.append(min(above[column + 1] + 1, row[-1] + 1, above[column] + (wanted != char)))
        above = row
    return min(above)


@given(st.text("abé\n", min_size=1, max_size=12), st.text("abcé\n", max_size=16))
def test_distance_is_that_of_the_textbook(pattern: str, text: str) -> None:
    assert distance_within(pattern, text) == slow_distance(pattern, text)


def test_distance_of_long_texts() -> None:
    chance = random.Random(5)
    pattern = "".join(chance.choices("abcdef", k=300))
    text = "x" * 50 + pattern[:100] + pattern[110:200] + "yy" + pattern[200:] + "z" * 50
    assert distance_within(pattern, text) == slow_distance(pattern, text) == 12


def test_untouched_text_survives_all_ages() -> None:
    document = Document("a = 1\n", "for x in y:\n    print(x)\n", "b = 2\n")
    assert document.at(14.9) == []
    assert document.at(15) == [Checked(15, True)]
    assert document.at(29) == []
    assert document.at(31) == [Checked(30, True)]
    assert document.at(200) == [Checked(120, True)]
    assert len(document.survival) == 0


def test_late_look_answers_for_all_ages_that_have_passed() -> None:
    document = Document("", "print(x)", "")
    assert document.at(40) == [Checked(15, True), Checked(30, True)]
    assert document.survival.next_due == 120


@pytest.mark.parametrize(
    ("old", "new", "survives"),
    [
        ("print(value)", "", False),
        ("print(value)", "print(val)", True),
        ("print(value)", "return None", False),
        ("value", "other", True),
        ("a = 1", "something much longer stands here now", True),
        ("a = 1\nprint(value)\nb = 2", "a = 1\nprint(value)\nb = 3\nc = 4", True),
        ("1\nprint(value)\nb", "x", False),
        ("1\nprint(va", "print(va", True),
        ("lue)\nb", "lue)\nc", True),
        ("print(value)", "print(\n    value\n)", True),
    ],
)
def test_changes(old: str, new: str, survives: bool) -> None:
    document = Document("a = 1\n", "print(value)", "\nb = 2\n")
    document.replace(old, new)
    assert document.at(15) == [Checked(15, survives)]


def test_line_break_alone() -> None:
    document = Document("a", "\n", "b")
    assert document.at(15) == [Checked(15, True)]


def test_same_text_elsewhere_does_not_save_it() -> None:
    document = Document("", "print(value)", "\n" * 9 + "-")
    document.replace("print(value)", "")
    document.replace("-", "print(value)")
    assert document.at(15) == [Checked(15, False)]


def test_place_is_followed() -> None:
    document = Document("head\n", "print(value)", "\ntail")
    document.replace("head", "a much longer head\nwith lines")
    document.replace("tail", "")
    document.replace("\nwith lines", "")
    (kept,) = document.survival._kept
    assert document.text[kept.start : kept.end] == "print(value)"


def test_text_beside_it_is_not_part_of_it() -> None:
    document = Document("a", "print", "b")
    document.survival.edited(URI, Edit(6, "", "(value)"))
    document.survival.edited(URI, Edit(1, "", "x."))
    document.text = "ax.print(value)b"
    (kept,) = document.survival._kept
    assert document.text[kept.start : kept.end] == "print"


def test_pieces_of_one_suggestion_are_one_text() -> None:
    survival = Survival()
    survival.taken(URI, 1, 0, "foo", 0.0)
    survival.taken(URI, 1, 3, " bar", 2.0)
    survival.taken(URI, 2, 7, " baz", 2.0)
    assert len(survival) == 2
    assert survival.tick(15.0, lambda uri, start, end: "foo bar baz"[start:end]) == [Checked(15, True)]


def test_closed_and_reverted_texts_are_forgotten() -> None:
    survival = Survival()
    for number in range(3):
        survival.taken(f"file:///{number}", number, 0, "text", 0.0)
    survival.closed("file:///0")
    survival.reverted(1)
    assert len(survival) == 1
    survival.edited("file:///0", Edit(0, "text", ""))
    assert survival.tick(20.0, lambda uri, start, end: "text") == [Checked(15, True)]


def test_little_is_kept() -> None:
    survival = Survival()
    survival.taken(URI, 1, 0, "x" * 100_000, 0.0)
    assert sum(len(kept.text) for kept in survival._kept) == MAX_KEPT_CHARS
    survival.taken(URI, 1, MAX_KEPT_CHARS, "y" * 100, 0.0)
    assert sum(len(kept.text) for kept in survival._kept) == MAX_KEPT_CHARS
    for number in range(2, 1000):
        survival.taken(URI, number, 0, "text", 0.0)
    assert len(survival) <= 256


@pytest.mark.parametrize("seed", range(30))
def test_random_edits_outside_never_hurt_and_inside_are_counted(seed: int) -> None:
    """A marked text among random edits: the place always holds exactly what is left of the mark."""
    chance = random.Random(seed)
    text, start = "." * 40, 20
    accepted = "ABCDEFGHIJKLMNOPQRST"
    text = text[:start] + accepted + text[start:]
    survival = Survival()
    survival.taken(URI, 1, start, accepted, 0.0)
    for _ in range(40):
        at = chance.randint(0, len(text))
        end = min(len(text), at + chance.choice([0, 0, 1, 2, 3]))
        new = chance.choice(["", "-", "--", ".."])
        # An edit beside the mark, or inside it; those across its edge also take in what they put there.
        survival.edited(URI, Edit(at, text[at:end], new))
        text = text[:at] + new + text[end:]
    (kept,) = survival._kept
    left = [char for char in text if char.isupper()]
    assert [char for char in text[kept.start : kept.end] if char.isupper()] == left
    expected = 2 * slow_distance(accepted, text[kept.start : kept.end]) < len(accepted)
    assert survival.tick(15.0, lambda uri, start, end: text[start:end]) == [Checked(15, expected)]
