r"""What the model may see of a document: a window that moves seldom, so that the KV cache survives typing.

The suffix starts at the line after the cursor's and is cut at a line, so no key typed on a line changes it. The
prefix's left edge stands on a fixed grid of the document: it moves by half a budget at a time, and which place
of the grid it takes follows from the cursor alone, so nothing needs to be remembered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from glm_lsp.completion.lines import line_end, line_start, next_line_start
from glm_lsp.completion.snapshot import DocumentSnapshot

CHARS_PER_TOKEN = 3
"""Source has 3.2 to 4 characters per token; the engine cuts token-exactly, which moves the edge more often."""
SUFFIX_SHARE = 0.2
REACH_BEFORE = 48 * 1024
REACH_AFTER = 16 * 1024
"""Characters around the window for an engine that copies; more would take time at each key."""
_UNKNOWN_CONTEXT_LENGTH = 2048
"""For a foreign server that does not tell its own."""
_HEADER_TOKENS = 48
_ANSWER_TOKENS = 128
_SMALLEST_BUDGET_CHARS = 256
_MAX_REST_CHARS = 1024
_LINE_BREAK = re.compile(r"\r\n?")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class WindowBudget:
    """Most characters of a window. Half a share that the suffix does not need goes to the prefix.

    Attributes:
        total_chars: prefix and suffix together.
        suffix_chars: the suffix alone; less than `total_chars`.
        reach_before, reach_after: characters besides, around the window, in which an engine looks things up.
    """

    total_chars: int
    suffix_chars: int
    reach_before: int = 0
    reach_after: int = 0

    @classmethod
    def for_context(
        cls,
        context_length: int,
        max_prompt_tokens: int | None = None,
        suffix_share: float = SUFFIX_SHARE,
        *,
        copies: bool = False,
        reserved_chars: int = 0,
    ) -> WindowBudget:
        """The budget for a model with room for `context_length` tokens of prompt and completion together; 0: unknown.

        `reserved_chars` are for pieces of other files. An engine that `copies` also gets the text around the
        window. The room left for the completion does not depend on a request's `max_tokens`: the window must
        not either.
        """
        context_length = context_length or _UNKNOWN_CONTEXT_LENGTH
        prompt_tokens = context_length - min(_ANSWER_TOKENS, context_length // 8)
        prompt_tokens = min(prompt_tokens, max_prompt_tokens or prompt_tokens) - _HEADER_TOKENS
        total = max(_SMALLEST_BUDGET_CHARS, prompt_tokens * CHARS_PER_TOKEN - reserved_chars)
        reach = (REACH_BEFORE, REACH_AFTER) if copies else (0, 0)
        return cls(total, int(total * suffix_share), *reach)


@dataclass(frozen=True, slots=True)
class Window:
    r"""The text around the cursor, with `\n` as its only line break.

    Attributes:
        prefix: from the left edge to the cursor.
        suffix: whole lines from the line after the cursor's.
        rest_of_line: what stands right of the cursor on its line, its first 1024 characters.
        eol: the line break the document uses near the cursor, for putting text back into it.
        before: what of the document stands before the prefix, as far as the budget reaches.
        after: what stands after the suffix, likewise.
    """

    prefix: str
    suffix: str
    rest_of_line: str
    eol: str = "\n"
    before: str = ""
    after: str = ""


def make_window(snapshot: DocumentSnapshot, budget: WindowBudget) -> Window:
    """Cuts the window out of a document; the work does not grow with the document."""
    text, cursor = snapshot.text, snapshot.offset
    suffix_start = next_line_start(text, cursor)
    suffix_end = _right_edge(text, suffix_start, budget.suffix_chars)
    suffix = text[suffix_start:suffix_end]
    prefix_start = _left_edge(text, cursor, budget.total_chars - _reserved(len(suffix), budget))
    prefix = text[prefix_start:cursor]
    end_of_line = line_end(text, cursor)
    return Window(
        prefix=_normalise(prefix),
        suffix=_normalise(suffix),
        rest_of_line=_normalise(text[cursor : min(end_of_line, cursor + _MAX_REST_CHARS)]),
        eol=_last_line_break(prefix) or text[end_of_line:suffix_start] or "\n",
        before=_normalise(text[max(0, prefix_start - budget.reach_before) : prefix_start]),
        after=_normalise(text[suffix_end : suffix_end + budget.reach_after]),
    )


def _reserved(num_chars: int, budget: WindowBudget) -> int:
    """What the suffix takes from the budget, in halves of its share: a grid that varied more would not hold still."""
    half = -(-budget.suffix_chars // 2)
    return min(budget.suffix_chars, -(-num_chars // half) * half) if num_chars else 0


def _left_edge(text: str, cursor: int, budget: int) -> int:
    """The first anchor from which the prefix fits.

    Anchor k is the first line start in the first half of the k-th grid cell, or, on an enormous line, the cell's
    own start. A cell is half a budget, so it lies wholly before the cursor when it is used: typing cannot move it.
    """
    if cursor <= budget:
        return 0
    step = max(1, budget // 2)
    cell = -(-(cursor - budget) // step) * step
    return _line_start_within(text, cell, cell + step // 2) or cell


def _line_start_within(text: str, low: int, high: int) -> int | None:
    """The first line start in [low, high]; `low` is positive."""
    piece = text[low - 1 : high + 1]
    start = low - 1 + next_line_start(piece, 0)
    return start if line_end(piece, 0) < len(piece) and start <= high else None


def _right_edge(text: str, start: int, budget: int) -> int:
    """The end of the last whole line that fits; in the midst of the first line if that alone is too long."""
    limit = start + budget
    if limit >= len(text):
        return len(text)
    edge = line_start(text, limit)
    return edge if edge > start else limit


def _last_line_break(text: str) -> str:
    """The last line break of a text; empty if it has none."""
    at = max(text.rfind("\n"), text.rfind("\r"))
    if at < 0:
        return ""
    return "\r\n" if text.endswith("\r\n", 0, at + 1) else text[at]


def _normalise(text: str) -> str:
    """What the model reads: its own line break, and no half characters, which have no encoding.

    Most text is so already, and to see that costs a hundredth of a search by expression.
    """
    if "\r" in text:
        text = _LINE_BREAK.sub("\n", text)
    return text if text.isascii() or _is_encodable(text) else _SURROGATE.sub("\ufffd", text)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
