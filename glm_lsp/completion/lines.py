r"""Where lines begin and end: the three line breaks of LSP (`\n`, `\r\n`, `\r`) and no others.

`str.splitlines` also breaks at U+2028, form feeds and more, which editors count as ordinary text. Unless a caller wants
it otherwise no search goes further than 64 Ki characters, so that a minified document of megabytes costs no more than
another: a line that runs on for longer counts as the first, or the last, of its document.
"""

from __future__ import annotations

LONGEST_LINE = 65536
_FAR = 4096
"""Characters looked at when searching for the nearest line that is not blank."""


def line_start(text: str, offset: int, longest: int = LONGEST_LINE) -> int:
    """Offset of the first character of the line that holds `offset`; `longest`: how far it is searched for."""
    nearest = max(0, offset - longest)
    line_feed = text.rfind("\n", nearest, offset)
    return max(line_feed, text.rfind("\r", max(nearest, line_feed), offset)) + 1


def line_end(text: str, offset: int, longest: int = LONGEST_LINE) -> int:
    """Offset of the line break that ends the line of `offset`, or the text's length; `longest` as in `line_start`."""
    line_feed = text.find("\n", offset, offset + longest)
    farthest = line_feed if line_feed >= 0 else offset + longest
    carriage_return = text.find("\r", offset, farthest)
    ends = [end for end in (carriage_return, line_feed) if end >= 0]
    return ends[0] if ends else len(text)


def next_line_start(text: str, offset: int) -> int:
    """Offset after the line break that ends the line of `offset`, or the text's length."""
    end = line_end(text, offset)
    return min(len(text), end + (2 if text.startswith("\r\n", end) else 1))


def line_before(text: str, offset: int) -> str:
    """The nearest line that is not blank and ends before the line of `offset`; empty when there is none nearby.

    Its trailing white space is cut. Only some thousand characters are looked at.
    """
    start = line_start(text, offset)
    above = text[max(0, start - _FAR) : start].rstrip()
    return above[line_start(above, len(above)) :]


def line_after(text: str, offset: int) -> str:
    """The nearest line that is not blank and begins after the line of `offset`; empty when there is none nearby.

    Its trailing white space is cut. Only some thousand characters are looked at.
    """
    start = next_line_start(text, offset)
    below = text[start : start + _FAR]
    first = len(below) - len(below.lstrip())
    return below[line_start(below, first) : line_end(below, first)].rstrip()
