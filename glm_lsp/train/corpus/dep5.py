"""Debian's machine-readable copyright files: which licence a file of a package is under.

Installed paths are not those of the sources ("usr/include/fmt/core.h" was "include/fmt/core.h"), so a stanza
is held to concern a file when its pattern fits the end of the path; a stanza that is not allowed already
when a file or a folder is named like the one it names. That drops a file too many rather than one too few.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from glm_lsp.train.corpus.licences import debian_names, expression_allowed

_WILD = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True)
class Stanza:
    """One `Files` paragraph: its patterns and its licence as an SPDX expression, as far as it is known."""

    patterns: tuple[str, ...]
    licence: str

    @property
    def allowed(self) -> bool:
        """Whether the gate lets its licence pass."""
        return expression_allowed(self.licence)


class Copyright:
    """A parsed debian/copyright; the stanzas in the order of the file, those on debian/ itself left out."""

    def __init__(self, stanzas: Sequence[Stanza]) -> None:
        self.stanzas = tuple(stanzas)
        whole = [stanza.licence for stanza in stanzas if "*" in stanza.patterns]
        self.default = whole[-1] if whole else ""  # the licence of `Files: *`, an SPDX expression
        self._fits = [
            (_expression(stanza.patterns), stanza.licence) for stanza in reversed(stanzas) if stanza.allowed
        ]
        denied = [p for stanza in stanzas if not stanza.allowed for p in stanza.patterns]
        self._denied = _expression(denied)
        paths = [PurePosixPath(pattern) for pattern in denied]
        self._denied_names = frozenset(path.name for path in paths if not _WILD.search(path.name))
        folders = [[part for part in path.parts[:-1] if not _WILD.search(part)] for path in paths]
        self._denied_folders = frozenset(
            parts[-1] for parts, path in zip(folders, paths, strict=True) if parts and _WILD.search(path.name)
        )

    def licence(self, path: str) -> str | None:
        """The SPDX expression a file is under; None when any stanza that may concern it is not allowed."""
        pure = PurePosixPath(path)
        if (
            pure.name in self._denied_names
            or not self._denied_folders.isdisjoint(pure.parts[:-1])
            or self._denied.fullmatch(path)
        ):
            return None
        return next((licence for pattern, licence in self._fits if pattern.fullmatch(path)), None)


def parsed(text: str) -> Copyright | None:
    """The file's stanzas; None when it is not in the machine-readable form."""
    if not re.match(
        r"Format(-Specification)?:\s*\S*(copyright-format|dep5|dep-5)", text.lstrip(), re.IGNORECASE
    ):
        return None
    stanzas = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        fields = _fields(block)
        if "files" not in fields or "license" not in fields:
            continue
        patterns = tuple(name.removeprefix("./") for name in re.split(r"[\s,]+", fields["files"]) if name)
        own = tuple(name for name in patterns if not name.startswith("debian/"))
        if own:
            stanzas.append(Stanza(own, spdx(fields["license"].split("\n")[0])))
    return Copyright(stanzas)


def spdx(short_name: str) -> str:
    """A licence line ("GPL-2+ or Expat") with Debian's names replaced by SPDX ones where they are known."""
    folded = re.sub(r",\s*(and|or)\b", r" \1", short_name.strip(), flags=re.IGNORECASE)
    names = debian_names()
    words = [
        word.upper() if word.lower() in {"and", "or", "with"} else names.get(word.lower(), word)
        for word in re.findall(r"\(|\)|[^\s()]+", folded)
    ]
    return " ".join(words).replace("( ", "(").replace(" )", ")")


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in block.split("\n"):
        field = re.match(r"([A-Za-z-]+):\s*(.*)", line)
        if field is not None:
            name = field.group(1).lower()
            fields[name] = field.group(2)
        elif name and line.startswith((" ", "\t")):
            fields[name] += "\n" + line.strip()
    return fields


def _expression(patterns: Sequence[str]) -> re.Pattern[str]:
    """Fits what any of the patterns fits, from any folder of the path on; without patterns nothing."""
    written = (
        "".join(".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern)
        for pattern in patterns
    )
    return re.compile(rf"(?:.*/)?(?:{'|'.join(written)})" if patterns else r"(?!)", re.DOTALL)
