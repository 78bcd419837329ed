"""From a prompt to its first token through the engine: the prompt new to it, or in its cache but for the last key."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count

from glm_lsp.bench.sampling import interleaved
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest, GlmOptions
from glm_lsp.progress import Progress, silent

KEYSTROKE_TOKENS = 2
"""New tokens of a keystroke: what was typed, and the tokens around it that are cut differently then."""

ANSWER_TOKENS = 10
"""Of a keystroke's whole answer: about the rest of a line."""

LONG_ANSWER_TOKENS = 16
"""The same where a model is large enough to write more than a line."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One request: milliseconds, of these the engine's for reading the prompt, and tokens."""

    ms: float
    prefill_ms: float
    num_prompt: int
    num_cached: int
    num_tokens: int


@dataclass(frozen=True, slots=True)
class Round:
    """Three requests in a row.

    Attributes:
        cold: for one token; nothing of its prompt is in the cache.
        warm: for one token; all of its prompt but the last two tokens is.
        answer: for `answer_tokens`, likewise.
    """

    cold: Reply
    warm: Reply
    answer: Reply
    answer_tokens: int = ANSWER_TOKENS


def measure_first_tokens(
    engine: Engine,
    token_ids: Sequence[int],
    lengths: Sequence[int],
    seconds: float,
    progress: Progress = silent,
    *,
    answer_tokens: int = ANSWER_TOKENS,
) -> dict[int, list[Round]]:
    """Times requests to an engine in this process; returns rounds by the prompt's length.

    Args:
        engine: nobody else uses it.
        token_ids: of some code, at least as many as the longest prompt has.
        lengths: of prompts, in tokens; each at most the engine's budget.
        seconds: for everything, about.

    Raises:
        GlmError: the engine refuses a request.
    """
    rounds: dict[int, list[Round]] = {length: [] for length in lengths}
    vocabulary = sorted(set(token_ids))
    numbers = count()

    def one_round(length: int) -> float:
        number = next(numbers)
        # A first token of its own: the prompt shares nothing with the one before.
        prompt = [vocabulary[number % len(vocabulary)], *token_ids[1:length]]
        cold = _ask(engine, prompt, 1)
        warm = _ask(engine, _next_key(prompt, vocabulary, number), 1)
        answer = _ask(engine, _next_key(prompt, vocabulary, number + 1), answer_tokens)
        rounds[length].append(Round(cold, warm, answer, answer_tokens))
        return cold.ms

    interleaved({length: partial(one_round, length) for length in lengths}, seconds, progress)
    return {length: found[1:] for length, found in rounds.items()}  # the first one is not counted


def measure_after_pauses(
    engine: Engine,
    prompt: Sequence[int],
    pauses_s: Sequence[float],
    seconds: float,
    progress: Progress = silent,
) -> dict[float, list[Reply]]:
    """Times answers of ten tokens to prompts cached but for a keystroke, by how long nothing was asked before.

    While nobody asks, caches are lost to other programs and processors fall asleep: a person's keys come 0.15 s apart.

    Args:
        engine: nobody else uses it.
        prompt: token ids of some code.
        pauses_s: seconds before the request.
        seconds: for everything, about.

    Raises:
        GlmError: the engine refuses a request.
    """
    vocabulary = sorted(set(prompt))
    numbers = count()
    replies: dict[float, list[Reply]] = {pause: [] for pause in pauses_s}

    def one(pause_s: float) -> float:
        time.sleep(pause_s)
        reply = _ask(engine, _next_key(prompt, vocabulary, next(numbers)), ANSWER_TOKENS)
        replies[pause_s].append(reply)
        return reply.ms

    _ask(engine, prompt, 1)
    interleaved({pause: partial(one, pause) for pause in pauses_s}, seconds, progress)
    return {
        pause: [reply for reply in found[1:] if reply.num_tokens == ANSWER_TOKENS]
        for pause, found in replies.items()
    }


def measure_stream(
    engine: Engine, prompt: Sequence[int], num_tokens: int, seconds: float, progress: Progress = silent
) -> list[Reply]:
    """Times long answers to a prompt that is cached but for a keystroke, for about so many seconds.

    Raises:
        GlmError: the engine refuses a request.
    """
    vocabulary = sorted(set(prompt))
    numbers = count()
    replies: list[Reply] = []

    def one() -> float:
        replies.append(_ask(engine, _next_key(prompt, vocabulary, next(numbers)), num_tokens))
        return replies[-1].ms

    interleaved({0: one}, seconds, progress)
    return replies[1:]


def _next_key(prompt: Sequence[int], vocabulary: Sequence[int], number: int) -> list[int]:
    """The prompt with other last tokens, the first of which is never the one that stood there before."""
    choices = [*vocabulary[number % len(vocabulary) :][:2], *vocabulary[:2]]
    first = next(token_id for token_id in choices if token_id != prompt[-KEYSTROKE_TOKENS])
    return [*prompt[:-KEYSTROKE_TOKENS], first, *vocabulary[: KEYSTROKE_TOKENS - 1]]


def _ask(engine: Engine, prompt: Sequence[int], num_tokens: int) -> Reply:
    request = CompletionRequest(
        prompt=tuple(prompt), max_tokens=num_tokens, temperature=0.0, glm=GlmOptions(raw=True)
    )
    last: CompletionChunk | None = None
    started = time.perf_counter()
    for chunk in engine.complete(request):
        last = chunk
    ms = (time.perf_counter() - started) * 1e3
    assert last is not None  # noqa: S101  # an answer has a last chunk, or it raises
    assert last.usage is not None  # noqa: S101
    assert last.glm is not None  # noqa: S101
    return Reply(
        ms,
        last.glm.timing_ms.prefill,
        last.usage.prompt_tokens,
        last.usage.prompt_tokens_details.cached_tokens,
        last.usage.completion_tokens,
    )
