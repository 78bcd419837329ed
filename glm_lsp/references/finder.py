"""Other files for completions, as the engine's model can use them."""

from __future__ import annotations

from glm_lsp.completion.other_files import NOTHING, OtherFiles
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.references.plan import Way, lookup_text, plan_for
from glm_lsp.references.source import ReferenceSource


class WorkspaceFinder:
    """A `ReferenceFinder`.

    Args:
        source: where they come from.
        within_s: how long a request waits for them.
    """

    def __init__(self, source: ReferenceSource, *, within_s: float = 0.05) -> None:
        self._source = source
        self._within_s = within_s

    def is_ignored(self, uri: str) -> bool:
        """See `ReferenceFinder`."""
        return self._source.is_ignored(uri)

    async def find(self, snapshot: DocumentSnapshot, context_length: int, *, copies: bool) -> OtherFiles:
        """See `ReferenceFinder`."""
        plan = plan_for(context_length, copies=copies)
        if plan is None:
            return NOTHING
        self._source.set_plan(plan)
        found = await self._source.gather(snapshot, plan.max_chars, within_s=self._within_s)
        if plan.way is Way.PROMPT:
            return OtherFiles(in_prompt=found, reserved_chars=plan.max_chars)
        return OtherFiles(looked_up=lookup_text(found))
