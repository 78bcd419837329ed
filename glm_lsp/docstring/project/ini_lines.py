"""Settings in the manner of INI files, as `.editorconfig` and linters have them: sections, keys, values of one word."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SECTION = re.compile(r"\[(?P<name>.*)\]")
_PAIR = re.compile(r"(?P<key>[\w-]+)\s*[=:]\s*(?P<value>\S+)")


def pairs(text: str) -> Iterator[tuple[str, str, str]]:
    """Section, key in lower case and value of each line; of the value its first word."""
    section = ""
    for line in map(str.strip, text.splitlines()):
        if found := _SECTION.fullmatch(line):
            section = found["name"]
        elif found := _PAIR.match(line):
            yield section, found["key"].lower(), found["value"]
