"""From a checkpoint folder as transformers saves it (config.json, safetensors, tokenizer.json) to a model folder.

For models trained here and for tests; `glm_lsp/importing` takes published checkpoints of every kind.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer

from glm_lsp.completion.prompt import profile_named
from glm_lsp.errors import InputError, TokenizerError
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.graph import Progress
from glm_lsp.models.graph_options import DEFAULT_ACCURACY, AccuracyLevels, GraphOptions
from glm_lsp.models.layouts.native import native_layout
from glm_lsp.models.manifest import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    ConfidenceWeights,
    CopyWeights,
    Source,
    TokenHealing,
)
from glm_lsp.models.model_writer import ModelFacts, ModelParts, hash_weights, seal, write_parts
from glm_lsp.models.precision import FITTING, PRECISIONS, Activations, Precision
from glm_lsp.models.staging import require_place, written_aside
from glm_lsp.models.store import ModelFolder

DEFAULT_CAPACITY = 4096
"""Tokens; a KV slot of a 9B model takes 340 MB at this length in fp32."""

CORPUS_MANIFEST_FILE = "corpus-manifest.jsonl.xz"
COPIED_IF_PRESENT = ("MODEL_CARD.md", "NOTICE.txt", "LICENSE", "metrics.json", CORPUS_MANIFEST_FILE)


def convert(
    checkpoint_dir: Path,
    out_dir: Path,
    *,
    name: str,
    prompt_profile: str,
    precision: Precision = "int8",
    activations: Activations = "fp32",
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
        activations: what the graph computes in; keys and values are kept in it, too.
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
    _check_options(out_dir, precision, activations, prompt_profile, capacity, replace)
    config = GlmConfig.from_file(checkpoint_dir / CONFIG_FILE)
    num_ids = _count_ids(checkpoint_dir / TOKENIZER_FILE, config)
    checkpoint = Checkpoint(checkpoint_dir, native_layout(config))
    checkpoint.verify()
    options = GraphOptions(
        precision=precision,
        activations=activations,
        capacity=capacity or min(config.max_position_embeddings, DEFAULT_CAPACITY),
        accuracy=accuracy,
        real_vocab_size=real_vocab_size or num_ids,
    )
    present = (name for name in COPIED_IF_PRESENT if (checkpoint_dir / name).is_file())
    parts = ModelParts(
        checkpoint=checkpoint,
        tokenizer=(checkpoint_dir / TOKENIZER_FILE).read_bytes(),
        papers={name: checkpoint_dir / name for name in present},
    )
    sha256 = hash_weights([file.path for file in checkpoint.files])
    facts = ModelFacts(
        name=name,
        prompt_profile=prompt_profile,
        source=Source(sha256=sha256, description=description),
        context_length=context_length,
        licence=licence,
        healing=healing,
        copying=copying,
        confidence=confidence,
    )
    with written_aside(out_dir) as folder:
        write_parts(folder, parts, options, facts.source, progress=progress)
        seal(folder, parts, options, facts)
    return ModelFolder.load(out_dir)


def _check_options(  # noqa: PLR0917
    out_dir: Path,
    precision: str,
    activations: Activations,
    prompt_profile: str,
    capacity: int | None,
    replace: bool,
) -> None:
    if precision not in PRECISIONS:
        raise InputError(f"precision {precision!r} is not one of {', '.join(PRECISIONS)}")
    if precision not in FITTING[activations]:
        raise InputError(
            f"{precision} weights cannot be computed with in {activations}",
            f"Choose one of {', '.join(FITTING[activations])}.",
        )
    if capacity is not None and capacity < 1:
        raise InputError(f"a capacity of {capacity} tokens is less than one")
    profile_named(prompt_profile)
    require_place(out_dir, replaces=replace)


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
