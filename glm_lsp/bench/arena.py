"""Where a comparison takes place: a folder of its own, and everybody running in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from glm_lsp import terminal
from glm_lsp.bench.contestant import Contestant
from glm_lsp.bench.peer import Material, Peer, Variant, start
from glm_lsp.bench.servers import OurEngine, own_worker
from glm_lsp.errors import GlmError
from glm_lsp.models.store import ModelFolder
from glm_lsp.progress import progress_bar


@contextmanager
def arena() -> Iterator[Path]:
    """A folder that is removed in the end."""
    # Not below the user's cache: the path of a socket holds about a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="glm-peers-") as name:
        yield Path(name)


@contextmanager
def everybody(
    folder: ModelFolder, peers: Sequence[tuple[Peer, Variant]], material: Material
) -> Iterator[list[Contestant]]:
    """Starts the engine and the peers; ends them in the end. The engine comes first.

    A peer that does not start is left out, which is told on stderr.

    Raises:
        GlmError: the engine does not start.
    """
    with ExitStack() as stack, progress_bar("starting") as bar:
        ours = OurEngine(folder, material.room, material.threads)
        running: list[Contestant] = [stack.enter_context(closing(ours))]
        if any(not peer.file.server for peer, _ in peers):
            piped = own_worker(folder, material.room, material.threads)
            running.append(stack.enter_context(closing(piped)))
        for number, (peer, variant) in enumerate(peers):
            bar(number, len(peers))
            try:
                contestant = start(peer, variant, material)
            except GlmError as error:
                terminal.say(f"left out: {variant.name}; {error}")
            else:
                running.append(stack.enter_context(closing(contestant)))
        yield running
