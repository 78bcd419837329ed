"""A small JSON file from somewhere else: read whole, within bounds, and strictly."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from glm_lsp.errors import CheckpointError

MAX_CONFIG_BYTES = 1 << 20
MAX_TABLE_BYTES = 2 << 20
"""Of a list of tensors. That of a model of 9B has 60 KB; parsed, a hostile one takes up to thirty times its size."""

NO_FILE = (
    "Give the folder that holds a model's config.json, weights and tokenizer, as its repository has them."
)


def read_object(path: Path, max_bytes: int) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        CheckpointError: the file is missing, larger than `max_bytes`, or holds something else; see `parse_object`.
    """
    try:
        with path.open("rb") as file:
            text = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}", NO_FILE) from error
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror}", "Look at the file's permissions and at the disk."
        ) from error
    if len(text) > max_bytes:
        raise CheckpointError(f"{path} has more than {max_bytes} bytes")
    return parse_object(text, str(path))


def parse_object(text: bytes, where: str) -> dict[str, Any]:
    """The JSON object in `text`, which errors call `where`.

    Raises:
        CheckpointError: it is not UTF-8, not JSON, nested too deeply, not an object; or a key comes twice, so that
            two readers may see two values, or a number is not finite.
    """
    try:
        value = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_without_doubles,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{where} is not JSON: {_short(error)}") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{where} does not hold a JSON object")
    return value


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ValueError(f"key {key[:80]!r} comes twice")
        values[key] = value
    return values


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large")
    return value


def _short(error: Exception) -> str:
    return str(error)[:200]
