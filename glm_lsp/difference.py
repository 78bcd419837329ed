"""Where two texts differ."""

from __future__ import annotations


def common_prefix(a: str, b: str) -> int:
    """How many code points two texts begin with in common.

    Halves are compared as a whole: that is many times faster than looking at one character after another.
    """
    low, high = 0, min(len(a), len(b))
    if a[:high] == b[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle
    return low


def common_suffix(a: str, b: str, longest: int) -> int:
    """How many code points two texts end with in common, at most `longest`."""
    low, high = 0, longest
    if a[len(a) - high :] == b[len(b) - high :]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle
    return low
