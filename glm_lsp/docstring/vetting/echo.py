"""Sentences that say again what is said elsewhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from glm_lsp.docstring.vetting.stems import stems_of_text

_SAME = 0.7
"""Share of the telling words of two sentences from which on they say the same."""
_RUN = 6
"""Words in a row that two sentences do not have in common by chance."""
_LEAST_OF_RUN = 0.6
"""Share of a sentence that is torn from another one."""
_LEAST_TELLING = 3
"""Telling words of such a run."""
_LEAST_OF_SHORT = 2
"""Telling words of a sentence that is shorter than that."""
_NEAR = 60
"""Characters before the description of a parameter in which its name stands."""
_MARKS = re.compile(r"(?m)^[ \t]*(?:///?!?|\*+(?!/)|#+|/\*[*!]?|\*+/)[ \t]?")
_ENDS = re.compile(r"(?:[.!?:;](?=\s)|\n[ \t]*\n|\n[ \t]*(?=[@\\:-])|\"\"\"|'''|\*/|/\*|//|[{}=])+")
_TRAILING = re.compile(r"//|\S\s#")
"""A comment behind code; it ends with its line."""
_WORD = re.compile(r"[^\W\d_]+")
_MOST_WORDS = 60
"""Of one sentence; what has more is none."""


def says_the_same(one: str, other: str) -> bool:
    """Whether most of the words that tell something are those of the other one, and the other way round."""
    said, known = set(stems_of_text(one)), set(stems_of_text(other))
    return _is_alike(said, known)


def is_echo(sentence: str, texts: Sequence[str], *, about: str, own: Collection[Collection[str]]) -> bool:
    """Whether a sentence, or a good part of it, stands in a text, where it tells of something else.

    Args:
        about: what is described; what the texts say right behind this name may be said again. Empty for none.
        own: stems of each word of the name, in all its forms. A sentence that has all of them is about it, and so
            is one that has a word of them which the other sentence lacks.
    """
    said, words = frozenset(stems_of_text(sentence)), tuple(_lower_words(sentence))
    named = re.compile(rf"(?<!\w){re.escape(about)}(?!\w)") if about else None
    if len(own) > 1 and all(said & set(forms) for forms in own):
        return False
    marks = said & frozenset().union(*own)
    for text in texts:
        for start, prose in _sentences(text):
            known = frozenset(stems_of_text(prose)) if _may_be_same(said, prose) else frozenset()
            # A telling word that the other one lacks makes it a sentence of its own.
            is_same = (said <= known and _is_alike(said, known)) or _is_torn(words, prose)
            if not is_same or marks - known:
                continue
            if named is None or not named.search(_plain(text)[max(0, start - _NEAR) : start + _NEAR // 2]):
                return True
    return False


def _is_alike(said: Collection[str], known: Collection[str]) -> bool:
    if not said or not known:
        return False
    return len(set(said) & set(known)) >= _SAME * max(len(said), len(known))


def _may_be_same(said: Collection[str], prose: str) -> bool:
    """Cheaply, whether a sentence has a word of that kind at all."""
    small = prose.lower()
    return sum(each in small for each in said) >= _SAME * len(said)


def _is_torn(words: Sequence[str], prose: str) -> bool:
    """Whether a long run of words, much of a sentence, stands in another one, or all of a short one does."""
    length = min(len(words), max(_RUN, round(_LEAST_OF_RUN * len(words))))
    known = " ".join(_lower_words(prose))
    runs = (words[at : at + length] for at in range(len(words) - length + 1))
    return any(
        f" {' '.join(run)} " in f" {known} "
        and len(stems_of_text(" ".join(run))) >= (_LEAST_TELLING if length >= _RUN else _LEAST_OF_SHORT)
        for run in runs
    )


def _lower_words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


@lru_cache(maxsize=8)
def _plain(text: str) -> str:
    """Without the marks that lines of comments begin with; a blank line parts what is comment from what is none."""
    lines: list[str] = []
    was_comment = False
    for line in text.split("\n"):
        bare = _MARKS.sub("", line, count=1)
        is_comment = bare != line
        lines += [""] if is_comment != was_comment else []
        lines += [bare, ""] if not is_comment and _TRAILING.search(line) else [bare]
        was_comment = is_comment
    return "\n".join(lines)


@lru_cache(maxsize=8)
def _sentences(text: str) -> tuple[tuple[int, str], ...]:
    """What stands between full stops, colons, quotes and the like, with where it begins."""
    return tuple(_parted(_plain(text)))


def _parted(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for found in (*_ENDS.finditer(text), None):
        end = found.start() if found else len(text)
        if 1 <= text[start:end].strip().count(" ") <= _MOST_WORDS:
            yield start, text[start:end]
        start = found.end() if found else end
