"""What a measurement found, as JSON and as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from enum import Enum
from typing import Any

import glm_lsp
from glm_lsp.evaluate.held_out import HeldOut
from glm_lsp.evaluate.scores import Estimate

_DIGITS = 4


def report(
    measure: str,
    model: Mapping[str, Any],
    data: Mapping[str, Any],
    *,
    seed: int,
    count: int,
    results: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything that is needed to read the results, or to repeat them.

    Args:
        measure: the command's name.
        model: its `identity`.
        data: what it was measured on: at least `description` and `sha256`.
        seed: of everything that was drawn.
        count: tasks, cursors, bytes, regions or functions.
        results: dataclasses and mappings in any depth, of numbers and texts.
    """
    return {
        "measure": measure,
        **model,
        "glm_lsp_version": glm_lsp.__version__,
        "data": dict(data),
        "seed": seed,
        "count": count,
        "results": plain(results),
    }


def describe(data: HeldOut) -> dict[str, Any]:
    """The `data` of a report."""
    return {
        "description": data.description,
        "sha256": data.sha256,
        "files": len(data.files),
        "bytes": data.num_bytes,
    }


def plain(value: Any) -> Any:
    """The same for JSON, with four decimals."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {
            (key.value if isinstance(key, Enum) else str(key)): plain(item) for key, item in value.items()
        }
    return round(value, _DIGITS) if isinstance(value, float) else value


def lines(found: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """A report as indented lines of name and value."""
    for name, value in found.items():
        lead = f"{'  ' * depth}{name.replace('_', ' ')}"
        if isinstance(value, Mapping) and value.keys() == Estimate.__dataclass_fields__.keys():
            yield f"{lead:<32} {value['value']:<8} ({value['low']} to {value['high']})"
        elif isinstance(value, Mapping):
            yield lead
            yield from lines(value, depth + 1)
        else:
            yield f"{lead:<32} {'-' if value is None else value}"
