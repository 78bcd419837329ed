"""What a model folder is made of: config, tokenizer, papers and graph first, the manifest over all of them last."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import glm_lsp
from glm_lsp.models.graph import ModelWeights, Progress, write_graph
from glm_lsp.models.graph_options import GraphOptions
from glm_lsp.models.integrity import describe_folder, hash_file
from glm_lsp.models.journal import Journal
from glm_lsp.models.manifest import (
    CONFIG_FILE,
    FORMAT_VERSION,
    TOKENIZER_FILE,
    AccuracyEntry,
    ConfidenceWeights,
    CopyWeights,
    GraphKind,
    Magnitudes,
    Manifest,
    Source,
    TokenHealing,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What a manifest says that neither weights nor graph show.

    Attributes:
        name: of the model.
        prompt_profile: how a prompt is laid out; see `completion/prompt/`.
        source: where the checkpoint comes from, and the hash over its weights.
        context_length: tokens the model was trained on; the graph's capacity when omitted.
        healing: "tokens" for a model that has only seen whole tokens; see `engine/healing.py`.
        copying: weights fitted for this model; see `engine/copying.py`.
        confidence: likewise; see `completion/confidence.py`.
        family: the published model it is.
        chat_template: how a dialogue is laid out; see `completion/chat.py`.
        magnitudes: of a model for CUDA; see `importing/calibration.py`.
    """

    name: str
    prompt_profile: str
    source: Source
    context_length: int | None = None
    licence: str = ""
    healing: TokenHealing = "off"
    copying: CopyWeights | None = None
    confidence: ConfidenceWeights | None = None
    family: str = ""
    chat_template: str = ""
    graph_kind: GraphKind = "fused"
    magnitudes: Magnitudes | None = None


Weights_co = TypeVar("Weights_co", bound=ModelWeights, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelParts(Generic[Weights_co]):
    """What a model folder is made from: weights, the tokenizer's JSON, and papers by their names in the folder."""

    checkpoint: Weights_co
    tokenizer: bytes
    papers: Mapping[str, Path] = field(default_factory=dict)


def hash_weights(files: list[Path], progress: Callable[[str, int], None] = lambda _what, _done: None) -> str:
    """One hash over all weight files: that of the file, or of the shards' hashes in order.

    Args:
        progress: told which file is read and how many bytes of all have been.
    """
    hashes, done = [], 0
    for path in files:

        def on_bytes(count: int, name: str = path.name) -> None:
            nonlocal done
            done += count
            progress(name, done)

        hashes.append(hash_file(path, on_bytes))
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def write_parts(
    folder: Path,
    parts: ModelParts[ModelWeights],
    options: GraphOptions,
    source: Source,
    *,
    journal: Journal | None = None,
    progress: Progress = lambda _what, _share: None,
) -> None:
    """Writes everything but the manifest into an existing folder.

    Raises:
        ArchitectureError, CheckpointError: the checkpoint cannot be used.
        OSError: the folder cannot be written.
    """
    config = parts.checkpoint.config
    text = json.dumps(config.to_dict(), indent=2) + "\n"
    (folder / CONFIG_FILE).write_text(text, encoding="utf-8")
    (folder / TOKENIZER_FILE).write_bytes(parts.tokenizer)
    for name, path in parts.papers.items():
        shutil.copyfile(path, folder / name)
    # For people who look at the graph with other tools.
    metadata = {
        "model_type": config.architecture,
        "precision": options.precision,
        "activations": options.activations,
        "capacity": str(options.capacity),
        "source_sha256": source.sha256,
        "tokenizer_sha256": hash_file(folder / TOKENIZER_FILE),
    }
    write_graph(parts.checkpoint, folder, options, metadata=metadata, journal=journal, progress=progress)


def seal(folder: Path, parts: ModelParts[ModelWeights], options: GraphOptions, facts: ModelFacts) -> None:
    """Writes the manifest over all files of the folder."""
    checkpoint, accuracy = parts.checkpoint, options.accuracy
    Manifest(
        format_version=FORMAT_VERSION,
        program_version=glm_lsp.__version__,
        name=facts.name,
        architecture=checkpoint.config.architecture,
        precision=options.precision,
        activations=options.activations,
        accuracy_level=AccuracyEntry(attention=accuracy.attention, mlp=accuracy.mlp, head=accuracy.head),
        capacity=options.capacity,
        context_length=facts.context_length or options.capacity,
        prompt_profile=facts.prompt_profile,
        num_parameters=checkpoint.num_parameters,
        vocab_size=options.real_vocab_size or checkpoint.config.vocab_size,
        files=describe_folder(folder),
        source=facts.source,
        tokenizer_sha256=hash_file(folder / TOKENIZER_FILE),
        licence=facts.licence,
        healing=facts.healing,
        copying=facts.copying,
        confidence=facts.confidence,
        family=facts.family,
        chat_template=facts.chat_template,
        graph_kind=facts.graph_kind,
        magnitudes=facts.magnitudes,
    ).write(folder)
