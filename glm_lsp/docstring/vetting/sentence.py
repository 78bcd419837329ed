"""What a model wrote, as one clean sentence, or refused. Pure."""

from __future__ import annotations

import re
from itertools import takewhile

from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.harmless import is_harmless
from glm_lsp.docstring.sentence_form import finished
from glm_lsp.docstring.skeleton import Slot, SlotKind
from glm_lsp.docstring.vetting.relevance import is_about
from glm_lsp.docstring.vetting.repetition import is_repetitive
from glm_lsp.docstring.vetting.stems import stems_of_text
from glm_lsp.docstring.words.name_words import words_of
from glm_lsp.docstring.words.verbs import VERBS, plain_form, third_person

_LONGEST = 200
_SHORTEST_LETTERS = 3
_NEARBY = 16_000
"""Characters before and behind the gap in which a name may have been met."""
_MOST_LINES = 4

_BLANKS = re.compile(r"\s+")
_MARK = re.compile(r"^\s*(?:\*(?!/)|///?!?)")
_NEW_ENTRY = re.compile(r"\s*[*`]*\w+`?(?:\s*\([^)]*\))?\s*:(?:\s|$)")
"""What stands next in a list: another parameter."""
_LEADING_MARKS = re.compile(r"(?:\"\"\"|''')\s*|(?:///?!?|//!|/\*\*?!?|\*|#+|>|-{1,3}|[•‣])(?:\s+|$)")
_TRAILING_MARKS = re.compile(r"\s*(?:\*+/|\"\"\"|'''|#|//|/\*)\s*$")
_NEW_PART = re.compile(
    r"\s*(?:[@\\:]\w+|[-=~^]{3,}\s*$|>>>|```|[*#+-]\s|\d+[.)]\s|[A-Z][A-Za-z ]{1,24}:\s*$|(?:///?|\*)?\s*$)"
)
"""A line below that belongs to the sentence no more: a tag, an underline, an example, a list, a heading, a blank."""
_LEFTOVER = re.compile(
    r"(?i)>>>|```|(?:^|\s)[@\\](?:param|return|throws|brief|tparam|type|see)|:(?:param|type|returns?|rtype|raises?)\b"
    r"|\b(?:args|arguments|parameters|params|returns|return value|raises|yields|examples?|notes?|attributes|throws)\s*:"
    r"|^\S+:\s|\w::(?!\w)|[<>](?!\s)|(?<!\s)[<>]|</?[a-z][a-z0-9]*\s*/?>|<\||\|>|={3,}|-{3,}|\.\.\s"
)
_UNWANTED = re.compile(
    r"(?i)\b(?:todo|fixme|xxx|hack|deprecated|copyright|licen[cs]e|licensed|author|authors|written by|created by|wtf)\b"
    r"|\b(?:https?|ftp)\b:|://|www\.|[\w.+-]+@[\w-]+\.\w|\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b"
    r"|\b(?:19|20)\d\d\b|\b(?:we|our|us|my|let's)\b|\bthis (?:docstring|comment|sentence) |\bas an ai\b"
)
_SHOUTED = re.compile(
    r"\b(?:ALL|ALWAYS|AND|ANY|BUT|CANNOT|DO|DON'T|EVERY|IF|IS|MAY|MUST|NEVER|NO|NOT|ONLY|OR|SHALL|SHOULD|THE|THIS|WILL)\b"
    r"|\b[A-Z]/[A-Z][a-z]|!{2,}"
)
_END = re.compile(r"[.!?](?=\s+\S)")
_ABBREVIATED = re.compile(r"(?i)(?:\b(?:e\.g|i\.e|etc|cf|vs|resp|approx|incl|no|fig|dr|mr|st|al)|\b[a-z])$")
_RUN_ON = re.compile(r"\b(?!(?:etc|resp|approx|incl)\.)[^\W\d_]{3,}\. [a-z]")
"""What goes on behind the end of a sentence in small letters."""
_CODE = re.compile(r"[=*|;{}@$]|&(?! )|\w\[|\w\((?!s\)|es\))[^)]|\b(?:await|typedef|self)\b[ .]")
_ENDS_OPEN = frozenset(
    ["a", "an", "the", "and", "or", "of", "with", "from", "if", "than", "its", "into", "that", "which"]
)
"""Words that no sentence ends with."""
_GOING_ON = frozenset(
    ["and", "are", "because", "by", "can", "for", "from", "here", "into", "is", "it", "of", "or", "so", "than", "that",
     "then", "this", "which", "with"]
)  # fmt: skip
"""Words that no description of a thing begins with."""
_GOING_ON_EVER = frozenset(["and", "because", "into", "of", "or", "than", "which"])
"""Words that no sentence begins with."""
_PROPER = frozenset(
    ["Base64", "GitHub", "GraphQL", "IPv4", "IPv6", "JavaScript", "MySQL", "NumPy", "OAuth2", "OpenGL", "OpenSSL",
     "PostgreSQL", "PyTorch", "SQLite", "TensorFlow", "TypeScript", "UTF8", "WebSocket", "base64", "iOS", "macOS"]
)  # fmt: skip
"""Names that are written like code, and known without a look at it."""
_ABBREVIATIONS = frozenset(["e.g", "i.e"])
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_QUOTED = re.compile(r"``([^`]+)``|`([^`]*)`")
_CALL = re.compile(r"([^\W\d][\w.]*)\((?!s\)|es\))")
_STATEMENT = re.compile(
    r"(?i:(?:if|for|while|elif|else|except|try|switch|case)\b[^.]*:(?:\s|$))|(?:def|fn|func|const|let|var|impl) \w"
)
_FORMAT = re.compile(r"%[sdifrx]\b|\{\w*\}|\$\w+")
_IDENTIFIER = re.compile(r"[^\W\d]\w*(?:(?:\.|::|->|#)[^\W\d]\w*)*")
_IN_PATH = re.compile(r"(?<![\w/])/[\w/.-]+|\b[\w-]+\.(?:py|js|ts|go|rs|java|c|cpp|h|json|txt|ya?ml|md)\b")
_ABOUT = re.compile(r"(?i)^(?:the|an?)?\s*`?([^\W\d]\w*)`?\s*(?:[:=-]|$)")


def vetted(raw: str, gap: Gap) -> str | None:
    """The first sentence of what a model wrote for a gap, cleaned up; None for one that is not fit to be shown.

    Nothing is made up here: words are only left out, the first letter and the full stop are set as the slot wants.
    What names something that neither the code nor the lines above know is refused, as is what repeats itself or
    only says the name again.
    """
    text = _first_sentence(_joined_lines(raw, gap))
    text = _stripped(text).removeprefix(f"{gap.slot.lead.strip()} " if gap.slot.lead else "")
    if not (_is_sound(text) and _is_known(text, gap) and is_about(text, gap)) or _says_nothing(text, gap):
        return None
    return finished(text, gap.slot)


def is_whole(raw: str, gap: Gap) -> bool:
    """Whether more of a growing text would change nothing of its first sentence."""
    lines = _lines(raw.lstrip(), gap)
    # Of the last line more may come.
    if len(lines) > _MOST_LINES or any(_is_new_part(line, gap.slot) for line in lines[1:-1]):
        return True
    text = _BLANKS.sub(" ", " ".join(lines))
    return _first_sentence(text) != text


def without_torn_end(raw: str, gap: Gap) -> str:
    """What of a text that was cut off can be used: the lines up to the last full stop or new part; may be empty."""
    if is_whole(raw, gap):
        return raw
    *lines, torn = _lines(raw.lstrip(), gap)
    text = " ".join(lines).rstrip()
    ends = text.endswith((".", "!", "?")) or _is_new_part(torn, gap.slot)
    return text if ends else ""


def in_person(text: str, *, is_third: bool) -> str:
    """A summary in the other form, where its first word is a known verb in the wrong one: "Returns", or "Return"."""
    first, blank, rest = text.partition(" ")
    small = first.lower()
    plain = plain_form(small)
    if is_third and small in VERBS and _begins_object(rest):
        changed = third_person(small)
    elif not is_third and plain is not None and _begins_object(rest):
        changed = plain
    else:
        return text
    changed = changed.capitalize() if first[:1].isupper() else changed
    return f"{changed}{blank}{rest}"


def _begins_object(rest: str) -> bool:
    """Whether what follows a first word leaves it a verb: "Set of items" and "Test case" are none."""
    following = rest.split(" ", 1)[0].strip(".,").lower()
    return following not in (
        "",
        "of",
        "is",
        "are",
        "was",
        "for",
        "that",
        "which",
        "case",
        "class",
        "method",
        "function",
    )


def _joined_lines(raw: str, gap: Gap) -> str:
    """The lines that belong to one sentence, in one line."""
    first, *more = _lines(raw.strip(), gap)
    kept = [first, *takewhile(lambda line: not _is_new_part(line, gap.slot), more)]
    return _BLANKS.sub(" ", " ".join(kept[:_MOST_LINES])).strip()


def _lines(raw: str, gap: Gap) -> list[str]:
    """Without the marks that each line of a comment begins with; in a docstring these are marks of a list."""
    first, *more = re.split(r"\r\n?|\n", raw)
    return [first, *(more if gap.language_id == "python" else (_MARK.sub("", line) for line in more))]


def _is_new_part(line: str, slot: Slot) -> bool:
    is_entry = slot.kind is not SlotKind.SUMMARY and _NEW_ENTRY.match(line)
    return bool(is_entry or _NEW_PART.match(line))


def _first_sentence(text: str) -> str:
    for match in _END.finditer(text):
        following = text[match.end() :].lstrip()
        if not _ABBREVIATED.search(text[: match.start()]) and not following[:1].islower():
            return text[: match.end()]
    return text


def _stripped(text: str) -> str:
    """Without the marks of comments and strings around it, and without quotes around the whole."""
    earlier = None
    while text != earlier:
        earlier = text
        text = _TRAILING_MARKS.sub("", _LEADING_MARKS.sub("", text, count=1)).strip()
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'*_" and text.count(text[0]) == 2:
            text = text[1:-1].strip()
        text = text.lstrip(":-–—,;. ")
    return text.rstrip(" ,;-–—")


def _is_sound(text: str) -> bool:
    words = [word.lower() for word in _WORD.findall(text)]
    return (
        len(text) <= _LONGEST
        and sum(map(len, words)) >= _SHORTEST_LETTERS
        and is_harmless(text)
        and not _LEFTOVER.search(text)
        and not _UNWANTED.search(text)
        and not _SHOUTED.search(text)
        and not _RUN_ON.search(text)
        and not _CODE.search(_QUOTED.sub("", text))
        and not _STATEMENT.match(text)
        and re.split(r"[^\w']+", text.lower().rstrip(".!?`) "))[-1] not in _ENDS_OPEN
        and not text.endswith((":", "(", "'"))
        and '"' not in text
        and _is_balanced(text)
        and not is_repetitive(text)
    )


def _is_balanced(text: str) -> bool:
    waiting = []
    for char in text:
        if char in "([{":
            waiting.append(char)
        elif char in _BRACKETS and (not waiting or waiting.pop() != _BRACKETS[char]):
            return False
    # Apostrophes stand between letters, or behind the plural.
    quotes = re.findall(r"(?<![^\W_])'|'(?![^\W_])", text)
    return not waiting and text.count("`") % 2 == 0 and len(quotes) % 2 == 0


def _is_known(text: str, gap: Gap) -> bool:
    """Whether every word that looks like a name of code stands in the code, or shortly above the gap."""
    names = set(_names(text))
    if not names and not _FORMAT.search(text):
        return True
    known = gap.code + gap.before[-_NEARBY:] + gap.after[:_NEARBY]
    return not _FORMAT.search(text) and all(_stands_in(name, known) for name in names - _PROPER)


def _names(text: str) -> list[str]:
    quoted = [(one or other).strip() for one, other in _QUOTED.findall(text)]
    called = _CALL.findall(text)
    paths = _IN_PATH.findall(text)
    plain = [name for name in _IDENTIFIER.findall(text) if _looks_like_code(name)]
    return [*quoted, *called, *paths, *(name for name in plain if name.lower() not in _ABBREVIATIONS)]


def _looks_like_code(name: str) -> bool:
    inner = name[1:]
    has_capital = any(char.isupper() for char in inner) and not (name.isupper() or name[:-1].isupper())
    return (
        "_" in name
        or has_capital
        or any(char.isdigit() for char in name)
        or not name.replace("_", "").isalnum()
    )


def _stands_in(name: str, text: str) -> bool:
    bare = name.removesuffix("s") if name[:1].isupper() else name
    return (
        bool(name) and re.search(rf"(?<!\w)(?:{re.escape(name)}|{re.escape(bare)})(?!\w)", text) is not None
    )


def _says_nothing(text: str, gap: Gap) -> bool:
    """Whether it is only the name again, or speaks of something else than the slot."""
    slot, entity = gap.slot, gap.entity
    said = [word.lower() for word in re.findall(r"[^\W_]+", text)]
    own = slot.name or (entity.name if entity else "")
    own_words = [word.lower() for word in words_of(own)]
    if said in ([own.lower()], own_words, ["the", *own_words]) and slot.kind is not SlotKind.SUMMARY:
        return True
    # The parse tells one noun better.
    is_noun = slot.kind in (SlotKind.RETURNS, SlotKind.YIELDS) and len(stems_of_text(text)) == 1
    if is_noun or len(said) < 2 or text.strip("`. ").lower() == own.lower():
        return True
    first = _IDENTIFIER.fullmatch(text.split(" ", 1)[0].rstrip(",:."))
    if first and _looks_like_code(first[0]) and first[0].lower() not in _ABBREVIATIONS:
        return True
    if said[0] in (_GOING_ON if slot.kind is not SlotKind.SUMMARY else _GOING_ON_EVER):
        return True
    if slot.kind is SlotKind.TYPE_PARAMETER and not {"type", "types", *own_words} & set(said):
        return True
    return slot.kind is SlotKind.PARAMETER and _is_of_another(text, slot.name, _names_of_parameters(gap))


def _names_of_parameters(gap: Gap) -> frozenset[str]:
    return frozenset(parameter.name for parameter in gap.entity.parameters) if gap.entity else frozenset()


def _is_of_another(text: str, name: str, names: frozenset[str]) -> bool:
    match = _ABOUT.match(text.rstrip("."))
    return match is not None and match[1] != name and match[1] in names
