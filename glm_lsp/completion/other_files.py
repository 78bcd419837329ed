"""What a completion may know of other files than the one in hand, and who finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from glm_lsp.completion.prompt import Reference
from glm_lsp.completion.snapshot import DocumentSnapshot


@dataclass(frozen=True, slots=True)
class OtherFiles:
    """Pieces of other files.

    Attributes:
        in_prompt: for the model to read, oldest first.
        looked_up: for the engine alone, to look things up in.
        reserved_chars: of the prompt, for `in_prompt`; constant, so that the window stays where it is.
    """

    in_prompt: tuple[Reference, ...] = ()
    looked_up: str = ""
    reserved_chars: int = 0


NOTHING = OtherFiles()


class ReferenceFinder(Protocol):
    """Finds them; `references/finder.py` does, in the workspace."""

    def is_ignored(self, uri: str) -> bool:
        """Whether a document is to be left alone altogether."""

    async def find(self, snapshot: DocumentSnapshot, context_length: int, *, copies: bool) -> OtherFiles:
        """What suits a model, within a time box; the same from key to key.

        Args:
            snapshot: the document in hand.
            context_length: tokens of the model's prompt and completion together.
            copies: whether its engine looks things up in the text around.
        """
