"""Measuring exports on held-out text: bits per byte, lines, agreement with fp32, time per token."""

from __future__ import annotations

import lzma
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from glm_lsp.engine.engine import Engine
from glm_lsp.engine.generation import prefill
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.slots import KVSlot
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.evaluate import agreement, bits_per_byte, lines
from glm_lsp.evaluate.bits_per_byte import BitsPerByte
from glm_lsp.evaluate.held_out import held_out_files
from glm_lsp.models.manifest import WEIGHT_FILE, CopyWeights
from glm_lsp.models.store import ModelFolder
from glm_lsp.train import copy_weights
from glm_lsp.train.release.metrics import (
    CopyMetrics,
    HeldOut,
    LineMetrics,
    PrecisionMetrics,
    Quality,
    TextMetrics,
)

TIMED_STEPS = 96
FITTING_SPLIT = "valid"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How much is measured; the defaults take about ten minutes for a model of 8M parameters on two cores.

    `languages` (as LSP names them) leaves out those that a model was not trained on; none named means all.
    """

    split: str = "valid"
    languages: tuple[str, ...] = ()
    max_bytes: int = 1_000_000
    lines: int = 500
    prompts: int = 250
    copied_lines: int = 1000
    requests: int = 4000
    seed: int = 1


class HeldOutText:
    """The files and cursors of one sample.

    Raises:
        InputError: the corpus has no such split.
    """

    def __init__(self, corpus: Path, sample: Sample) -> None:
        self.files = held_out_files(corpus / f"{sample.split}.jsonl", sample.max_bytes, sample.languages)
        self.tasks = lines.draw_tasks(self.files, sample.lines, sample.seed)
        # Other cursors than those of the lines, so that the two figures do not share their luck.
        self.prompt_tasks = lines.draw_tasks(self.files, sample.prompts, sample.seed + 1)
        self.by_language: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for file in self.files:
            self.by_language[file[1]].append(file)
        self._sample = sample

    def describe(self) -> HeldOut:
        """The sample and the size of what it gave, for metrics.json."""
        text = "".join(text for _, _, text in self.files).encode()
        packed = lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)
        sample = self._sample
        return HeldOut(
            split=sample.split,
            languages=sample.languages,
            max_bytes=sample.max_bytes,
            bytes=len(text),
            files=len(self.files),
            lines=sample.lines,
            prompts=sample.prompts,
            seed=sample.seed,
            xz_bits_per_byte=round(8 * len(packed) / len(text), 4),
        )


@dataclass(frozen=True, slots=True)
class Export:
    """One precision of a model as measured; `answers` are its greedy answers to the sample's prompts."""

    metrics: PrecisionMetrics
    text: TextMetrics
    text_by_language: dict[str, TextMetrics]
    answers: list[list[int]]


def measure_text(
    folder: ModelFolder, session: OnnxSession, held_out: HeldOutText
) -> tuple[TextMetrics, dict[str, TextMetrics]]:
    """Bits per byte in all and for each language."""
    manifest = folder.manifest
    tokenizer = SourceTokenizer.open(folder.tokenizer_path)
    parts = {
        language: bits_per_byte.measure(
            session, tokenizer, manifest.prompt_profile, manifest.context_length, files
        )
        for language, files in held_out.by_language.items()
    }
    whole = BitsPerByte(
        math.fsum(part.bits for part in parts.values()),
        sum(part.num_bytes for part in parts.values()),
        sum(part.num_tokens for part in parts.values()),
    )
    return _text_metrics(whole), {language: _text_metrics(part) for language, part in sorted(parts.items())}


def measure_export(
    folder: ModelFolder, held_out: HeldOutText, reference: Export | None, *, accuracy_level: int
) -> Export:
    """Everything that is compared between precisions; `reference` is the fp32 export, None for itself."""
    session = OnnxSession.open(folder)
    text, by_language = measure_text(folder, session, held_out)
    tokenizer = SourceTokenizer.open(folder.tokenizer_path)
    encoder = PromptEncoder(tokenizer, folder.manifest.prompt_profile, folder.manifest.context_length)
    prompts = agreement.line_prompts(encoder, held_out.prompt_tasks)
    ends = agreement.line_end_ids(tokenizer)
    agreed = agreement.measure(session, prompts, reference.answers, ends) if reference else None
    answers = [] if reference else agreement.answers(session, prompts, ends)
    base = reference.metrics.bits_per_byte if reference else text.bits_per_byte
    metrics = PrecisionMetrics(
        precision=folder.manifest.precision,
        accuracy_level=accuracy_level,
        bits_per_byte=text.bits_per_byte,
        bits_per_byte_change=round(text.bits_per_byte - base, 5),
        weight_bytes=folder.manifest.files[WEIGHT_FILE].bytes,
        ms_per_token=round(step_ms(session, max(prompts, key=len)), 3),
        agreement=agreed,
    )
    return Export(metrics, text, by_language, answers)


def measure_lines(
    folder: ModelFolder, held_out: HeldOutText
) -> tuple[dict[str, LineMetrics], dict[str, LineMetrics]]:
    """Held-out lines through the whole engine: with and without suffix, and (with suffix) by language.

    "model_alone" is with suffix and without copying.
    """
    by_language: defaultdict[str, list[lines.LineTask]] = defaultdict(list)
    for task in held_out.tasks:
        by_language[task.language].append(task)
    with Engine.load(folder) as engine:
        parts = {
            language: lines.measure(engine, tasks, with_suffix=True)
            for language, tasks in sorted(by_language.items())
        }
        left_only = lines.measure(engine, held_out.tasks, with_suffix=False)
    with Engine.load(with_copying(folder, None)) as engine:
        alone = lines.measure(engine, held_out.tasks, with_suffix=True)
    weights = [part.num_tasks / len(held_out.tasks) for part in parts.values()]
    whole = lines.LineScores(
        math.fsum(w * part.exact_match for w, part in zip(weights, parts.values(), strict=True)),
        math.fsum(w * part.edit_similarity for w, part in zip(weights, parts.values(), strict=True)),
        len(held_out.tasks),
    )
    return (
        {
            "with_suffix": _line_metrics(whole),
            "left_only": _line_metrics(left_only),
            "model_alone": _line_metrics(alone),
        },
        {language: _line_metrics(part) for language, part in parts.items()},
    )


def fit_copying(folder: ModelFolder, corpus: Path, sample: Sample) -> CopyMetrics:
    """The weights for copying, fitted on lines of the valid split, whichever split is measured on.

    Raises:
        InputError: the corpus has no valid split.
    """
    files = held_out_files(corpus / f"{FITTING_SPLIT}.jsonl", sample.max_bytes, sample.languages)
    tasks = lines.draw_tasks(files, sample.copied_lines, sample.seed + 2)
    found = copy_weights.fit(list(copy_weights.observe(folder, tasks)))
    return CopyMetrics(
        weights=found.weights,
        split=FITTING_SPLIT,
        lines=len(tasks),
        tokens=found.num_observations,
        bits_model=round(found.bits_model, 4),
        bits_mixed=round(found.bits_mixed, 4),
    )


def with_copying(folder: ModelFolder, weights: CopyWeights | None) -> ModelFolder:
    """The model as it would be with these weights; its files are as they were."""
    return replace(folder, manifest=msgspec.structs.replace(folder.manifest, copying=weights))


def measure_quality(folder: ModelFolder, held_out: HeldOutText) -> Quality:
    """What `check` compares with the card: everything that needs only the released weights."""
    session = OnnxSession.open(folder)
    text, text_by_language = measure_text(folder, session, held_out)
    line_scores, lines_by_language = measure_lines(folder, held_out)
    return Quality(
        text=text, text_by_language=text_by_language, lines=line_scores, lines_by_language=lines_by_language
    )


def step_ms(session: OnnxSession, prompt: list[int]) -> float:
    """Median time of a decode step after a prompt, in milliseconds; what runs beside it counts, too."""
    slot = KVSlot(session.new_kv())
    prefill(session, slot, prompt, lambda: False)
    times = []
    for _ in range(min(TIMED_STEPS, session.capacity - len(prompt))):
        began = time.perf_counter()
        session.run(slot.kv, slot.num_tokens, prompt[:1], 1)
        times.append((time.perf_counter() - began) * 1e3)
        slot.token_ids += prompt[:1]
    return statistics.median(times)


def _text_metrics(bits: BitsPerByte) -> TextMetrics:
    return TextMetrics(
        bits_per_byte=round(bits.value, 5), perplexity=round(bits.perplexity, 3), bytes=bits.num_bytes
    )


def _line_metrics(scores: lines.LineScores) -> LineMetrics:
    return LineMetrics(
        exact_match=round(scores.exact_match, 4),
        edit_similarity=round(scores.edit_similarity, 4),
        tasks=scores.num_tasks,
    )
