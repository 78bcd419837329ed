"""What post-processing looks at besides the text itself."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.completion.context import Window
from glm_lsp.completion.indent import indent_unit
from glm_lsp.completion.mode import Mode

LINES_COMPARED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a filter may look at: the window, the mode, and the language by its LSP identifier."""

    window: Window
    mode: Mode
    language_id: str = ""

    @property
    def line_prefix(self) -> str:
        """The cursor's line up to the cursor."""
        return self.window.prefix[self.window.prefix.rfind("\n") + 1 :]

    @property
    def lines_below(self) -> list[str]:
        """The first lines of the suffix that are not blank, at most three."""
        return [line for line in self.window.suffix.split("\n") if line.strip()][:LINES_COMPARED]

    @property
    def line_above(self) -> str:
        """The nearest line before the cursor's that is not blank."""
        before = self.window.prefix[: len(self.window.prefix) - len(self.line_prefix)].rstrip()
        return before[before.rfind("\n") + 1 :]

    @property
    def indent_unit(self) -> str:
        """One step of indentation in the document; empty when the window shows none."""
        return indent_unit(f"{self.window.prefix}\n{self.window.suffix}")
