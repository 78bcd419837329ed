"""Held-out lines: how often the rest of a line is written exactly as its author wrote it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import LANGUAGE_NAMES
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.train.spans import Span, line_span, lines_of

Progress = Callable[[int, int], None]
_CONTEXT_CHARS = 4000


@dataclass(frozen=True, slots=True)
class LineTask:
    """One cursor in a held-out file; `wanted` is what stood there."""

    path: str
    language: str
    prefix: str
    wanted: str
    suffix: str


@dataclass(frozen=True, slots=True)
class LineScores:
    """Shares between 0 and 1 over `num_tasks` cursors."""

    exact_match: float
    edit_similarity: float
    num_tasks: int


def draw_tasks(files: list[tuple[str, str, str]], count: int, seed: int) -> list[LineTask]:
    """Cursors at likely places, with a fixed seed; at most a few for each file."""
    rng = random.Random(seed)
    tasks: list[LineTask] = []
    while len(tasks) < count:
        path, language, text = rng.choice(files)
        lines = [(start, end) for start, end in lines_of(text) if text[start:end].strip()]
        span = line_span(text, *rng.choice(lines), rng) if lines else None
        if span is not None and span.start < span.end:
            tasks.append(_task(path, language, text, span))
    return tasks


def _task(path: str, language: str, text: str, span: Span) -> LineTask:
    return LineTask(
        path,
        LANGUAGE_NAMES.get(language, ""),
        text[max(0, span.start - _CONTEXT_CHARS) : span.start],
        text[span.start : span.end],
        text[span.suffix_start : span.suffix_start + _CONTEXT_CHARS],
    )


def measure(
    engine: Engine, tasks: list[LineTask], *, with_suffix: bool, progress: Progress = lambda done, total: None
) -> LineScores:
    """Greedy completion of every task; trailing blanks do not count."""
    exact = 0
    similarity = 0.0
    for number, task in enumerate(tasks, start=1):
        written = complete(engine, task, with_suffix=with_suffix).rstrip()
        wanted = task.wanted.rstrip()
        exact += written == wanted
        similarity += SequenceMatcher(None, written, wanted, autojunk=False).ratio()
        progress(number, len(tasks))
    return LineScores(exact / len(tasks), similarity / len(tasks), len(tasks))


def complete(engine: Engine, task: LineTask, *, with_suffix: bool) -> str:
    """What the model writes at the cursor, in LINE mode."""
    request = CompletionRequest(
        prompt=task.prefix,
        suffix=task.suffix if with_suffix else "",
        max_tokens=64,
        glm=GlmOptions(path=task.path, language=task.language, mode=Mode.LINE),
    )
    return "".join(choice.text for chunk in engine.complete(request) for choice in chunk.choices)
