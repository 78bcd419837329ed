"""Words and signs of a file as 64-bit hashes, and hashes of runs of them.

The hashes depend on the text alone (never on PYTHONHASHSEED), so two runs compare equal.
"""

from __future__ import annotations

import hashlib
import re

import numpy as np
import numpy.typing as npt

TOKEN = re.compile(r"\w+|[^\w\s]")

Hashes = npt.NDArray[np.uint64]

_BASE = np.uint64(0x9E3779B97F4A7C15)


class TokenHasher:
    """Maps tokens to 64-bit hashes and remembers them: a corpus repeats its words a hundredfold."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def hashes(self, tokens: list[str]) -> Hashes:
        """The tokens' hashes, shape (len(tokens),)."""
        known = self._known
        for token in set(tokens):
            if token not in known:
                digest = hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=8).digest()
                known[token] = int.from_bytes(digest, "little")
        return np.fromiter((known[token] for token in tokens), dtype=np.uint64, count=len(tokens))


def run_hashes(hashes: Hashes, length: int) -> Hashes:
    """Hashes of all runs of `length` consecutive tokens, shape (max(0, n - length + 1),).

    A polynomial hash modulo 2**64, put together from runs of 1, 2, 4, ... tokens, so that a run of 50 costs
    a handful of array operations instead of 50.
    """
    count = len(hashes) - length + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    result = np.zeros(count, dtype=np.uint64)
    power, covered, size = hashes, 0, 1  # `power[i]` hashes the `size` tokens from i
    factor = _BASE  # _BASE ** size
    while covered < length:
        if (length & size) != 0:
            result = result * factor + power[covered : covered + count]
            covered += size
        if covered < length:
            power = power[:-size] * factor + power[size:]
            factor = np.uint64((int(factor) ** 2) & 0xFFFFFFFFFFFFFFFF)
            size *= 2
    return _mixed(result)


def _mixed(values: Hashes) -> Hashes:
    """Spreads the polynomial's weak low bits over all 64 (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
