r"""From what the model wrote to what may be shown: two ordered lists of small filters.

A filter is a pure function (text, surroundings) -> text. One that leaves nothing over has dropped the suggestion
and is named as the reason. Within the lists `\n` is the only line break. The first list looks at the text alone,
the second at the place. A filter may uncover work for one before it, so they are gone through until nothing
changes: what is shown would pass again as it is, which lets a suggestion be typed through, or come out of a cache,
which holds texts as the model wrote them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace

from glm_lsp.completion.brackets import imbalance, mask_literals
from glm_lsp.completion.indent import TAB, convert_indent, leading_space
from glm_lsp.completion.repetition import is_structure, repeats
from glm_lsp.completion.stop import stop_rule
from glm_lsp.completion.suggestion import Suggestion
from glm_lsp.completion.surroundings import LINES_COMPARED, Surroundings

NOTHING_GENERATED = "nothing_generated"
_LONGEST_BLOCK = 12
_MOST_PASSES = 8
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])|\x9b[0-?]*[ -/]*[@-~]"
)
# Invisible without being controls: fillers, joiners, variation selectors but for the one that makes emoji.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]"
)
_HIDDEN_CATEGORIES = frozenset(["Cc", "Cf", "Cs", "Zl", "Zp"])
_SENTINEL = re.compile(
    r"<\|[\w-]+\|>|<(?:sop|eop|eod)>|\[[gs]MASK\]|^###(?:REFERENCE|PATH|LANGUAGE|MODE):", re.MULTILINE
)
_FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)


Filter = Callable[[str, Surroundings], str]


def strip_hidden(text: str, around: Surroundings) -> str:
    """Removes escape sequences and every character that does not show: controls, bidi marks, zero width, tags."""
    text = _ESCAPE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if text.isascii() and text.isprintable():
        return text
    visible = (c for c in text if c in "\n\t" or unicodedata.category(c) not in _HIDDEN_CATEGORIES)
    return _INVISIBLE.sub("", "".join(visible))


def remove_broken_characters(text: str, around: Surroundings) -> str:
    """Takes out what stands for bytes that were no UTF-8."""
    return text.replace("\N{REPLACEMENT CHARACTER}", "")


def cut_at_sentinel(text: str, around: Surroundings) -> str:
    """Ends the text before anything that belongs to the prompt's format."""
    found = _SENTINEL.search(text)
    return text[: found.start()] if found else text


def cut_at_code_fence(text: str, around: Surroundings) -> str:
    """Ends the text before a line of three backticks, with which chat models close their answer."""
    found = None if around.language_id == "markdown" else _FENCE.search(text)
    return text[: found.start()] if found else text


def remove_doubled_space(text: str, around: Surroundings) -> str:
    """Removes leading spaces where the cursor already stands behind one."""
    lead = around.line_prefix
    return text.lstrip(" ") if lead.strip() and lead[-1].isspace() else text


def match_indent_style(text: str, around: Surroundings) -> str:
    """Writes the indentation of new lines with tabs or spaces as the document does."""
    unit = around.indent_unit
    first, *rest = text.split("\n")
    if not unit or not rest:
        return text
    width = 2 if any(len(leading_space(line)) % 4 == 2 for line in rest) else 4
    width = len(unit) if unit != TAB else width
    return "\n".join([first, *(convert_indent(line, unit, width) for line in rest)])


def snap_first_indent(text: str, around: Surroundings) -> str:
    """Removes leading spaces that would put the first line between two steps of indentation."""
    lead, unit = around.line_prefix, around.indent_unit
    spaces = len(text) - len(text.lstrip(" "))
    if lead.strip() or text.startswith("*", spaces):  # the stars of a block comment stand one column in
        return text
    if unit == TAB:
        return text[spaces:]
    width = len(unit) or 2
    excess = (len(lead) + spaces) % width if len(lead) % width == 0 else 0
    return text[min(excess, spaces) :]


def cut_at_stop(text: str, around: Surroundings) -> str:
    """Ends the text where decoding should have ended; a stream may have gone on, a foreign server has no rules."""
    window = around.window
    # The last line is complete too, so it is judged like the others.
    keep = stop_rule(around.mode, window.prefix, window.rest_of_line, window.suffix).check(text + "\n")
    return text if keep is None else text[:keep]


def cut_repeated_block(text: str, around: Surroundings) -> str:
    """Ends the text before lines that say again what the lines just before them said."""
    lead = around.line_prefix
    lines = f"{lead}{text}".split("\n")
    for size in range(2, min(_LONGEST_BLOCK, len(lines) // 2) + 1):
        for start in range(len(lines) - 2 * size + 1):
            block = lines[start : start + size]
            if block == lines[start + size : start + 2 * size] and not all(map(is_structure, block)):
                return "\n".join(lines[: start + size])[len(lead) :]
    return text


def cut_at_closed_quote(text: str, around: Surroundings) -> str:
    """Ends the text before the end of a string that the editor has closed already."""
    quote = around.window.rest_of_line[:1]
    if quote not in {'"', "'", "`"} or quote not in mask_literals(around.line_prefix):
        return text
    found = re.search(rf"(?<!\\){quote}", text)
    return text[: found.start()] if found else text


def trim_rest_overlap(text: str, around: Surroundings) -> str:
    """Removes from the end what stands right of the cursor already: brackets and quotes the editor closed."""
    rest = around.window.rest_of_line
    if not rest.strip() or "\n" in text:
        return text
    while text:
        sizes = [size for size in range(min(len(rest), len(text)) + 1) if text.endswith(rest[:size])]
        lines = {size: around.line_prefix + text[: len(text) - size] + rest for size in sizes}
        # Not all that looks alike is double: in `f(g(|)` the first `)` is the completion's own.
        best = min(sizes, key=lambda size: (imbalance(lines[size]), -size))
        if best == 0:
            break
        text = text[: len(text) - best]
    return text


def drop_if_blank(text: str, around: Surroundings) -> str:
    """Drops what would show nothing."""
    return text if text.strip() else ""


def trim_trailing_space(text: str, around: Surroundings) -> str:
    """Removes white space at the ends of lines; at the very end only where nothing is to be kept apart."""
    rest = around.window.rest_of_line
    *lines, last = text.split("\n")
    text = "\n".join([*(line.rstrip(" \t") for line in lines), last])
    if not rest.strip():
        return text.rstrip()
    return text.rstrip(" \t") if rest[0].isspace() else text


def drop_if_repeats_below(text: str, around: Surroundings) -> str:
    """Drops a text whose first lines, up to three, stand below the cursor already."""
    written = _nonblank(f"{around.line_prefix}{text}{around.window.rest_of_line}")[:LINES_COMPARED]
    below = around.lines_below[: len(written)]
    return "" if len(below) == len(written) and all(map(repeats, written, below)) else text


def drop_if_repeats_above(text: str, around: Surroundings) -> str:
    """Drops a text whose first line says again what the line above says."""
    written = _nonblank(f"{around.line_prefix}{text}{around.window.rest_of_line}")
    return "" if repeats(written[0], around.line_above) else text


def _nonblank(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


TEXT_FILTERS: tuple[Filter, ...] = (
    strip_hidden,  # first: what does not show could hide a sentinel from the next filter
    cut_at_sentinel,
    remove_broken_characters,
    cut_at_code_fence,
)
"""What is wrong wherever it stands."""

PLACE_FILTERS: tuple[Filter, ...] = (
    remove_doubled_space,  # the three on white space come before the stop rules, which compare indentation
    match_indent_style,
    snap_first_indent,
    cut_at_stop,  # this takes away lines that stand below, too
    cut_repeated_block,
    cut_at_closed_quote,
    trim_rest_overlap,  # before the comparisons with whole lines, which join text and rest
    drop_if_blank,
    trim_trailing_space,
    drop_if_repeats_below,
    drop_if_repeats_above,
)
"""What does not fit where the cursor is."""

FILTERS = TEXT_FILTERS + PLACE_FILTERS


def trace(text: str, around: Surroundings) -> Iterator[tuple[str, str]]:
    """(name, text it left) of each filter that changed the text, until nothing changes or nothing is left."""
    for _ in range(_MOST_PASSES):
        before = text
        for step in FILTERS:
            kept = step(text, around)
            if kept != text:
                yield step.__name__, kept
            text = kept
            if not text:
                return
        if text == before:
            return


def passed(text: str, around: Surroundings) -> Suggestion:
    r"""What the filters let through, with `\n` as line break, or the name of the one that dropped it."""
    reason = NOTHING_GENERATED
    for name, kept in trace(text, around):
        reason, text = name, kept
    return Suggestion(text) if text else Suggestion("", reason)


def postprocess(text: str, around: Surroundings) -> Suggestion:
    """The same with the document's line breaks."""
    suggestion = passed(text, around)
    return replace(suggestion, text=suggestion.text.replace("\n", around.window.eol))
