"""Where in a weight file something lies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the weight file, and their CRC-32."""

    offset: int
    length: int
    crc: int = 0
