"""How a project writes its documentation: the style, and the habits within it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """A known way to write documentation; the values are those of the setting `docstringStyle`."""

    GOOGLE = "google"
    NUMPY = "numpy"
    SPHINX = "sphinx"
    PLAIN = "plain"
    """Prose only. In languages with doc comments: the comment without tags."""
    JSDOC = "jsdoc"
    TSDOC = "tsdoc"
    GO = "go"
    RUSTDOC = "rustdoc"
    JAVADOC = "javadoc"
    DOXYGEN = "doxygen"


_OF_JAVASCRIPT = (Style.JSDOC, Style.TSDOC, Style.PLAIN)
_OF_TYPESCRIPT = (Style.TSDOC, Style.JSDOC, Style.PLAIN)
_OF_C = (Style.DOXYGEN, Style.PLAIN)

STYLES: dict[str, tuple[Style, ...]] = {
    "python": (Style.GOOGLE, Style.NUMPY, Style.SPHINX, Style.PLAIN),
    "javascript": _OF_JAVASCRIPT,
    "javascriptreact": _OF_JAVASCRIPT,
    "typescript": _OF_TYPESCRIPT,
    "typescriptreact": _OF_TYPESCRIPT,
    "go": (Style.GO,),
    "rust": (Style.RUSTDOC,),
    "java": (Style.JAVADOC, Style.PLAIN),
    "c": _OF_C,
    "cpp": _OF_C,
}
"""The styles of each language, by LSP identifier; the first is taken where nothing tells another."""


def style_of_setting(setting: str) -> Style | None:
    """What a value of the setting `docstringStyle` means; None for `auto`: as the file and the project do."""
    return None if setting == "auto" else Style(setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A style with the habits of a file or a project. The defaults are those of somebody who shows none.

    Attributes:
        opening: what documentation begins with: triple quotes, perhaps with a prefix, or `/**`, `/*!`, `///`, `//!`,
            `//`. Empty: the style's own.
        summary_below: the summary stands on the line below the opening quotes or mark.
        is_one_line: documentation of one line stays on one line with its closing mark.
        types: parameters and returns are given with their types, though the signature has them.
        command: the mark of a tag in Doxygen: `@` or a backslash.
        has_brief: summaries begin with Doxygen's `brief` command.
        dash: a dash parts name and description in JSDoc.
        has_sections: whether parameters and the like are listed at all where the language does not ask for it:
            `# Arguments` of rustdoc.
        full_stop, capital: how descriptions of parameters end and begin.
        third_person: summaries say what a function does ("Returns") and not what to do ("Return").
        parameters_heading: as the project calls that section: Args, Arguments, Parameters, Params.
        returns_heading: as the project calls that field of Sphinx: returns, return.
        width: columns of the longest line.
    """

    style: Style
    opening: str = ""
    summary_below: bool = False
    is_one_line: bool = True
    types: bool = False
    command: str = "@"
    has_brief: bool = True
    dash: bool = False
    has_sections: bool = False
    full_stop: bool = True
    capital: bool = True
    third_person: bool = False
    parameters_heading: str = ""
    returns_heading: str = ""
    width: int = 88
