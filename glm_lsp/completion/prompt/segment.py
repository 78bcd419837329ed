"""What prompts are made of: special tokens, which enter by id, and ordinary text, which never becomes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from glm_lsp.errors import TokenizerError

TokenId = Callable[[str], int | None]
"""The id of a special token by its name; None where the tokenizer has no such token."""


class Role(Enum):
    """What a segment is for; training takes no loss on the header."""

    HEADER = auto()
    SUFFIX = auto()
    PREFIX = auto()
    MIDDLE = auto()


class Kind(Enum):
    """How a segment becomes token ids."""

    TEXT = auto()
    """Encoded with special tokens switched off: user code that happens to contain `<|user|>` stays code."""
    SPECIAL = auto()
    """A special token's name. A tokenizer without it does not fit the prompt."""
    SPECIAL_OR_TEXT = auto()
    """A special token's name; where there is no such token, the name as ordinary text."""
    SPECIAL_IF_KNOWN = auto()
    """A special token's name, left out where there is no such token."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a prompt: a special token's name, or text to encode apart from its neighbours.

    `lead` stands in front of a text that may lose its beginning, and is encoded with it as one: it is never lost.
    """

    text: str
    role: Role
    kind: Kind = Kind.TEXT
    lead: str = ""

    def token_ids(self, token_id: TokenId, encode: Callable[[str], list[int]]) -> list[int]:
        """The segment in token ids; `encode` is for ordinary text.

        Raises:
            TokenizerError: there is no such special token.
        """
        if self.kind is Kind.TEXT:
            return encode(self.lead + self.text)
        found = token_id(self.text)
        if found is not None:
            return [found]
        if self.kind is Kind.SPECIAL:
            raise TokenizerError(f"the tokenizer has no token {self.text}, which the prompt needs")
        return encode(self.text) if self.kind is Kind.SPECIAL_OR_TEXT else []


def missing_tokens(segments: list[Segment], token_id: TokenId) -> list[str]:
    """Names of the special tokens that a tokenizer lacks and the prompt needs; each once."""
    needed = [segment.text for segment in segments if segment.kind is Kind.SPECIAL]
    return [name for name in dict.fromkeys(needed) if token_id(name) is None]
