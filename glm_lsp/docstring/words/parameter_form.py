"""Parameters described from their names, types and defaults alone: `num_retries` gives "The number of retries."."""

from __future__ import annotations

import re

from glm_lsp.docstring.entity import Parameter, ParameterKind
from glm_lsp.docstring.words.name_words import words_of
from glm_lsp.docstring.words.noun_form import noun_phrase
from glm_lsp.docstring.words.phrases import definite, is_linking, sentence
from glm_lsp.docstring.words.qualities import tells_how
from glm_lsp.docstring.words.questions import is_question, whether
from glm_lsp.docstring.words.verbs import VERBS

_KNOWN = {
    "args": "The positional arguments.", "argv": "The arguments of the command line.",
    "callback": "The function to call.",
    "cb": "The function to call.", "ctx": "The context.", "default": "The value if there is no other.",
    "dtype": "The data type.", "fn": "The function.", "func": "The function.", "i": "The index.",
    "kwargs": "The keyword arguments.", "other": "The other value.", "rng": "The random number generator.",
}  # fmt: skip
_WHETHER_TO = frozenset(["allow", "do", "enable", "force", "include", "should", "skip", "use", "with"])
_MANNERS = frozenset(["quiet", "recursive", "silent", "strict", "verbose"])
_STANDING_FOR_ANY = frozenset(["default", "flag", "mode", "result", "state", "status", "value"])
_BOOLEAN = re.compile(r"(?i)\bbool(?:ean)?\b")
_BOOLEANS = ("true", "false")
_HARMLESS_DEFAULT = re.compile(r"-?\w[\w.]{0,19}|[\"']\w[\w-]{0,19}[\"']")
_MOST_PARTS = 4
_LONGEST_HEAD = 2000
_VALUES = frozenset(
    ["bool", "char", "int", "int16_t", "int32_t", "int64_t", "int8_t", "long", "ptrdiff_t", "short", "size_t",
     "uint16_t", "uint32_t", "uint64_t", "uint8_t", "uintptr_t", "unsigned"]
)  # fmt: skip
"""Types of template parameters that stand for values."""
_DIGITS = "0123456789"
_NOTHINGS = frozenset(["none", "null", "undefined", "nil", "nullptr", "void"])


def parameter(one: Parameter, *, notes_default: bool = True, quotes: bool = False) -> str:
    """What a parameter is, as far as its name, type and default tell. Never empty.

    Args:
        notes_default: whether a short default is told too.
        quotes: whether names of code stand in backticks.
    """
    default = _default(one.default) if notes_default else ""
    return f"{_described(one, quotes=quotes)}{f' Defaults to {default}.' if default else ''}"


def type_parameter(name: str, code: str = "") -> str:
    """What a generic parameter stands for, as far as its name tells.

    Args:
        code: the definition; tells parameters that stand for values, as in `template <int N>` and `const N: usize`.
    """
    if _is_value(name, code):
        words = words_of(name)
        return sentence(noun_phrase(words)) if len("".join(words)) > 1 else f"The value of {name}."
    known = {"K": "keys", "V": "values"}
    if name in known:
        return f"The type of {known[name]}."
    is_marked = re.match(r"[TI][A-Z][a-z]", name) is not None
    words = words_of(name[1:] if is_marked else name)
    return sentence(f"the {' '.join(words)} type") if len("".join(words)) > 1 else "The type to work with."


def _is_value(name: str, code: str) -> bool:
    escaped, head = re.escape(name), code[:_LONGEST_HEAD]
    if re.search(rf"[<,]\s*const\s+{escaped}\s*:", head):
        return True
    listed = re.search(r"\btemplate\s*<", head)
    found = (
        re.search(rf"(\w+)[\s*&]*(?:\.\.\.)?\s*\b{escaped}\s*[=,>]", head[listed.end() :]) if listed else None
    )
    return found is not None and found[1] in _VALUES


def _pattern(parts: tuple[str, ...], *, quotes: bool) -> str:
    shown = [f"`{part}`" if quotes else part for part in parts[:_MOST_PARTS]]
    *first, last = [*shown, "more"] if len(parts) > _MOST_PARTS else shown
    return f"An object with {', '.join(first)}{' and ' if first else ''}{last}."


def _described(one: Parameter, *, quotes: bool) -> str:
    name = one.name.lstrip("_$@")
    words = words_of(name)
    if one.parts:
        return _pattern(one.parts, quotes=quotes)
    if not words:
        return "Not used." if one.name.strip("_") == "" else "The value."
    return _KNOWN.get(name.lower()) or sentence(_by_words(one, name, words))


def _by_words(one: Parameter, name: str, words: list[str]) -> str:
    if words[0] == "on" and len(words) > 1:
        return f"the function to call on {' '.join(words[1:])}"
    if one.kind is ParameterKind.KEYWORDS:
        return f"the keyword arguments for {' '.join(words)}"
    if len(name.rstrip(_DIGITS)) == 1:
        return _typed(one.type) or f"the value of {name}"
    if _is_boolean(one) or is_question(name):
        return _whether(words)
    return " ".join(words) if tells_how(words) else noun_phrase(words)


def _typed(type_: str) -> str:
    """A class in words, for a parameter whose name is but a letter; empty for any other type."""
    bare = type_.removeprefix("const ").strip("&* ")
    is_class = re.fullmatch(r"[A-Z][a-z]\w+", bare) and bare not in ("String", "Object", "Any", "Self")
    return definite(words_of(bare)) if is_class else ""


def _is_boolean(one: Parameter) -> bool:
    return (
        bool(_BOOLEAN.search(one.type)) and len(one.type) < len("Optional[boolean] ")
    ) or one.default.lower() in _BOOLEANS


def _whether(words: list[str]) -> str:
    first, *rest = words
    said = ""
    if is_question(first):
        said = whether(words)
    elif first in ("no", "without") and rest:
        said = f"whether to do without {' '.join(rest)}"
    elif first == "with" and rest:
        said = f"whether to include {definite(rest)}"
    elif rest and is_linking(first):
        said = f"whether it is {' '.join(words)}"
    elif first in VERBS or first in _WHETHER_TO:
        said = f"whether to {first} {definite(rest)}".rstrip()
    elif words[-1] in _MANNERS:
        said = f"whether to be {' '.join(words)}"
    elif tells_how(words):
        said = f"whether it is {' '.join(words)}"
    elif words[-1] in _STANDING_FOR_ANY:
        said = noun_phrase(words)
    return said or f"the flag for {' '.join(words)}"


def _default(source: str) -> str:
    if source.lower() in _NOTHINGS or source in ("", "''", '""') or not _HARMLESS_DEFAULT.fullmatch(source):
        return ""
    return source.strip("\"'").rstrip(".")
