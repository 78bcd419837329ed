"""How fast this machine's memory can be read: the floor under everything that reads all weights once a step."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

READINGS = 12
_BYTES_A_READING = 1 << 29
_LINE = 64

# Reductions that NumPy has vectorised and that do little besides reading; which one is fastest differs.
_READERS: tuple[tuple[type[np.generic], Callable[[NDArray[Any]], object]], ...] = (
    (np.uint32, np.maximum.reduce),
    (np.float32, np.maximum.reduce),
    (np.uint64, np.bitwise_or.reduce),
)


def read_bandwidth(num_bytes: int, threads: int) -> float:
    """Gigabytes per second that `threads` threads together read from `num_bytes` of memory, over and over.

    A set that fits into a cache is read from there, a set far larger than the last cache from memory. It is the best
    of several readings and ways to read: a floor computed from it is not set too high.
    """
    share = max(_LINE, num_bytes // threads // _LINE * _LINE)
    pieces = [np.ones(share, np.uint8) for _ in range(threads)]
    passes = max(1, _BYTES_A_READING // (share * threads))
    fastest = min(
        _reading([piece.view(kind) for piece in pieces], reader, passes)
        for kind, reader in _READERS
        for _ in range(READINGS)
    )
    return share * threads * passes / fastest / 1e9


def _reading(pieces: list[NDArray[Any]], reader: Callable[[NDArray[Any]], object], passes: int) -> float:
    """Seconds from the first thread's start to the last one's end. NumPy lets go of the interpreter meanwhile."""
    together = threading.Barrier(len(pieces))
    times: list[tuple[float, float]] = []

    def read(piece: NDArray[Any]) -> None:
        together.wait()
        started = time.perf_counter()
        for _ in range(passes):
            reader(piece)
        times.append((started, time.perf_counter()))

    workers = [threading.Thread(target=read, args=(piece,)) for piece in pieces]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return max(end for _, end in times) - min(start for start, _ in times)
