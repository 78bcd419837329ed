"""The weight files of a checkpoint folder: one, or shards with an index."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import CheckpointError
from glm_lsp.models.layout import Shape
from glm_lsp.models.safetensors_file import SafetensorsFile

SINGLE_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"


class TensorInfo(Protocol):
    """What is known of a tensor before it is read."""

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


def open_files(folder: Path) -> Sequence[TensorFile]:
    """The files in a folder.

    Raises:
        CheckpointError: there are none, the index is damaged, or a file is.
    """
    if (folder / SINGLE_FILE).is_file():
        return [SafetensorsFile(folder / SINGLE_FILE)]
    if (folder / INDEX_FILE).is_file():
        return [SafetensorsFile(folder / name) for name in _shard_names(folder / INDEX_FILE)]
    pickles = any(folder.glob("*.bin"))
    found = "only .bin files, which are pickles and are not read" if pickles else "neither"
    raise CheckpointError(f"{folder} should hold {SINGLE_FILE} or {INDEX_FILE}; it holds {found}")


def _shard_names(index: Path) -> list[str]:
    """The shards an index names, each once; none may lie outside the index's folder."""
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{index} is not an index of safetensors shards: {error!r}") from error
    for name in names:
        if not _plain_file_name(name):
            raise CheckpointError(f"{index} names {name!r}, which is not a file of its own folder")
    return names


def _plain_file_name(name: object) -> bool:
    if not isinstance(name, str) or name in ("", ".", ".."):
        return False
    return name == PurePosixPath(name).name and "\\" not in name and ":" not in name
