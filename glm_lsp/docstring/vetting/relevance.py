"""Whether a sentence speaks of what it was asked for, told by the words that it shares with the code. Pure."""

from __future__ import annotations

import re

from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.entity import Entity, EntityKind
from glm_lsp.docstring.skeleton import SlotKind
from glm_lsp.docstring.vetting.stems import stem, stems_of_name, stems_of_text
from glm_lsp.docstring.words.conventional import is_conventional
from glm_lsp.docstring.words.name_words import parts_of
from glm_lsp.docstring.words.verbs import VERBS, plain_form

_NAME = re.compile(r"[^\W\d]\w*")
_LEAST_WITHIN = 4
"""Letters of a word that is looked for within names, too: `welcome` in `getwelcome`."""
_LEAST_BEGINNING = 3
"""Letters that a word and a name begin with: `fib` and Fibonacci."""
_SUBJECT_ENDS = re.compile(
    r"(?i)[,;(]|\b(?:that|which|when|where|for|to|from|if|used|with|in|on|whose|while|by)\b"
)
_OF_ANY_CODE_TEXT = """
    class code def function get given instance method new object return self set static thing this value var void
"""
_OF_ANY_CODE = frozenset(map(stem, _OF_ANY_CODE_TEXT.split()))
"""What a sentence and a definition may share by chance."""
_OPPOSITES_TEXT = """
    load save; load store; read write; open close; add remove; insert delete; create destroy; create
    delete; start stop; begin end; push pop; lock unlock; encode decode; encrypt decrypt; connect
    disconnect; enable disable; show hide; success error; success failure; increase decrease;
    increment decrement; first last; minimum maximum; little big; send receive; register unregister;
    subscribe unsubscribe; mount unmount; import export; install uninstall; serialize deserialize;
    compress decompress; pack unpack; enter leave; construct destroy; upload download; next
    previous; left right; enqueue dequeue; attach detach; activate deactivate; allow deny; even odd;
    input output; expand collapse
"""
_OPPOSITES = [tuple(map(stem, pair.split())) for pair in _OPPOSITES_TEXT.split(";")]
_MOST_CODE_CHARS = 20_000
_CONDITION = re.compile(r"(?i)^(?:raised |thrown )?(?:if|when|in case)\b")
_BEING = frozenset(
    ["am", "are", "be", "been", "can", "cannot", "could", "did", "do", "does", "exist", "had", "has", "have", "is",
     "may", "might", "must", "should", "was", "were", "will", "would"]
)  # fmt: skip
_PAST = frozenset(["became", "began", "broke", "could", "found", "got", "left", "lost", "went", "won't"])
_PLAIN_OF = frozenset(["i", "you", "we", "they", "both", "all", "none", "to"])


def is_about(sentence: str, gap: Gap) -> bool:
    """Whether a sentence can be about its slot; what cannot be told passes."""
    kind, entity = gap.slot.kind, gap.entity
    if entity is not None and _is_opposite(sentence, entity.name):
        return False
    if kind in (SlotKind.PARAMETER, SlotKind.ATTRIBUTE, SlotKind.TYPE_PARAMETER) and entity is not None:
        return not _tells_of_another(sentence, gap.slot.name, entity)
    if kind in (SlotKind.RAISES, SlotKind.PANICS):
        return is_condition(sentence)
    if kind is SlotKind.SUMMARY and entity is not None and entity.kind is not EntityKind.MODULE:
        return _shares_a_word(sentence, gap, entity)
    return True


def _is_opposite(sentence: str, name: str) -> bool:
    """Whether it tells of the opposite of what a name says: of saving what is loaded."""
    said = set(stems_of_text(sentence))
    own = stems_of_name(name) | ({"destro"} if name.startswith("~") else set())
    return any(
        one in own and other in said and one not in said and other not in own
        for pair in _OPPOSITES
        for one, other in (pair, pair[::-1])
    )


def is_condition(sentence: str) -> bool:
    """Whether what begins with "if" or "when" goes on to say what happens; true for all else."""
    if not _CONDITION.match(sentence):
        return True
    words = re.findall(r"[^\W\d_]+(?:['’]t)?", sentence.lower())[1:]
    return any(_is_verb(word, before) for before, word in zip(["", *words], words, strict=False))


def _is_verb(word: str, before: str) -> bool:
    is_third = plain_form(word) is not None
    is_past = len(word) > 4 and word.endswith("ed") and not word.endswith("eed")
    # "if files differ", but not "the pop server".
    is_plain = word in VERBS and (before in _PLAIN_OF or (before.endswith("s") and not before.endswith("ss")))
    return word in _BEING or word in _PAST or word.endswith(("n't", "n’t")) or is_third or is_past or is_plain


def _tells_of_another(sentence: str, name: str, entity: Entity) -> bool:
    """Whether the thing that it tells of bears the name of another parameter, and no word of its own."""
    everyone = {
        *(each.name for each in (*entity.parameters, *entity.attributes)),
        *entity.type_parameters,
    }
    said = set(stems_of_text(sentence))
    if name in _NAME.findall(sentence) or any(_is_in(each, said) for each in stems_of_name(name)):
        return False
    subject = _SUBJECT_ENDS.split(sentence, maxsplit=1)[0]
    told, words = set(stems_of_text(subject)), set(_NAME.findall(subject))
    own = stems_of_name(name)
    return any(
        other in words or all(_is_in(stem(part), told) and stem(part) not in own for part in parts_of(other))
        for other in everyone - {name, ""}
        if len(other) > 1 or other in words
    )


def _is_in(name: str, said: set[str]) -> bool:
    return name in said or (len(name) >= _LEAST_WITHIN and any(name in word for word in said))


def _shares_a_word(sentence: str, gap: Gap, entity: Entity) -> bool:
    """Whether a word of it that tells something is met among the names of the definition."""
    if is_conventional(entity) or not any(char.isalpha() for char in entity.name) or entity.name[0] == "~":
        return True
    said = set(stems_of_text(sentence)) - _OF_ANY_CODE
    names = {*_NAME.findall(gap.code[:_MOST_CODE_CHARS]), entity.name, entity.owner}
    known = frozenset().union(*map(stems_of_name, names)) - _OF_ANY_CODE
    if not known or said & known:
        return True
    text = " ".join(names).lower()
    own = [each for each in stems_of_name(entity.name) if len(each) >= _LEAST_BEGINNING]
    return any(len(each) >= _LEAST_WITHIN and each in text for each in said) or any(
        one.startswith(other) or other.startswith(one)
        for one in said
        for other in own
        if len(one) >= _LEAST_BEGINNING
    )
