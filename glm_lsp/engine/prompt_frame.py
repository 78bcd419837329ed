"""What stands around the text before the cursor in a model's prompts, to find that text again in prompts of ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glm_lsp.completion.prompt import Role
from glm_lsp.engine.healing import VocabularyIndex


@dataclass(frozen=True, slots=True)
class PromptFrame:
    """Token ids of an empty prompt.

    Attributes:
        head: those before the prefix.
        tail: those behind it.
        suffix_follows: whether text may come in between, so that the prefix is not the last text of a prompt.
    """

    head: list[int]
    tail: list[int]
    suffix_follows: bool

    @classmethod
    def of(cls, pieces: Sequence[tuple[Role, list[int]]]) -> PromptFrame:
        """From the segments of an empty prompt, in order."""
        roles = [role for role, _ in pieces]
        at = roles.index(Role.PREFIX)
        head = [token_id for _, ids in pieces[:at] for token_id in ids]
        tail = [token_id for _, ids in pieces[at + 1 :] for token_id in ids]
        return cls(head, tail, Role.SUFFIX in roles[at:] or Role.MIDDLE in roles[at:])

    def texts(self, token_ids: Sequence[int], vocabulary: VocabularyIndex) -> list[bytes]:
        """The texts between special tokens; the last one is that before the cursor."""
        tail = self.tail
        if not self.suffix_follows and tail and list(token_ids[-len(tail) :]) == tail:
            token_ids = token_ids[: -len(tail)]
        pieces = vocabulary.texts_of(token_ids)
        borders = [number for number, text in enumerate(pieces) if text is None]
        edges = zip([-1, *borders], [*borders, len(pieces)], strict=True)
        texts = [b"".join(filter(None, pieces[start + 1 : end])) for start, end in edges]
        if self.suffix_follows and list(token_ids[: len(self.head)]) == self.head:
            at = vocabulary.texts_of(self.head).count(None)
            texts.append(texts.pop(at))
        return [text for text in texts if text] or [b""]
