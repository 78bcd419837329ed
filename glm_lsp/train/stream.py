"""The training stream: corpus files -> blocks of shuffled examples -> packed rows. A function of seed and place.

The corpus is walked in blocks of documents, epoch after epoch in a new order with new cuts. A block depends on the
seed and its number only, so blocks can be made by several processes at once, and a run resumes by making one anew.
"""

from __future__ import annotations

import json
import lzma
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import TrainingError
from glm_lsp.train.example import Document, Example
from glm_lsp.train.fim import ExampleMaker

IGNORE = -100
BLOCK_DOCUMENTS = 64
_OPEN_ROWS = 32


def read_documents(*paths: Path) -> list[Document]:
    """All documents of some corpus files, `.jsonl` or `.jsonl.xz`.

    Raises:
        TrainingError: a file is missing or a line is not a document.
    """
    documents: list[Document] = []
    for path in paths:
        try:
            with lzma.open(path, "rb") if path.suffix == ".xz" else path.open("rb") as lines:
                documents += [Document(**json.loads(line)) for line in lines]
        except (OSError, EOFError, lzma.LZMAError, ValueError, TypeError) as error:
            raise TrainingError(f"the corpus file {path} cannot be read: {error}") from error
    if not documents:
        raise TrainingError(f"there are no documents in {', '.join(map(str, paths))}")
    return documents


@dataclass(frozen=True, slots=True)
class Row:
    """One packed row; arrays are [context], int32 but for the float32 weights.

    `segments` numbers the examples from 1, padding is 0; `weights` belong to `targets`.
    """

    token_ids: NDArray[np.int32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float32]
    positions: NDArray[np.int32]
    segments: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the stream: `rows` of block number `block` have been used.

    `decaying` is the mix the block was begun with; it means nothing while `rows` is 0.
    """

    block: int = 0
    rows: int = 0
    decaying: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that follow one another from `place` on; `last` ends a block."""

    worker: int
    place: Place
    rows: list[Row]
    last: bool


class Stream:
    """The rows of a corpus; processes can share it, as nothing that matters changes."""

    def __init__(self, documents: list[Document], maker: ExampleMaker, *, context: int, seed: int) -> None:
        self._documents = documents
        self._maker = maker
        self._context = context
        self._seed = seed
        # A document that counts double is walked twice in an epoch, each time with other cuts.
        self._walk = [i for i, document in enumerate(documents) for _ in range(maker.times(document))]
        self._packages: dict[str, list[int]] = defaultdict(list)
        for index, document in enumerate(documents):
            self._packages[document.package].append(index)
        self._shuffled: tuple[int, list[int]] = (-1, [])
        self.blocks_per_epoch = -(-len(self._walk) // BLOCK_DOCUMENTS)

    def block(self, number: int, *, decaying: bool) -> list[Row]:
        """The rows of one block."""
        return list(pack(self.examples(number, decaying=decaying), self._context))

    def examples(self, number: int, *, decaying: bool) -> list[Example]:
        """The examples of one block, shuffled."""
        epoch, index = divmod(number, self.blocks_per_epoch)
        order = self._order(epoch)[index * BLOCK_DOCUMENTS : (index + 1) * BLOCK_DOCUMENTS]
        made: list[Example] = []
        for at, document in enumerate(order):
            rng = random.Random(f"{self._seed}/{number}/{at}")
            made += self._maker.examples(
                self._documents[document], rng, siblings=self._siblings(document), decaying=decaying
            )
        random.Random(f"{self._seed}/{number}/mix").shuffle(made)
        return made

    def _order(self, epoch: int) -> list[int]:
        known, order = self._shuffled
        if known != epoch:
            order = list(self._walk)
            random.Random(f"{self._seed}/{epoch}/order").shuffle(order)
            self._shuffled = epoch, order
        return order

    def _siblings(self, document: int) -> Callable[[random.Random], Document | None]:
        """Draws another document of the same package, None where there is none."""
        package = self._packages[self._documents[document].package]

        def draw(rng: random.Random) -> Document | None:
            other = rng.choice(package)
            return None if other == document else self._documents[other]

        return draw

    def chunks(
        self,
        place: Place,
        *,
        size: int,
        decaying: Callable[[], bool] = lambda: False,
        worker: int = 0,
        workers: int = 1,
    ) -> Iterator[Chunk]:
        """Rows without end from `place` on, taking every `workers`-th block."""
        while True:
            mix = place.decaying if place.rows else decaying()
            rows = self.block(place.block, decaying=mix)
            for start in range(place.rows, len(rows), size):
                part = rows[start : start + size]
                yield Chunk(worker, Place(place.block, start, mix), part, start + size >= len(rows))
            place = Place(place.block + workers)


def pack(stream: Iterable[Example], context: int) -> Iterator[Row]:
    """Best-fit packing: an example goes into the fullest open row that still holds it."""
    rows: list[list[Example]] = []
    sizes: list[int] = []
    for example in stream:
        size = len(example.token_ids)
        best = max(
            (at for at, used in enumerate(sizes) if used + size <= context), key=sizes.__getitem__, default=-1
        )
        if best >= 0:
            rows[best].append(example)
            sizes[best] += size
        else:
            rows.append([example])
            sizes.append(size)
        if len(rows) > _OPEN_ROWS:
            fullest = max(range(len(sizes)), key=sizes.__getitem__)
            sizes.pop(fullest)
            yield make_row(rows.pop(fullest), context)
    for row in rows:
        yield make_row(row, context)


def make_row(parts: list[Example], context: int) -> Row:
    """Lays examples behind one another; targets never cross from one example into the next."""
    row = Row(
        np.zeros(context, np.int32),
        np.full(context, IGNORE, np.int32),
        np.zeros(context, np.float32),
        np.zeros(context, np.int32),
        np.zeros(context, np.int32),
    )
    at = 0
    for number, example in enumerate(parts, start=1):
        ids = np.array(example.token_ids, np.int32)
        end = at + len(ids)
        row.token_ids[at:end] = ids
        row.weights[at : end - 1] = example.weights[1:]
        row.targets[at : end - 1] = np.where(row.weights[at : end - 1] > 0, ids[1:], IGNORE)
        row.positions[at:end] = np.arange(len(ids))
        row.segments[at:end] = number
        at = end
    return row
