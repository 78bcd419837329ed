"""One release: exports in every precision, measured; the chosen one, if it passes its gate, in its place."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from glm_lsp.errors import InputError
from glm_lsp.models.convert import convert
from glm_lsp.models.graph_options import AccuracyLevels
from glm_lsp.models.manifest import ConfidenceWeights, CopyWeights, TokenHealing
from glm_lsp.models.precision import Precision
from glm_lsp.models.store import ModelFolder
from glm_lsp.train.recipe import Recipe
from glm_lsp.train.release import gates
from glm_lsp.train.release.confidence import fit_confidence
from glm_lsp.train.release.export import read_run, write_checkpoint
from glm_lsp.train.release.facts import corpus_facts, machine_facts, read_evaluations, training_facts
from glm_lsp.train.release.measure import (
    Export,
    HeldOutText,
    Sample,
    Say,
    fit_copying,
    measure_export,
    measure_lines,
    with_copying,
)
from glm_lsp.train.release.metrics import Metrics, PrecisionMetrics, Quality, Shape
from glm_lsp.train.release.papers import NOTICE_FILE, write_papers

PROMPT_PROFILE = "codegeex4"

MEASURED: tuple[Precision, ...] = ("fp32", "int8", "int4")
"""fp16 weights would be computed with as fp32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is released, and how much of it is measured.

    Attributes:
        run: the trainer's checkpoint, or a .safetensors file.
        corpus: the folder the corpus build wrote; its split is measured on.
        out: the model folder to write or to replace.
        evaluations: folder of figures of `glm-lsp eval --json`, to be put on the card.
        notes: paragraphs for the card that hold for this model only.
        keep: where the checkpoint folder and all exports stay; nowhere when omitted.
        accuracy_level: of the quantised matrix products; 4 computes with int8 activations.
        healing: before which cursors tokens are taken back; docs/decisions.md has the figures for the default.
    """

    run: Path
    tokenizer: Path
    out: Path
    recipe: Recipe
    corpus: Path
    name: str = "starter"
    precision: gates.Choice = "auto"
    accuracy_level: int = 4
    healing: TokenHealing = "words"
    sample: Sample = field(default_factory=Sample)
    hardware: str = "not stated"
    training: dict[str, Any] = field(default_factory=dict)
    notes: str = ""
    evaluations: Path | None = None
    keep: Path | None = None


def release(plan: Plan, say: Say = lambda _: None) -> tuple[ModelFolder, Metrics]:
    """Writes the model folder `plan.out` with metrics.json, MODEL_CARD.md, NOTICE.txt and the corpus manifest.

    Raises:
        ReleaseGateError: the precision asked for lost too much; `plan.out` is as it was.
        TrainingError: the run cannot be used.
        InputError: the corpus, the notice or an evaluation cannot be used.
        ModelError: the weights do not fit the recipe or the tokenizer.
        StorageError: `plan.out` cannot be written; it is as it was.
    """
    corpus, evaluations = corpus_facts(plan.corpus), read_evaluations(plan.evaluations)
    if not (plan.corpus / NOTICE_FILE).is_file():
        raise InputError(
            f"{plan.corpus} has no {NOTICE_FILE}", "A model goes out with its sources' licences."
        )
    held_out = HeldOutText(plan.corpus, plan.sample)
    run = read_run(plan.run)
    with _workshop(plan) as folder:
        write_checkpoint(run, plan.recipe, plan.tokenizer, folder / "checkpoint")
        exports = _measure_exports(plan, folder, held_out, say)
        precisions = {name: export.metrics for name, export in exports.items()}
        released = gates.choose(plan.precision, precisions)
        for name, one in precisions.items():
            say(f"{name}: {one.gate or 'passed'}{' (released)' if one is released else ''}")
        measured = ModelFolder.load(folder / released.precision)
        say("copying")
        copying = fit_copying(measured, plan.corpus, plan.sample)
        say(
            f"copying: {copying.bits_model:.3f} -> {copying.bits_mixed:.3f} bits for each of {copying.tokens} tokens"
        )
        copies = with_copying(measured, copying.weights)
        say("confidence")
        confidence = fit_confidence(copies, plan.corpus, plan.sample)
        say(f"confidence: log loss {confidence.loss_model:.3f} -> {confidence.loss_fitted:.3f}")
        say("held-out lines")
        line_scores, by_language = measure_lines(copies, held_out)
        export = exports[released.precision]
        metrics = Metrics(
            name=plan.name,
            precision=released.precision,
            shape=_shape(measured),
            held_out=held_out.describe(),
            quality=Quality(
                text=export.text,
                text_by_language=export.text_by_language,
                lines=line_scores,
                lines_by_language=by_language,
            ),
            copying=copying,
            confidence=confidence,
            precisions=precisions,
            corpus=corpus,
            training=training_facts(run, plan.hardware) | plan.training,
            recipe=asdict(plan.recipe),
            evaluations=evaluations,
            measured_on=machine_facts(),
            notes=plan.notes,
        )
        write_papers(metrics, plan.corpus, folder / "checkpoint")
        # Converted once more, as the papers belong to the hashed files of the folder.
        model = _convert(
            plan,
            folder / "checkpoint",
            plan.out,
            released.precision,
            copying=copying.weights,
            confidence=confidence.weights,
            replace_old=True,
        )
    return model, metrics


def _measure_exports(plan: Plan, folder: Path, held_out: HeldOutText, say: Say) -> dict[str, Export]:
    exports: dict[str, Export] = {}
    for precision in MEASURED:
        say(f"exporting and measuring {precision}")
        level = 0 if precision == "fp32" else plan.accuracy_level
        model = _convert(plan, folder / "checkpoint", folder / precision, precision)
        export = measure_export(model, held_out, exports.get("fp32"), accuracy_level=level)
        gate = gates.complaint(export.metrics)
        exports[precision] = replace(export, metrics=msgspec.structs.replace(export.metrics, gate=gate))
        say(_line(exports[precision].metrics))
    return exports


def _convert(
    plan: Plan,
    checkpoint: Path,
    out: Path,
    precision: str,
    *,
    copying: CopyWeights | None = None,
    confidence: ConfidenceWeights | None = None,
    replace_old: bool = False,
) -> ModelFolder:
    level = plan.accuracy_level
    return convert(
        checkpoint,
        out,
        name=plan.name,
        prompt_profile=PROMPT_PROFILE,
        precision=_as_precision(precision),
        capacity=plan.recipe.context,
        context_length=plan.recipe.context,
        accuracy=AccuracyLevels(attention=level, mlp=level, head=level),
        description=f"trained by this project from scratch, recipe {plan.recipe.name}",
        licence="Apache-2.0",
        healing=plan.healing,
        copying=copying,
        confidence=confidence,
        replace=replace_old,
    )


def _as_precision(name: str) -> Precision:
    return next(known for known in MEASURED if known == name)


def _shape(model: ModelFolder) -> Shape:
    config, manifest = model.config, model.manifest
    return Shape(
        architecture="GlmForCausalLM",
        parameters=manifest.num_parameters,
        vocabulary=manifest.vocab_size,
        context=manifest.context_length,
        prompt_profile=manifest.prompt_profile,
        healing=manifest.healing,
        layers=config.num_hidden_layers,
        width=config.hidden_size,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        head_dim=config.head_dim,
        intermediate=config.intermediate_size,
    )


@contextmanager
def _workshop(plan: Plan) -> Iterator[Path]:
    """Where exports are made: `plan.keep`, or a folder that vanishes."""
    if plan.keep is not None:
        if plan.keep.exists():
            raise InputError(f"{plan.keep} exists already", "Name a folder that does not.")
        yield plan.keep
        return
    with tempfile.TemporaryDirectory(prefix="glm-lsp-release-") as folder:
        yield Path(folder)


def _line(one: PrecisionMetrics) -> str:
    agreed = f", agreement {one.agreement.tokens:.2%} of tokens" if one.agreement else ""
    return (
        f"{one.precision}: {one.bits_per_byte:.4f} bits per byte ({one.bits_per_byte_change:+.4f}){agreed}, "
        f"{one.weight_bytes / 1e6:.1f} MB, {one.ms_per_token:.2f} ms per token"
    )
