"""When something fails, told from the names of exceptions and of what was asked for."""

from __future__ import annotations

import re

from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.name_words import words_of
from glm_lsp.docstring.phrases import sentence
from glm_lsp.docstring.summary_form import doing

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
_OF_ANY_KIND = frozenset(["Error", "Exception", "Throwable", "BaseException", "exception"])


def raises(name: str, entity: Entity | None) -> str:
    """When an exception is raised, or why a function fails (without a name). Never empty."""
    last = re.split(r"::|\.", name)[-1].strip("&*() ")
    if last in _EXCEPTIONS:
        return _EXCEPTIONS[last]
    if last in _OF_ANY_KIND:
        return _if_it_fails(entity)
    words = words_of(re.sub(r"(?:Error|Exception|_error|Warning|Err)$", "", last))
    return sentence(_condition(words)) if words else _if_it_fails(entity)


def _if_it_fails(entity: Entity | None) -> str:
    deed = doing(entity) if entity else ""
    return sentence(f"if {deed or 'it'} fails")


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
