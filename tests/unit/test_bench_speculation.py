"""What guessing ahead brings: requests, tallies, and a run on a tiny model."""

from __future__ import annotations

import random

import pytest

from glm_lsp.bench.environment import look_around
from glm_lsp.bench.speculation import EDITS, Tally, Told, edited, measure_speculation
from glm_lsp.bench.speculation_table import speculation_table
from glm_lsp.completion.mode import Mode
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.models.store import ModelFolder
from tests.page_rows import left_out
from tests.tiny_model import SAMPLE, tiny_model

DOCUMENTED = 'def total(values):\n    """Return the sum."""\n    result = sum(values)\n    return result\n'


def told(text: str, ms: float, logprobs: tuple[float, ...] = (-0.5,)) -> Told:
    return Told(text, logprobs, num_tokens=4, decode_ms=ms / 2, total_ms=ms, steps=2)


def test_an_edit_changes_one_word_of_the_line_above() -> None:
    request = CompletionRequest(prompt="first = 1\nsecond = other(3)\n    third = fo", suffix="rest\n")
    changed = edited(request, random.Random(1))
    assert changed is not None
    before, after = (one.prompt_text.split("\n") for one in (request, changed))
    assert (before[0], before[2]) == (after[0], after[2])
    assert len(after[1]) == len(before[1]) + 1
    assert changed.suffix == request.suffix


@pytest.mark.parametrize("prompt", ["", "x", "one line only", "\nx", "a = b\nx"])
def test_without_a_word_above_there_is_no_edit(prompt: str) -> None:
    assert edited(CompletionRequest(prompt=prompt), random.Random(1)) is None


def test_a_different_score_is_a_different_answer() -> None:
    tally = Tally(
        [told("a", 4), told("b", 4), told("c", 4)], [told("a", 2), told("x", 2), told("c", 2, (-0.4,))]
    )
    figures = tally.figures()
    assert (figures["requests"], figures["identical"], figures["tokens"]) == (3, 1, 12)
    assert figures["speedup"].value == pytest.approx(2)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return tiny_model(tmp_path_factory.mktemp("speculation"), capacity=256)


def test_a_model_says_the_same_with_and_without_guessing(folder: ModelFolder) -> None:
    typed = [
        CompletionRequest(
            prompt=SAMPLE[:end], max_tokens=8, logprobs=0, glm=GlmOptions(path="a.py", mode=Mode.LINE)
        )
        for end in range(60, len(SAMPLE), 7)
    ]
    environment = look_around(EngineDescription(model=folder.manifest.name, threads=1))
    steps: list[tuple[int, int]] = []
    result = measure_speculation(
        folder,
        environment,
        typed,
        [HeldOutFile("a.py", "python", DOCUMENTED)],
        num_prompts=6,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert {kind: each["requests"] for kind, each in result.figures.items()} == {
        "typing": 6,
        "edits": 6,
        "docstrings": 1,
    }
    assert all(each["identical"] == each["requests"] for each in result.figures.values())
    assert steps[-1][0] == steps[-1][1] > 13 + EDITS - 2
    assert "edits" in speculation_table(result)
    assert left_out(result) == []
