"""Keys of a `config.json` that may be absent or null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def given(values: Mapping[str, Any], key: str, default: Any) -> Any:
    """The value; `default` where there is none, as the classes of published checkpoints know neither null."""
    value = values.get(key)
    return default if value is None else value
