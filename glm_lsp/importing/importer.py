"""From an official checkpoint folder to a verified model.

`make_plan` reads what is small and refuses what cannot be done; `run_plan` reads the weights once, block by block,
and may be cut off at any moment: the same plan goes on with it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

import glm_lsp
from glm_lsp.engine.chat_encoder import ChatEncoder
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.errors import InputError, TokenizerError
from glm_lsp.importing import papers
from glm_lsp.importing.download import Origin
from glm_lsp.importing.families import FAMILIES, NO_CHAT, family_named
from glm_lsp.importing.probe import SmallCopy, probe_of
from glm_lsp.importing.self_check import RawTensors, check_graph, reference_of
from glm_lsp.importing.sizes import model_bytes, require_room
from glm_lsp.importing.unfinished import JOURNAL_FILE, resumable
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config_file import read_values
from glm_lsp.models.convert import DEFAULT_CAPACITY
from glm_lsp.models.formulas import BlankTokens, Formula, formula_for
from glm_lsp.models.graph_builder import PRECISIONS, Precision
from glm_lsp.models.graph_options import DEFAULT_ACCURACY, AccuracyLevels, GraphOptions
from glm_lsp.models.journal import Journal
from glm_lsp.models.layouts.detect import RopeRule, detect_layout, family_of
from glm_lsp.models.manifest import CONFIG_FILE, Source, TokenHealing
from glm_lsp.models.model_config import ModelConfig
from glm_lsp.models.model_writer import ModelFacts, ModelParts, hash_weights, seal, write_parts
from glm_lsp.models.prefix_config import PrefixLmConfig
from glm_lsp.models.staging import require_free
from glm_lsp.models.store import ModelFolder
from glm_lsp.models.tokenizers import convert_tokenizer

LARGE_MODEL = 2_000_000_000
"""From so many weights on a model is imported as int4 unless told otherwise."""

BytesDone = Callable[[str, int], None]
"""Called with what is being done and how many bytes of the checkpoint are done."""

Stage = Callable[[str, int], AbstractContextManager[BytesDone]]
"""Called with the title of a stage and its bytes."""


def quiet(_title: str, _total: int) -> AbstractContextManager[BytesDone]:
    """A `Stage` that shows nothing."""
    return nullcontext(lambda _what, _done: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be imported, and how.

    Attributes:
        checkpoint: the official folder.
        name: of the model.
        family: a name of `FAMILIES`; found out when omitted.
        precision: by the model's size when omitted.
        capacity: most tokens of prompt and completion; the model's own, up to 4,096, when omitted.
        profile: of prompts; the family's when omitted.
        chat_template: likewise; "none" for no dialogue.
        rope_rule: what a ChatGLM config's `rope_ratio` means.
        replaces: an installed model of this name may be replaced.
    """

    checkpoint: Path
    name: str
    family: str | None = None
    precision: Precision | None = None
    capacity: int | None = None
    profile: str | None = None
    chat_template: str | None = None
    rope_rule: RopeRule = "auto"
    accuracy: AccuracyLevels = DEFAULT_ACCURACY
    healing: TokenHealing = "off"
    replaces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A checkpoint that can be imported, and everything that is known before its weights are read.

    `checkpoint_bytes` will be read, `model_bytes` written.
    """

    parts: ModelParts
    facts: ModelFacts
    options: GraphOptions
    formula: Formula
    target: Path
    checkpoint_bytes: int
    model_bytes: int

    @property
    def num_ids(self) -> int:
        """Ids that exist; the rest of the vocabulary is padding."""
        return self.options.real_vocab_size or self.parts.checkpoint.config.vocab_size


def make_plan(wish: Wish, target: Path) -> Plan:
    """Reads configuration, tokenizer and the weight files' headers.

    Raises:
        InputError: the target exists, or nothing tells which model this is.
        ArchitectureError, CheckpointError, TokenizerError: the checkpoint cannot be used.
        StorageFullError: the model will not fit.
    """
    if not wish.replaces:
        require_free(target)
    layout = detect_layout(wish.checkpoint, rope_rule=wish.rope_rule)
    values = read_values(wish.checkpoint / CONFIG_FILE)
    name = _family(wish, family_of(wish.checkpoint, layout, values))
    family = family_named(name)
    tokenizer = convert_tokenizer(wish.checkpoint, name, vocab_size=layout.config.vocab_size)
    if tokenizer.num_ids > layout.config.vocab_size:
        raise TokenizerError(
            f"{tokenizer.origin} has {tokenizer.num_ids} ids, the model's vocabulary only {layout.config.vocab_size}"
        )
    source = SourceTokenizer(Tokenizer.from_str(tokenizer.json))
    layout = replace(layout, config=_with_blanks(layout.config, source))
    checkpoint = Checkpoint(wish.checkpoint, layout)
    options = GraphOptions(
        precision=_precision(wish.precision, checkpoint.num_parameters),
        capacity=_capacity(wish.capacity, layout.config.max_position_embeddings),
        accuracy=wish.accuracy,
        real_vocab_size=tokenizer.num_ids,
    )
    profile = wish.profile or family.profile
    chat = family.chat_template if wish.chat_template is None else wish.chat_template
    chat = "" if chat == NO_CHAT else chat
    # What does not fit the tokenizer must fail here, not after half an hour.
    PromptEncoder(source, profile, options.capacity, wish.healing)
    if chat:
        ChatEncoder(source, chat, options.capacity)
    num_bytes = model_bytes(layout.config, options)
    require_room(target.parent, num_bytes)
    origin = Origin.read(wish.checkpoint)
    facts = ModelFacts(
        name=wish.name,
        prompt_profile=profile,
        source=Source(sha256="", description=f"{origin.repo_id} at {origin.revision}" if origin else ""),
        licence=(origin.licence if origin else "") or papers.licence_of(wish.checkpoint),
        healing=wish.healing,
        family=name,
        chat_template=chat,
    )
    return Plan(
        parts=ModelParts(
            checkpoint=checkpoint,
            tokenizer=tokenizer.json.encode(),
            papers=papers.papers_of(wish.checkpoint),
        ),
        facts=facts,
        options=options,
        formula=_formula(values, layout.config),
        target=target,
        checkpoint_bytes=sum(file.path.stat().st_size for file in checkpoint.files),
        model_bytes=num_bytes,
    )


def run_plan(
    plan: Plan, *, stage: Stage = quiet, check: Callable[[Path], None] = lambda _: None
) -> ModelFolder:
    """Imports the model; its folder appears when it is complete.

    Args:
        stage: shows progress.
        check: a last look at the finished folder before it gets its name; what it raises is raised.

    Raises:
        CheckpointError: a weight file is damaged.
        SelfCheckError: the graph does not compute what the checkpoint means; nothing is kept.
        StorageFullError, StorageError: the folder cannot be written; what is there is gone on with next time.
    """
    checkpoint, total = plan.parts.checkpoint, plan.checkpoint_bytes
    with stage("reading", total) as progress:
        sha256 = hash_weights([file.path for file in checkpoint.files], progress)
    facts = replace(plan.facts, source=Source(sha256=sha256, description=plan.facts.source.description))
    with resumable(plan.target) as folder:
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
        total, done = checkpoint.num_parameters, 0

        def count(num_values: int) -> None:
            nonlocal done
            done += num_values
            progress("all layers", min(plan.checkpoint_bytes, done * plan.checkpoint_bytes // total))

        reference_of(plan.formula, RawTensors(checkpoint.files, count), probe, num_ids).write(folder)
        progress("all layers", plan.checkpoint_bytes)  # of the embedding only a few rows are read


def _family(wish: Wish, found: str | None) -> str:
    name = wish.family or found
    if name is None:
        raise InputError(
            f"nothing in {wish.checkpoint} tells which model this is",
            f"Name it with --family: {', '.join(FAMILIES)}.",
        )
    return name


def _precision(wanted: Precision | None, num_parameters: int) -> Precision:
    if wanted is not None and wanted not in PRECISIONS:
        raise InputError(f"precision {wanted!r} is not one of {', '.join(PRECISIONS)}")
    return wanted or ("int4" if num_parameters >= LARGE_MODEL else "int8")


def _capacity(wanted: int | None, longest: int) -> int:
    if wanted is None:
        return min(longest, DEFAULT_CAPACITY)
    if not 16 <= wanted <= longest:
        raise InputError(f"a capacity of {wanted} tokens is not between 16 and the model's {longest}")
    return wanted


def _with_blanks(config: ModelConfig, tokenizer: SourceTokenizer) -> ModelConfig:
    """An original GLM's config does not name its mask and start tokens; its tokenizer does."""
    if not isinstance(config, PrefixLmConfig) or config.architecture != "glm-original":
        return config
    masks = (tokenizer.special_id(name) for name in ("[MASK]", "[sMASK]", "[gMASK]"))
    ends = (tokenizer.special_id("<|endofpiece|>"), tokenizer.special_id("<|endoftext|>"))
    start = tokenizer.special_id("<|startofpiece|>")
    return replace(config, mask_token_ids=tuple(masks), start_token_id=start, eos_token_ids=ends)


def _formula(values: dict[str, Any], config: ModelConfig) -> Formula:
    if isinstance(config, PrefixLmConfig):
        return formula_for(values, tokens=BlankTokens(config.mask_token_ids, config.start_token_id))
    return formula_for(values, interpolates=config.rope_factor != 1.0)


def _purpose(plan: Plan, sha256: str) -> dict[str, Any]:
    """What has to be the same for an unfinished weight file to be gone on with."""
    return {
        "sha256": sha256,
        "options": asdict(plan.options),
        "config": plan.parts.checkpoint.config.to_dict(),
        "program": glm_lsp.__version__,
    }
