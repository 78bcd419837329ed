"""Post-processing as text: every case of tests/golden/postprocess (║ cursor, ├ ┤ what the model wrote)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from glm_lsp.completion.context import WindowBudget, make_window
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.postprocess import postprocess, trace
from glm_lsp.completion.reason import explain
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.surroundings import Surroundings

FOLDER = Path(__file__).parent.parent / "golden" / "postprocess"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['description']}")
    for path in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(path.read_text("utf-8"))["case"]
]


def surroundings(case: dict[str, Any]) -> tuple[str, Surroundings]:
    before, rest = case["context"].split("║├")
    completion, after = rest.split("┤")
    eol = case.get("eol", "\n")
    before, after = before.replace("\n", eol), after.replace("\n", eol)
    snapshot = DocumentSnapshot(
        uri="file:///w/a",
        path="a",
        language_id=case["language"],
        version=1,
        text=before + after,
        offset=len(before),
    )
    window = make_window(snapshot, WindowBudget(4000, 1000))
    return completion, Surroundings(
        window=window, mode=Mode(case.get("mode", "LINE")), language_id=case["language"]
    )


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES)
def test_golden(case: dict[str, Any]) -> None:
    assert ("expected" in case) != ("dropped_by" in case)
    completion, around = surroundings(case)
    suggestion = postprocess(completion, around)
    steps = list(trace(completion, around))
    expected = case.get("expected", "").replace("\n", case.get("eol", "\n"))
    assert suggestion.text == expected, steps
    assert suggestion.reason == case.get("dropped_by", "")
    if suggestion.reason:
        assert len(explain(suggestion.reason)) > 20


@pytest.mark.parametrize("case", CASES)
def test_what_is_shown_passes_again_unchanged(case: dict[str, Any]) -> None:
    completion, around = surroundings(case)
    shown = postprocess(completion, around)
    if shown.text:
        assert postprocess(shown.text, around) == shown
