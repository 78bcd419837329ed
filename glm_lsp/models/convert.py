"""From a checkpoint folder to a model folder.

A checkpoint folder holds config.json, safetensors and tokenizer.json, as transformers saves them. The model
folder appears under its name only when it is complete: everything is written to a hidden folder beside it
first.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokenizers import Tokenizer

import glm_lsp
from glm_lsp.completion.prompt import profile_named
from glm_lsp.errors import InputError, TokenizerError
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.graph import DEFAULT_ACCURACY, AccuracyLevels, GraphOptions, Progress, write_graph
from glm_lsp.models.graph_builder import PRECISIONS, Precision
from glm_lsp.models.integrity import describe_folder, hash_file
from glm_lsp.models.layouts.native import native_layout
from glm_lsp.models.manifest import (
    CONFIG_FILE,
    FORMAT_VERSION,
    TOKENIZER_FILE,
    AccuracyEntry,
    ConfidenceWeights,
    CopyWeights,
    Manifest,
    Source,
    TokenHealing,
)
from glm_lsp.models.store import ModelFolder
from glm_lsp.paths import storage_error

DEFAULT_CAPACITY = 4096
"""Tokens; a KV slot of a 9B model takes 340 MB at this length in fp32."""

COPIED_FILES = (CONFIG_FILE, TOKENIZER_FILE)
CORPUS_MANIFEST_FILE = "corpus-manifest.jsonl.xz"
COPIED_IF_PRESENT = ("MODEL_CARD.md", "NOTICE.txt", "LICENSE", "metrics.json", CORPUS_MANIFEST_FILE)


def convert(
    checkpoint_dir: Path,
    out_dir: Path,
    *,
    name: str,
    prompt_profile: str,
    precision: Precision = "int8",
    capacity: int | None = None,
    context_length: int | None = None,
    accuracy: AccuracyLevels = DEFAULT_ACCURACY,
    real_vocab_size: int | None = None,
    description: str = "",
    licence: str = "",
    healing: TokenHealing = "off",
    copying: CopyWeights | None = None,
    confidence: ConfidenceWeights | None = None,
    replace: bool = False,
    progress: Progress = lambda _what, _share: None,
) -> ModelFolder:
    """Writes the model folder `out_dir` and returns it.

    Args:
        capacity: most tokens a KV slot can hold; the model's longest context, up to 4,096, when omitted.
        context_length: tokens the model was trained on; the capacity when omitted.
        real_vocab_size: ids that can be generated; those of the tokenizer when omitted.
        description: where the checkpoint comes from, for people.
        healing: "tokens" for a model that has only seen whole tokens; see `engine/healing.py`.
        copying: weights fitted for this model; see `engine/copying.py`.
        confidence: likewise; see `completion/confidence.py`.
        progress: called with what is being done and the finished share.

    Raises:
        InputError: `out_dir` exists and `replace` is false, or an option is not one this program knows.
        ArchitectureError, CheckpointError, TokenizerError: the checkpoint cannot be used.
        StorageFullError, StorageError: `out_dir` cannot be written; nothing is left behind.
    """
    _check_options(out_dir, precision, prompt_profile, capacity, replace)
    config = GlmConfig.from_file(checkpoint_dir / CONFIG_FILE)
    num_ids = _count_ids(checkpoint_dir / TOKENIZER_FILE, config)
    checkpoint = Checkpoint(checkpoint_dir, native_layout(config))
    options = GraphOptions(
        precision=precision,
        capacity=capacity or min(config.max_position_embeddings, DEFAULT_CAPACITY),
        accuracy=accuracy,
        real_vocab_size=real_vocab_size or num_ids,
    )
    with _written_aside(out_dir) as folder:
        _copy_files(checkpoint_dir, folder)
        source = Source(sha256=_hash_weights(checkpoint), description=description)
        tokenizer_sha256 = hash_file(folder / TOKENIZER_FILE)
        metadata = _metadata(config, options, source, tokenizer_sha256)
        write_graph(checkpoint, folder, options, metadata=metadata, progress=progress)
        Manifest(
            format_version=FORMAT_VERSION,
            program_version=glm_lsp.__version__,
            name=name,
            architecture=config.architecture,
            precision=precision,
            accuracy_level=AccuracyEntry(attention=accuracy.attention, mlp=accuracy.mlp, head=accuracy.head),
            capacity=options.capacity,
            context_length=context_length or options.capacity,
            prompt_profile=prompt_profile,
            num_parameters=checkpoint.num_parameters,
            vocab_size=real_vocab_size or num_ids,
            files=describe_folder(folder),
            source=source,
            tokenizer_sha256=tokenizer_sha256,
            licence=licence,
            healing=healing,
            copying=copying,
            confidence=confidence,
        ).write(folder)
    return ModelFolder.load(out_dir)


def _metadata(
    config: GlmConfig, options: GraphOptions, source: Source, tokenizer_sha256: str
) -> dict[str, str]:
    """What the graph says of itself, for people who look at it with other tools."""
    return {
        "model_type": config.architecture,
        "precision": options.precision,
        "capacity": str(options.capacity),
        "source_sha256": source.sha256,
        "tokenizer_sha256": tokenizer_sha256,
    }


def _check_options(
    out_dir: Path, precision: str, prompt_profile: str, capacity: int | None, replace: bool
) -> None:
    if precision not in PRECISIONS:
        raise InputError(f"precision {precision!r} is not one of {', '.join(PRECISIONS)}")
    if capacity is not None and capacity < 1:
        raise InputError(f"a capacity of {capacity} tokens is less than one")
    profile_named(prompt_profile)
    if out_dir.exists() and not replace:
        raise InputError(f"{out_dir} exists already", "Choose another name, or remove the old model first.")


def _count_ids(path: Path, config: GlmConfig) -> int:
    """How many token ids the tokenizer can yield; the checkpoint's vocabulary may be padded beyond."""
    if not path.is_file():
        raise TokenizerError(f"{path} is missing", "Put the model's tokenizer.json beside its weights.")
    try:
        vocabulary = Tokenizer.from_file(str(path)).get_vocab(with_added_tokens=True)
    except Exception as error:  # the tokenizers package raises bare Exception
        raise TokenizerError(f"{path} cannot be read: {error}") from error
    num_ids = max(vocabulary.values(), default=-1) + 1
    if num_ids > config.vocab_size:
        raise TokenizerError(f"{path} has {num_ids} ids, the model's vocabulary only {config.vocab_size}")
    return num_ids


def _copy_files(source: Path, target: Path) -> None:
    present = [name for name in COPIED_IF_PRESENT if (source / name).is_file()]
    for name in (*COPIED_FILES, *present):
        shutil.copyfile(source / name, target / name)


def _hash_weights(checkpoint: Checkpoint) -> str:
    """One hash over all weight files: that of the file, or of the shards' hashes in order."""
    hashes = [hash_file(file.path) for file in checkpoint.files]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


@contextmanager
def _written_aside(target: Path) -> Iterator[Path]:
    """A hidden folder that takes the target's place if the block succeeds, and vanishes if it does not."""
    mark = uuid.uuid4().hex
    new, old = target.parent / f".new-{mark}", target.parent / f".old-{mark}"
    try:
        new.mkdir(parents=True)
        yield new
        if target.exists():
            target.rename(old)
        new.rename(target)
    except OSError as error:
        raise storage_error(target, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(old, ignore_errors=True)
