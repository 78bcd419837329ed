"""Things that a name stands for, as English says them."""

from __future__ import annotations

from collections.abc import Sequence

from glm_lsp.docstring.words.phrases import definite, is_plural, is_preposition, plural
from glm_lsp.docstring.words.verbs import VERBS

_OF_SOMETHING_TEXT = """
    color description duration height id index length name path size title url value width
"""
_OF_SOMETHING = frozenset(_OF_SOMETHING_TEXT.split())

_QUALITIES_TEXT = """
    actual base best common current custom default external final first full given initial internal last
    local long main new next old other own parent previous primary private public raw real remote same
    second secondary short source sub target temporary total unique valid
"""
_QUALITIES = frozenset(_QUALITIES_TEXT.split())


def noun_phrase(words: Sequence[str]) -> str:
    """A name's words as a known thing: "the number of rows" for `num_rows`, "the path to the model" for `model_path`.

    Args:
        words: at least one.
    """
    *first, last = words
    of = " ".join(words[1:])
    said = definite(words)
    if not first:
        return "the number" if last == "n" else said
    if any(map(is_preposition, words)) or first[-1] in _QUALITIES:
        return said
    if words[0] in ("number", "n", "nb") and words[1] != "of":
        said = f"the number of {of}"
    elif last == "count":
        said = f"the number of {' '.join([*first[:-1], plural(first[-1])])}"
    elif words[0] in ("maximum", "minimum"):
        said = f"the {words[0]} {'number of ' if is_plural(last) else ''}{of}"
    elif last == "path":
        said = f"the path to the {' '.join(first)}"
    elif (
        last.lower() in _OF_SOMETHING
        and not is_plural(first[-1])
        and first[-1] not in VERBS
        and not first[-1].endswith("ed")
    ):
        said = f"the {last} of the {' '.join(first)}"
    return said
