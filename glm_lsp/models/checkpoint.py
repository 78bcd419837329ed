"""A checkpoint folder, read tensor by tensor through its layout.

All names and shapes are checked before any weight is read. What is read comes in fp32 and, where asked for, in blocks
of rows, so that a 9B model needs memory for a fraction of its largest matrix only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import ArchitectureError, CheckpointError
from glm_lsp.models.checkpoint_files.stored_tensor import require_float
from glm_lsp.models.checkpoint_files.tensor_files import TensorFile, open_files
from glm_lsp.models.layout import Layout, Shape
from glm_lsp.models.model_config import ModelConfig
from glm_lsp.models.tensors import num_parameters, tensors_of

_BLOCK_ROWS = 4096

OTHER_LAYOUT = (
    "config.json and the weights do not belong together, or a shard is missing from the index: download both again. If "
    "they are as published, see docs/models.md for the layouts that are read."
)


class Checkpoint:
    """The weights of one model by our names (`models/tensors.py`).

    Raises:
        CheckpointError: a file is missing or damaged, or a tensor is missing, unknown or of the wrong shape.
        ArchitectureError: a tensor shows it to be another model than its config says.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.folder = folder
        self.layout = layout
        self.config: ModelConfig = layout.config
        self.files = open_files(folder)
        self._file_of = {name: file for file in self.files for name in file.entries}
        self._shapes = tensors_of(self.config)
        _check_tensors(self._file_of, layout)

    @property
    def num_parameters(self) -> int:
        """How many weights the model has; a tied head counts once."""
        return num_parameters(self.config)

    def shape(self, name: str) -> Shape:
        """The shape of one of our tensors."""
        return self._shapes[name]

    def read(self, name: str) -> NDArray[np.float32]:
        """One tensor in fp32."""
        return self.rows(name, 0, self.shape(name)[0])

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows of one tensor in fp32; elements, where it has one dimension."""
        parts, position = [], 0
        for span in self.layout.sources[name]:
            length = span.stop - span.start
            first, last = max(start - position, 0), min(stop - position, length)
            if first < last:
                file = self._file_of[span.name]
                parts.append(file.rows(span.name, span.start + first, span.start + last))
            position += length
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def verify(self, on_bytes: Callable[[int], None] = lambda _: None) -> None:
        """Compares checksums that the files hold, and tensors that must be the same; reads what has to be read.

        Args:
            on_bytes: told how many more bytes of the files have been read.

        Raises:
            CheckpointError: a file is damaged.
            ArchitectureError: a tensor that should be a copy of another is not.
        """
        for file in self.files:
            file.verify(on_bytes)
        for copy, name in self.layout.copies.items():
            if copy in self._file_of:
                self._require_same(copy, name)

    def _require_same(self, copy: str, name: str) -> None:
        for start in range(0, self.layout.tensors[name][0], _BLOCK_ROWS):
            stop = min(start + _BLOCK_ROWS, self.layout.tensors[name][0])
            one, other = (self._file_of[each].rows(each, start, stop) for each in (copy, name))
            if not np.array_equal(one, other):
                raise ArchitectureError(
                    f"tie_word_embeddings is true, but {copy} differs from {name} between rows {start} and {stop}",
                    "One of the two is wrong: take config.json and the weights from the same place.",
                )


def require_names(names: Collection[str], layout: Layout) -> None:
    """Refuses a checkpoint whose tensors have other names than the layout's.

    Raises:
        CheckpointError: one is missing, or unknown.
        ArchitectureError: one shows it to be another model than its config says.
    """
    for refusal in layout.refused:
        for name in names:
            if refusal.names.fullmatch(name):
                raise ArchitectureError(f"the checkpoint holds {name}: {refusal.cause}", refusal.remedy)
    for name in layout.tensors:
        if name not in names:
            raise CheckpointError(f"tensor {name} is missing", OTHER_LAYOUT)
    for name in names:
        known = name in layout.tensors or name in layout.copies
        if not known and not layout.ignored.fullmatch(name):
            raise CheckpointError(f"tensor {name} is unknown to {layout.name}", OTHER_LAYOUT)


def _check_tensors(file_of: Mapping[str, TensorFile], layout: Layout) -> None:
    require_names(file_of.keys(), layout)
    copies = {name: layout.tensors[of] for name, of in layout.copies.items() if name in file_of}
    for name, shape in {**layout.tensors, **copies}.items():
        entry = file_of[name].entries[name]
        if entry.shape != shape:
            raise CheckpointError(
                f"tensor {name} has shape {list(entry.shape)}, expected {list(shape)}", OTHER_LAYOUT
            )
        require_float(name, entry.dtype)
