"""The lines of a file of ignore rules, and expressions for them that take time in proportion to a name's length."""

from __future__ import annotations

import codecs
import re

_MAX_DEEP = 2
"""Of `**/` in one line: each further one would multiply the time by the depth of a path."""

_STAR = r"\[\^/\]\*"
_STARS = re.compile(rf"(?:{_STAR}){{2,}}")
_BETWEEN_STARS = re.compile(
    rf"{_STAR}((?:(?!{_STAR})(?:\[\^?\]?(?:\\.|[^\]\\])*+\]|\\.|[^\[\]\\/()|?*+{{}}^$]))++)(?={_STAR})",
    re.DOTALL,
)


def lines_of(content: bytes) -> list[str]:
    """The lines of a file.

    Raises:
        ValueError: it is neither UTF-8 nor UTF-16 with a byte order mark, as far as that can be told.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16")
    else:
        text = content.decode("utf-8-sig", "replace")
    if "\0" in text:
        raise ValueError("text with null characters")
    return text.splitlines()


def widened(line: str) -> str:
    """A line with as many `**/` as can be matched in time: the same, or one that names more, never less."""
    if line.startswith("#"):
        return line
    names = line.removeprefix("!").split("/")
    names = [name for at, name in enumerate(names) if name != "**" or names[at - 1 : at] != ["**"]]
    deep = [at for at, name in enumerate(names[:-1]) if name == "**"]
    if len(deep) <= _MAX_DEEP:
        return line
    # What such a line would take back stays named.
    return "" if line.startswith("!") else "/".join([*names[: deep[_MAX_DEEP]], "**"])


def linear(expression: str) -> str:
    """The same expression without going back from one `*` of a name to an earlier one.

    What stands between two stars has a fixed length, so its leftmost place leaves most to the stars behind it.
    """
    return _BETWEEN_STARS.sub(r"(?>[^/]*?\1)", _STARS.sub("[^/]*", expression))
