"""The engine's thread: events in order, stop rules, candidates, cancellation, failures."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from glm_lsp.completion.mode import Mode
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.job import Event
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest, GlmOptions, decode_request
from glm_lsp.errors import EngineError, GlmError, SessionError
from tests.fakes.fake_core import fake_core, noise

RAW = GlmOptions(raw=True)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with fake_core() as core:
        yield core


def raw(prompt: str, **changes: object) -> CompletionRequest:
    return CompletionRequest(**{"prompt": prompt, "max_tokens": 12, "glm": RAW, **changes})  # type: ignore[arg-type]


def run(engine: Engine, request: CompletionRequest) -> list[CompletionChunk]:
    return list(engine.complete(request))


def text_of(chunks: list[CompletionChunk], index: int = 0) -> str:
    return "".join(choice.text for chunk in chunks for choice in chunk.choices if choice.index == index)


def reason_of(chunks: list[CompletionChunk], index: int = 0) -> str | None:
    reasons = [
        c.finish_reason for chunk in chunks for c in chunk.choices if c.index == index and c.finish_reason
    ]
    assert len(reasons) <= 1
    return reasons[0] if reasons else None


def test_the_last_chunk_carries_usage_and_timing(engine: Engine) -> None:
    chunks = run(engine, raw("hello"))
    assert [chunk.usage is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
    last = chunks[-1]
    assert last.usage is not None
    assert last.glm is not None
    assert last.choices == []
    assert last.usage.prompt_tokens == 5
    assert last.usage.prompt_tokens_details.cached_tokens == 0
    assert last.glm.timing_ms.total >= last.glm.timing_ms.ttft > 0


def test_a_repeated_request_is_answered_alike_from_the_cache(engine: Engine) -> None:
    first, second = run(engine, raw("some prompt")), run(engine, raw("some prompt"))
    assert text_of(first) == text_of(second)
    assert second[-1].usage is not None
    assert second[-1].usage.prompt_tokens_details.cached_tokens == len("some prompt") - 1


def test_a_prompt_of_ids_is_run_as_it_is(engine: Engine) -> None:
    text = run(engine, raw("hello"))
    ids = engine._worker._encoder.encode(raw("hello"))
    chunks = run(engine, decode_request(b'{"max_tokens": 12, "prompt": ' + str(ids).encode() + b"}"))
    assert text_of(chunks) == text_of(text)
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.prompt_tokens == 5


def test_max_tokens_gives_length(engine: Engine) -> None:
    chunks = run(engine, raw("a", max_tokens=3))
    assert reason_of(chunks) == "length"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 3


def test_a_special_token_ends_the_text_and_is_not_shown() -> None:
    with fake_core(noise(first_id=0)) as engine:
        answers = [run(engine, raw(f"prompt {number}", max_tokens=60)) for number in range(40)]
    assert not any("<|" in text_of(chunks) for chunks in answers)
    assert {reason_of(chunks) for chunks in answers} == {"stop", "length"}


def test_stop_strings_end_before_themselves(engine: Engine) -> None:
    whole = text_of(run(engine, raw("stop here", max_tokens=40)))
    stop = whole[-3:]
    chunks = run(engine, raw("stop here", max_tokens=40, stop=stop))
    assert text_of(chunks) == whole[: whole.index(stop)]
    assert reason_of(chunks) == "stop"


def test_line_mode_ends_at_the_line_break(engine: Engine) -> None:
    glm = GlmOptions(mode=Mode.LINE)
    for number in range(300):
        request = CompletionRequest(prompt=f"x{number} = ", max_tokens=100, glm=glm)
        chunks = run(engine, request)
        assert "\n" not in text_of(chunks)


def test_several_candidates_come_from_one_prefill() -> None:
    session = noise()
    with fake_core(session) as engine:
        chunks = run(engine, raw("abcdef", n=3, temperature=1.0, seed=3))
        texts = [text_of(chunks, index) for index in range(3)]
        assert len(set(texts)) == 3
        assert texts[0] == text_of(run(engine, raw("abcdef")))
        assert session.runs.count(6) == 1
        again = run(engine, raw("abcdef", n=3, temperature=1.0, seed=3))
        assert [text_of(again, index) for index in range(3)] == texts


def test_warm_up_fills_the_cache_and_writes_nothing(engine: Engine) -> None:
    chunks = run(engine, raw("warm me", glm=GlmOptions(raw=True, warm_up=True)))
    assert len(chunks) == 1
    usage = run(engine, raw("warm me"))[-1].usage
    assert usage is not None
    assert usage.prompt_tokens_details.cached_tokens == 6


def test_logprobs_come_with_each_token(engine: Engine) -> None:
    chunks = run(engine, raw("prob", logprobs=2))
    tokens = [c.logprobs for chunk in chunks for c in chunk.choices if c.logprobs]
    assert sum(len(entry.tokens) for entry in tokens) == 12
    for entry in tokens:
        assert entry.top_logprobs
        assert entry.text_offset
        assert len(entry.tokens) == len(entry.token_logprobs) == len(entry.top_logprobs)
        assert len(entry.tokens) == len(entry.text_offset)
        # Two broken bytes read alike, so the mapping may have one entry less.
        assert all(1 <= len(top) <= 2 for top in entry.top_logprobs)
    offsets = [offset for entry in tokens for offset in entry.text_offset or []]
    assert offsets == sorted(offsets)
    assert offsets[0] == 0
    assert offsets[-1] <= len(text_of(chunks))


def test_cancel_takes_effect_between_two_tokens() -> None:
    session = noise()
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    jobs = []
    reached = threading.Event()

    def cancel_in_the_tenth_step() -> None:
        if len(session.runs) == 10:
            reached.wait(5)
            jobs[0].cancel()

    session.on_run = cancel_in_the_tenth_step
    with fake_core(session) as engine:
        jobs.append(engine.submit(raw("a long answer", max_tokens=500), events.put))
        reached.set()
        received = []
        while not received or received[-1].usage is None:
            event = events.get(timeout=10)
            assert isinstance(event, CompletionChunk)
            received.append(event)
        assert reason_of(received) == "cancelled"
        assert len(session.runs) <= 11


def test_a_request_withdrawn_while_waiting_never_runs() -> None:
    session = noise()
    gate = threading.Event()
    session.on_run = lambda: gate.wait(5)
    first: queue.SimpleQueue[Event] = queue.SimpleQueue()
    second: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with fake_core(session) as engine:
        engine.submit(raw("first", max_tokens=1), first.put)
        engine.submit(raw("second"), second.put).cancel()
        gate.set()
        closing, report = second.get(timeout=10), second.get(timeout=10)
        assert isinstance(closing, CompletionChunk)
        assert closing.choices[0].finish_reason == "cancelled"
        assert isinstance(report, CompletionChunk)
        assert report.usage is not None
        assert report.usage.prompt_tokens == 0


def test_closing_the_iterator_cancels(engine: Engine) -> None:
    answer = engine.complete(raw("endless", max_tokens=900))
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert text_of(run(engine, raw("after"))) == text_of(run(engine, raw("after")))
    assert engine.counters()["finish_cancelled"] == 1


def test_a_failing_step_is_one_error_and_the_next_request_works() -> None:
    session = noise(fail_at=3)
    with fake_core(session) as engine, fake_core() as fresh:
        with pytest.raises(SessionError):
            run(engine, raw("abc", max_tokens=60))
        assert text_of(run(engine, raw("abc"))) == text_of(run(fresh, raw("abc")))


def test_an_unexpected_exception_is_an_engine_error_without_details() -> None:
    session = noise()

    def fail() -> None:
        raise ZeroDivisionError("secret source text")

    session.on_run = fail
    with fake_core(session) as engine, pytest.raises(EngineError) as caught:
        run(engine, raw("abc"))
    assert "secret" not in str(caught.value)


def test_a_closed_engine_answers_with_an_error() -> None:
    engine = fake_core()
    engine.close()
    with pytest.raises(GlmError, match="closed"):
        run(engine, raw("x"))


def test_many_threads_each_get_their_own_answer() -> None:
    with fake_core() as engine, fake_core(slots=1) as single:
        wanted = {str(i): text_of(run(single, raw(str(i) * 20))) for i in range(8)}
        got: dict[str, str] = {}

        def ask(name: str) -> None:
            got[name] = text_of(run(engine, raw(name * 20)))

        threads = [threading.Thread(target=ask, args=(name,)) for name in wanted]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == wanted
