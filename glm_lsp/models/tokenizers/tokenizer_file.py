"""Reading tokenizer files, none of which may be larger than such a file ever is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers.converted import DAMAGED

MAX_MODEL_BYTES = 8 * 2**20
"""The largest real one, ChatGLM-6B's, has 2.7 MB."""
MAX_JSON_BYTES = 32 * 2**20
"""GLM-4's tokenizer.json has 20 MB; all other JSON is held to the smaller limit."""
MAX_IDS = 2**20


def read_limited(path: Path, limit: int) -> bytes:
    """All of a file.

    Raises:
        TokenizerError: it is missing, unreadable, empty, or larger than `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise TokenizerError(
            f"{path} cannot be read: {error.strerror}", "Check the path and its rights."
        ) from error
    if len(data) > limit:
        raise TokenizerError(f"{path.name} is larger than {limit >> 20} MiB, as no such file is", DAMAGED)
    if not data:
        raise TokenizerError(f"{path.name} is empty", DAMAGED)
    return data


def read_json(path: Path, limit: int = MAX_MODEL_BYTES) -> dict[str, Any]:
    """A JSON object.

    Raises:
        TokenizerError: it is none, or cannot be read.
    """
    try:
        content = json.loads(read_limited(path, limit))
    except (ValueError, RecursionError) as error:
        raise TokenizerError(f"{path.name} is no JSON: {error}", DAMAGED) from error
    if not isinstance(content, dict):
        raise TokenizerError(f"{path.name} holds no JSON object", DAMAGED)
    return content


def is_id(value: object) -> bool:
    """Whether a value out of a file can be a token id."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_IDS
