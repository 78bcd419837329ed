"""Words that tell how something is, not what it is."""

from __future__ import annotations

from collections.abc import Sequence

_QUALITIES_TEXT = """
    active alive async available busy case-sensitive closed constant current debug deep different dirty dry
    dynamic early empty enabled equal exact external final free global hidden idle immutable important
    inclusive inplace internal invalid large late lazy local mandatory mutable new old online offline open
    optional parallel present private public quiet raw ready real recursive remote required safe same secure
    shared silent simple single small stable stale static strict sync synchronous asynchronous true unique
    unsafe unused upper valid verbose virtual visible weak writable readonly
"""
_QUALITIES = frozenset(_QUALITIES_TEXT.split())
_THINGS_TEXT = """
    bed breed feed need reed seed speed weed shed sled embed thread cable callable constable disposable
    enumerable executable iterable observable runnable serializable table variable timetable awaitable
    cancellable closeable comparable hashable cloneable bible class address process business
"""
_THINGS = frozenset(_THINGS_TEXT.split())
_ENDINGS = ("able", "ible", "ful", "less", "ous")
_LEAST = 5


def is_quality(word: str) -> bool:
    """Whether a word is an adjective or a participle, by a table or by its ending."""
    if word in _THINGS:
        return False
    return word in _QUALITIES or (len(word) >= _LEAST and (word.endswith(_ENDINGS) or is_participle(word)))


def is_participle(word: str) -> bool:
    """Whether a word tells what was done to something, by its ending."""
    return len(word) >= _LEAST and word.endswith("ed") and not word.endswith("eed") and word not in _THINGS


def tells_how(words: Sequence[str]) -> bool:
    """Whether words end in one that tells how something is."""
    return bool(words) and is_quality(words[-1])
