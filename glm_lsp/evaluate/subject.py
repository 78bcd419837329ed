"""The model that is measured: in this process, or at an engine's address."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager
from typing import Any, Protocol, TypeVar

from glm_lsp.engine.client.client import EngineClient
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest

T = TypeVar("T")


class Writer(Protocol):
    """What a measure needs of a model; an `Engine` is one, too."""

    def complete(self, request: CompletionRequest) -> Iterable[CompletionChunk]:
        """The chunks of one completion.

        Raises:
            GlmError: as the engine reports it.
        """

    def describe(self) -> EngineDescription:
        """What is being served."""


class Subject:
    """A model behind an `EngineClient`, for code that waits for each answer.

    Args:
        client: of the engine.
        runner: the event loop on which alone the client is used.
        url: the engine's address; empty when it is in this process.

    Raises:
        EngineError: nobody answers at the address.
    """

    def __init__(self, client: EngineClient, runner: asyncio.Runner, url: str = "") -> None:
        self.client = client
        self._runner = runner
        self._url = url
        self._description = runner.run(client.describe())

    def complete(self, request: CompletionRequest) -> list[CompletionChunk]:
        """See `Writer`."""
        return self.run(_chunks(self.client, request))

    def describe(self) -> EngineDescription:
        """See `Writer`."""
        return self._description

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine that uses `client` to its end; an interruption cancels it."""
        return self._runner.run(work)

    def identity(self) -> dict[str, str | None]:
        """What a report says about the model; None is what a foreign server does not tell."""
        return identity(self._description, self._url)


def identity(about: EngineDescription, url: str = "") -> dict[str, str | None]:
    """What a report says about a model; None is what is not known."""
    return {
        "model": about.model,
        "precision": about.precision or None,
        "model_hash": about.model_hash or None,
        "engine": url or "in this process",
    }


def text_of(chunks: Iterable[CompletionChunk]) -> str:
    """The text of a completion with one choice."""
    return "".join(choice.text for chunk in chunks for choice in chunk.choices)


@contextmanager
def open_subject(client: AbstractAsyncContextManager[EngineClient], url: str | None) -> Iterator[Subject]:
    """The model behind `client`, which is opened and closed; `url` is its address, None in this process.

    Raises:
        GlmError: it cannot be loaded or does not answer.
    """
    with asyncio.Runner() as runner:
        opened = runner.run(client.__aenter__())
        try:
            yield Subject(opened, runner, url or "")
        finally:
            runner.run(client.__aexit__(None, None, None))


async def _chunks(client: EngineClient, request: CompletionRequest) -> list[CompletionChunk]:
    async with aclosing(client.complete(request)) as stream:
        return [chunk async for chunk in stream]
