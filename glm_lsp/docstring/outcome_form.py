"""What comes back and what is raised, told from names and types alone."""

from __future__ import annotations

import re

from glm_lsp.docstring.entity import Entity, Returned
from glm_lsp.docstring.name_words import words_of
from glm_lsp.docstring.noun_form import noun_phrase
from glm_lsp.docstring.phrases import plural, sentence, singular
from glm_lsp.docstring.summary_form import doing, is_question, object_of, whether
from glm_lsp.docstring.verbs import VERBS, participle

_EXCEPTIONS = {
    "ArithmeticException": "If the calculation is not possible.",
    "ArithmeticError": "If the calculation is not possible.",
    "AssertionError": "If an assertion does not hold.",
    "AttributeError": "If an attribute is missing.",
    "BufferError": "If the buffer does not allow it.",
    "ConnectionError": "If the connection fails.",
    "EOFError": "If the input ends too early.",
    "Error": "On errors.",
    "Exception": "On errors.",
    "FileExistsError": "If the file exists already.",
    "FileNotFoundError": "If the file does not exist.",
    "FileNotFoundException": "If the file does not exist.",
    "IOError": "If input or output fails.",
    "IOException": "If input or output fails.",
    "IllegalArgumentException": "If an argument is not valid.",
    "IllegalStateException": "If the current state does not allow it.",
    "ImportError": "If a module cannot be imported.",
    "IndexError": "If an index is out of range.",
    "IndexOutOfBoundsException": "If an index is out of range.",
    "InterruptedException": "If the thread is interrupted.",
    "IsADirectoryError": "If the path is a directory.",
    "KeyError": "If a key is missing.",
    "LookupError": "If nothing is found.",
    "MemoryError": "If there is not enough memory.",
    "ModuleNotFoundError": "If a module is missing.",
    "NameError": "If a name is not defined.",
    "NoSuchElementException": "If there is no such element.",
    "NotADirectoryError": "If the path is no directory.",
    "NotImplementedError": "If it is not implemented.",
    "NullPointerException": "If a value is null.",
    "NumberFormatException": "If a text is no number.",
    "OSError": "If the operating system reports an error.",
    "OverflowError": "If a number is too large.",
    "PermissionError": "If permission is missing.",
    "RangeError": "If a value is out of range.",
    "RecursionError": "If the recursion is too deep.",
    "ReferenceError": "If a reference is not valid.",
    "RuntimeError": "If it fails at run time.",
    "RuntimeException": "If it fails at run time.",
    "SQLException": "If access to the database fails.",
    "StopIteration": "If there are no more items.",
    "StopAsyncIteration": "If there are no more items.",
    "SyntaxError": "If the syntax is not valid.",
    "SystemExit": "To end the program.",
    "KeyboardInterrupt": "If the user interrupts it.",
    "TimeoutError": "If it takes too long.",
    "TimeoutException": "If it takes too long.",
    "TypeError": "If the type of a value is not supported.",
    "URIError": "If a URI is not valid.",
    "UnicodeDecodeError": "If bytes cannot be decoded.",
    "UnicodeEncodeError": "If a text cannot be encoded.",
    "UnsupportedOperationException": "If the operation is not supported.",
    "ValueError": "If a value is not valid.",
    "ZeroDivisionError": "If a divisor is zero.",
    "bad_alloc": "If there is not enough memory.",
    "invalid_argument": "If an argument is not valid.",
    "length_error": "If a length is too large.",
    "logic_error": "If it is used wrongly.",
    "out_of_range": "If a value is out of range.",
    "overflow_error": "If a number is too large.",
    "runtime_error": "If it fails at run time.",
}
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
_PRODUCING_NOTHING = frozenset(
    ["check", "close", "delete", "handle", "print", "remove", "set", "validate", "verify"]
)
_JUDGING = frozenset(["check", "validate", "verify"])
_LONGEST_TYPE = 40
_DEPTH = 4


def returns(entity: Entity) -> str:
    """What a function gives back. Never empty."""
    return sentence(_returned(entity, entity.returns))


def yields(entity: Entity) -> str:
    """What a generator gives at each step. Never empty."""
    words = object_of(entity)
    if words and not is_question(entity.name):
        *first, last = words
        return sentence(f"the next {' '.join([*first, singular(last)])}")
    typed = _typed(entity.yields.type if entity.yields else "")
    return sentence(f"the next {typed.removeprefix('the ')}" if typed.startswith("the ") else "the next item")


def raises(name: str, entity: Entity | None) -> str:
    """When an exception is raised, or why a function fails (without a name). Never empty."""
    last = re.split(r"::|\.", name)[-1].strip("&*() ")
    if last in _EXCEPTIONS:
        return _EXCEPTIONS[last]
    words = words_of(re.sub(r"(?:Error|Exception|_error|Warning|Err)$", "", last))
    if not words:
        deed = doing(entity) if entity else ""
        return sentence(f"if {deed} fails") if deed else "On errors."
    return sentence(_condition(words))


def panics(entity: Entity | None) -> str:
    """When a function panics."""
    deed = doing(entity) if entity else ""
    return sentence(f"if {deed} is not possible") if deed else "If an assertion does not hold."


def safety() -> str:
    """What a caller of an unsafe function has to see to."""
    return "The caller must make sure that all arguments are valid."


def _condition(words: list[str]) -> str:
    small = [word.lower() for word in words]
    for tail, said in (
        (["not", "found"], "is not found"), (["already", "exists"], "exists already"), (["exists"], "exists already"),
        (["timeout"], "takes too long"), (["too", "large"], "is too large"), (["too", "long"], "is too long"),
        (["missing"], "is missing"), (["required"], "is required but missing"), (["invalid"], "is not valid"),
        (["mismatch"], "does not match"), (["failed"], "fails"), (["denied"], "is denied"), (["closed"], "is closed"),
        (["overflow"], "overflows"), (["expired"], "has expired"), (["unavailable"], "is not available"),
        (["not", "supported"], "is not supported"), (["not", "implemented"], "is not implemented"),
    ):  # fmt: skip
        if small[-len(tail) :] == tail and len(words) > len(tail):
            return f"if the {' '.join(words[: -len(tail)])} {said}"
    for head, said in (
        ("invalid", "is not valid"), ("missing", "is missing"), ("unknown", "is not known"),
        ("duplicate", "is there already"),
        ("unsupported", "is not supported"), ("unexpected", "is not expected"), ("illegal", "is not allowed"),
        ("no", "is missing"), ("empty", "is empty"), ("malformed", "is malformed"), ("failed", "fails"),
    ):  # fmt: skip
        if small[0] == head and len(words) > 1:
            return f"if the {' '.join(words[1:])} {said}"
    return f"on {' '.join(words)} errors"


def _returned(entity: Entity, returned: Returned | None) -> str:
    words = words_of(entity.name)
    verb = words[0] if words and words[0] in VERBS else ""
    type_ = returned.type if returned else ""
    is_flag = type_ in ("bool", "boolean", "Boolean")
    if is_question(entity.name):
        return whether(words)
    if is_flag and verb:
        return f"whether {doing(entity)} succeeds" if verb not in _JUDGING else "true or false"
    words_for_it = [] if is_flag else object_of(entity)
    things = noun_phrase(words_for_it) if words_for_it else ""
    made = things if verb not in _PRODUCING_NOTHING else ""
    return (
        made
        or _typed(type_)
        or _acted_on(verb, entity)
        or things
        or (f"what {entity.name} gives" if words else "the value")
    )


def _acted_on(verb: str, entity: Entity) -> str:
    """The first parameter after the deed, "the parsed text"; empty where that cannot be told."""
    if not verb or not participle(verb) or verb in _PRODUCING_NOTHING or not entity.parameters:
        return ""
    given = words_of(entity.parameters[0].name)
    return f"the {participle(verb)} {' '.join(given)}" if len("".join(given)) > 1 else ""


def _typed(type_: str, depth: int = 0) -> str:
    """A type in words; empty where it says nothing, or cannot be read easily."""
    source = type_.strip().strip("\"'").lstrip("&*").removeprefix("mut ").removeprefix("const ").strip()
    if not source or len(source) > _LONGEST_TYPE or depth > _DEPTH:
        return ""
    inner = _OPTIONAL.sub("", source)
    if inner != source:
        typed = _typed(inner, depth + 1)
        return f"{typed}, or nothing" if typed and typed != "nothing" else typed
    if source in _TYPES:
        return _TYPES[source]
    if source.endswith("[]") or source.startswith("[]"):
        return _list_of(source.removesuffix("[]").removeprefix("[]"))
    if match := _GENERIC.fullmatch(source):
        return _generic(match[1], match[2], depth)
    words = words_of(re.split(r"::|\.", source)[-1])
    is_name = re.fullmatch(r"[\w.:]+", source) is not None
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
