"""What a word is made of."""

from __future__ import annotations


def is_word(char: str) -> bool:
    """Whether a character, or none at all, can stand inside a name."""
    return bool(char) and f"_{char}".isidentifier()
