"""When something fails, told from the names of exceptions and of what was asked for."""

from __future__ import annotations

import re

from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.words.name_words import parts_of, words_of
from glm_lsp.docstring.words.phrases import sentence
from glm_lsp.docstring.words.summary_form import doing
from glm_lsp.docstring.words.verbs import plain_form

_EXCEPTIONS = {
    "ArithmeticException": "If the calculation is not possible.",
    "ArithmeticError": "If the calculation is not possible.",
    "AssertionError": "If an assertion does not hold.",
    "AttributeError": "If an attribute is missing.",
    "BufferError": "If the buffer does not allow it.",
    "ConnectionError": "If the connection fails.",
    "EOFError": "If the input ends too early.",
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
_GIVES_UP = "If it cannot go on."
_REASONS = {
    "assert": "If an assertion does not hold.",
    "panic": _GIVES_UP,
    "todo": "If it comes to what is not implemented.",
    "unimplemented": "If it comes to what is not implemented.",
    "unreachable": "If it comes to what was held for unreachable.",
}
_PANICKING = re.compile(r"\b((?:debug_)?assert(?:_eq|_ne)?|panic|todo|unimplemented|unreachable)!")
_NOT_CODE = re.compile(r"//[^\n]*|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_MOST_WORDS = 3
"""Of a kind of errors; longer names are sentences of their own."""
_OF_ANY_KIND = frozenset(["Error", "Exception", "Throwable", "BaseException", "exception"])


def raises(name: str, entity: Entity | None) -> str:
    """When an exception is raised, or why a function fails (without a name). Never empty."""
    last = re.split(r"::|\.", name)[-1].strip("&*() ")
    if last in _EXCEPTIONS:
        return _EXCEPTIONS[last]
    if last in _OF_ANY_KIND:
        return _if_it_fails(entity)
    bare = re.sub(r"(?:Error|Exception|_error|Warning|Err)$", "", last)
    words = words_of(bare)
    said = _condition(words) if words else ""
    # Parts that are no words tell nothing: `NetworkXError` is of NetworkX.
    is_name = any(len(part) == 1 and part.isalpha() for part in parts_of(bare))
    if not said and (is_name or len(words) > _MOST_WORDS or any(map(plain_form, words[1:-1]))):
        return _if_it_fails(entity)
    return sentence(said or f"on {' '.join(words)} errors") if words else _if_it_fails(entity)


def _if_it_fails(entity: Entity | None) -> str:
    deed = doing(entity) if entity else ""
    return sentence(f"if {deed or 'it'} fails")


def panics(code: str) -> str:
    """When a function of Rust panics, as far as its macros tell.

    Args:
        code: its source; may be empty.
    """
    reasons = {
        _REASONS[name.removeprefix("debug_").partition("_")[0]]
        for name in _PANICKING.findall(_NOT_CODE.sub("", code))
    }
    return reasons.pop() if len(reasons) == 1 else _GIVES_UP


def safety(entity: Entity | None) -> str:
    """What a caller of an unsafe function has to see to."""
    if entity is not None and entity.parameters:
        return "The caller must make sure that all arguments are valid."
    return "The caller must make sure of what the unsafe code relies on."


def _condition(words: list[str]) -> str:
    """What happened, by first and last words that tell it; empty for others."""
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
    return ""
