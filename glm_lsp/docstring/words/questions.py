"""Names that ask for yes or no, as clauses: `is_open` gives "whether it is open"."""

from __future__ import annotations

from glm_lsp.docstring.words.name_words import words_of
from glm_lsp.docstring.words.phrases import indefinite, is_preposition
from glm_lsp.docstring.words.qualities import is_participle, is_quality
from glm_lsp.docstring.words.verbs import VERBS

WHETHER = {
    "is": "is", "are": "are", "was": "was", "were": "were", "has": "has", "have": "have", "had": "had",
    "can": "can", "could": "could", "should": "should", "must": "must", "will": "will", "does": "does",
    "needs": "needs", "supports": "supports", "contains": "contains", "includes": "includes", "allows": "allows",
    "requires": "requires", "exists": "exists", "matches": "matches", "accepts": "accepts", "uses": "uses",
    "equals": "equals", "wants": "wants",
}  # fmt: skip
"""First words of names that ask, with their singular."""
FLAGS = frozenset(["bool", "boolean", "Boolean"])
"""Types of what is true or false."""
_THINGS_TEXT = """
    address array block child class client comment constant daemon directory error exception file function
    group integer item key leaf line link list main method module namespace node number object option
    package parent path pointer process property root section server string symbol thread token tuple type
    url user value variable vector word
"""
_THINGS = frozenset(_THINGS_TEXT.split())
"""Of which one can be."""
_WITHOUT_ARTICLE = frozenset(
    ["a", "all", "already", "an", "any", "being", "currently", "even", "in", "not", "same", "self", "still", "the",
     "type", "user", "valid", "well"]
)  # fmt: skip
_STATES = frozenset(
    [
        "active",
        "alive",
        "available",
        "dirty",
        "empty",
        "missing",
        "open",
        "present",
        "ready",
        "valid",
        "visible",
    ]
)


def is_question(name: str) -> bool:
    """Whether a name asks for yes or no: `is_open`, `hasChildren`."""
    return (words_of(name) or [""])[0] in WHETHER


def whether(words: list[str]) -> str:
    """A question's words as a clause: "whether it is open"."""
    first, *rest = words
    verb = _singular_verb(first)
    if verb in ("is", "was") and _tells_of_a_part(rest):
        return " ".join(["whether the", *rest[:-1], verb, rest[-1]])
    is_a_thing = verb in ("is", "was") and rest and rest[-1] in _THINGS and rest[0] not in _WITHOUT_ARTICLE
    return " ".join(["whether it", verb, *([indefinite(" ".join(rest))] if is_a_thing else []), *rest])


def _tells_of_a_part(rest: list[str]) -> bool:
    """Whether a thing stands before what it is asked to be: "secret established", but not "fully loaded"."""
    if len(rest) < 2 or not (is_participle(rest[-1]) or rest[-1] in _STATES):
        return False
    before = rest[-2]
    return not (
        before.endswith("ly")
        or before in _WITHOUT_ARTICLE
        or before in VERBS
        or is_quality(before)
        or any(map(is_preposition, rest))
    )


def _singular_verb(verb: str) -> str:
    return {"are": "is", "were": "was", "have": "has"}.get(verb, WHETHER[verb])
