"""Summaries that are told from names alone: `read_HTTPHeaders` gives "Read HTTP headers."."""

from __future__ import annotations

import re

from glm_lsp.docstring.entity import Entity, EntityKind
from glm_lsp.docstring.name_words import words_of
from glm_lsp.docstring.noun_form import noun_phrase
from glm_lsp.docstring.phrases import definite, indefinite, is_preposition, sentence, thing
from glm_lsp.docstring.verbs import VERBS, gerund, third_person

_OPERATORS = {
    "add": "sum", "sub": "difference", "mul": "product", "matmul": "matrix product", "truediv": "quotient",
    "floordiv": "quotient, rounded down", "mod": "remainder", "pow": "power", "and": "conjunction",
    "or": "disjunction", "xor": "exclusive disjunction", "lshift": "left shift", "rshift": "right shift",
    "divmod": "quotient and remainder",
}  # fmt: skip
_DUNDERS = {
    "__repr__": "Return the representation for developers.",
    "__str__": "Return the text for people.",
    "__bytes__": "Return it as bytes.",
    "__format__": "Return the formatted text.",
    "__len__": "Return the number of items.",
    "__length_hint__": "Return the estimated number of items.",
    "__bool__": "Return whether it counts as true.",
    "__hash__": "Return the hash.",
    "__eq__": "Return whether both are equal.",
    "__ne__": "Return whether the two differ.",
    "__lt__": "Return whether it is less than the other.",
    "__le__": "Return whether it is at most the other.",
    "__gt__": "Return whether it is greater than the other.",
    "__ge__": "Return whether it is at least the other.",
    "__iter__": "Iterate over the items.",
    "__next__": "Return the next item.",
    "__aiter__": "Iterate over the items asynchronously.",
    "__anext__": "Return the next item asynchronously.",
    "__reversed__": "Iterate over the items in reverse.",
    "__contains__": "Return whether the item is contained.",
    "__getitem__": "Return the item at the key.",
    "__setitem__": "Set the item at the key.",
    "__delitem__": "Delete the item at the key.",
    "__missing__": "Return what stands for a missing key.",
    "__getattr__": "Return an attribute that is not found otherwise.",
    "__getattribute__": "Return an attribute.",
    "__setattr__": "Set an attribute.",
    "__delattr__": "Delete an attribute.",
    "__dir__": "Return the names of the attributes.",
    "__get__": "Return the attribute of the instance.",
    "__set__": "Set the attribute of the instance.",
    "__delete__": "Delete the attribute of the instance.",
    "__set_name__": "Take the name under which it was assigned.",
    "__init_subclass__": "Set up a subclass.",
    "__post_init__": "Finish the initialization.",
    "__del__": "Clean up before it is destroyed.",
    "__call__": "Call it like a function.",
    "__enter__": "Enter the context.",
    "__exit__": "Leave the context.",
    "__aenter__": "Enter the asynchronous context.",
    "__aexit__": "Leave the asynchronous context.",
    "__await__": "Wait for it.",
    "__copy__": "Return a shallow copy.",
    "__deepcopy__": "Return a deep copy.",
    "__reduce__": "Return what pickling needs.",
    "__getstate__": "Return the state for pickling.",
    "__setstate__": "Restore the state from pickling.",
    "__int__": "Return it as an integer.",
    "__float__": "Return it as a floating-point number.",
    "__index__": "Return it as an integer index.",
    "__round__": "Return the rounded value.",
    "__abs__": "Return the absolute value.",
    "__neg__": "Return the negative.",
    "__pos__": "Return it unchanged.",
    "__invert__": "Return the inverse.",
    **{f"__{name}__": f"Return the {what}." for name, what in _OPERATORS.items()},
    **{f"__r{name}__": f"Return the {what}, as the right operand." for name, what in _OPERATORS.items()},
    **{f"__i{name}__": f"Replace it by the {what}." for name, what in _OPERATORS.items()},
}
_WHETHER = {
    "is": "is", "are": "are", "was": "was", "were": "were", "has": "has", "have": "have", "had": "had",
    "can": "can", "could": "could", "should": "should", "must": "must", "will": "will", "does": "does",
    "needs": "needs", "supports": "supports", "contains": "contains", "includes": "includes", "allows": "allows",
    "requires": "requires", "exists": "exists", "matches": "matches", "accepts": "accepts", "uses": "uses",
    "equals": "equals", "wants": "wants",
}  # fmt: skip
_MAKING_TEXT = """
    build construct create generate instantiate make produce spawn
"""
_MAKING = frozenset(_MAKING_TEXT.split())
_RETURNING = frozenset(["get", "retrieve"])
_ACTING_ON_TEXT = """
    accept add analyze append apply calculate check compare compress compute concat consume convert copy count decode
    decompress decrypt delete deserialize dispatch download draw dump encode encrypt enqueue escape evaluate execute
    extract fetch filter find flatten format generate handle hash insert invert join load log lookup map merge move
    normalize open parse print process push put read receive register reject remove rename render replace resize resolve
    save scale search send serialize set sort split store subscribe subtract sum tokenize transform translate transpose
    trim unregister upload validate verify visit wrap write
"""
_ACTING_ON = frozenset(_ACTING_ON_TEXT.split())
"""Verbs that act on their parameters."""
_OF_OWNER_TEXT = """
    cancel clear close configure connect destroy disconnect dispose draw execute flush init initialize invalidate launch
    lock open pause print refresh release reload render reset resize restart resume run save serialize setup shutdown
    start stop suspend teardown terminate unlock update validate
"""
_OF_OWNER = frozenset(_OF_OWNER_TEXT.split())
"""Verbs that act on what they are methods of, without parameters to act on."""
_FUNCTIONS = frozenset([EntityKind.FUNCTION, EntityKind.METHOD, EntityKind.CONSTRUCTOR])


def summary(entity: Entity) -> str:
    """What a thing is or does, as far as its name tells; functions in the imperative. Never empty."""
    name, words = entity.name, words_of(entity.name)
    if entity.kind is EntityKind.CONSTRUCTOR or name == "__init__":
        return _of_constructor(entity)
    if name.startswith("~"):
        return f"Destroy {definite(words) or 'the object'}."
    if entity.kind is EntityKind.PROPERTY:
        return _DUNDERS.get(name) or _of_property(words)
    if entity.kind in _FUNCTIONS:
        said = sentence(_of_function(words, entity)) if words else "Return what is asked for."
        return _DUNDERS.get(name, said)
    return _of_type(words, entity.kind)


def _of_type(words: list[str], kind: EntityKind) -> str:
    if not words:
        return "Module." if kind is EntityKind.MODULE else "Unnamed type."
    is_marked = kind is EntityKind.CLASS and words[0] == "i" and len(words) > 1
    return sentence(" ".join(words[1:] if is_marked else words))


def is_deed(text: str, entity: Entity) -> bool:
    """Whether a summary of a thing tells what it does, in the imperative."""
    return entity.kind in _FUNCTIONS and re.split(r"[ .]", text, maxsplit=1)[0].lower() in VERBS


def in_third_person(text: str) -> str:
    """A deed told in the imperative, as what somebody does: all its verbs where two are joined."""
    words = text.rstrip(".").split(" ")
    words[0] = third_person(words[0].lower())
    if words[1:2] == ["and"] and words[2:] and words[2] in VERBS:
        words[2] = third_person(words[2])
    return sentence(" ".join(words))


def doing(entity: Entity) -> str:
    """The doing of what a function's name says, "reading HTTP headers"; empty for a name that is no deed."""
    words = words_of(entity.name)
    if not words or words[0] not in VERBS:
        return ""
    verb, *rest = words
    return " ".join([gerund(verb), _object(verb, rest, entity)]).strip()


def object_of(entity: Entity) -> list[str]:
    """The words of the thing that a function's name tells to come out: "width" of `get_width`; may be empty."""
    words = words_of(entity.name)
    if words[:1] == ["try"]:
        words = words[1:]
    if words and (words[0] in VERBS or words[0] in ("new", "on", "to", "as", "into", "iterator")):
        words = words[3:] if words[1:2] == ["and"] else words[1:]
    elif "to" in words[1:-1]:
        words = words[words.index("to") + 1 :]
    cut = next((index for index, word in enumerate(words) if is_preposition(word)), len(words))
    return words[:cut]


def is_question(name: str) -> bool:
    """Whether a name asks for yes or no: `is_open`, `hasChildren`."""
    return (words_of(name) or [""])[0] in _WHETHER


def whether(words: list[str]) -> str:
    """A question's words as a clause: "whether it is open"."""
    first, *rest = words
    return " ".join(["whether it", _singular_verb(first), *rest])


def _singular_verb(verb: str) -> str:
    return {"are": "is", "were": "was", "have": "has"}.get(verb, _WHETHER[verb])


def _of_constructor(entity: Entity) -> str:
    owner = words_of(entity.owner or ("" if entity.name == "__init__" else entity.name))
    if entity.name.startswith("__"):
        return f"Initialize {definite(owner)}." if owner else "Initialize the object."
    text = " ".join(owner) or "object"
    return f"Create {indefinite(text)} {text}."


def _of_property(words: list[str]) -> str:
    if not words:
        return "The value."
    if words[0] in _WHETHER:
        return sentence(whether(words))
    words = words[1:] if words[0] in ("get", "set") and len(words) > 1 else words
    return sentence(noun_phrase(words))


def _of_function(words: list[str], entity: Entity) -> str:
    first, *rest = words
    if first == "operator" and entity.name != "operator":
        return "apply the operator"
    if said := _by_first_word(first, rest, entity):
        return said
    if first in VERBS:
        verb = "return" if first in _RETURNING and rest and rest[0] != "and" else first
        return f"{verb} {_object(first, rest, entity)}".strip()
    if "to" in words[1:-1]:
        return f"convert {' '.join(words)}"
    if entity.yields is not None:
        return f"yield {definite(words)}"
    return f"return {noun_phrase(words)}" if entity.returns is not None else " ".join(words)


def _by_first_word(first: str, rest: list[str], entity: Entity) -> str:
    """What names are for that begin with certain words; empty for others."""
    if first in _WHETHER:
        return f"return {whether([first, *rest])}"
    if first == "new":
        return f"create a new {' '.join(rest or words_of(entity.owner)) or 'instance'}"
    if not rest:
        return "run the program" if first == "main" else ""
    text = " ".join(rest)
    said = {
        "test": _test(rest),
        "tests": _test(rest),
        "try": f"try to {text}",
        "iterator": f"iterate over {definite(rest)}",
        "on": f"handle {text if text.endswith('ed') else definite(rest)}",
        "when": f"handle {text if text.endswith('ed') else definite(rest)}",
        "with": f"return it with {text}",
        "to": f"convert to {text}",
        "as": f"return it as {text}",
        "into": f"return it as {text}",
        "from": f"create from {text}",
    }
    return said.get(first, "")


def _test(rest: list[str]) -> str:
    text = " ".join(rest)
    if _WHETHER.keys() & set(rest[1:]):
        return f"test that {text}"
    if rest[0] in VERBS:
        return f"test {' '.join([gerund(rest[0]), *rest[1:]])}"
    return f"test {text if rest[0].endswith('ing') else thing(rest)}"


def _object(verb: str, rest: list[str], entity: Entity) -> str:
    if rest[:1] == ["and"] and len(rest) > 2:
        return f"and {rest[1]} {thing(rest[2:])}"
    if rest:
        article = "a" if verb in _MAKING else "the"
        return noun_phrase(rest) if verb in _RETURNING or verb == "set" else thing(rest, article)
    needed = [one for one in entity.parameters if not one.default and not one.is_optional]
    parameters = [words for one in needed if (words := words_of(one.name)) and len("".join(words)) > 1]
    if verb in _RETURNING:
        return f"the value for {definite(parameters[0])}" if parameters else "the value"
    if verb in _ACTING_ON and parameters:
        return " and ".join(definite(words) for words in parameters[: 2 if len(parameters) == 2 else 1])
    return definite(words_of(entity.owner)) if verb in _OF_OWNER else ""
