"""From a plan to a verified model.

The weights are read once, block by block, and the work may be cut off at any moment: the same plan goes on with it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import glm_lsp
from glm_lsp.byte_size import BytesDone
from glm_lsp.errors import ArchitectureError
from glm_lsp.importing.calibration import calibration_prompt, choose_activations, measure
from glm_lsp.importing.plan import Plan
from glm_lsp.importing.probe import SmallCopy, probe_of
from glm_lsp.importing.self_check import RawTensors, RoundedTensors, check_graph, reference_of
from glm_lsp.importing.unfinished import JOURNAL_FILE, resumable
from glm_lsp.models.formulas import ObservedFormula
from glm_lsp.models.journal import Journal
from glm_lsp.models.manifest import Source
from glm_lsp.models.model_writer import hash_weights, seal, write_parts
from glm_lsp.models.store import ModelFolder

Stage = Callable[[str, int], AbstractContextManager[BytesDone]]
"""Called with the title of a stage and its bytes."""


def quiet(_title: str, _total: int) -> AbstractContextManager[BytesDone]:
    """A `Stage` that shows nothing."""
    return nullcontext(lambda _what, _done: None)


def run_plan(
    plan: Plan,
    *,
    stage: Stage = quiet,
    check: Callable[[Path], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> ModelFolder:
    """Imports the model; its folder appears when it is complete.

    Args:
        stage: shows progress.
        check: a last look at the finished folder before it gets its name; what it raises is raised.
        say: told what was found out on the way.

    Raises:
        CheckpointError: a weight file is damaged.
        ArchitectureError: a tensor that should be a copy of another is not, or CUDA cannot compute this model.
        SelfCheckError: the graph does not compute what the checkpoint means; nothing is kept.
        StorageFullError, StorageError: the folder cannot be written; what is there is gone on with next time.
    """
    checkpoint, total = plan.parts.checkpoint, plan.checkpoint_bytes
    with stage("reading", total) as progress:
        sha256 = hash_weights([file.path for file in checkpoint.files], progress)
        checkpoint.verify()
    plan = _calibrated(plan, stage, say)
    facts = replace(plan.facts, source=Source(sha256=sha256, description=plan.facts.source.description))
    with resumable(plan.target, replaces=plan.replaces) as folder:
        purpose = _purpose(plan, sha256)
        with Journal(folder / JOURNAL_FILE, purpose) as journal, stage("writing", total) as progress:
            write_parts(
                folder,
                plan.parts,
                plan.options,
                facts.source,
                journal=journal,
                progress=lambda what, share: progress(what, int(share * total)),
            )
        _check_graph(plan, folder, stage)
        write_reference(plan, folder, stage)
        seal(folder, plan.parts, plan.options, facts)
        check(folder)
    return ModelFolder.load(plan.target)


def _calibrated(plan: Plan, stage: Stage, say: Callable[[str], None]) -> Plan:
    """The plan of a model for CUDA once it is known what it has to compute in."""
    if plan.runs_on.device == "cpu":
        return plan
    if not isinstance(plan.formula, ObservedFormula):
        raise ArchitectureError(f"{plan.facts.family} runs on the CPU only", "Import it with --device cpu.")
    checkpoint = plan.parts.checkpoint
    token_ids = calibration_prompt(plan.parts.tokenizer, plan.facts.prompt_profile)
    with stage("measuring activations", plan.checkpoint_bytes) as progress:
        reader = RawTensors(checkpoint.files, _counted(plan, progress))
        magnitudes = measure(plan.formula, reader, token_ids, plan.num_ids)
        progress("all layers", plan.checkpoint_bytes)  # of the embedding only a few rows are read
    activations = choose_activations(magnitudes, plan.options.precision)
    greatest = max(magnitudes.residual, magnitudes.attention, magnitudes.mlp, magnitudes.head)
    say(f"activations reach {greatest:.4g} in a prompt of {len(token_ids)} tokens: computed in {activations}")
    precision = plan.options.precision
    if precision == "fp16" and activations == "bf16":
        precision = "bf16"
    options = replace(plan.options, activations=activations, precision=precision)
    return replace(plan, options=options, facts=replace(plan.facts, magnitudes=magnitudes))


def _counted(plan: Plan, progress: BytesDone) -> Callable[[int], None]:
    """Turns the number of weights that have just been read into bytes done of the checkpoint's."""
    total, done = plan.parts.checkpoint.num_parameters, 0

    def count(num_values: int) -> None:
        nonlocal done
        done += num_values
        progress("all layers", min(plan.checkpoint_bytes, done * plan.checkpoint_bytes // total))

    return count


def _check_graph(plan: Plan, folder: Path, stage: Stage) -> None:
    checkpoint, num_ids = plan.parts.checkpoint, plan.num_ids
    probe = probe_of(checkpoint, num_ids)
    copy = SmallCopy.of(checkpoint, probe, num_ids)
    with stage("checking the graph", 0):
        small = folder / ".small-copy"
        small.mkdir()
        check_graph(copy, plan.formula, RawTensors(checkpoint.files), probe, small)
        shutil.rmtree(small)


def write_reference(plan: Plan, folder: Path, stage: Stage = quiet) -> None:
    """Keeps what the formulas say of the whole model in its folder, for every later check.

    Raises:
        CheckpointError: a weight file is damaged.
    """
    checkpoint, num_ids = plan.parts.checkpoint, plan.num_ids
    probe = probe_of(checkpoint, num_ids)
    with stage("computing the reference", plan.checkpoint_bytes) as progress:
        raw = RawTensors(checkpoint.files, _counted(plan, progress))
        reader = RoundedTensors(raw, checkpoint.layout, plan.options)
        reference_of(plan.formula, reader, probe, num_ids).write(folder)
        progress("all layers", plan.checkpoint_bytes)  # of the embedding only a few rows are read


def _purpose(plan: Plan, sha256: str) -> dict[str, Any]:
    """What has to be the same for an unfinished weight file to be gone on with."""
    return {
        "sha256": sha256,
        "options": asdict(plan.options),
        "config": plan.parts.checkpoint.config.to_dict(),
        "program": glm_lsp.__version__,
    }
