"""Exact and near duplicates, and training files too close to held-out ones.

Leading comments are left out of every comparison: two files under the same licence header are not copies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from datasketch import MinHash, MinHashLSH

from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.headers import leading_comment
from glm_lsp.train.corpus.tokens import TOKEN, Hashes, TokenHasher, run_hashes

SHINGLE = 5  # tokens
PERMUTATIONS = 128
NEAR_DUPLICATE = 0.8  # Jaccard similarity of shingles, among files of one split
NEAR_HELD_OUT = 0.5  # and between a training file and a held-out one
WINDOW = 50  # tokens
WINDOW_WORDS = 10  # different words a shared window needs; rulers and rows of zeros have fewer


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What comparisons need of a file: `tokens` (n,), `shingles` sorted and unique, and its MinHash."""

    tokens: Hashes
    shingles: Hashes
    minhash: MinHash


class Fingerprinter:
    """Makes fingerprints; one instance per build, for the sake of its memory of tokens."""

    def __init__(self) -> None:
        self._hasher = TokenHasher()
        # Its permutations are copied to every other one: drawing them anew costs more than hashing.
        self._blank = MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=_low_bits)

    def fingerprint(self, text: str, language: str = "python") -> Fingerprint:
        """The fingerprint of a file's text."""
        tokens = self._hasher.hashes(compared_tokens(text, language))
        shingles = np.unique(run_hashes(tokens, SHINGLE) if len(tokens) >= SHINGLE else tokens)
        minhash = self._blank.copy()
        for start in range(0, len(shingles), 4096):  # keeps the (shingles, permutations) table small
            minhash.update_batch(shingles[start : start + 4096].tolist())
        return Fingerprint(tokens, shingles, minhash)


def compared_tokens(text: str, language: str = "python") -> list[str]:
    """The tokens comparisons look at: those after the leading comment."""
    return TOKEN.findall(text[len(leading_comment(text, language)) :])


def jaccard(left: Hashes, right: Hashes) -> float:
    """Shared over all shingles, of two sorted arrays without repeats; 0.0 when either is empty."""
    if len(left) == 0 or len(right) == 0:
        return 0.0
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)


def exact_duplicates(documents: Iterable[Document]) -> set[tuple[str, str]]:
    """Keys of documents whose text already came earlier."""
    seen: set[str] = set()
    repeated: set[tuple[str, str]] = set()
    for document in documents:
        if document.digest in seen:
            repeated.add(document.key)
        seen.add(document.digest)
    return repeated


def near_duplicates(prints: Sequence[Fingerprint]) -> set[int]:
    """Indexes of files similar to an earlier one that is kept (J >= 0.8, candidates checked exactly)."""
    index = MinHashLSH(threshold=NEAR_DUPLICATE, num_perm=PERMUTATIONS)
    dropped: set[int] = set()
    for place, own in enumerate(prints):
        candidates = sorted(index.query(own.minhash))
        if any(jaccard(own.shingles, prints[other].shingles) >= NEAR_DUPLICATE for other in candidates):
            dropped.add(place)
        else:
            index.insert(place, own.minhash)
    return dropped


class HeldOutGuard:
    """Recognises training files too close to the validation and test splits."""

    def __init__(self, prints: Sequence[Fingerprint]) -> None:
        self._prints = prints
        self._index = MinHashLSH(threshold=NEAR_HELD_OUT, num_perm=PERMUTATIONS)
        for place, own in enumerate(prints):
            self._index.insert(place, own.minhash)
        windows = [run_hashes(own.tokens, WINDOW) for own in prints]
        self._windows = np.unique(np.concatenate([*windows, np.empty(0, dtype=np.uint64)]))

    def reason(self, text: str, own: Fingerprint, language: str = "python") -> str | None:
        """Why the training file has to go ("near_held_out", "held_out_window"), or None."""
        for other in sorted(self._index.query(own.minhash)):
            if jaccard(own.shingles, self._prints[other].shingles) >= NEAR_HELD_OUT:
                return "near_held_out"
        return "held_out_window" if self._shares_window(text, own, language) else None

    def _shares_window(self, text: str, own: Fingerprint, language: str) -> bool:
        windows = run_hashes(own.tokens, WINDOW)
        if len(windows) == 0 or len(self._windows) == 0:
            return False
        at = np.minimum(np.searchsorted(self._windows, windows), len(self._windows) - 1)
        starts = np.flatnonzero(self._windows[at] == windows)
        if len(starts) == 0:
            return False
        tokens = compared_tokens(text, language)
        return any(
            len({token for token in tokens[start : start + WINDOW] if token[0].isalpha()}) >= WINDOW_WORDS
            for start in starts.tolist()
        )


def _low_bits(value: int) -> int:
    """MinHash wants 32-bit values; shingles are hashes already."""
    return value & 0xFFFFFFFF
