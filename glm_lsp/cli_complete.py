"""`glm-lsp complete`: one completion, by the same steps as in an editor."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from glm_lsp import terminal

if TYPE_CHECKING:
    from glm_lsp.completion.outcome import Outcome
    from glm_lsp.completion.snapshot import DocumentSnapshot
    from glm_lsp.config import Settings
    from glm_lsp.engine.client.client import EngineClient
    from glm_lsp.engine.engine import Engine
    from glm_lsp.references.finder import WorkspaceFinder

_REFERENCES_WITHIN_S = 1.0
"""There is no next key for which they could be found."""


def load_engine(settings: Settings) -> Engine:
    """The engine these settings describe.

    Raises:
        ModelError, RuntimeLibraryError: see the classes.
    """
    from glm_lsp.engine.engine import Engine
    from glm_lsp.engine.kv_memory import num_slots
    from glm_lsp.models.store import ModelStore

    folder = ModelStore().resolve(settings.model)
    return Engine.load(
        folder,
        device=settings.device,
        threads=settings.threads or None,
        max_slots=num_slots(folder, settings.memory_mib),
    )


@asynccontextmanager
async def engine_client(settings: Settings) -> AsyncIterator[EngineClient]:
    """The engine at `engineUrl`, or one in this process, which is closed again.

    Raises:
        AddressError, ModelError, RuntimeLibraryError: see the classes.
    """
    if settings.engine_url:
        from glm_lsp.engine.client.client import HttpEngineClient

        client = HttpEngineClient(settings.engine_url, os.environ.get("GLM_LSP_ENGINE_TOKEN"))
        try:
            yield client
        finally:
            await client.close()
    else:
        from glm_lsp.engine.inprocess import InProcessClient

        with load_engine(settings) as engine:
            yield InProcessClient(engine)


@contextmanager
def finder_for(snapshot: DocumentSnapshot) -> Iterator[WorkspaceFinder]:
    """Who finds pieces of other files for a file of the command line: below its repository, below the topmost folder
    with a `.glmignore`, or beside it."""
    from pathlib import Path

    from glm_lsp.project_root import project_root
    from glm_lsp.references.finder import WorkspaceFinder
    from glm_lsp.references.source import ReferenceSource

    file = Path(snapshot.real_path)
    source = ReferenceSource([project_root(file)])
    try:
        yield WorkspaceFinder(source, within_s=_REFERENCES_WITHIN_S)
    finally:
        source.stop()


async def complete(
    snapshot: DocumentSnapshot, settings: Settings, num_candidates: int
) -> tuple[Outcome, str]:
    """What the engine suggests to who asks by hand, and its model: as named here, or as a running engine calls it.

    Raises:
        GlmError: the engine cannot be loaded or reached, or refuses the request.
    """
    from glm_lsp.completion.lifecycle import Completer

    async with engine_client(settings) as client:
        model = (await client.describe()).model if settings.engine_url else settings.model
        with finder_for(snapshot) as finder:
            outcome = await Completer(client, finder=finder).suggest(snapshot, candidates=num_candidates)
        return outcome, model


def as_json(outcome: Outcome, model: str) -> dict[str, Any]:
    """The object `complete --json` prints; `candidates` has all texts, the first also stands at the top."""
    import msgspec

    candidates = [
        {
            "text": candidate.text,
            "finish_reason": candidate.finish_reason,
            "score": candidate.score,
            "source": candidate.source.value,
        }
        for candidate in outcome.suggestions
    ]
    nothing = {"text": "", "finish_reason": None, "score": None, "source": None}
    return {
        **(candidates[0] if candidates else nothing),
        "mode": outcome.mode.value if outcome.mode else None,
        "reason": outcome.reason or None,
        "model": model,
        "num_prompt_tokens": outcome.usage.num_prompt_tokens,
        "num_cached_tokens": outcome.usage.num_cached_tokens,
        "num_completion_tokens": outcome.usage.num_completion_tokens,
        "timing_ms": msgspec.to_builtins(outcome.timing_ms),
        "candidates": candidates,
    }


def print_texts(outcome: Outcome) -> None:
    """The texts on stdout, several of them numbered; or why there is none, on stderr."""
    from glm_lsp.completion.reason import explain

    if not outcome.suggestions:
        terminal.say(f"no suggestion: {explain(outcome.reason)}")
    for number, candidate in enumerate(outcome.suggestions, start=1):
        if len(outcome.suggestions) > 1:
            print(f"[{number}]")
        print(candidate.text)
