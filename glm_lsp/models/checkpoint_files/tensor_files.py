"""The weight files of a checkpoint folder: one, or shards with an index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import CheckpointError
from glm_lsp.models.checkpoint_files.safetensors_file import SafetensorsFile
from glm_lsp.models.checkpoint_files.torch_file import TorchFile
from glm_lsp.models.json_file import MAX_TABLE_BYTES, NO_FILE, read_object
from glm_lsp.models.layout import Shape

SINGLE_FILE = "model.safetensors"
MAX_SHARDS = 1000


class TensorInfo(Protocol):
    """What is known of a tensor before it is read."""

    @property
    def dtype(self) -> str:
        """What its numbers are stored as, by safetensors' names."""

    @property
    def shape(self) -> Shape:
        """Its dimensions."""


class TensorFile(Protocol):
    """One file of tensors."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def entries(self) -> Mapping[str, TensorInfo]:
        """The tensors by name."""

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows of one tensor in fp32, whatever it is stored in; elements, where it has one dimension.

        Raises:
            CheckpointError: its type is not a float, the file has shrunk, or a value is not finite.
        """

    def verify(self, on_bytes: Callable[[int], None] = lambda _: None) -> None:
        """Compares the checksums in the file with its content, where the format has any.

        Args:
            on_bytes: told how many more bytes have been read.

        Raises:
            CheckpointError: they differ, or the file cannot be read.
        """


_FORMATS: tuple[tuple[str, str, Callable[[Path], TensorFile]], ...] = (
    (SINGLE_FILE, ".safetensors", SafetensorsFile),
    ("pytorch_model.bin", ".bin", TorchFile),
)
"""What transformers calls a single file, how shards end, and what reads them. The first format that is there counts."""


def open_files(folder: Path) -> Sequence[TensorFile]:
    """The files in a folder; safetensors, where both formats are there.

    Raises:
        CheckpointError: there are none, the index is damaged, a file is, or a tensor is in two files.
    """
    for single, ending, opened in _FORMATS:
        index = folder / f"{single}.index.json"
        if (folder / single).is_file():
            return [opened(folder / single)]
        if index.is_file():
            names = _shard_names(index, ending)
            _require_shards(folder, names, index)
            files = [opened(folder / name) for name in names]
            _require_once(files)
            return files
    wanted = ", ".join(name for single, *_ in _FORMATS for name in (single, f"{single}.index.json"))
    raise CheckpointError(f"{folder} holds none of {wanted}", NO_FILE)


def indexed_names(folder: Path) -> list[str]:
    """The tensors that the index of a folder's shards names, whether these are there or not; none without an index.

    Raises:
        CheckpointError: the index is damaged.
    """
    for single, ending, _ in _FORMATS:
        index = folder / f"{single}.index.json"
        if index.is_file():
            _shard_names(index, ending)
            return list(read_object(index, MAX_TABLE_BYTES)["weight_map"])
    return []


def _shard_names(index: Path, ending: str) -> list[str]:
    """The shards an index names, each once; none may lie outside the index's folder."""
    shard_of = read_object(index, MAX_TABLE_BYTES).get("weight_map")
    if not isinstance(shard_of, dict) or not shard_of:
        raise CheckpointError(f"{index} is not an index of shards: it has no weight_map")
    for name in shard_of.values():
        if not _plain_file_name(name, ending):
            raise CheckpointError(
                f"{index} names {ascii(name)[:80]}, which is not a {ending} file of its own folder"
            )
    names = sorted(set(shard_of.values()))
    if len(names) > MAX_SHARDS:
        raise CheckpointError(f"{index} names {len(names)} files")
    return names


def _require_shards(folder: Path, names: Sequence[str], index: Path) -> None:
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(
            f"{missing[0]} is missing, and {len(missing)} in all of the {len(names)} files that {index} names",
            "Complete the download: `glm-lsp model pull` goes on where it ended; then import again.",
        )


def _plain_file_name(name: object, ending: str) -> bool:
    if not isinstance(name, str) or not name.endswith(ending) or not name.isprintable() or len(name) > 255:
        return False
    return name == PurePosixPath(name).name and "\\" not in name and ":" not in name


def _require_once(files: Sequence[TensorFile]) -> None:
    found: dict[str, Path] = {}
    for file in files:
        for name in file.entries:
            if name in found:
                raise CheckpointError(f"tensor {name} is in {found[name]} and in {file.path}")
            found[name] = file.path
