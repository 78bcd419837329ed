"""Rows for the trainer: made in line, or ahead by worker processes that share the corpus."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from glm_lsp.errors import TrainingError
from glm_lsp.train.stream import Chunk, Place, Row, Stream

_CHUNK_ROWS = 16
_CHUNKS_AHEAD = 24


class Loader:
    """Hands out rows and knows, for each worker, the place up to which they were handed out.

    Without workers the rows are a function of seed and place alone. With workers, each block still is, but which
    worker's rows come first after a restart is not.

    Raises:
        TrainingError: workers are asked for where processes cannot be forked.
    """

    def __init__(self, stream: Stream, places: list[Place], *, workers: int = 0) -> None:
        self.places = _places(places, max(1, workers))
        self._decaying: Any = None
        self._is_decaying = False
        if workers == 0:
            self._chunks = stream.chunks(self.places[0], size=_CHUNK_ROWS, decaying=lambda: self._is_decaying)
        else:
            self._chunks = self._start(stream, workers)
        self._chunk: Chunk | None = None
        self._used = 0

    def _start(self, stream: Stream, workers: int) -> Iterator[Chunk]:
        if "fork" not in multiprocessing.get_all_start_methods():
            raise TrainingError("this system cannot fork worker processes; train with --workers 0")
        # Forked, so that all share the documents instead of holding them each; the collector must not touch them.
        gc.freeze()
        context = multiprocessing.get_context("fork")
        self._decaying = context.Value("b", 0, lock=False)
        loader = DataLoader(
            _Blocks(stream, self.places, self._decaying),
            batch_size=None,
            collate_fn=_unchanged,
            num_workers=workers,
            prefetch_factor=_CHUNKS_AHEAD,
            multiprocessing_context=context,
        )
        chunks: Iterator[Chunk] = iter(loader)
        return chunks

    def set_decaying(self) -> None:
        """Blocks begun from now on are made with the mix of the decay."""
        self._is_decaying = True
        if self._decaying is not None:
            self._decaying.value = 1

    def take(self, count: int) -> list[Row]:
        """The next rows."""
        rows: list[Row] = []
        while len(rows) < count:
            if self._chunk is None:
                self._chunk, self._used = next(self._chunks), 0
            chunk = self._chunk
            part = chunk.rows[self._used : self._used + count - len(rows)]
            rows += part
            self._used += len(part)
            at = chunk.place
            if self._used < len(chunk.rows):
                self.places[chunk.worker] = replace(at, rows=at.rows + self._used)
                continue
            self._chunk = None
            self.places[chunk.worker] = (
                Place(at.block + len(self.places)) if chunk.last else replace(at, rows=at.rows + self._used)
            )
        return rows


class _Blocks(IterableDataset):
    """What a worker process iterates over."""

    def __init__(self, stream: Stream, places: list[Place], decaying: Any) -> None:
        self._stream, self._places, self._decaying = stream, list(places), decaying

    def __iter__(self) -> Iterator[Chunk]:
        info = get_worker_info()
        return self._stream.chunks(
            self._places[info.id],
            size=_CHUNK_ROWS,
            decaying=lambda: bool(self._decaying.value),
            worker=info.id,
            workers=info.num_workers,
        )


def _unchanged(chunk: Chunk) -> Chunk:
    return chunk


def _places(saved: list[Place], workers: int) -> list[Place]:
    """Where each worker begins; another number of workers than last time begins behind all blocks used so far."""
    if len(saved) == workers:
        return list(saved)
    first = max((place.block for place in saved), default=-1) + 1
    return [Place(first + worker) for worker in range(workers)]
