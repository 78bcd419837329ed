"""Whether an imported model computes what its checkpoint means.

Two questions, as no single test answers both. Is the graph right? A small copy, the first layers in fp32 with a few
hundred ids, has to give the logits of the formulas (`models/formulas`), which read the official folder by
themselves: a wrong rotation, epsilon, bias or order of norms shows as a difference far above rounding. And is the
model right as a whole? The formulas run once over all layers, and what they say of a few tokens is kept in the model
folder; the graph in its own precision has to agree as well as that precision allows, at the import and at every
`glm-lsp model verify`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

import glm_lsp
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.session import Session
from glm_lsp.engine.sessions import open_session
from glm_lsp.engine.worker import Worker
from glm_lsp.errors import ModelFileError, SelfCheckError
from glm_lsp.importing.probe import SmallCopy
from glm_lsp.models.checkpoint_files.tensor_files import TensorFile
from glm_lsp.models.formulas import Formula, TensorReader
from glm_lsp.models.graph import write_graph
from glm_lsp.models.graph_options import AccuracyLevels, GraphOptions, precision_of
from glm_lsp.models.integrity import describe_folder
from glm_lsp.models.layout import Layout
from glm_lsp.models.manifest import FORMAT_VERSION, AccuracyEntry, Manifest, Source
from glm_lsp.models.number_format import rounded_to
from glm_lsp.models.precision import Activations, Precision
from glm_lsp.models.quantization import rounded
from glm_lsp.models.store import ModelFolder

REFERENCE_FILE = "self-check.json"

GRAPH_TOLERANCE = 1e-4
"""Largest difference, as a share of the logits' range. fp32 rounding gives 1e-6, the slightest error known to matter
(an epsilon of 1e-6 for 1e-5) 1e-3."""

FEW_VALUES = 1 << 26
"""Up to so many weights the formulas compute in double precision."""

AGREEMENT: Mapping[str, float] = {"fp32": 0.999, "fp16": 0.999, "bf16": 0.99, "int8": 0.97, "int4": 0.97}
"""Least correlation of a model's logits with the formulas' over the ids kept, by precision. The formulas compute with
the same rounded weights; what remains is that quantised products round their inputs to int8, layer after layer."""

LEAST_KEPT = 8
"""A correlation over fewer says nothing."""

NUM_KEPT = 64
"""So many best ids of each row are kept, and as many from all over the vocabulary."""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """What the formulas say of `token_ids`: for each row its best id, and the logits of some ids."""

    token_ids: list[int]
    best: list[int]
    ids: list[list[int]]
    logits: list[list[float]]

    @classmethod
    def read(cls, folder: Path) -> Reference | None:
        """What a model folder holds; None for models that were made without.

        Raises:
            ModelFileError: it cannot be used.
        """
        path = folder / REFERENCE_FILE
        if not path.is_file():
            return None
        try:
            found = msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError) as error:
            raise ModelFileError(f"{path} cannot be used: {error}") from error
        if problem := found.problem():
            raise ModelFileError(f"{path} cannot be used: {problem}")
        return found

    def problem(self) -> str:
        """Why this cannot be what `reference_of` makes; empty if it can."""
        rows = len(self.token_ids)
        if not rows or {len(self.best), len(self.ids), len(self.logits)} != {rows}:
            return "its rows are not as many as its tokens"
        pairs = zip(self.ids, self.logits, strict=True)
        if any(len(ids) < LEAST_KEPT or len(ids) != len(logits) for ids, logits in pairs):
            return "a row has not as many logits as ids, or too few"
        every = [*self.token_ids, *self.best, *(i for ids in self.ids for i in ids)]
        if min(every) < 0 or not np.isfinite([value for row in self.logits for value in row]).all():
            return "it holds negative ids, or logits that are no numbers"
        return ""

    def write(self, folder: Path) -> None:
        """Writes it into a model folder."""
        (folder / REFERENCE_FILE).write_text(json.dumps(msgspec.to_builtins(self)) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a model agrees with its formulas: rows with the same best id, of all; correlation of the logits."""

    same_best: int
    rows: int
    correlation: float


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify_model` found: how far one token and many at once differ, and the agreement with the formulas."""

    rows_difference: float
    agreement: Agreement | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class RawTensors:
    """The tensors of a checkpoint by their official names: what the formulas read."""

    def __init__(
        self, files: Sequence[TensorFile], on_values: Callable[[int], None] = lambda _: None
    ) -> None:
        self._file_of = {name: file for file in files for name in file.entries}
        self._on_values = on_values

    def shape(self, name: str) -> tuple[int, ...]:
        """See `TensorReader`."""
        return self._file_of[name].entries[name].shape

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """See `TensorReader`."""
        values = self._file_of[name].rows(name, start, stop)
        self._on_values(values.size)
        return values


class RoundedTensors:
    """The tensors of a checkpoint as a model of this precision has them, by their official names."""

    def __init__(self, raw: RawTensors, layout: Layout, options: GraphOptions) -> None:
        self._raw = raw
        self._kept_as: dict[str, tuple[Precision, Activations]] = {}
        for name, spans in layout.sources.items():
            kept = precision_of(name, options), options.format_of(name)
            self._kept_as |= dict.fromkeys((span.name for span in spans), kept)

    def shape(self, name: str) -> tuple[int, ...]:
        """See `TensorReader`."""
        return self._raw.shape(name)

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """See `TensorReader`."""
        values = self._raw.rows(name, start, stop)
        precision, number_format = self._kept_as.get(name, ("fp32", "fp32"))
        if values.ndim < 2:
            return rounded_to(values, number_format)
        if precision in ("fp32", "fp16", "bf16"):
            return rounded_to(values, precision)
        return rounded(values, 4 if precision == "int4" else 8, number_format)


def check_graph(
    copy: SmallCopy, formula: Formula, reader: TensorReader, probe: list[int], folder: Path
) -> float:
    """Builds the small copy's graph in `folder` and returns its largest difference, as a share of the logits' range.

    Raises:
        SelfCheckError: it is above `GRAPH_TOLERANCE`.
    """
    options = GraphOptions(precision="fp32", capacity=2 * len(probe), accuracy=AccuracyLevels(0, 0, 0))
    write_graph(copy, folder, options)
    session = OnnxSession.open(_as_model(folder, copy, options))
    found = session.run(session.new_kv(), 0, copy.translated(probe), len(probe), want_logits=True).logits
    few = copy.num_parameters <= FEW_VALUES
    all_ids = formula.logits(
        reader, probe, num_layers=copy.config.num_hidden_layers, dtype=np.float64 if few else np.float32
    )
    expected = all_ids[:, list(copy.ids)]
    if found is None:
        raise SelfCheckError("the graph gives no logits")
    difference = float(np.abs(found - expected).max() / np.ptp(expected))
    if not difference <= GRAPH_TOLERANCE:
        raise SelfCheckError(
            f"the graph differs from the model's formulas by {difference:.2g} of the logits' range"
        )
    return difference


def _as_model(folder: Path, copy: SmallCopy, options: GraphOptions) -> ModelFolder:
    """A folder with a graph, as a model nobody will ask for text."""
    level = AccuracyEntry(attention=0, mlp=0, head=0)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        program_version=glm_lsp.__version__,
        name=folder.name,
        architecture=copy.config.architecture,
        precision=options.precision,
        accuracy_level=level,
        capacity=options.capacity,
        context_length=options.capacity,
        prompt_profile="plain",
        num_parameters=copy.num_parameters,
        vocab_size=copy.config.vocab_size,
        files=describe_folder(folder),
        source=Source(sha256=""),
        tokenizer_sha256="",
    )
    return ModelFolder(folder, manifest, copy.config)


def reference_of(formula: Formula, reader: TensorReader, probe: list[int], num_ids: int) -> Reference:
    """What the formulas say of all layers, with the weights that `reader` gives; ids from `num_ids` on do not exist."""
    logits = formula.logits(reader, probe, num_ids=num_ids)
    spread = np.linspace(0, num_ids - 1, NUM_KEPT, dtype=np.int64)
    ids = [np.unique(np.concatenate((np.argsort(-row)[:NUM_KEPT], spread))) for row in logits]
    return Reference(
        token_ids=probe,
        best=[int(row.argmax()) for row in logits],
        ids=[[int(i) for i in kept] for kept in ids],
        logits=[[round(float(row[i]), 5) for i in kept] for row, kept in zip(logits, ids, strict=True)],
    )


def check_model(session: Session, reference: Reference, precision: str) -> Agreement:
    """Runs the reference's tokens through a model.

    Raises:
        SelfCheckError: it agrees less than its precision explains.
    """
    count = len(reference.token_ids)
    highest = max(map(max, (reference.token_ids, reference.best, *reference.ids)))
    if highest >= session.vocab_size:
        raise ModelFileError(f"{REFERENCE_FILE} names id {highest}, the model has {session.vocab_size}")
    logits = session.run(session.new_kv(), 0, reference.token_ids, count, want_logits=True).logits
    if logits is None:
        raise SelfCheckError("the graph gives no logits")
    kept = [row[np.array(ids)] for row, ids in zip(logits, reference.ids, strict=True)]
    correlation = float(
        np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(kept, reference.logits, strict=True)])
    )
    same = sum(int(row.argmax() == best) for row, best in zip(logits, reference.best, strict=True))
    if not correlation >= AGREEMENT.get(precision, 0.0):
        raise SelfCheckError(
            f"the model's logits correlate with those of its formulas by {correlation:.2f} only "
            f"({same} of {count} best tokens are the same)"
        )
    return Agreement(same, count, round(correlation, 5))


def verify_model(folder: ModelFolder) -> Verified:
    """Loads a model with what renders its prompts, runs one token against many, and its reference if it has one.

    Raises:
        TokenizerError: its profile or chat template is unknown, or does not fit its tokenizer.
        SessionError: one token and many differ.
        SelfCheckError: see `check_model`.
    """
    session = open_session(folder)
    worker = Worker.load(folder, session, speculates=False)
    if template := folder.manifest.chat_template:
        worker.chat_encoder(template)
    difference = session.self_check()
    reference = Reference.read(folder.path)
    agreement = check_model(session, reference, folder.manifest.precision) if reference else None
    return Verified(difference, agreement)
