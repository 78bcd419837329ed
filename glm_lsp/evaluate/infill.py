"""Infilling of single lines: does the program still pass its tests?"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from glm_lsp.completion.mode import Mode
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.evaluate.humaneval import InfillTask
from glm_lsp.evaluate.sandbox import Sandbox
from glm_lsp.evaluate.scores import Estimate, edit_similarity, estimate, is_exact
from glm_lsp.evaluate.subject import Writer, text_of
from glm_lsp.progress import Progress, silent

MAX_TOKENS = 64
"""The longest line has 136 characters."""


class Cursor(StrEnum):
    """Where the line is asked for: where an editor's automatic indent puts the cursor, or at column 0."""

    AFTER_INDENT = "after_indent"
    LINE_START = "line_start"


@dataclass(frozen=True, slots=True)
class InfillScores:
    """How one set of answers did."""

    pass_at_1: Estimate
    exact_match: Estimate
    edit_similarity: Estimate
    num_passed: int
    num_tasks: int


def sample(tasks: Sequence[InfillTask], limit: int | None, seed: int) -> list[InfillTask]:
    """All tasks, or `limit` of them at random; in their order."""
    if limit is None or limit >= len(tasks):
        return list(tasks)
    return [tasks[i] for i in sorted(random.Random(seed).sample(range(len(tasks)), limit))]


def floors(tasks: Sequence[InfillTask]) -> dict[str, list[str]]:
    """What needs no model: nothing at all, `pass` at the author's indent, and the author's own lines."""
    return {
        "empty": ["" for _ in tasks],
        "pass": [f"{task.indent}pass" for task in tasks],
        "canonical": [task.line.rstrip("\n") for task in tasks],
    }


def write(
    writer: Writer, tasks: Sequence[InfillTask], cursor: Cursor, progress: Progress = silent
) -> list[str]:
    """The greedy answer to each task as a whole line, its indent included."""
    lines = []
    for number, task in enumerate(tasks, start=1):
        lead = task.indent if cursor is Cursor.AFTER_INDENT else ""
        request = CompletionRequest(
            prompt=task.prefix + lead,
            suffix=task.suffix,
            max_tokens=MAX_TOKENS,
            glm=GlmOptions(language="Python", mode=Mode.LINE),
        )
        lines.append(lead + text_of(writer.complete(request)))
        progress(number, len(tasks))
    return lines


def score(
    tasks: Sequence[InfillTask],
    lines: Sequence[str],
    sandbox: Sandbox,
    seed: int,
    progress: Progress = silent,
) -> InfillScores:
    """Puts each line into its program, runs all of them, and compares each line with its author's."""
    pairs = list(zip(tasks, lines, strict=True))
    passed = sandbox.verdicts([task.program(line) for task, line in pairs], progress)
    return InfillScores(
        pass_at_1=estimate(passed, seed),
        exact_match=estimate([is_exact(line, task.line) for task, line in pairs], seed),
        edit_similarity=estimate([edit_similarity(line, task.line) for task, line in pairs], seed),
        num_passed=sum(passed),
        num_tasks=len(pairs),
    )
