"""The text of an answer as it grows: what is sent is never taken back."""

from __future__ import annotations

import pytest

from glm_lsp.completion.stop import stop_rule
from glm_lsp.engine.answer import Answer
from tests.fakes.fake_core import byte_tokenizer


def deltas(text: str, *stops: str, trims: bool = False) -> tuple[list[str], bool]:
    """What is sent for each byte of `text`, then at the end; and whether a stop string was found."""
    tokenizer = byte_tokenizer()
    answer = Answer(tokenizer, stop_rule(None, "", "", "", stops), trims=trims)
    sent = []
    for token_id in tokenizer.encode(text):
        sent.append(answer.push(token_id))
        if answer.stopped:
            break
    sent.append(answer.finish())
    return sent, answer.stopped


@pytest.mark.parametrize(
    ("text", "stops", "expected"),
    [
        ("one<|user|>two", ["<|user|>"], "one"),
        ("a\n\nb", ["\n\n"], "a"),
        ("abcabd!", ["abd"], "abc"),
        ("aab", ["ab", "b"], "a"),
        ("é中!", ["中"], "é"),
    ],
)
def test_nothing_of_a_stop_string_is_sent(text: str, stops: list[str], expected: str) -> None:
    sent, stopped = deltas(text, *stops)
    assert stopped
    assert "".join(sent) == expected


@pytest.mark.parametrize("text", ["a <|us", "a < b", "<|use|>", "x\n", "中"])
def test_what_only_began_like_a_stop_string_is_sent_after_all(text: str) -> None:
    sent, stopped = deltas(text, "<|user|>", "\n\n")
    assert not stopped
    assert "".join(sent) == text


def test_text_waits_only_as_long_as_it_could_be_a_stop_string() -> None:
    sent, _ = deltas("ab-c", "-!")
    assert sent == ["a", "b", "", "-c", ""]


@pytest.mark.parametrize(
    ("text", "expected", "stops"),
    [
        ("\n  Hi you\n!", "Hi you", True),
        (" \t\r\n", "", False),
        ("Hi", "Hi", False),
        ("\u3000Hi", "\u3000Hi", False),
        ("\x1cHi", "\x1cHi", False),
    ],
)
def test_blanks_and_breaks_at_the_beginning_are_neither_sent_nor_stopped_at(
    text: str, expected: str, stops: bool
) -> None:
    sent, stopped = deltas(text, "\n", trims=True)
    assert ("".join(sent), stopped) == (expected, stops)
    assert deltas("\nHi", "\n") == (["", ""], True)
