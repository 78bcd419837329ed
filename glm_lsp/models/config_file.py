"""A `config.json` as it lies on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from glm_lsp.models.json_file import MAX_CONFIG_BYTES, read_object


def read_values(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        CheckpointError: the file is missing, too large, or not a JSON object that all readers read alike.
    """
    return read_object(path, MAX_CONFIG_BYTES)
