"""What became of a suggestion, told from scripted edits; and from random typing where the truth is known."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from glm_lsp.usage.acceptance import Acceptance, Event, Verdict
from glm_lsp.usage.edit import Edit, joined

URI = "file:///a.py"
ENDS = {Verdict.ACCEPTED, Verdict.PARTLY, Verdict.TYPED, Verdict.REJECTED, Verdict.IGNORED}


class Editor:
    """One document, its cursor, a clock, and everything that was found out."""

    def __init__(self, text: str, cursor: int | None = None, style: str = "plain") -> None:
        self.text = text
        self.cursor = len(text) if cursor is None else cursor
        self.style = style
        self.now = 100.0
        self.acceptance = Acceptance()
        self.events: list[Event] = []
        self.id = 0

    def show(self, *texts: str, look_s: float = 1.0) -> int:
        before, after = self.text[: self.cursor], self.text[self.cursor :]
        self.id, events = self.acceptance.shown(URI, self.cursor, texts, self.now, before=before, after=after)
        self.events += events
        self.wait(look_s)
        return self.id

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.events += self.acceptance.tick(self.now)

    def replace(self, start: int, end: int, new: str) -> None:
        """One edit in one message; the cursor goes behind it if it was not before it."""
        after = self.text[:start] + new + self.text[end:]
        edit = self.as_reported(Edit(start, self.text[start:end], new), after)
        self.text = after
        if self.cursor >= end:
            self.cursor += len(new) - (end - start)
        elif self.cursor > start:
            self.cursor = start + len(new)
        self.message(edit)

    def message(self, *edits: Edit) -> None:
        self.events += self.acceptance.edited(URI, edits, self.now)

    def as_reported(self, edit: Edit, after: str) -> Edit:
        """Editors report the same change in different ways."""
        if self.style == "whole":
            return Edit(0, self.text, after)
        if self.style == "compared":  # as Neovim does: what the two texts differ in
            return Edit(0, self.text, after).minimal()
        if self.style == "line":
            start = self.text.rfind("\n", 0, edit.offset) + 1
            end = self.text.find("\n", edit.end)
            end = len(self.text) if end < 0 else end
            new = self.text[start : edit.offset] + edit.inserted + self.text[edit.end : end]
            return Edit(start, self.text[start:end], new)
        return edit

    def insert(self, text: str) -> None:
        self.replace(self.cursor, self.cursor, text)

    def type(self, keys: str, gap_s: float = 0.1) -> None:
        for key in keys:
            self.wait(gap_s)
            self.insert(key)

    def backspace(self) -> None:
        self.replace(self.cursor - 1, self.cursor, "")

    def close(self) -> None:
        self.events += self.acceptance.closed(URI, self.now)

    @property
    def ends(self) -> list[Verdict]:
        return [event.verdict for event in self.events if event.verdict in ENDS]

    @property
    def taken(self) -> str:
        return "".join(event.text for event in self.events if event.verdict is Verdict.TAKEN)

    @property
    def num_shown(self) -> int:
        return sum(event.verdict is Verdict.SHOWN for event in self.events)

    @property
    def reverted(self) -> list[Event]:
        return [event for event in self.events if event.verdict is Verdict.REVERTED]


STYLES = ["plain", "whole", "compared", "line"]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("text", "cursor", "suggestion"),
    [
        ("x = ", 4, "foo(1)"),
        ("x = \ny = 2\n", 4, "foo(1)"),
        ("if x:\n    \n", 10, "return 1\n    # end"),
        ("f()", 2, "a, b"),
        ("foo(foo)\n", 3, "foo"),  # the same text stands behind it, too
        ("aaaa", 2, "aa"),
        ("x\n\n\n", 2, "\n\na"),
        ("é = '\U0001f600'\n", 4, "ßß + "),
    ],
)
def test_one_edit_with_the_text_takes_it(style: str, text: str, cursor: int, suggestion: str) -> None:
    editor = Editor(text, cursor, style)
    editor.show(suggestion)
    editor.insert(suggestion)
    assert (editor.ends, editor.taken, editor.num_shown) == ([Verdict.ACCEPTED], suggestion, 1)
    place = next(event.offset for event in editor.events if event.verdict is Verdict.TAKEN)
    assert place == cursor


@pytest.mark.parametrize("inserted", ["a()\r\nb()", "a()\nb()", "a()\rb()"])
@pytest.mark.parametrize("suggested", ["a()\r\nb()", "a()\nb()"])
def test_line_ends_of_the_document_do_not_matter(inserted: str, suggested: str) -> None:
    editor = Editor("x\r\n")
    editor.show(suggested)
    editor.insert(inserted)
    assert (editor.ends, editor.taken) == ([Verdict.ACCEPTED], inserted)


def test_any_of_several_candidates() -> None:
    editor = Editor("x = ")
    editor.show("foo(1)", "bar", "foo(1) + 1")
    editor.insert("bar")
    assert editor.ends == [Verdict.ACCEPTED]


@pytest.mark.parametrize("piece", ["return", "return ", "return f(", "return f(a", "return f(a)\n"])
def test_beginning_up_to_the_edge_of_a_word_takes_a_part(piece: str) -> None:
    editor = Editor("    ")
    editor.show("return f(a)\n    pass")
    editor.insert(piece)
    assert (editor.ends, editor.taken) == ([], piece)
    editor.type("!")
    assert (editor.ends, editor.num_shown) == ([Verdict.PARTLY], 1)


def test_word_by_word_to_the_end_is_one_acceptance() -> None:
    editor = Editor("x = ")
    editor.show("foo bar baz")
    for word in ("foo", " bar", " baz"):
        editor.insert(word)
        editor.show("foo bar baz".removeprefix(editor.text.removeprefix("x = ")) or "next", look_s=0.1)
    editor.close()
    assert editor.ends == [Verdict.ACCEPTED, Verdict.IGNORED]
    assert (editor.taken, editor.num_shown) == ("foo bar baz", 1)


@pytest.mark.parametrize("piece", ["ret", "r", "return f(abc"[:10]])
def test_key_by_key_takes_nothing(piece: str) -> None:
    editor = Editor("x = ")
    editor.show("return f(abc)")
    editor.type(piece)
    assert (editor.ends, editor.taken) == ([], "")
    editor.type("#")
    assert editor.ends == [Verdict.REJECTED]


def test_typed_to_its_end_by_hand() -> None:
    editor = Editor("x = ")
    editor.show("foo")
    editor.type("foo")
    assert (editor.ends, editor.taken, editor.num_shown) == ([Verdict.TYPED], "", 1)


def test_typing_a_little_and_taking_the_rest() -> None:
    editor = Editor("x = ")
    first = editor.show("foobar(1)")
    editor.type("foo")
    assert editor.show("bar(1)", look_s=0.0) == first
    editor.insert("bar(1)")
    assert (editor.ends, editor.taken, editor.num_shown) == ([Verdict.ACCEPTED], "bar(1)", 1)


def test_other_key_rejects() -> None:
    editor = Editor("x = ")
    editor.show("foo")
    editor.type("b")
    assert (editor.ends, editor.num_shown) == ([Verdict.REJECTED], 1)


@pytest.mark.parametrize("how", ["backspace", "next", "nothing", "close"])
def test_gone_without(how: str) -> None:
    editor = Editor("x = ")
    editor.show("foo")
    if how == "backspace":
        editor.backspace()
    elif how == "next":
        editor.show("bar", look_s=0.0)
    elif how == "nothing":
        editor.events += editor.acceptance.gone(URI, editor.now)
    else:
        editor.close()
    assert editor.ends == [Verdict.REJECTED]


def test_what_nobody_could_see_was_not_shown() -> None:
    editor = Editor("x = ")
    editor.show("foo", look_s=0.2)
    editor.type("b", gap_s=0.0)
    editor.show("bar", look_s=0.24)
    editor.close()
    assert editor.ends == [Verdict.IGNORED, Verdict.IGNORED]
    assert editor.num_shown == 0


def test_what_is_taken_at_once_was_shown() -> None:
    editor = Editor("x = ")
    editor.show("foo", look_s=0.0)
    editor.insert("foo")
    assert (editor.ends, editor.num_shown) == ([Verdict.ACCEPTED], 1)


def test_time_on_screen_goes_on_while_the_text_does() -> None:
    editor = Editor("x = ")
    for typed in range(5):
        editor.show("foobar"[typed:], look_s=0.06)
        assert editor.num_shown == (typed == 4)
        editor.type("foobar"[typed], gap_s=0.0)
    assert editor.num_shown == 1


def test_edits_elsewhere_move_the_place() -> None:
    editor = Editor("import a\nx = \ny = 1\n", 13)
    editor.show("foo(1)")
    editor.replace(0, 0, "import b\n")
    editor.replace(len(editor.text), len(editor.text), "z\n")
    editor.replace(0, 6, "")
    editor.insert("foo(1)")
    assert editor.ends == [Verdict.ACCEPTED]


def test_the_text_elsewhere_is_no_acceptance() -> None:
    editor = Editor("x = \nfoo\n", 4)
    editor.show("foo(1)")
    editor.replace(0, 0, "foo(1)")
    editor.replace(len(editor.text), len(editor.text), "foo(1)")
    assert editor.ends == []
    editor.close()
    assert editor.ends == [Verdict.REJECTED]


@pytest.mark.parametrize("in_one", [True, False])
def test_brackets_that_close_themselves(in_one: bool) -> None:
    """`(` is typed; the server then offers what is left without the closing bracket."""
    editor = Editor("x = f")
    first = editor.show("(a, b)")
    editor.message(*([Edit(5, "", "()")] if in_one else [Edit(5, "", "("), Edit(6, "", ")")]))
    editor.text, editor.cursor = "x = f()", 6
    assert (editor.ends, editor.taken) == ([], "")
    assert editor.show("a, b") == first
    editor.insert("a, b")
    assert (editor.ends, editor.taken, editor.num_shown) == ([Verdict.ACCEPTED], "a, b", 1)


def test_suggested_pair_of_brackets_counts_as_typed() -> None:
    editor = Editor("x = f")
    editor.show("()")
    editor.insert("()")
    assert editor.ends == [Verdict.TYPED]


@pytest.mark.parametrize("indent", ["\n    ", "    "])
def test_indents_are_put_in_by_keys(indent: str) -> None:
    editor = Editor("if x:")
    editor.show(f"{indent}return 1")
    editor.insert(indent)
    assert editor.taken == ""
    editor.insert("return 1")
    assert (editor.ends, editor.taken) == ([Verdict.ACCEPTED], "return 1")


@pytest.mark.parametrize("style", STYLES)
def test_undone_at_once(style: str) -> None:
    editor = Editor("aa = \nbb", 5, style)
    editor.show("foo(1)")
    editor.insert("foo(1)")
    editor.replace(5, 11, "")
    assert editor.ends == [Verdict.ACCEPTED]
    assert [(event.text, event.is_whole) for event in editor.reverted] == [("foo(1)", True)]


def test_undone_later_is_a_change_like_any() -> None:
    editor = Editor("x = ")
    editor.show("foo(1)")
    editor.insert("foo(1)")
    editor.type(";")
    editor.backspace()
    editor.replace(4, 10, "")
    assert editor.reverted == []


def test_part_that_is_undone() -> None:
    editor = Editor("x = ")
    editor.show("foo bar baz")
    editor.insert("foo")
    editor.insert(" bar")
    editor.replace(7, 11, "")
    assert editor.ends == [Verdict.PARTLY]
    assert [(event.text, event.is_whole) for event in editor.reverted] == [(" bar", False)]


def test_replacement_in_two_steps() -> None:
    editor = Editor("x = fo")
    editor.show("o(1)")
    editor.message(Edit(4, "fo", ""), Edit(4, "", "foo(1)"))
    assert (editor.ends, editor.taken) == ([Verdict.ACCEPTED], "o(1)")


@pytest.mark.parametrize("told_first", [True, False])
def test_editor_that_says_so_is_counted_once(told_first: bool) -> None:
    editor = Editor("x = ")
    number = editor.show("foo(1)")
    if told_first:
        editor.events += editor.acceptance.told(number, editor.now)
    editor.insert("foo(1)")
    if not told_first:
        editor.events += editor.acceptance.told(number, editor.now)
    assert (editor.ends, editor.taken) == ([Verdict.ACCEPTED], "foo(1)")


@pytest.mark.parametrize("text", [")", "()", "\n    "])
@pytest.mark.parametrize("told_first", [True, False])
def test_what_looks_typed_was_taken_if_the_editor_says_so(text: str, told_first: bool) -> None:
    editor = Editor("x = ")
    number = editor.show(text)
    if told_first:
        editor.events += editor.acceptance.told(number, editor.now)
    editor.insert(text)
    if not told_first:
        editor.events += editor.acceptance.told(number, editor.now)
        corrected = [event for event in editor.events if event.instead_of is not None]
        assert [event.instead_of for event in corrected] == [Verdict.TYPED]
    assert (editor.ends[-1], editor.taken) == (Verdict.ACCEPTED, text)


def test_told_of_what_is_long_over_or_unknown() -> None:
    editor = Editor("x = ")
    number = editor.show("foo")
    editor.type("b")
    editor.wait(11)
    for each in (number, 999):
        assert editor.acceptance.told(each, editor.now) == []


def test_documents_are_apart() -> None:
    acceptance = Acceptance()
    acceptance.shown("a", 0, ["foo"], 0.0)
    number, _ = acceptance.shown("b", 0, ["foo"], 0.0)
    events = acceptance.edited("b", [Edit(0, "", "foo")], 1.0)
    assert {event.id for event in events} == {number}
    assert len(acceptance) == 1
    acceptance.closed("a", 2.0)
    assert len(acceptance) == 0


# --- random typing, where the truth is known --------------------------------------------------------------------

WORDS = [
    "foo",
    "bar_1",
    "(",
    ")",
    ", ",
    " = ",
    "x",
    "\n    ",
    "return",
    ".",
    "é",
    "{",
    "}",
    " + ",
    '"s"',
    "\n",
]
KEY_THAT_FITS_NOWHERE = "\u00a7"


def random_text(random: random.Random, num_words: int) -> str:
    return "".join(random.choice(WORDS) for _ in range(num_words))


def random_suggestion(random: random.Random) -> str:
    """Begins with a word, so that no first piece is an indent, and has at least two characters."""
    return random.choice(["foo", "bar_1", "return", "x.y"]) + random_text(random, random.randint(0, 4))


def first_word(text: str) -> str:
    """What "accept word" takes: at least two characters, up to where a word ends."""
    end = 2
    while end < len(text) and _word(text[end - 1]) and _word(text[end]):
        end += 1
    return text[:end]


def _word(char: str) -> bool:
    return char == "_" or char.isalnum()


def play(random: random.Random, style: str) -> tuple[Editor, Counter[Verdict], int, int]:  # noqa: PLR0912, PLR0915
    """Up to six suggestions in a document, and what truly became of them; characters taken; acceptances undone."""
    line_end = random.choice(["\n", "\r\n"])
    text = random_text(random, random.randint(0, 30)).replace("\n", line_end)
    editor = Editor(text, style=style)
    truth: Counter[Verdict] = Counter()
    num_chars = num_undone = 0
    for _ in range(random.randint(1, 6)):
        # The cursor does not stand within a line end.
        place = random.randint(0, len(editor.text))
        editor.cursor = place - (editor.text[place - 1 : place + 1] == "\r\n")
        suggestion = random_suggestion(random)
        others = [random_suggestion(random) for _ in range(random.randint(0, 2))]
        others = [
            other for other in others if not other.startswith(suggestion) and not suggestion.startswith(other)
        ]
        editor.show(suggestion, *others, look_s=random.choice([0.3, 5.0]))
        num_typed = random.randint(0, 3) if random.random() < 0.4 else 0
        typed, left = suggestion[:num_typed], suggestion[num_typed:]
        if len(left) < 2 or left.isspace() or "\n" in typed or left[:2] in ("()", "{}") or left[0].isspace():
            typed, left = "", suggestion
        editor.type(typed)
        if editor.cursor and random.random() < 0.3:  # something elsewhere
            editor.replace(0, 0, f"{chr(0x4E00 + len(editor.text))}{line_end}")
        what = random.choice(["take", "take", "undo", "word", "type", "other", "delete", "gone"])
        match what:
            case "take" | "undo":
                start = editor.cursor
                editor.insert(left.replace("\n", line_end))
                truth[Verdict.ACCEPTED] += 1
                num_chars += len(left.replace("\n", line_end))
                if what == "undo":
                    editor.replace(start, editor.cursor, "")
                    num_undone += 1
            case "word":
                word = first_word(left)
                if word.isspace() or word in ("()", "{}", '""'):
                    word = left
                editor.insert(word.replace("\n", line_end))
                num_chars += len(word.replace("\n", line_end))
                truth[Verdict.ACCEPTED if word == left else Verdict.PARTLY] += 1
                editor.insert(KEY_THAT_FITS_NOWHERE)
            case "type":
                editor.type(left)
                truth[Verdict.TYPED] += 1
            case "other":
                editor.insert(KEY_THAT_FITS_NOWHERE)
                truth[Verdict.REJECTED] += 1
            case "delete":
                if editor.cursor == 0:
                    editor.insert(KEY_THAT_FITS_NOWHERE)
                else:
                    editor.backspace()
                truth[Verdict.REJECTED] += 1
            case "gone":
                editor.events += editor.acceptance.gone(URI, editor.now)
                truth[Verdict.REJECTED] += 1
    return editor, truth, num_chars, num_undone


@pytest.mark.parametrize("style", STYLES)
def test_random_typing_is_judged_as_it_was(style: str) -> None:
    """Eight hundred sequences in each of four ways of reporting edits."""
    for seed in range(800):
        editor, truth, num_chars, num_undone = play(random.Random(seed), style)
        assert Counter(editor.ends) == truth, seed
        assert len(editor.taken) == num_chars, seed
        assert len([event for event in editor.reverted if event.is_whole]) == num_undone, seed
        assert editor.num_shown == truth.total(), seed


@pytest.mark.parametrize("seed", range(50))
def test_whatever_edits_come_each_suggestion_ends_once(seed: int) -> None:
    """Edits that have nothing to do with each other: nothing breaks, nothing is counted twice."""
    chance = random.Random(seed)
    editor = Editor(random_text(chance, 20))
    ids = set()
    for _ in range(60):
        if chance.random() < 0.4:
            editor.cursor = chance.randint(0, len(editor.text))
            ids.add(editor.show(random_text(chance, 3), look_s=chance.random()))
        start = chance.randint(0, len(editor.text))
        end = min(len(editor.text), start + chance.choice([0, 0, 0, 1, 5]))
        editor.replace(start, end, random_text(chance, chance.randint(0, 2)))
        if chance.random() < 0.1:
            editor.events += editor.acceptance.told(chance.choice([*ids, 0]), editor.now)
    editor.close()
    ended = Counter(event.id for event in editor.events if event.verdict in ENDS and event.instead_of is None)
    assert set(ended.values()) <= {1}
    shown = Counter(event.id for event in editor.events if event.verdict is Verdict.SHOWN)
    assert set(shown.values()) <= {1}


@pytest.mark.parametrize("seed", range(20))
def test_minimal_edits_make_the_same_text(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        removed, inserted = ("".join(chance.choices("ab\n", k=chance.randint(0, 6))) for _ in range(2))
        small = Edit(3, removed, inserted).minimal()
        text, kept = f"abc{removed}xyz", f"abc{inserted}xyz"
        assert text[: small.offset] + small.inserted + text[small.end :] == kept
        assert text[small.offset : small.end] == small.removed
        assert not small.removed or not small.inserted or small.removed[0] != small.inserted[0]


def test_keys_of_one_message_stay_apart_and_nothing_is_no_edit() -> None:
    keys = [Edit(0, "", "a"), Edit(1, "", "b")]
    assert joined(keys) == keys
    assert joined([Edit(0, "a", "a"), Edit(0, "", "")]) == []
    assert joined([Edit(0, "", "ab"), Edit(2, "x", "")]) == [Edit(0, "x", "ab")]
    assert joined([Edit(2, "", "ab"), Edit(1, "x", "")]) == [Edit(1, "x", "ab")]
