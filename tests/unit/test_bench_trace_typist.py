"""The person of a trace: whatever is suggested, and whatever of it is taken, the text comes out the same."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from glm_lsp.bench.recording import apply
from glm_lsp.bench.trace.trace import Back, Edit, Event, Key, Look, Return, Slip, Trace, TraceFile, own_trace
from glm_lsp.bench.trace.typist import Deed, Step, Typist

Suggest = Callable[[str], str]


def trace(*events: Event, text: str, wrong: str = "", before: str = "x = 1\n", after: str = "\n") -> Trace:
    file = TraceFile(path="a.py", language="python", text=before + wrong + after)
    edit = Edit(file=0, offset=len(before), wrong=wrong, text=text, delay_ms=5, events=events)
    return Trace(description="", seed=0, files=(file,), edits=(edit,))


def keys(text: str) -> list[Key]:
    return [Key(at, char, 10) for at, char in enumerate(text)]


def typed(whole: Trace, suggest: Suggest) -> tuple[list[str], list[Step]]:
    """Types a trace, at each step with what `suggest` makes of the rest; the texts at the end, and the steps."""
    typist = Typist(whole)
    texts = [file.text for file in whole.files]
    steps = []
    while typist.delay_ms is not None:
        step = typist.step(suggest(typist.expected))
        texts[step.file], _ = apply(step, texts[step.file])
        steps.append(step)
    return texts, steps


def nothing(rest: str) -> str:
    return ""


def everything(rest: str) -> str:
    return rest


@pytest.mark.parametrize("seed", range(4))
def test_result_never_depends_on_what_is_taken(seed: int) -> None:
    rng = random.Random(seed)

    def sometimes(rest: str) -> str:
        cut = rest[: rng.randint(0, 30)]
        return cut if rng.random() < 0.3 else cut + "no"

    own = own_trace()
    texts, steps = typed(own, sometimes)
    assert texts == own.final_texts()
    taken = [step for step in steps if step.deed is Deed.TAKE]
    assert len(taken) > 50
    assert len(steps) < len(typed(own, nothing)[1])


def test_without_suggestions_every_key_is_pressed() -> None:
    own = own_trace()
    texts, steps = typed(own, nothing)
    assert texts == own.final_texts()
    assert sum(step.deed.is_key for step in steps) == own.num_keys


def test_a_suggestion_of_everything_leaves_one_key_for_each_edit() -> None:
    own = own_trace()
    texts, steps = typed(own, everything)
    assert texts == own.final_texts()
    assert sum(step.deed is Deed.TAKE for step in steps) == len(own.edits)


@pytest.mark.parametrize(
    ("shown", "is_taken"),
    [
        ("return", True),
        ("return value", True),
        ("return value\n", True),
        ("ret", False),
        ("return value + 1", False),
        ("  ", False),
        ("", False),
    ],
)
def test_taken_is_what_agrees_and_ends_with_a_word(shown: str, is_taken: bool) -> None:
    typist = Typist(trace(*keys("return value\npass"), text="return value\npass"))
    typist.step("")
    assert (typist.step(shown).deed is Deed.TAKE) is is_taken


def test_indent_that_was_not_part_of_the_suggestion_is_still_inserted() -> None:
    events = [Key(0, "x", 1), Key(1, ":", 1), Key(2, "\n    ", 1), Key(7, "y", 1)]
    texts, steps = typed(
        trace(*events, text="x:\n    y"), lambda rest: "x:\n" if rest.startswith("x") else ""
    )
    assert texts == ["x = 1\nx:\n    y\n"]
    assert [step.text for step in steps] == ["", "x:\n", "    ", "y"]


def test_slips_are_spared_with_the_text_they_stand_in() -> None:
    events = [Key(0, "a", 1), Slip(1, "n", 1), Slip(1, "c", 1), Back(1, 1), Back(1, 1), Key(1, "b", 1)]
    whole = trace(*events, text="ab")
    assert len(typed(whole, nothing)[1]) == 7
    texts, steps = typed(whole, lambda rest: "ab" if rest == "ab" else "")
    assert [step.deed for step in steps] == [Deed.GO, Deed.TAKE]
    assert texts == ["x = 1\nab\n"]


def test_nothing_is_taken_while_something_wrong_is_left() -> None:
    events = [Key(0, "a", 1), Slip(1, "n", 1), Back(1, 1), Key(1, "b", 1)]
    _, steps = typed(trace(*events, text="ab"), lambda rest: "b")
    assert [step.deed for step in steps] == [Deed.GO, Deed.KEY, Deed.TAKE]
    typist = Typist(trace(*events, text="ab"))
    deeds = [typist.step(shown).deed for shown in ("", "", "", "b", "b")]
    assert deeds == [Deed.GO, Deed.KEY, Deed.KEY, Deed.BACK, Deed.TAKE]


def test_wrong_text_goes_first() -> None:
    whole = trace(Back(0, 1), Back(0, 1), *keys("new"), text="new", wrong="ol", after=" = 2\n")
    texts, steps = typed(whole, nothing)
    assert texts == ["x = 1\nnew = 2\n"]
    assert [(step.start, step.end) for step in steps[:3]] == [(8, 8), (7, 8), (6, 7)]


def test_a_look_elsewhere_leaves_the_text_alone_and_comes_back() -> None:
    whole = trace(Key(0, "a", 1), Look(1, 0, 1), Return(1, 1), Key(1, "b", 1), text="ab")
    texts, steps = typed(whole, nothing)
    assert texts == ["x = 1\nab\n"]
    looked = next(step for step in steps if step.deed is Deed.LOOK)
    assert apply(looked, "x = 1\na\n") == ("x = 1\na\n", 5)
    came_back = next(step for step in steps if step.deed is Deed.RETURN)
    assert apply(came_back, "x = 1\na\n") == ("x = 1\na\n", 7)


def test_nothing_is_taken_in_the_place_that_is_only_looked_at() -> None:
    typist = Typist(trace(Key(0, "a", 1), Look(1, 0, 1), Return(1, 1), Key(1, "b", 1), text="ab"))
    for _ in range(3):
        typist.step("")
    assert typist.expected == ""
    assert typist.step("b").deed is Deed.RETURN


def test_delays_are_those_of_the_steps_that_follow() -> None:
    typist = Typist(trace(Key(0, "a", 7), Key(1, "b", 8), text="ab"))
    delays = []
    while (delay := typist.delay_ms) is not None:
        delays.append(delay)
        typist.step("")
    assert delays == [5, 7, 8]
    with pytest.raises(IndexError):
        typist.step("")
