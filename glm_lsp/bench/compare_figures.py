"""Figures and pictures of `glm-lsp bench compare`, from the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glm_lsp.bench.comparison import (
    BUCKETS,
    Agreement,
    agreement_of_ids,
    agreement_of_texts,
    bucket_name,
    by_new_tokens,
    costs,
    ratios,
)
from glm_lsp.bench.distribution import distribution
from glm_lsp.bench.result import Series
from glm_lsp.bench.rounds import Samples
from glm_lsp.bench.servers import OURS
from glm_lsp.bench.workload import Task, text_of
from glm_lsp.engine.tokenizer import SourceTokenizer


def request_figures(
    tokenizer: SourceTokenizer, tasks: Sequence[Task], warm: Samples
) -> tuple[dict[str, Any], dict[str, Agreement]]:
    """What the requests that asked for tokens took, by contestant; and how far each agrees."""
    written = [(place, task) for place, task in enumerate(tasks) if task.expected]
    places, asked = [place for place, _ in written], [task for _, task in written]
    expected = [text_of(tokenizer, task.expected) for task in asked]
    engines: dict[str, Any] = {}
    agreement: dict[str, Agreement] = {}
    ours = [warm.ms[OURS][place] for place in places]
    for name, all_ms in warm.ms.items():
        ms = [all_ms[place] for place in places]
        answers = [warm.answers[name][place] for place in places]
        if all(answer.token_ids is None for answer in answers):
            agreement[name] = agreement_of_texts(expected, [answer.text for answer in answers])
        else:
            agreement[name] = agreement_of_ids(asked, [answer.token_ids or [] for answer in answers])
        inside = {
            phase: distribution([answer.inside_ms[phase] for answer in answers])
            for phase in ("prefill", "decode")
            if all(phase in answer.inside_ms for answer in answers)
        }
        comparable = name != OURS and agreement[name].is_enough and agreement[OURS].is_enough
        engines[name] = {
            "agreement": agreement[name],
            "request_ms": distribution(ms),
            "ratio": ratios(ms, ours) if comparable else None,
            "inside_ms": inside,
            "costs_ms": costs(asked, ms),
            "request_ms_by_new_tokens": by_new_tokens(asked, ms),
        }
    work = {
        "requests": len(asked),
        "prompt_tokens": distribution([len(task.token_ids) for task in asked]),
        "new_prompt_tokens": distribution([task.num_new for task in asked]),
        "written_tokens": distribution([task.num_tokens for task in asked]),
    }
    return {"work": work, "engines": engines}, agreement


def compare_series(
    tasks: Sequence[Task],
    warm: Samples,
    agreement: Mapping[str, Agreement],
    long: Mapping[str, Mapping[str, float]],
) -> dict[str, Series]:
    """The pictures: all requests, requests by new tokens and, where they were measured, keys on long prompts."""
    places = [place for place, task in enumerate(tasks) if task.expected]
    labels = [bucket_name(low, high) for low, high in BUCKETS]
    medians: dict[str, dict[str, float]] = {}
    columns: dict[str, list[float]] = {}
    for name, all_ms in warm.ms.items():
        shown = name if agreement[name].is_enough else f"{name} (other answers)"
        columns[shown] = [all_ms[place] for place in places]
        found = by_new_tokens([tasks[place] for place in places], columns[shown])
        medians[shown] = {label: of_these.p50 for label, of_these in found.items()}
    present = [label for label in labels if all(label in found for found in medians.values())]
    series = {
        "requests": Series(
            kind="cdf", title="Whole requests, typing", x="milliseconds", columns=columns, log="x"
        ),
        "by-new-tokens": Series(
            kind="bars",
            title="Median request by new prompt tokens",
            x="new prompt tokens",
            y="milliseconds",
            labels=present,
            columns={name: [found[label] for label in present] for name, found in medians.items()},
            log="y",
        ),
    }
    if long:
        names = list(next(iter(long.values())))
        keys = {name: [found[name] for found in long.values()] for name in names}
        series["long-prompts"] = Series(
            kind="lines",
            title="A key behind a cached prompt, to the first token",
            x="prompt tokens",
            y="milliseconds",
            columns={"prompt tokens": [float(length) for length in long], **keys},
        )
    return series
