"""Stop rules for a block."""

from __future__ import annotations

from collections import Counter

from glm_lsp.completion.brackets import CLOSERS, OPENERS, count_open
from glm_lsp.completion.indent import indent_width
from glm_lsp.completion.repetition import repeats
from glm_lsp.completion.stop_line import LineStop

_SUFFIX_LINES = 50
_SAME_LINES = 3
_LEADING_BLANKS = 2


class BlockStop(LineStop):
    """Ends where the block ends, at the line that stands below already, on repetition.

    The block ends, by its indentation, at a line indented less than its first one, or after a blank line at a
    line indented no deeper; by its brackets, at one that the completion did not open. The bracket that opened
    the block itself may be closed if nothing below closes it.
    """

    def __init__(
        self, prefix: str, rest_of_line: str, suffix: str, stop_strings: tuple[str, ...] = ()
    ) -> None:
        super().__init__(prefix, rest_of_line, suffix, stop_strings)
        self._minds_brackets = True
        self._line_below = next((line for line in suffix.split("\n", _SUFFIX_LINES) if line.strip()), "")
        self._starts_blank = not self._line_prefix.strip()
        self._floor = self._level = indent_width(self._line_prefix)
        self._is_level_known = False
        self._is_closing = False
        self._open = self._opened_above(prefix)
        self._code_end = 0
        self._last_lines: list[tuple[str, int]] = []

    def _opened_above(self, prefix: str) -> Counter[str]:
        bracket = prefix.rstrip()[-1:] if self._starts_blank else ""
        is_closed_below = self._line_below.lstrip()[:1] in CLOSERS
        return Counter(bracket) if bracket in OPENERS and not is_closed_below else Counter()

    def _open_at(self, masked_lead: str) -> Counter[str]:
        return super()._open_at(masked_lead) if self._line_start == 0 else self._open

    def _look(self, text: str, end: int) -> int | None:
        is_first_char = not text[end - 1].isspace() and not text[self._line_start : end - 1].strip()
        stop = self._begin_line(text, end) if is_first_char else None
        return super()._look(text, end) if stop is None else stop

    def _begin_line(self, text: str, end: int) -> int | None:
        """Applies the rules for indentation, at the first visible character of a line."""
        if self._line_start == 0 and not self._starts_blank:
            return None
        lead = self._line_prefix if self._line_start == 0 else ""
        indent = indent_width(lead + text[self._line_start : end])
        self._is_closing = indent < self._floor
        # Whether a bracket there is the block's own to close is for the rule on brackets to judge.
        if self._is_closing and text[end - 1] not in CLOSERS:
            return self._code_end
        if self._is_new_paragraph(text, indent):
            return self._code_end
        if not self._is_level_known:
            self._learn_level(indent)
        return None

    @property
    def _has_code(self) -> bool:
        return self._code_end > 0 or not self._starts_blank

    def _is_new_paragraph(self, text: str, indent: int) -> bool:
        after_blank = text.count("\n", self._code_end, self._line_start) > 1
        return self._has_code and after_blank and indent <= self._level and not self._open.total()

    def _learn_level(self, indent: int) -> None:
        """The first line of the block's own sets where its lines stand."""
        self._is_level_known = True
        if self._starts_blank:
            self._floor = indent
        elif indent > self._level:
            self._floor = self._level + 1
        self._level = indent

    def _before_closer(self, text: str, end: int, *, is_line_complete: bool) -> int | None:
        keep = super()._before_closer(text, end, is_line_complete=is_line_complete)
        is_whole_line = keep is not None and not text[self._line_start : keep].strip()
        return self._code_end if is_whole_line else keep

    def _end_line(self, text: str, end: int) -> int | None:
        line = text[self._line_start : end]
        stop = self._judge_line(text, line, end) if line.strip() else self._judge_blank(text, end)
        lead, masked = self._masked_line(text, end)
        self._open = count_open(masked[lead:], self._open_at(masked[:lead]))
        self._code_end = end if line.strip() else self._code_end
        self._line_start = end + 1
        return stop

    def _judge_blank(self, text: str, end: int) -> int | None:
        allowed = 1 if self._has_code else _LEADING_BLANKS
        return self._code_end if text.count("\n", self._code_end, end) > allowed else None

    def _judge_line(self, text: str, line: str, end: int) -> int | None:
        """Applies the rules for a complete line that is not blank."""
        closer = self._before_closer(text, end, is_line_complete=True)
        if closer is not None:
            return closer
        if self._line_start == 0:
            line = self._line_prefix + line
        if self._stands_below(line):
            return self._code_end
        self._last_lines = [*self._last_lines[1 - _SAME_LINES :], (line, end)]
        if len(self._last_lines) == _SAME_LINES and len({said for said, _ in self._last_lines}) == 1:
            return self._last_lines[0][1]
        return end if self._is_closing and line.rstrip()[-1] not in OPENERS else None

    def _stands_below(self, line: str) -> bool:
        # Whether a finished first line repeats the one below is for post-processing to judge.
        is_new_line = self._line_start > 0 or self._starts_blank
        # A bracket that got this far closes one of the completion's own.
        return is_new_line and line.lstrip()[0] not in CLOSERS and repeats(line, self._line_below)
