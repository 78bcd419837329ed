"""The text of an open document as a list of lines, edited in place.

Lines end where LSP says they do: at LF, CR LF or CR and nowhere else. (`str.splitlines` also splits at form feeds,
U+2028 and six more, which would shift every later edit by a line.)
"""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from itertools import accumulate

_LINE_END = "\r\n"
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


class Text:
    """Editable text. There is always at least one line; the last has no line end.

    Edits cost the lines they touch, not the document; the whole text is put together when asked for.
    """

    def __init__(self, content: str = "") -> None:
        self._lines = split_lines(content)
        self._whole: str | None = content
        self._ends: list[int] | None = None
        self.size = len(content)
        """Code points of the whole text."""

    def __str__(self) -> str:
        if self._whole is None:
            self._whole = "".join(self._lines)
        return self._whole

    @property
    def num_lines(self) -> int:
        """At least 1."""
        return len(self._lines)

    def line(self, index: int) -> str:
        """A line without its end."""
        return self._lines[index].rstrip(_LINE_END)

    def offset(self, line: int, column: int) -> int:
        """Code points before a place; `column` lies in the line."""
        return self._line_ends()[line] - len(self._lines[line]) + column

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset within the text."""
        ends = self._line_ends()
        line = min(bisect_right(ends, offset), len(ends) - 1)
        return line, offset - ends[line] + len(self._lines[line])

    def replace(self, start: tuple[int, int], end: tuple[int, int], new: str) -> None:
        """Puts `new` in place of what lies between two places, `start` not behind `end`."""
        (first, first_column), (last, last_column) = start, end
        region = self._lines[first][:first_column] + new + self._lines[last][last_column:]
        # A CR and an LF that meet at the seam become one line end.
        if region.startswith("\n") and first > 0 and self._lines[first - 1].endswith("\r"):
            first -= 1
            region = self._lines[first] + region
        if region.endswith("\r") and last + 1 < len(self._lines) and self._lines[last + 1].startswith("\n"):
            last += 1
            region += self._lines[last]
        self._put(first, last, region)

    def _line_ends(self) -> list[int]:
        """Offsets at which the lines end."""
        if self._ends is None:
            self._ends = list(accumulate(map(len, self._lines)))
        return self._ends

    def _put(self, first: int, last: int, region: str) -> None:
        lines = split_lines(region)
        if last + 1 < len(self._lines):
            # What follows the region's last line end is the next line, which is there already.
            lines.pop()
        self.size += len(region) - sum(map(len, self._lines[first : last + 1]))
        self._lines[first : last + 1] = lines
        self._whole = self._ends = None


def split_lines(content: str) -> list[str]:
    """The lines with their ends; the last one, perhaps empty, has none."""
    lines = list(io.StringIO(content, newline=""))
    if not lines or lines[-1].endswith(("\n", "\r")):
        lines.append("")
    return lines


def without_lone_surrogates(content: str) -> str:
    """JSON can spell half a character; U+FFFD, which counts the same in all encodings, takes its place."""
    return _LONE_SURROGATES.sub("\ufffd", content)
