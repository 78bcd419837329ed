"""Stop rules for the rest of a line.

Every rule is tied to a character and none to a token, so the end does not depend on how the text was cut into
tokens: one look at the whole text finds the same place as a look after each token.
"""

from __future__ import annotations

from collections import Counter

from glm_lsp.completion.brackets import CLOSERS, count_open, ends_in_literal, first_unopened, mask_literals
from glm_lsp.completion.repetition import circle_start

_REPETITION_INTERVAL = 16


class StopRule:
    """Watches one growing text. This class itself knows stop strings alone."""

    def __init__(self, stop_strings: tuple[str, ...] = ()) -> None:
        self._stop_strings = tuple(string for string in stop_strings if string)
        self._seen = 0
        self._keep: int | None = None

    def check(self, text: str) -> int | None:
        """How many characters of `text` to keep if decoding must stop, or None to go on.

        Each call passes the text of the call before with more behind it; only the new part is looked at. Once
        the answer is a number, it stays that number.
        """
        while self._keep is None and self._seen < len(text):
            self._seen += 1
            self._keep = self._stop_string(text, self._seen)
            if self._keep is None:
                self._keep = self._look(text, self._seen)
        return self._keep

    def num_held(self, text: str) -> int:
        """How many characters at the end of `text` may be the beginning of a stop string, and must wait."""
        lengths = (
            length
            for string in self._stop_strings
            for length in range(1, len(string))
            if text.endswith(string[:length])
        )
        return max(lengths, default=0)

    def _stop_string(self, text: str, end: int) -> int | None:
        starts = [end - len(string) for string in self._stop_strings if text.endswith(string, 0, end)]
        return min(starts, default=None)

    def _look(self, text: str, end: int) -> int | None:
        """Applies the rules for the character before `end`; each character is looked at once."""
        return None


class LineStop(StopRule):
    """Ends at the first line break, before a bracket that the rest of the line closes already, on repetition."""

    def __init__(
        self, prefix: str, rest_of_line: str, suffix: str, stop_strings: tuple[str, ...] = ()
    ) -> None:
        super().__init__(stop_strings)
        self._line_start = 0
        self._line_prefix = prefix[prefix.rfind("\n") + 1 :]
        self._rest = rest_of_line
        self._open: Counter[str] = Counter()
        self._closed_by_rest = Counter(CLOSERS[char] for char in rest_of_line if char in CLOSERS)
        # With nothing right of the cursor, the line may well close what lines above have opened.
        self._minds_brackets = bool(rest_of_line.strip())

    def _look(self, text: str, end: int) -> int | None:
        char = text[end - 1]
        if char in "\r\n":
            return self._end_line(text, end - 1)
        if char in CLOSERS:
            return self._before_closer(text, end, is_line_complete=False)
        return circle_start(text[:end]) if end % _REPETITION_INTERVAL == 0 else None

    def _end_line(self, text: str, end: int) -> int | None:
        """Applies the rules for the line that ends at `end`."""
        closer = self._before_closer(text, end, is_line_complete=True)
        return end if closer is None else closer

    def _before_closer(self, text: str, end: int, *, is_line_complete: bool) -> int | None:
        """Where the line so far closes a bracket that is not its own to close.

        Within what may be a string, judgement waits for the line's end: by then a lone quote is an apostrophe.
        """
        if not self._minds_brackets:
            return None
        lead, masked = self._masked_line(text, end)
        if not is_line_complete and ends_in_literal(masked):
            return None
        closer = first_unopened(masked, lead, self._open_at(masked[:lead]))
        return None if closer is None else closer - lead + self._line_start

    def _masked_line(self, text: str, end: int) -> tuple[int, str]:
        """The current line up to `end` without its strings, and how much of it stood there before."""
        if self._line_start > 0:
            return 0, mask_literals(text[self._line_start : end])
        # A quote right of the cursor closes a string that was opened left of it.
        line = self._line_prefix + text[:end]
        return len(self._line_prefix), mask_literals(line + self._rest)[: len(line)]

    def _open_at(self, masked_lead: str) -> Counter[str]:
        """Brackets the line may close: open before the cursor, and not closed right of it."""
        return count_open(masked_lead, self._open) - self._closed_by_rest
