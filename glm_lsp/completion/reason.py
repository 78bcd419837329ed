"""Why there is no suggestion, in words."""

from __future__ import annotations

from typing import Final

from glm_lsp.completion.placement import Refusal
from glm_lsp.completion.postprocess import FILTERS, NOTHING_GENERATED

BELOW_THRESHOLD: Final = "below_threshold"
NOT_WORTH_A_KEY: Final = "not_worth_a_key"
PARSES_WORSE: Final = "parses_worse"
CANCELLED: Final = "cancelled"

_FIXED = {
    NOTHING_GENERATED: "the model had nothing to add",
    BELOW_THRESHOLD: "the model was not sure enough of its text",
    NOT_WORTH_A_KEY: "no part of the text that is likely enough has more than one character",
    PARSES_WORSE: "the file would have more syntax errors with the text than without",
    CANCELLED: "the engine withdrew the request before it wrote anything",
}


def explain(reason: str) -> str:
    """One sentence for the `reason` of an `Outcome`, as `why` prints it."""
    if reason in _FIXED:
        return _FIXED[reason]
    if reason in set(Refusal):
        return Refusal(reason).explanation
    return f"a filter left nothing of the model's text: {does(reason)}"


def does(name: str) -> str:
    """What a filter does, in a few words."""
    texts = {step.__name__: step.__doc__ or "" for step in FILTERS}
    first_line = texts.get(name, name).partition("\n")[0]
    return f"{first_line[:1].lower()}{first_line[1:].rstrip('.')}"
