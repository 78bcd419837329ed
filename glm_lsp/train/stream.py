"""The training stream: corpus file -> shuffled examples -> rows of fixed length. A function of seed and position."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import TrainingError
from glm_lsp.train.fim import Document, Example, ExampleMaker

IGNORE = -100
_OPEN_ROWS = 32
_SHUFFLE_BUFFER = 1024


def read_documents(path: Path) -> list[Document]:
    """All documents of a corpus split.

    Raises:
        TrainingError: the file is missing or a line is not a document.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            return [Document(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(f"the corpus file {path} cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Row:
    """One packed row; arrays are int64 [context], weights float32.

    `segments` numbers the examples from 1, padding is 0; `weights` belong to `targets`.
    """

    token_ids: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float32]
    positions: NDArray[np.int64]
    segments: NDArray[np.int64]


def examples(documents: list[Document], maker: ExampleMaker, seed: int, epoch: int) -> Iterator[Example]:
    """One epoch of examples in an order and with cuts that depend on (seed, epoch) only."""
    order = list(range(len(documents)))
    random.Random(f"{seed}/{epoch}/order").shuffle(order)
    mixer = random.Random(f"{seed}/{epoch}/mix")
    buffer: list[Example] = []
    for index in order:
        for example in maker.examples(documents[index], random.Random(f"{seed}/{epoch}/{index}")):
            if len(buffer) < _SHUFFLE_BUFFER:
                buffer.append(example)
                continue
            swap = mixer.randrange(_SHUFFLE_BUFFER)
            yield buffer[swap]
            buffer[swap] = example
    mixer.shuffle(buffer)
    yield from buffer


def pack(stream: Iterator[Example], context: int) -> Iterator[Row]:
    """Best-fit packing: an example goes into the fullest open row that still holds it."""
    rows: list[list[Example]] = []
    for example in stream:
        size = len(example.token_ids)
        fits = [row for row in rows if _length(row) + size <= context]
        if fits:
            max(fits, key=_length).append(example)
        else:
            rows.append([example])
        if len(rows) > _OPEN_ROWS:
            fullest = max(rows, key=_length)
            rows.remove(fullest)
            yield make_row(fullest, context)
    for row in rows:
        yield make_row(row, context)


def _length(row: list[Example]) -> int:
    return sum(len(example.token_ids) for example in row)


def make_row(parts: list[Example], context: int) -> Row:
    """Lays examples behind one another; targets never cross from one example into the next."""
    row = Row(
        np.zeros(context, np.int64),
        np.full(context, IGNORE, np.int64),
        np.zeros(context, np.float32),
        np.zeros(context, np.int64),
        np.zeros(context, np.int64),
    )
    at = 0
    for number, example in enumerate(parts, start=1):
        ids = np.array(example.token_ids, np.int64)
        end = at + len(ids)
        row.token_ids[at:end] = ids
        row.weights[at : end - 1] = example.weights[1:]
        row.targets[at : end - 1] = np.where(row.weights[at : end - 1] > 0, ids[1:], IGNORE)
        row.positions[at:end] = np.arange(len(ids))
        row.segments[at:end] = number
        at = end
    return row


def rows_from(
    documents: list[Document], maker: ExampleMaker, *, context: int, seed: int, skip: int = 0
) -> Iterator[Row]:
    """Rows without end, epoch after epoch; `skip` rows are passed over to resume."""
    number = 0
    epoch = 0
    while True:
        for row in pack(examples(documents, maker, seed, epoch), context):
            number += 1
            if number > skip:
                yield row
        epoch += 1
