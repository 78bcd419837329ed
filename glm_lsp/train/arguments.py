"""What words on the command line mean, for `argparse`."""

from __future__ import annotations

import argparse


def positive(word: str) -> int:
    """A whole number above 0.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        number = int(word)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} is not a whole number above 0")
    return number
