"""This program's engine beside its peers: the same weights, prompts, answers' lengths and number of threads, in turn.

    requests -> tasks (ids, how many tokens) -> everybody in turn -> do the answers agree? -> times and ratios

Answers are of plain greedy decoding of raw ids: healing and copying, which peers do not have, take no part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glm_lsp.bench.arena import arena, everybody
from glm_lsp.bench.compare_figures import compare_series, request_figures
from glm_lsp.bench.compare_servers import long_keystrokes, long_text, raw_steps
from glm_lsp.bench.environment import Environment, look_around
from glm_lsp.bench.peer import Material, Peer, Variant
from glm_lsp.bench.recording import recorded_requests
from glm_lsp.bench.restored import restore_checkpoint
from glm_lsp.bench.result import Result, Series, new_result
from glm_lsp.bench.rounds import Job, take_turns
from glm_lsp.bench.trace.trace import Trace
from glm_lsp.bench.workload import Task, plan_tasks
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.errors import InputError
from glm_lsp.models.store import ModelFolder
from glm_lsp.progress import progress_bar

LENGTHS = (1000, 2000, 4000)
"""Prompt tokens of the keystrokes on long prompts."""

_COLD_PROMPTS = 12
_WARM_UPS = 3


@dataclass(frozen=True, slots=True)
class Compared:
    """Everything a comparison found, ready for a `Result`."""

    figures: dict[str, Any]
    series: dict[str, Series]


def bench_compare(
    folder: ModelFolder,
    trace: Trace,
    peers: Sequence[tuple[Peer, Variant]],
    *,
    keys: int,
    threads: int,
    lengths: Sequence[int] = LENGTHS,
    warn: Callable[[Environment], None] = lambda _: None,
) -> Result:
    """Measures everybody on what the engine is asked for while a trace is typed.

    Args:
        keys: so many of the trace at most.
        lengths: as in `compare`.
        warn: told what is known of the machine before anything is measured.

    Raises:
        InputError: as `compare`; too little text for a length is told before anything is recorded.
        GlmError: the model cannot be used, or not be written in a peer's form.
    """
    long_text(SourceTokenizer.open(folder.tokenizer_path), lengths)
    with Engine.load(folder, device="cpu", threads=threads) as engine, progress_bar("recording") as bar:
        environment = look_around(engine.describe())
        warn(environment)
        requests = recorded_requests(trace, engine, keys=keys, progress=bar)
    found = compare(folder, requests, peers, threads=threads, lengths=lengths)
    parameters = {
        "trace": trace.about(),
        "keys": keys,
        "threads": threads,
        "lengths": list(lengths),
        "peers": [variant.name for _, variant in peers],
    }
    return new_result(
        "compare", environment, parameters=parameters, figures=found.figures, series=found.series
    )


def compare(
    folder: ModelFolder,
    requests: Sequence[CompletionRequest],
    peers: Sequence[tuple[Peer, Variant]],
    *,
    threads: int,
    lengths: Sequence[int] = LENGTHS,
) -> Compared:
    """Measures everybody. Takes minutes, and as much memory as all models together.

    Args:
        requests: in the order in which they came.
        lengths: prompt lengths at which keystrokes are compared between the servers, in a copy of the model with room
            for them; none leaves that out.

    Raises:
        InputError: there is nothing to ask, too little text for a length, or a peer failed.
        GlmError: the model cannot be used, or not be written in a peer's form.
    """
    tokenizer = SourceTokenizer.open(folder.tokenizer_path)
    long_ids = long_text(tokenizer, lengths)
    session = OnnxSession.open(folder, threads=threads)
    context = min(folder.manifest.context_length, session.capacity)
    encoder = PromptEncoder(tokenizer, folder.manifest.prompt_profile, context)
    with progress_bar("planning") as bar:
        tasks = plan_tasks(requests, session, tokenizer, encoder, bar)
    if not any(task.expected for task in tasks):
        raise InputError("none of the requests asks for tokens", "Take a longer trace.")
    with arena() as room:
        checkpoint = restore_checkpoint(folder, room / "checkpoint")
        material = Material(checkpoint, session.capacity, threads, room)
        with everybody(folder, peers, material) as contestants:
            take_turns(contestants, [Job(ids, 2) for ids in _cold_prompts(tasks, range(1, 1 + _WARM_UPS))])
            with progress_bar("requests") as bar:
                warm = take_turns(contestants, [Job(task.token_ids, task.num_tokens) for task in tasks], bar)
            cold_prompts = _cold_prompts(tasks, range(1 + _WARM_UPS, 1 + _WARM_UPS + _COLD_PROMPTS))
            with progress_bar("cold prompts") as bar:
                cold = take_turns(contestants, [Job(ids, 1) for ids in cold_prompts], bar)
            about = {one.name: one.about for one in contestants}
            steps = raw_steps(session, contestants, cold_prompts)
        long = long_keystrokes(folder, long_ids, peers, room, threads=threads, lengths=lengths)
    figures, agreement = request_figures(tokenizer, tasks, warm)
    for name, engine in figures["engines"].items():
        engine["about"] = about[name]
        engine["cold_prefill_tokens_per_s"] = _cold_rate(cold_prompts, cold.ms[name])
    figures |= {"raw_step_ms": steps, "keystroke_ms_by_prompt_tokens": long}
    return Compared(figures, compare_series(tasks, warm, agreement, long))


def _cold_prompts(tasks: Sequence[Task], first_ids: range) -> list[list[int]]:
    """The longest prompts, each with a first id of its own, so that no cache knows its beginning."""
    longest = sorted((task.token_ids for task in tasks), key=len, reverse=True)
    return [[first_id, *longest[first_id % len(longest)][1:]] for first_id in first_ids]


def _cold_rate(prompts: Sequence[Sequence[int]], ms: Sequence[float]) -> float:
    return float(np.median([len(ids) * 1e3 / t for ids, t in zip(prompts, ms, strict=True)]))
