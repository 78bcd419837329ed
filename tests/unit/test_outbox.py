"""Pieces that belong together leave together, unless the next one takes long."""

from __future__ import annotations

from glm_lsp.engine.job import Event, Job
from glm_lsp.engine.outbox import FLUSH_S, Outbox
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest, Logprobs


def outbox(step_s: float) -> tuple[Outbox, list[Event]]:
    events: list[Event] = []
    return Outbox(Job(1, CompletionRequest(prompt=""), events.append), "model", step_s), events


def pieces(events: list[Event]) -> list[tuple[str, str | None]]:
    chunks = [event for event in events if isinstance(event, CompletionChunk)]
    return [(choice.text, choice.finish_reason) for chunk in chunks for choice in chunk.choices]


def test_a_quick_answer_is_one_chunk() -> None:
    box, events = outbox(0.0)
    for text in "abc":
        box.add(0, text, Logprobs([text], [-0.5]))
    box.close_choice(0, "stop", "d")
    assert pieces(events) == [("abcd", "stop")]
    chunk = events[0]
    assert isinstance(chunk, CompletionChunk)
    assert chunk.choices[0].logprobs == Logprobs(["a", "b", "c"], [-0.5] * 3, None, [0, 1, 2])


def test_where_a_step_takes_long_each_token_leaves_at_once() -> None:
    box, events = outbox(FLUSH_S * 2)
    box.add(0, "a", None)
    assert pieces(events) == [("a", None)]
    box.add(0, "", None)
    box.add(0, "b", None)
    box.close_choice(0, "length")
    assert pieces(events) == [("a", None), ("b", None), ("", "length")]


def test_every_choice_counts_its_own_characters() -> None:
    box, events = outbox(0.0)
    for index in range(2):
        box.add(index, "ab", Logprobs(["ab"], [-1.0]))
        box.add(index, "c", Logprobs(["c"], [-1.0]))
        box.close_choice(index, "stop")
    offsets = [
        choice.logprobs.text_offset
        for event in events
        if isinstance(event, CompletionChunk)
        for choice in event.choices
        if choice.logprobs
    ]
    assert offsets == [[0, 2], [0, 2]]
