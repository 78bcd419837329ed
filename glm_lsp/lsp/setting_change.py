"""What a change of settings means for a window."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.config import Settings

_NEED_NO_NEW_LINK = frozenset({"suggest", "disabled_in", "debounce_ms", "docstring_style", "log_level"})


def needs_new_link(before: Settings | None, after: Settings) -> bool:
    """Whether the engine has to be looked for, or started, anew."""
    if before is None:
        return True
    changed = {name for name in _names(after) if getattr(before, name) != getattr(after, name)}
    return not changed <= _NEED_NO_NEW_LINK


def _names(settings: Settings) -> Iterator[str]:
    return (field.name for field in dataclasses.fields(settings))
