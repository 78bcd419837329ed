"""Bytes for people."""

from __future__ import annotations

from collections.abc import Callable

BytesDone = Callable[[str, int], None]
"""Called with what is being done and how many bytes are done."""


def readable(num_bytes: float) -> str:
    """As 5.5 GiB, 12.0 MiB or 17 B."""
    for exponent, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if num_bytes >= 2**exponent:
            return f"{num_bytes / 2**exponent:.1f} {unit}"
    return f"{num_bytes:.0f} B"
