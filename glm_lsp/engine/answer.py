"""The text of one choice as it grows."""

from __future__ import annotations

from glm_lsp.completion.stop import StopRule
from glm_lsp.engine.tokenizer import SourceTokenizer, StreamDecoder

_BLANK = " \t\r\n"


class Answer:
    """Tokens in, deltas out, stop rules applied.

    Args:
        skip: the tokens' first characters that are no part of the text.
        trims: neither are the blanks and line breaks that it begins with.
    """

    def __init__(
        self, tokenizer: SourceTokenizer, rule: StopRule, skip: int = 0, *, trims: bool = False
    ) -> None:
        self._decoder = StreamDecoder(tokenizer, skip)
        self._rule = rule
        self._trims = trims
        self._text = ""
        self._emitted = 0
        self.stopped = False

    def push(self, token_id: int) -> str:
        """The new text that may be sent; sets `stopped` when the rules say that the text is complete."""
        return self._grow(self._decoder.push(token_id))

    def finish(self) -> str:
        """What was held back at the end."""
        return "" if self.stopped else self._grow(self._decoder.flush(), is_last=True)

    def _grow(self, piece: str, *, is_last: bool = False) -> str:
        if self._trims and not self._text:
            piece = piece.lstrip(_BLANK)
        self._text += piece
        keep = self._rule.check(self._text) if piece else None
        if keep is not None:
            self.stopped = True
            self._text = self._text[: max(keep, self._emitted)]
        held = 0 if self.stopped or is_last else self._rule.num_held(self._text)
        end = max(self._emitted, len(self._text) - held)
        delta = self._text[self._emitted : end]
        self._emitted = end
        return delta
