"""What a person sees from key to key, and when it flickers."""

from __future__ import annotations

import pytest

from glm_lsp.bench.screen import Screen


def seen(*events: str) -> Screen:
    """`>text` is typed, `=text` answered, `!` moves the cursor."""
    screen = Screen()
    for event in events:
        if event[0] == ">":
            screen.type(event[1:])
        elif event[0] == "=":
            screen.answer(event[1:])
        else:
            screen.clear()
    return screen


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        (["=abc"], "abc"),
        (["=abc", ">a"], "bc"),
        (["=abc", ">x"], ""),
        (["=abc", ">abc"], ""),
        (["=abc", ">abcd"], ""),
        (["=abc", "!"], ""),
        (["=abc", "="], ""),
        (["=abc", ">a", "=xyz"], "xyz"),
    ],
)
def test_what_is_left_stays_until_something_else_comes(events: list[str], shown: str) -> None:
    assert seen(*events).shown == shown


@pytest.mark.parametrize(
    ("events", "num_shown", "num_replaced", "num_back"),
    [
        (["=abc", ">a", "=bc", ">b", "=c"], 1, 0, 0),
        (["=abc", ">a", "=xy"], 2, 1, 0),
        (["=abc", "=xy"], 2, 1, 0),
        (["=abc", ">a", "="], 1, 0, 0),
        (["=abc", ">a", "=", ">b", "=c"], 1, 0, 1),
        (["=abc", ">a", "=", ">b", "=xy"], 2, 0, 0),
        (["=abc", ">a", "=", ">x", "=c"], 2, 0, 0),
        (["=abc", ">a", "=", "!", "=bc"], 2, 0, 0),
        (["=abc", ">x", "=abc"], 2, 0, 0),
        (["=", ">a", "="], 0, 0, 0),
        (["=abc", "!", "=abc"], 2, 0, 0),
    ],
)
def test_flicker_is_what_changes_while_one_types_what_it_said(
    events: list[str], num_shown: int, num_replaced: int, num_back: int
) -> None:
    screen = seen(*events)
    assert (screen.num_shown, screen.num_replaced, screen.num_back) == (num_shown, num_replaced, num_back)


def test_answer_tells_whether_something_new_appeared() -> None:
    screen = Screen()
    assert screen.answer("abc") is True
    screen.type("a")
    assert screen.answer("bc") is False
    assert screen.answer("") is False
    assert screen.answer("bc") is False
    assert screen.answer("other") is True
