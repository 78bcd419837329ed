"""The same function over many things, in one process or in several, results in order."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, TypeVar

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

_shared: list[Any] = []  # in a worker: the one thing all its calls are given


def mapped(
    function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item], jobs: int
) -> Iterator[Result]:
    """`function(shared, item)` of each item, in order; in this process when `jobs` is 1.

    With more, everything has to be picklable (`shared` is sent once to each process), and the first error
    ends the whole.
    """
    if jobs == 1:
        yield from map(partial(function, shared), items)
        return
    # Not by fork: libraries may have started threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_take, initargs=(shared,)) as pool:
        yield from pool.map(partial(_call, function), items)


def _take(shared: Any) -> None:
    _shared.append(shared)


def _call(function: Callable[[Any, Item], Result], item: Item) -> Result:
    return function(_shared[0], item)
