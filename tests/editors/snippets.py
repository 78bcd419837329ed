"""What the pages tell people to paste."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_EDITORS = Path(__file__).parents[2] / "editors"
_FENCED = re.compile(r"^```(?P<language>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """A fenced block of an editor's page.

    Attributes:
        page: relative to the folder of all editors.
        number: from 0, among the page's blocks.
    """

    page: str
    number: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}-{self.number}-{self.language}"


def pages() -> list[Path]:
    """The page of each editor."""
    return sorted(_EDITORS.glob("*/README.md"))


def snippets(page: Path) -> list[Snippet]:
    """The blocks of a page that have a language."""
    name = page.relative_to(_EDITORS).as_posix()
    found = _FENCED.finditer(page.read_text(encoding="utf-8"))
    return [Snippet(name, number, block["language"], block["text"]) for number, block in enumerate(found)]


def snippet(editor: str, language: str, containing: str = "") -> str:
    """The text of the one block of a language on an editor's page, of those that contain something."""
    found = [
        block.text
        for block in snippets(_EDITORS / editor / "README.md")
        if block.language == language and containing in block.text
    ]
    assert len(found) == 1, f"{len(found)} blocks of {language} with {containing!r} in editors/{editor}"
    return found[0]
