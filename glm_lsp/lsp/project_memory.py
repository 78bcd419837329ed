"""How the projects of open documents are written, looked up anew now and then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glm_lsp.docstring.detection import NoSurroundings, Surroundings
from glm_lsp.docstring.project.files import ProjectFiles
from glm_lsp.references.location import file_of

HOLDS_S = 60.0
"""How long it is taken for granted how the rest of a project is written."""
_CAPACITY = 4
_NOTHING = NoSurroundings()


@dataclass(frozen=True, slots=True)
class _Known:
    since: float
    roots: tuple[Path, ...]
    project: Surroundings


class ProjectMemory:
    """Use it on one event loop."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._looking_up = asyncio.Lock()

    async def around(self, uri: str, roots: Sequence[Path]) -> Surroundings:
        """The surroundings of a document; another object as soon as they are to be looked at anew.

        Args:
            uri: of the document.
            roots: folders whose files may be read; where there are none, nothing is known.
        """
        path = file_of(uri)
        if not path or not roots:
            return _NOTHING
        async with self._looking_up:
            known = self._known.get(path)
            if known is None or known.roots != tuple(roots) or time.monotonic() - known.since > HOLDS_S:
                project = await asyncio.to_thread(ProjectFiles, Path(path), roots)
                if len(self._known) >= _CAPACITY:
                    self._known.clear()
                known = self._known[path] = _Known(time.monotonic(), tuple(roots), project)
        return known.project
