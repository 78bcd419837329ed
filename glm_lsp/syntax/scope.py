"""What a place in a source is: code, comment or string."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """A docstring is a string; what is interpolated into a string is code."""

    CODE = "code"
    COMMENT = "comment"
    STRING = "string"
