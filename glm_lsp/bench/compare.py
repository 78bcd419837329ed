"""This program's engine beside its peers: the same weights, prompts, answers' lengths and number of threads, in turn.

    requests -> tasks (ids, how many tokens) -> everybody in turn -> do the answers agree? -> times and ratios

Answers are of plain greedy decoding of raw ids: healing and copying, which peers do not have, take no part.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

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
from glm_lsp.bench.contestant import Contestant
from glm_lsp.bench.distribution import distribution
from glm_lsp.bench.peer import Material, Peer, Variant, start
from glm_lsp.bench.restored import restore_checkpoint, with_capacity
from glm_lsp.bench.result import Series
from glm_lsp.bench.rounds import SETTLE_S, Job, Samples, take_turns
from glm_lsp.bench.servers import OURS, LlamaServer, OurEngine, own_worker
from glm_lsp.bench.workload import Task, plan_tasks, text_of
from glm_lsp.engine.generation import prefill
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.slots import KVSlot
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.errors import InputError
from glm_lsp.evaluate.progress import progress_bar
from glm_lsp.models.store import ModelFolder

LENGTHS = (1000, 2000, 4000)
"""Prompt tokens of the keystrokes on long prompts."""

_ROOM_FOR_ANSWERS = 512
_KEYSTROKES = 20
_KEYSTROKE_TOKENS = 2
_COLD_PROMPTS = 12
_WARM_UPS = 3
_RAW_STEPS = 32
_RAW_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Compared:
    """Everything a comparison found, ready for a `Result`."""

    figures: dict[str, Any]
    series: dict[str, Series]


@dataclass(frozen=True, slots=True)
class _Model:
    """The model in this process: it plans the work and takes no part in it."""

    folder: ModelFolder
    session: OnnxSession
    tokenizer: SourceTokenizer
    encoder: PromptEncoder

    @classmethod
    def open(cls, folder: ModelFolder, threads: int) -> _Model:
        manifest = folder.manifest
        session = OnnxSession.open(folder, threads=threads)
        tokenizer = SourceTokenizer.open(folder.tokenizer_path)
        context = min(manifest.context_length, session.capacity)
        return cls(folder, session, tokenizer, PromptEncoder(tokenizer, manifest.prompt_profile, context))


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
        InputError: there is nothing to ask, or a peer failed.
        GlmError: the model cannot be used, or not be written in a peer's form.
    """
    model = _Model.open(folder, threads)
    with progress_bar("planning") as bar:
        tasks = plan_tasks(requests, model.session, model.tokenizer, model.encoder, bar)
    if not any(task.expected for task in tasks):
        raise InputError("none of the requests asks for tokens", "Take a longer trace.")
    with _room() as room:
        checkpoint = restore_checkpoint(folder, room / "checkpoint")
        material = Material(checkpoint, model.session.capacity, threads, room)
        with _everybody(folder, peers, material) as contestants:
            take_turns(contestants, [Job(ids, 2) for ids in _cold_prompts(tasks, range(1, 1 + _WARM_UPS))])
            with progress_bar("requests") as bar:
                warm = take_turns(contestants, [Job(task.token_ids, task.num_tokens) for task in tasks], bar)
            cold_prompts = _cold_prompts(tasks, range(1 + _WARM_UPS, 1 + _WARM_UPS + _COLD_PROMPTS))
            with progress_bar("cold prompts") as bar:
                cold = take_turns(contestants, [Job(ids, 1) for ids in cold_prompts], bar)
            about = {one.name: one.about for one in contestants}
            steps = _raw_steps(model, contestants, cold_prompts[-1])
        long = _long_keystrokes(model, peers, room, threads, lengths)
    figures, agreement = _figures(model, tasks, warm)
    for name, engine in figures["engines"].items():
        engine["about"] = about[name]
        engine["cold_prefill_tokens_per_s"] = _cold_rate(cold_prompts, cold.ms[name])
    figures |= {"raw_step_ms": steps, "keystroke_ms_by_prompt_tokens": long}
    return Compared(figures, _series(tasks, warm, agreement))


@contextmanager
def _room() -> Iterator[Path]:
    # Not below the user's cache: the path of a socket holds about a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="glm-peers-") as name:
        yield Path(name)


@contextmanager
def _everybody(
    folder: ModelFolder, peers: Sequence[tuple[Peer, Variant]], material: Material
) -> Iterator[list[Contestant]]:
    with ExitStack() as stack, progress_bar("starting") as bar:
        ours = OurEngine(folder, material.room, material.threads)
        running: list[Contestant] = [stack.enter_context(closing(ours))]
        if any(not peer.file.server for peer, _ in peers):
            piped = own_worker(folder, material.room, material.threads)
            running.append(stack.enter_context(closing(piped)))
        for number, (peer, variant) in enumerate(peers):
            bar(number, len(peers))
            running.append(stack.enter_context(closing(start(peer, variant, material))))
        yield running


def _cold_prompts(tasks: Sequence[Task], first_ids: range) -> list[list[int]]:
    """The longest prompts, each with a first id of its own, so that no cache knows its beginning."""
    longest = sorted((task.token_ids for task in tasks), key=len, reverse=True)
    return [[first_id, *longest[first_id % len(longest)][1:]] for first_id in first_ids]


def _cold_rate(prompts: Sequence[Sequence[int]], ms: Sequence[float]) -> float:
    return float(np.median([len(ids) * 1e3 / t for ids, t in zip(prompts, ms, strict=True)]))


def _raw_steps(model: _Model, contestants: Sequence[Contestant], prompt: list[int]) -> dict[str, float]:
    """Milliseconds of one decoding step, as the servers themselves measure it; ours straight in the session.

    Nothing is guessed here: one token goes in, one comes out.
    """
    slot = KVSlot(model.session.new_kv())
    prompt = prompt[: model.session.capacity - _RAW_STEPS - 1]
    prefill(model.session, slot, prompt, lambda: False)
    for one in contestants:
        one.pause()
    telling = [one for one in contestants if isinstance(one, LlamaServer)]
    steps: dict[str, list[float]] = {name: [] for name in (OURS, *(one.name for one in telling))}
    for _ in range(_RAW_ROUNDS):
        time.sleep(SETTLE_S)
        for number in range(_RAW_STEPS):
            began = time.perf_counter()
            model.session.run(slot.kv, len(prompt) + number, [prompt[number]], 1)
            steps[OURS].append((time.perf_counter() - began) * 1e3)
        for name, (answer,) in take_turns(telling, [Job(prompt, _RAW_STEPS)]).answers.items():
            if answer.token_ids and len(answer.token_ids) > 1:
                steps[name].append(answer.inside_ms["decode"] / len(answer.token_ids))
    return {name: float(np.median(ms)) for name, ms in steps.items() if ms}


def _long_keystrokes(
    model: _Model, peers: Sequence[tuple[Peer, Variant]], room: Path, threads: int, lengths: Sequence[int]
) -> dict[str, dict[str, float]]:
    """Milliseconds until the first token, at two new tokens behind a prompt of so many that is in the cache."""
    servers = [(peer, variant) for peer, variant in peers if peer.file.server]
    if not lengths:
        return {}
    capacity = max(lengths) + _ROOM_FOR_ANSWERS
    place = room / "long"
    place.mkdir()
    longer = with_capacity(model.folder, place / "model", capacity)
    ids = _long_text(model.tokenizer, max(lengths) + _KEYSTROKES * _KEYSTROKE_TOKENS)
    material = Material(place / "model-checkpoint", capacity, threads, place)
    found: dict[str, dict[str, float]] = {}
    with _everybody(longer, servers, material) as contestants, progress_bar("long prompts") as bar:
        for number, length in enumerate(lengths):
            take_turns(contestants, [Job(ids[:length], 1)])
            keys = [ids[: length + key * _KEYSTROKE_TOKENS] for key in range(1, 1 + _KEYSTROKES)]
            samples = take_turns(contestants, [Job(prompt, 1) for prompt in keys])
            found[str(length)] = {name: float(np.median(ms)) for name, ms in samples.ms.items()}
            bar(number + 1, len(lengths))
    return found


def _long_text(tokenizer: SourceTokenizer, num_tokens: int) -> list[int]:
    ids: list[int] = []
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        ids += tokenizer.encode(path.read_text(encoding="utf-8"))
        if len(ids) >= num_tokens:
            return ids[:num_tokens]
    raise InputError(f"this program's sources have only {len(ids)} tokens", "Compare at shorter lengths.")


def _figures(
    model: _Model, tasks: Sequence[Task], warm: Samples
) -> tuple[dict[str, Any], dict[str, Agreement]]:
    written = [(place, task) for place, task in enumerate(tasks) if task.expected]
    places, asked = [place for place, _ in written], [task for _, task in written]
    expected = [text_of(model.tokenizer, task.expected) for task in asked]
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


def _series(tasks: Sequence[Task], warm: Samples, agreement: dict[str, Agreement]) -> dict[str, Series]:
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
    return {
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
