"""Keeps public evaluation problems out of the training split.

The blocklist holds the digests of runs of 13 tokens of the public evaluation sets. A file with three or
more of those runs is dropped.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
import numpy.typing as npt

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus.tokens import TOKEN

RUN = 13  # tokens
MIN_WORDS = 6  # of a run's tokens are words of letters, or the run is not on the list
MAX_HITS = 2  # a file with more is dropped


@cache
def blocklist() -> frozenset[int]:
    """The packaged digests.

    Raises:
        TrainingError: the file is not the sorted uint64 array it should be.
    """
    content = files(__package__).joinpath("eval-13gram-blocklist.npy").read_bytes()
    array: npt.NDArray[np.uint64] = np.load(BytesIO(content), allow_pickle=False)
    if array.dtype != np.dtype("<u8") or array.ndim != 1 or not np.all(array[:-1] < array[1:]):
        raise TrainingError("the evaluation blocklist is damaged", "Install the package again.")
    return frozenset(array.tolist())


def run_digest(tokens: list[str]) -> int:
    """The digest of one run: 8-byte blake2b of the tokens joined by spaces, read as little-endian."""
    return int.from_bytes(hashlib.blake2b(" ".join(tokens).encode(), digest_size=8).digest(), "little")


def hits(text: str, blocked: frozenset[int]) -> int:
    """How many of the text's runs of 13 tokens are blocked (each place counts)."""
    tokens = TOKEN.findall(text)
    if len(tokens) < RUN:
        return 0
    # Runs with too few words cannot be on the list; skipping them saves the digest. Looser than the list's
    # own condition (identifiers with underscores or digits count), so nothing on the list is skipped.
    wordlike = np.fromiter((token[0].isalpha() or len(token) > 1 for token in tokens), dtype=np.int64)
    sums = np.concatenate(([0], np.cumsum(wordlike)))
    starts = np.flatnonzero(sums[RUN:] - sums[:-RUN] >= MIN_WORDS)
    return sum(run_digest(tokens[start : start + RUN]) in blocked for start in starts.tolist())
