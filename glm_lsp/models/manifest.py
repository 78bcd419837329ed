"""`glm-lsp.json`: what a model folder holds, where it came from, and the hash of every file.

A manifest is read before anything else in the folder is touched. File names in it are plain relative names;
one that could leave the folder makes the whole manifest unusable.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from glm_lsp.errors import ManifestError, ModelVersionError
from glm_lsp.models.precision import Activations

MANIFEST_FILE = "glm-lsp.json"
CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
MODEL_FILE = "model.onnx"
WEIGHT_FILE = "model.onnx.data"

TokenHealing = Literal["off", "words", "tokens"]

GraphKind = Literal["fused", "past-present"]
"""`fused`: our own graph, keys and values written in place; `past-present`: the one other exporters make."""

FORMAT_VERSION = 1
"""Raised when older programs could misread a newer folder, or the reverse."""

_FILE_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]+(/(?!\.)[A-Za-z0-9._-]+)*")


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file's size in bytes and SHA-256 in hexadecimal."""

    sha256: str
    bytes: int


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint a model was made from: the hash over its weight files, and words for people."""

    sha256: str
    description: str = ""


class AccuracyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """MatMulNBits' accuracy level by group of layers."""

    attention: int
    mlp: int
    head: int


class CopyWeights(msgspec.Struct, frozen=True, kw_only=True):
    """Weights of the logistic function by which copying gets its share (`engine/copying.py`).

    They belong to: 1, the logarithms of the match's length in bytes and of the number of places, the share of places
    that agree on their best token, the model's probabilities of its own best token and of theirs, and whether the
    two are the same.
    """

    bias: float
    length: float
    places: float
    agreement: float
    best: float
    copied: float
    same: float


class ConfidenceWeights(msgspec.Struct, frozen=True, kw_only=True):
    """Weights of the logistic function that tells how likely a text is the one wanted (`completion/confidence.py`).

    They belong to: 1, the sum of its tokens' natural log-probabilities, the lowest of them, the logarithm of their
    number, and the product of the probabilities.
    """

    bias: float
    total: float
    lowest: float
    length: float
    product: float


class Magnitudes(msgspec.Struct, frozen=True, kw_only=True):
    """The greatest numbers that a model's formulas met in a prompt of `num_tokens` tokens, by part of the model.

    `residual` counts what is added to the residual stream, too, `attention` queries, keys and values, `mlp` gate, up
    and their product, `head` the last hidden state and the logits. By them a model for CUDA was made in fp16 or bf16.
    """

    residual: float
    attention: float
    mlp: float
    head: float
    num_tokens: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the program needs to know of a model before loading it.

    `capacity` is the most tokens a KV slot can hold (rows of the rotary tables), `context_length` the length
    the model was trained for, `vocab_size` the number of ids that can be generated. `files` names every file
    of the folder except the manifest itself. `healing` says before which cursors tokens are taken back
    (`engine/healing.py`): those in or after a word, or all that could stand inside a token. `copying` holds the
    weights for looking things up in the text around (`engine/copying.py`); a model without does not. `confidence`
    turns the model's own probabilities into those of being right; without, its own are taken at their word.
    `family` names the published model a checkpoint belongs to (docs/models.md), `chat_template` how a dialogue is
    laid out for it, empty for models that hold none. `activations` is what the graph computes in, keys and values
    included; manifests of earlier versions do not name it, as it was always fp32. `magnitudes` is what that was chosen
    by, in a model imported for CUDA.
    """

    format_version: int
    program_version: str
    name: str
    architecture: str
    precision: str
    accuracy_level: AccuracyEntry
    capacity: int
    context_length: int
    prompt_profile: str
    num_parameters: int
    vocab_size: int
    files: dict[str, FileEntry]
    source: Source
    tokenizer_sha256: str
    licence: str = ""
    healing: TokenHealing = "off"
    copying: CopyWeights | None = None
    confidence: ConfidenceWeights | None = None
    family: str = ""
    chat_template: str = ""
    graph_kind: GraphKind = "fused"
    activations: Activations = "fp32"
    magnitudes: Magnitudes | None = None

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Reads `folder / "glm-lsp.json"`.

        Raises:
            ManifestError: it is missing, not JSON, incomplete, or names a file outside the folder.
            ModelVersionError: the folder has another format version.
        """
        path = folder / MANIFEST_FILE
        try:
            text = path.read_bytes()
        except OSError as error:
            raise ManifestError(f"{path} cannot be read: {error.strerror}") from error
        _check_version(path, text)
        try:
            manifest = msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise ManifestError(f"{path} is incomplete: {error}") from error
        for name in manifest.files:
            if not is_inside_name(name):
                raise ManifestError(f"{path} names {name!r}, which is not a file of its own folder")
        return manifest

    def write(self, folder: Path) -> None:
        """Writes `folder / "glm-lsp.json"`, indented for people."""
        text = msgspec.json.format(msgspec.json.encode(self), indent=2)
        (folder / MANIFEST_FILE).write_bytes(text + b"\n")


def is_inside_name(name: str) -> bool:
    """Whether `name` is relative, uses forward slashes, and has no part that could lead out of its folder."""
    return _FILE_NAME.fullmatch(name) is not None


class _Version(msgspec.Struct):
    format_version: int


def _check_version(path: Path, text: bytes) -> None:
    """Tells a manifest of another version from a damaged one; other versions may have other fields."""
    try:
        found = msgspec.json.decode(text, type=_Version).format_version
    except msgspec.MsgspecError as error:
        raise ManifestError(f"{path} is not a model manifest: {error}") from error
    if found != FORMAT_VERSION:
        raise ModelVersionError(f"{path} has format version {found}; this program reads {FORMAT_VERSION}")
