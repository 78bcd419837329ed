"""Small pieces of prose about names: with an article, as things, in the singular."""

from __future__ import annotations

from collections.abc import Sequence

_NO_ARTICLE_TEXT = """
    a about after against all an and any around as asynchronously at back before behind between both but
    by down each either else every everything for forever from here how if in inside into it its just
    left my new no not nothing now of off on once one only or other out over per right so some something
    than that the them then there these this those through to together two under until up upon via what
    when where whether which while with within without
"""
_NO_ARTICLE = frozenset(_NO_ARTICLE_TEXT.split())
"""Words that begin no thing that could be had with an article."""
_PREPOSITIONS_TEXT = """
    about after against around as at before behind between by during for from in inside into of off on
    onto out over per through to under until up using via when while with within without
"""
_PREPOSITIONS = frozenset(_PREPOSITIONS_TEXT.split())
_LINKING = frozenset(
    ["against", "as", "at", "between", "by", "during", "for", "from", "into", "of", "per", "to", "until", "using",
     "via", "with"]
)  # fmt: skip
_NOT_PLURAL_TEXT = """
    access address alias analysis axis basis bias boss bus canvas chaos class process progress status
    success address always axis census class compass corpus cross dress focus gas glass this loss mass
    news radius redis series species stress virus yes less plus minus https dns tls css os aws rms sms
    gps js ts kubernetes is was has does
"""
_NOT_PLURAL = frozenset(_NOT_PLURAL_TEXT.split())
_UNCOUNTED_TEXT = """
    json html xml yaml csv sql css http https io text code input output javascript python data access
"""
_UNCOUNTED = frozenset(_UNCOUNTED_TEXT.split())
_KEEPS_THE = frozenset(["data", "input", "output", "text", "code", "access"])


def is_plural(word: str) -> bool:
    """Whether a word is a plural by its spelling."""
    small = word.lower()
    return (
        small.endswith("s")
        and small not in _NOT_PLURAL
        and not small.endswith(("ss", "us", "is"))
        and len(small) > 2
    )


def singular(word: str) -> str:
    """The singular of a word that `is_plural` holds for, by its spelling; others stay."""
    if not is_plural(word):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "shes", "ches", "xes", "zzes")) else word[:-1]


def plural(word: str) -> str:
    """The plural of a word, by its spelling; one that is a plural stays."""
    if is_plural(word):
        return word
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "sh", "ch", "x", "z")) else f"{word}s"


def is_preposition(word: str) -> bool:
    """Whether a word says how one thing stands to another."""
    return word in _PREPOSITIONS


def is_linking(word: str) -> bool:
    """Whether something has to follow a preposition; others can stand alone, as in "log in"."""
    return word in _LINKING


def head_of(words: Sequence[str]) -> str:
    """The word that the others tell more about: the last one before a preposition."""
    for index, word in enumerate(words):
        if index and word in _PREPOSITIONS:
            return words[index - 1]
    return words[-1] if words else ""


def thing(words: Sequence[str], article: str = "the") -> str:
    """Words as a thing, with an article where English wants one: "the file", "HTTP headers", "all users".

    Args:
        article: "the" or "a"; the latter becomes "an", or nothing before a plural.
    """
    if not words:
        return ""
    text, head = " ".join(words), head_of(words)
    if words[0].lower() in _NO_ARTICLE:
        return text
    if article == "a":
        return text if is_plural(head) or head.lower() in _UNCOUNTED else f"{indefinite(text)} {text}"
    is_bare = head.lower() in _UNCOUNTED - _KEEPS_THE or (is_plural(head) and len(words) > 1)
    return text if is_bare else f"the {text}"


def definite(words: Sequence[str]) -> str:
    """Words as a thing that is known: always with "the", unless they bring their own."""
    text = " ".join(words)
    return text if not words or words[0].lower() in _NO_ARTICLE else f"the {text}"


def indefinite(text: str) -> str:
    """The article before a text, "a" or "an", by how it is written."""
    first = text.split(" ", 1)[0]
    if len(first) > 1 and first[:2].isupper():  # spelt out letter by letter
        return (
            "an"
            if (first[0] in "AEFHILMNORSX" and first not in ("RAM", "SHA", "LRU")) or first == "LRU"
            else "a"
        )
    small = first.lower()
    sounds_like_consonant = small.startswith(("uni", "use", "usa", "uti", "eu", "one", "url", "uui"))
    sounds_like_vowel = small[:1] in ("a", "e", "i", "o", "u") and not sounds_like_consonant
    return "an" if sounds_like_vowel or small.startswith(("hour", "honest")) else "a"


def sentence(text: str) -> str:
    """A text with a capital and a full stop; acronyms and names stay as they are."""
    text = text.strip()
    first = text.split(" ", 1)[0]
    capital = text[:1].upper() + text[1:] if first[1:] == first[1:].lower() else text
    return capital if capital.endswith(".") else f"{capital}."
