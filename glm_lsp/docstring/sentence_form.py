"""The form in which a sentence stands in its slot, whoever wrote it."""

from __future__ import annotations

import re

from glm_lsp.docstring.skeleton import Slot

_CLIPPED = re.compile(r"(?i)\b(?:e\.g|i\.e|etc|al|resp|approx|incl)\.$")


def finished(text: str, slot: Slot) -> str:
    """A sentence with the capital and the full stop that a slot wants."""
    text = text if _CLIPPED.search(text) else text.rstrip(".").rstrip()
    first, _, rest = text.partition(" ")
    is_word = first.strip("'’,").isalpha() and first[1:] == first[1:].lower()
    if slot.capital and is_word:
        text = text[0].upper() + text[1:]
    elif not slot.capital and is_word and (len(first) > 1 or (rest and first == "A")):
        text = text[0].lower() + text[1:]
    if slot.full_stop and not text.endswith((".", "!", "?")):
        text += "."
    return text
