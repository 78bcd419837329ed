"""The text of an open document as a list of lines, edited in place.

Lines end where LSP says they do: at LF, CR LF or CR and nowhere else. (`str.splitlines` also splits at form feeds,
U+2028 and six more, which would shift every later edit by a line.)
"""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from itertools import accumulate, islice

_LINE_END = "\r\n"
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_COUNTED_AT_ONCE = 64


class Text:
    """Editable text. There is always at least one line; the last has no line end.

    Edits cost the lines they touch, not the document. The whole text is put together when asked for: out of the
    one before when a single edit lies between them, as when typing, else out of all lines.
    """

    def __init__(self, content: str = "") -> None:
        self._lines = split_lines(content)
        self._whole: str | None = content
        self._edit: tuple[int, int, str] | None = None
        """The one edit since `_whole`: from, to, and what stands there now."""
        self._ends: list[int] = []
        self.size = len(content)
        """Code points of the whole text."""

    def __str__(self) -> str:
        if self._whole is None:
            self._whole = "".join(self._lines)
        elif self._edit is not None:
            start, end, region = self._edit
            self._whole = "".join((self._whole[:start], region, self._whole[end:]))
            self._edit = None
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
        self._count_to(line)
        return self._start(line) + column

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset within the text."""
        while len(self._ends) < len(self._lines) and (not self._ends or self._ends[-1] <= offset):
            self._count_to(min(len(self._ends) + _COUNTED_AT_ONCE, len(self._lines)))
        line = min(bisect_right(self._ends, offset), len(self._lines) - 1)
        return line, offset - self._start(line)

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """What lies between two places, `start` not behind `end`."""
        (first, first_column), (last, last_column) = start, end
        if first == last:
            return self._lines[first][first_column:last_column]
        inner = self._lines[first + 1 : last]
        return "".join((self._lines[first][first_column:], *inner, self._lines[last][:last_column]))

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

    def _start(self, line: int) -> int:
        return self._ends[line - 1] if line else 0

    def _count_to(self, line: int) -> None:
        """Has the ends of all lines before `line` in `_ends`, which holds those of the first lines only."""
        num_known = len(self._ends)
        if num_known < line:
            lengths = map(len, self._lines[num_known:line])
            self._ends.extend(islice(accumulate(lengths, initial=self._start(num_known)), 1, None))

    def _put(self, first: int, last: int, region: str) -> None:
        lines = split_lines(region)
        if last + 1 < len(self._lines):
            # What follows the region's last line end is the next line, which is there already.
            lines.pop()
        num_old = sum(map(len, self._lines[first : last + 1]))
        if self._whole is not None and self._edit is None:
            start = self.offset(first, 0)
            self._edit = (start, start + num_old, region)
        else:
            self._whole = self._edit = None
        self.size += len(region) - num_old
        self._lines[first : last + 1] = lines
        del self._ends[first:]


def split_lines(content: str) -> list[str]:
    """The lines with their ends; the last one, perhaps empty, has none."""
    lines = list(io.StringIO(content, newline=""))
    if not lines or lines[-1].endswith(("\n", "\r")):
        lines.append("")
    return lines


def without_lone_surrogates(content: str) -> str:
    """JSON can spell half a character; U+FFFD, which counts the same in all encodings, takes its place."""
    return _LONE_SURROGATES.sub("\ufffd", content)
