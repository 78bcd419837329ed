"""Figures and pictures of `glm-lsp bench engine`, from the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glm_lsp.bench.cancelling import Phase
from glm_lsp.bench.distribution import distribution, median_ratio
from glm_lsp.bench.endurance import Endurance
from glm_lsp.bench.first_token import Reply, Round
from glm_lsp.bench.floor import Floor
from glm_lsp.bench.result import Series
from glm_lsp.bench.startup import StartTimes

Steps = Mapping[int, Sequence[float]]
"""Milliseconds, by the number of tokens before the step or in it."""

Rounds = Mapping[int, Sequence[Round]]
"""By the length of their prompts."""


def first_token_figures(rounds: Rounds) -> dict[str, Any]:
    """By prompt length: cold, warm and a warm answer of some tokens in milliseconds, and the speed of prefill."""
    return {"by_prompt": {length: _of_length(length, found) for length, found in rounds.items()}}


def _of_length(length: int, rounds: Sequence[Round]) -> dict[str, Any]:
    cold, warm = [each.cold.ms for each in rounds], [each.warm.ms for each in rounds]
    prefill = distribution([each.cold.prefill_ms for each in rounds])
    asked = [each.warm for each in rounds] + [each.answer for each in rounds]
    return {
        "cold_ms": distribution(cold),
        "warm_ms": distribution(warm),
        "answer_ms": distribution(answers(rounds)),
        "cold_over_warm": median_ratio(cold, warm),
        "prefill_tokens_per_s": length / prefill.p50 * 1e3 if prefill else None,
        "warm_reused_ratio": sum(each.num_cached for each in asked) / sum(each.num_prompt for each in asked),
    }


def answers(rounds: Sequence[Round]) -> list[float]:
    """Milliseconds of the answers that did not end early."""
    return [each.answer.ms for each in rounds if each.answer.num_tokens == each.answer_tokens]


def pause_figures(length: int, replies: Mapping[float, Sequence[Reply]]) -> dict[str, Any]:
    """By the pause before, in milliseconds: ten tokens behind a cached prompt, and of that reading two new ones."""
    by_pause = {
        round(pause_s * 1e3): {
            "answer_ms": distribution([reply.ms for reply in found]),
            "prefill_ms": distribution([reply.prefill_ms for reply in found]),
        }
        for pause_s, found in replies.items()
    }
    return {"prompt_tokens": length, "by_pause_ms": by_pause}


def decode_figures(steps: Steps, floor: Floor) -> dict[str, Any]:
    """By the number of tokens before: a step, and how many times the floor that is."""
    by_past = {}
    for past, samples in steps.items():
        step = distribution(samples)
        by_past[past] = {
            "step_ms": step,
            "step_bytes": floor.step_bytes(past),
            "memory_floor_ms": floor.memory_ms(past),
            "resident_floor_ms": floor.resident_ms(past),
            "over_memory_floor": step.p50 / floor.memory_ms(past) if step else None,
            "over_resident_floor": step.p50 / floor.resident_ms(past) if step else None,
        }
    return {
        "weight_bytes": floor.weight_bytes,
        "kv_token_bytes": floor.kv_token_bytes,
        "memory_gb_s": floor.memory_gb_s,
        "resident_gb_s": floor.resident_gb_s,
        "measured_by": floor.measured_by,
        "by_past": by_past,
    }


def verification_figures(past: int, steps: Steps) -> dict[str, Any]:
    """By the number of tokens verified: a step, and its cost in steps of one token."""
    single = steps[1]
    by_tokens = {
        number: {"step_ms": distribution(samples), "over_single": median_ratio(samples, single)}
        for number, samples in steps.items()
    }
    return {"past": past, "by_tokens": by_tokens}


def stream_figures(prompt_tokens: int, replies: Sequence[Reply], chars_per_token: float) -> dict[str, Any]:
    """Speed of long answers as a whole, the reading of the last key included.

    Args:
        chars_per_token: of code; what is written here may be nonsense.
    """
    speeds = [reply.num_tokens * 1e3 / reply.ms for reply in replies]
    return {
        "prompt_tokens": prompt_tokens,
        "tokens": max((reply.num_tokens for reply in replies), default=0),
        "tokens_per_s": distribution(speeds),
        "chars_per_token": chars_per_token,
        "chars_per_s": distribution([speed * chars_per_token for speed in speeds]),
    }


def cancel_figures(prompt_tokens: int, cancels: Mapping[Phase, Sequence[float]]) -> dict[str, Any]:
    """Milliseconds from a cancel to the engine's last word, by what it was doing."""
    return {"prompt_tokens": prompt_tokens, "by_phase": {k: distribution(v) for k, v in cancels.items()}}


def endurance_figures(found: Endurance) -> dict[str, Any]:
    """How much memory came to be held after the first fifth of all requests, by kind; None where nobody tells."""
    return {
        "requests": found.num_requests,
        "seconds": found.seconds,
        "growth_mib": {kind: found.growth_mib(kind) for kind in found.memory_mib},
        "last_mib": {kind: readings[-1] if readings else None for kind, readings in found.memory_mib.items()},
    }


def graph_figures(captured: Steps, launched: Steps) -> dict[str, Any] | None:
    """By the number of tokens before: a step from a captured CUDA graph, and one launched kernel by kernel."""
    if not launched:
        return None
    return {
        "by_past": {
            past: {
                "captured_ms": distribution(captured[past]),
                "launched_ms": distribution(samples),
                "launched_over_captured": median_ratio(samples, captured[past]),
            }
            for past, samples in launched.items()
        }
    }


def start_figures(starts: StartTimes) -> dict[str, Any]:
    """Milliseconds until ready and until the first completion, and the memory held then."""
    return {
        "ready_ms": distribution(starts.ready),
        "first_completion_ms": distribution(starts.first_completion),
        "resident_mib": distribution(starts.resident_mib),
    }


def long_figures(rounds: Rounds, steps: Steps, floor: Floor) -> dict[str, Any] | None:
    """As `first_token_figures`, and how much dearer a cached keystroke is behind the longest prompt; None of none.

    The floor of a step grows, too: it is told beside.
    """
    if not rounds:
        return None
    longest, shortest = rounds[max(rounds)], rounds[min(rounds)]
    first = median_ratio([each.warm.ms for each in longest], [each.warm.ms for each in shortest])
    whole = median_ratio(far, near) if (far := answers(longest)) and (near := answers(shortest)) else None
    least = floor.memory_ms(max(rounds)) / floor.memory_ms(min(rounds))
    step = median_ratio(steps[max(rounds)], steps[min(rounds)])
    growth = {"first_token": first, "answer": whole, "step": step, "step_floor": least}
    return {**first_token_figures(rounds), "growth": growth}


def first_token_series(rounds: Rounds) -> Series:
    """Medians over the prompt's length."""
    x = "prompt tokens"
    figures = {length: _of_length(length, found) for length, found in sorted(rounds.items())}
    columns = {x: [float(length) for length in figures]}
    for name, label in (("cold_ms", "nothing cached"), ("warm_ms", "all but two tokens cached")):
        columns[label] = [each[name].p50 for each in figures.values()]
    return Series(
        kind="lines", title="From the request to its first token", x=x, y="ms", columns=columns, log="xy"
    )


def decode_series(steps: Steps, floor: Floor) -> Series:
    """Steps and floors over the number of tokens before."""
    x = "tokens before the step"
    past = list(steps)
    found = [distribution(samples) for samples in steps.values()]
    columns = {
        x: [float(length) for length in past],
        "a step": [each.p50 for each in found if each],
        f"read from memory, {floor.memory_gb_s:.0f} GB/s": [floor.memory_ms(length) for length in past],
        f"read from the caches, {floor.resident_gb_s:.0f} GB/s": [
            floor.resident_ms(length) for length in past
        ],
    }
    return Series(
        kind="lines", title="A decode step and the least it can take", x=x, y="ms", columns=columns, log="xy"
    )
