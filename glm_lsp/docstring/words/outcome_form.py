"""What comes back, told from names and types alone."""

from __future__ import annotations

import re

from glm_lsp.docstring.entity import ITSELF, Entity, Returned
from glm_lsp.docstring.words import conventional
from glm_lsp.docstring.words.name_words import words_of
from glm_lsp.docstring.words.noun_form import noun_phrase
from glm_lsp.docstring.words.phrases import definite, plural, sentence, singular
from glm_lsp.docstring.words.qualities import tells_how
from glm_lsp.docstring.words.questions import FLAGS, is_question, whether
from glm_lsp.docstring.words.summary_form import deed_words, doing, object_of
from glm_lsp.docstring.words.verbs import VERBS, is_verb, participle

_TYPES = {
    "bool": "true or false", "boolean": "true or false", "Boolean": "true or false", "int": "the number",
    "float": "the number", "number": "the number", "double": "the number", "bytes": "the bytes",
    "str": "the text", "string": "the text", "String": "the text", "void": "nothing", "None": "nothing",
    "self": "the object itself", "Self": "the object itself", "this": "the object itself", "dict": "the dictionary",
    "list": "the list", "tuple": "the tuple", "set": "the set", "object": "the object", "error": "an error, if any",
    "JSX.Element": "the rendered element", "char": "the character", "any": "", "Any": "", "unknown": "", "auto": "",
    "T": "", "R": "", "Object": "", "Error": "an error, if any",
}  # fmt: skip
_LISTS = re.compile(
    r"(?i)(?:list|sequence|iterable|iterator|vec|array|arraylist|collection|tuple|set|vector|stream)$"
)
_GENERIC = re.compile(r"([\w.:]+)\s*[<\[](.*)[>\]]")
_OPTIONAL = re.compile(r"\s*\|\s*(?:None|null|undefined)\s*$|\?$")
_TRANSPARENT = (
    "Promise",
    "Awaitable",
    "Coroutine",
    "Result",
    "Option",
    "Optional",
    "Future",
    "CompletableFuture",
    "Box",
)
_GIVING_TEXT = """
    get retrieve find fetch load read create make generate build construct
"""
_GIVING = frozenset(_GIVING_TEXT.split())
"""Verbs of names that tell what comes back better than the body does."""
_LEADING_TO_TEXT = """
    calculate clone collect combine compile compose compute convert copy count decode derive deserialize
    determine encode estimate evaluate extract format gather guess identify infer instantiate join list
    lookup map measure merge obtain parse pick pop predict prepare produce query receive render request
    resolve sample search select spawn sum summarize take
"""
_LEADING_TO = frozenset(_LEADING_TO_TEXT.split())
"""Verbs of names that tell what comes back."""
_CHANGING_TEXT = """
    align clean clamp compress convert crop decode decompress decrypt deserialize encode encrypt escape
    expand extract filter flatten flip format indent interpolate invert join map merge normalize parse pad
    process quote render replace resize reverse rotate round sanitize scale serialize shuffle simplify slice
    sort split strip tokenize transform translate transpose trim unescape unwrap wrap
"""
_CHANGING = frozenset(_CHANGING_TEXT.split())
"""Verbs that make what is given into what comes back."""
_SUCCEEDING_TEXT = """
    acquire add close connect copy create delete download insert install load lock move open put receive
    register release remove rename save send start stop store subscribe unlock unregister unsubscribe update
    upload write
"""
_SUCCEEDING = frozenset(_SUCCEEDING_TEXT.split())
"""Verbs that tell with true or false whether it was done."""
_TELLS_NOTHING_TEXT = """
    buf buffer copy cls data flag it new obj object ok out output res result results ret retval return rs rv
    self success temp temporary this tmp val value values
"""
_TELLS_NOTHING = frozenset(_TELLS_NOTHING_TEXT.split())
"""Names of variables that could hold anything."""
_NUMBER = re.compile(
    r"u?int\d*(?:_t)?|[iu](?:8|16|32|64|128|size)|(?:std::)?s?size_t|long|short|unsigned.*|f32|f64|byte"
)
_LEAST_NAME = 3
_LEAST_NOUN = 2
_SELVES = frozenset(["self", "cls", "this", "which"])
_ANY_THINGS = frozenset(["all", "and", "any", "both", "it", "one", "some", "them", "this"])
_NO_THINGS = frozenset(["on", "when", "after", "before", "with", "test", "tests", "run", "main"])
"""First words of names that tell of nothing that comes back."""
_STATUSES = frozenset(["int", "i32", "ExitCode"])
_LONGEST_TYPE = 40
_DEPTH = 4


def returns(entity: Entity) -> str:
    """What a function gives back. Never empty."""
    return sentence(_returned(entity, entity.returns))


def yields(entity: Entity) -> str:
    """What a generator gives at each step. Never empty."""
    given = entity.yields or Returned()
    if given.name == ITSELF:
        return sentence(_itself(entity))
    words = _words_of_variable(given.name)
    if not words and not is_question(entity.name) and not conventional.is_conventional(entity):
        words = object_of(entity)
    if words:
        *first, last = words
        return sentence(definite([*first, singular(last)]))
    return sentence(_typed(given.type) or "the value")


def _returned(entity: Entity, returned: Returned | None) -> str:
    known = returned or Returned()
    words = deed_words(entity.name)
    is_program = entity.name == "main" and known.type.rpartition(":")[2] in _STATUSES
    if said := "the exit status" if is_program else conventional.result(entity):
        return said
    if known.name == ITSELF:
        return _itself(entity)
    if is_question(entity.name):
        return whether(words)
    if known.type in FLAGS:
        return _flag(words, known.name, entity)
    verb = words[0] if words and is_verb(words[0]) else ""
    named, held = _named(verb, words, entity), _words_of_variable(known.name)
    said = (
        (named if verb in _GIVING or not verb else "")
        or (_variable(held) if held else "")
        or (named if verb in _LEADING_TO else "")
    )
    if said:
        return f"{said}{_tail(known.type)}"
    return _typed(known.type) or _acted_on(verb, entity) or "the result"


def _itself(entity: Entity) -> str:
    return f"the {' '.join(words_of(entity.owner)) or 'object'} itself"


def _named(verb: str, words: list[str], entity: Entity) -> str:
    """The thing that a function's name tells of; empty where that is not to be told from it."""
    things = [] if conventional.is_conventional(entity) else object_of(entity)
    is_given = any(things == words_of(one.name) for one in entity.parameters) and not verb
    if is_given or len("".join(things)) < _LEAST_NOUN:
        return ""
    if tells_how(things) or things[0] in _ANY_THINGS or (not verb and words[0] in _NO_THINGS):
        return ""
    return noun_phrase(things)


def _words_of_variable(name: str) -> list[str]:
    """The words of what comes back; none where they say nothing."""
    bare = name.strip("_#$").removeprefix("m_")
    words = words_of(bare)
    is_said = len(bare) >= _LEAST_NAME and not bare.isupper() and bare.lower() not in _TELLS_NOTHING
    return words if is_said and not tells_how(words) else []


def _variable(words: list[str]) -> str:
    return whether(words) if is_question(words[0]) else noun_phrase(words)


def _flag(words: list[str], name: str, entity: Entity) -> str:
    """What is true or false, as far as that can be told."""
    things, held = object_of(entity), words_of(name)
    verb = words[0] if words and words[0] in VERBS else ""
    if held and is_question(name.lstrip("_#$")):
        return whether(held)
    if tells_how(things) and (verb in _GIVING or not verb):
        return f"whether it is {' '.join(things)}"
    if verb in _GIVING and things:
        return noun_phrase(things)
    return f"whether {doing(entity)} succeeds" if verb in _SUCCEEDING else "true or false"


def _tail(type_: str) -> str:
    """What else may come back than the thing itself."""
    if _OPTIONAL.search(type_) or re.match(r"(?:\w+[.:]+)*(?:Option|Optional)\b", type_):
        return ", or nothing"
    return ", or an error" if re.match(r"(?:\w+::)*Result\b", type_) else ""


def _acted_on(verb: str, entity: Entity) -> str:
    """The first parameter after the deed, "the parsed text"; empty where that cannot be told."""
    if verb not in _CHANGING or not entity.parameters:
        return ""
    given = words_of(entity.parameters[0].name)
    is_thing = len("".join(given)) > 1 and entity.parameters[0].name not in _SELVES
    return f"the {participle(verb)} {' '.join(given)}" if is_thing else ""


def _typed(type_: str, depth: int = 0) -> str:
    """A type in words; empty where it says nothing, or cannot be read easily."""
    source = type_.strip().strip("\"'").lstrip("&*").removeprefix("mut ").removeprefix("const ").strip()
    if not source or len(source) > _LONGEST_TYPE or depth > _DEPTH:
        return ""
    inner = _OPTIONAL.sub("", source)
    if inner != source:
        typed = _typed(inner, depth + 1)
        return f"{typed}, or nothing" if typed and typed != "nothing" else typed
    if source in _TYPES or _NUMBER.fullmatch(source):
        return _TYPES.get(source, "the number")
    if source.endswith("[]") or source.startswith("[]"):
        return _list_of(source.removesuffix("[]").removeprefix("[]"))
    if match := _GENERIC.fullmatch(source):
        return _generic(match[1], match[2], depth)
    words = words_of(re.split(r"::|\.", source)[-1])
    is_name = re.fullmatch(r"[\w.:]+", source) is not None and words[-1:] not in (["type"], ["t"])
    return f"the {' '.join(words)}" if is_name and len("".join(words)) > 1 else ""


def _generic(outer: str, inner: str, depth: int) -> str:
    name = re.split(r"::|\.", outer)[-1]
    if name in _TRANSPARENT:
        typed = _typed(inner.split(",", maxsplit=1)[0] if name == "Result" else inner, depth + 1)
        tail = {"Result": ", or an error", "Option": ", or nothing", "Optional": ", or nothing"}.get(name, "")
        return f"{typed}{tail}" if typed and typed != "nothing" else ""
    if _LISTS.search(name):
        return _list_of(inner)
    if re.search(r"(?i)(?:dict|map|record)$", name):
        return "the mapping"
    return ""


def _list_of(inner: str) -> str:
    words = words_of(re.split(r"::|\.", inner)[-1]) if re.fullmatch(r"[\w.:]+", inner.strip()) else []
    plurals = {
        "string": "texts",
        "integer": "numbers",
        "int": "numbers",
        "float": "numbers",
        "number": "numbers",
    }
    if not words or len("".join(words)) < 2 or words[-1] in ("any", "object"):
        return "the list"
    *first, last = words
    last = plurals.get(last, plural(last))
    return f"the list of {' '.join([*first, last])}"
