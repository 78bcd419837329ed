"""When to stop decoding: the rules for a mode and the text around the cursor."""

from __future__ import annotations

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.stop_block import BlockStop
from glm_lsp.completion.stop_line import LineStop, StopRule

__all__ = ["StopRule", "stop_rule"]


def stop_rule(
    mode: Mode | None, prefix: str, rest_of_line: str, suffix: str, stop_strings: tuple[str, ...] = ()
) -> StopRule:
    r"""The rule for one completion, to be asked after each token; it serves one growing text only.

    Args:
        mode: what the completion may write; None for stop strings alone.
        prefix: the text before the cursor, with `\n` as line break; its last lines are enough.
        rest_of_line: what stands right of the cursor on its line.
        suffix: the text from the next line on.
        stop_strings: each ends the text before its first occurrence.
    """
    if mode is None:
        return StopRule(stop_strings)
    kind = LineStop if mode is Mode.LINE else BlockStop
    return kind(prefix, rest_of_line, suffix, stop_strings)
