"""Summaries that are told from names alone: `read_HTTPHeaders` gives "Read HTTP headers."."""

from __future__ import annotations

import re

from glm_lsp.docstring.entity import ITSELF, Entity, EntityKind, Parameter
from glm_lsp.docstring.words import conventional
from glm_lsp.docstring.words.name_words import words_of
from glm_lsp.docstring.words.noun_form import noun_phrase
from glm_lsp.docstring.words.phrases import (
    definite,
    indefinite,
    is_linking,
    is_plural,
    is_preposition,
    sentence,
    thing,
)
from glm_lsp.docstring.words.qualities import tells_how
from glm_lsp.docstring.words.questions import FLAGS, WHETHER, whether
from glm_lsp.docstring.words.verbs import VERBS, gerund, in_full, is_verb, third_person

_MAKING_TEXT = """
    build construct create generate instantiate make produce spawn
"""
_MAKING = frozenset(_MAKING_TEXT.split())
_RETURNING = frozenset(["get", "retrieve"])
_ACTING_ON_TEXT = """
    accept add analyze append apply calculate check compare compress compute concat consume convert copy
    count decode decompress decrypt delete deserialize dispatch download draw dump encode encrypt enqueue
    escape evaluate execute extract fetch filter find flatten format generate handle hash insert invert join
    load log lookup map merge move normalize open parse print process push put read receive register reject
    remove rename render replace resize resolve save scale search send serialize set sort split store
    subscribe subtract sum tokenize transform translate transpose stringify trim unregister upload validate
    verify visit wrap write
"""
_ACTING_ON = frozenset(_ACTING_ON_TEXT.split())
"""Verbs that act on their parameters."""
_ON_NOUNS = frozenset(["create", "destroy", "free", "init", "initialize", "parse", "serialize", "validate"])
"""Verbs that may stand behind what they act on: `list_create`."""
_APART = {
    "cleanup": "clean up", "login": "log in", "logout": "log out", "lookup": "look up", "rollback": "roll back",
    "setup": "set up", "shutdown": "shut down", "teardown": "tear down",
}  # fmt: skip
"""Verbs that names write in one word."""
_TURNING = frozenset(
    ["cast", "convert", "decode", "encode", "map", "parse", "transform", "translate", "turn"]
)
_INTO = frozenset(["into", "to"])
_SEEKING = frozenset(["delete", "fetch", "find", "load", "lookup", "remove", "select", "unregister"])
_IDENTIFYING = frozenset(["ID", "index", "key", "name"])
"""What tells a thing that such verbs act on, and is not that thing."""
_OF_OWNER_TEXT = """
    cancel clear close configure connect destroy disconnect dispose draw execute flush init initialize
    invalidate launch lock open pause print refresh release reload render reset resize restart resume run
    save serialize setup shutdown start stop suspend teardown terminate unlock update validate
"""
_OF_OWNER = frozenset(_OF_OWNER_TEXT.split())
"""Verbs that act on what they are methods of, without parameters to act on."""
_LEAST_NOUN = 2
"""Letters of a name that tells what comes back."""
_FUNCTIONS = frozenset([EntityKind.FUNCTION, EntityKind.METHOD, EntityKind.CONSTRUCTOR])


def summary(entity: Entity) -> str:
    """What a thing is or does, as far as its name tells; functions in the imperative. Never empty."""
    name, words = entity.name, words_of(entity.name)
    if entity.kind is EntityKind.CONSTRUCTOR or name == "__init__":
        return _of_constructor(entity)
    if name.startswith("~"):
        return f"Destroy the {' '.join(words) or 'object'}."
    if entity.kind is EntityKind.PROPERTY:
        return conventional.summary(entity) or _of_property(words, entity)
    if entity.kind in _FUNCTIONS:
        said = sentence(_of_function(words, entity)) if words else "Return what is asked for."
        return conventional.summary(entity) or said
    return _of_type(words, entity.kind)


def _of_type(words: list[str], kind: EntityKind) -> str:
    if not words:
        return "Module." if kind is EntityKind.MODULE else "Unnamed type."
    is_marked = kind is EntityKind.CLASS and words[0] == "i" and len(words) > 1
    return sentence(" ".join(words[1:] if is_marked else words))


def is_deed(text: str, entity: Entity) -> bool:
    """Whether a summary of a thing tells what it does, in the imperative."""
    return entity.kind in _FUNCTIONS and is_verb(re.split(r"[ .]", text, maxsplit=1)[0].lower())


def in_third_person(text: str) -> str:
    """A deed told in the imperative, as what somebody does: all its verbs where two are joined."""
    words = text.rstrip(".").split(" ")
    words[0] = third_person(words[0].lower())
    if words[1:2] == ["and"] and words[2:] and words[2] in VERBS:
        words[2] = third_person(words[2])
    return sentence(" ".join(words))


def doing(entity: Entity) -> str:
    """The doing of what a function's name says, "reading HTTP headers"; empty for a name that is no deed."""
    words = deed_words(entity.name)
    if words[:1] == ["try"] and words[1:] and words[1] in VERBS:
        words = words[1:]
    if not words or words[0] not in VERBS or conventional.is_conventional(entity):
        return ""
    verb, *rest = words
    return " ".join([gerund(verb), _object(verb, rest, entity)]).strip()


def deed_words(name: str) -> list[str]:
    """A function's name in words, with its verb in full and in front: `do_init` gives "initialize"."""
    words = words_of(name)
    if words[:1] == ["do"] and words[1:] and in_full(words[1]) in VERBS:
        words = words[1:]
    if (
        len(words) > 1
        and words[-1] in _ON_NOUNS
        and not name.startswith("__")
        and words[0] not in VERBS
        and words[0] not in WHETHER
    ):
        words = [words[-1], *words[:-1]] if not any(map(is_preposition, words)) else words
    return [in_full(words[0]), *words[1:]] if words else []


def object_of(entity: Entity) -> list[str]:
    """The words of the thing that a function's name tells to come out: "width" of `get_width`; may be empty."""
    words = deed_words(entity.name)
    if words[:1] == ["try"]:
        words = words[1:]
    verb = words[0] if words else ""
    if words and (is_verb(verb) or verb in ("new", "on", "to", "as", "into", "iterator")):
        words = words[3:] if words[1:2] == ["and"] else words[1:]
    elif "to" in words[1:-1]:
        words = words[words.index("to") + 1 :]
    if verb in _TURNING and (into := _INTO & set(words[1:-1])):
        words = words[max(map(words.index, into)) + 1 :]
    cut = next((index for index, word in enumerate(words) if is_preposition(word)), len(words))
    return words[:cut]


def _of_constructor(entity: Entity) -> str:
    owner = words_of(entity.owner or ("" if entity.name == "__init__" else entity.name))
    if entity.name.startswith("__"):
        return f"Initialize {definite(owner)}." if len("".join(owner)) > 1 else "Initialize the object."
    if said := conventional.constructor(entity):
        return said
    text = " ".join(owner) or "object"
    return f"Create {text if is_plural(text.rpartition(' ')[2]) else f'{indefinite(text)} {text}'}."


def _of_property(words: list[str], entity: Entity) -> str:
    if not words:
        return "The value."
    if words[0] in WHETHER:
        return sentence(whether(words))
    words = words[1:] if words[0] in ("get", "set") and len(words) > 1 else words
    if tells_how(words):
        is_flag = entity.returns is not None and entity.returns.type in FLAGS
        return sentence(f"whether it is {' '.join(words)}" if is_flag else " ".join(words))
    return sentence(noun_phrase(words))


def _of_function(words: list[str], entity: Entity) -> str:
    words = _in_order(_closed(deed_words(entity.name) or words, entity))
    first, *rest = words
    if said := _by_first_word(first, rest, entity):
        return said
    if is_verb(first):
        verb = "return" if first in _RETURNING and rest and rest[0] != "and" else first
        verb = first if tells_how(rest) and rest[0] != "and" else verb
        return f"{_APART.get(verb, verb)} {_object(first, rest, entity)}".strip()
    if "to" in words[1:-1] and not VERBS & set(words[: words.index("to")]):
        return f"convert {' '.join(words)}"
    if entity.yields is not None:
        return f"yield {definite(words)}"
    return _of_noun(words, entity)


def _of_noun(words: list[str], entity: Entity) -> str:
    """What a function does whose name is no deed: it gives back what the name says, or else it is but run."""
    is_given = any(words == words_of(one.name) for one in entity.parameters)
    if entity.returns is None or is_given:
        return f"run {' '.join(words)}"
    if len("".join(words)) < _LEAST_NOUN:
        return "return the result"
    if entity.returns.name == ITSELF and entity.parameters:
        return f"set {noun_phrase(words)}"
    if entity.returns.type == "error":
        return "return an error, if any"
    if tells_how(words):
        is_flag = entity.returns.type in FLAGS
        return f"return {'whether it is ' if is_flag else ''}{' '.join(words)}"
    return f"return {noun_phrase(words)}"


def _in_order(words: list[str]) -> list[str]:
    """With the deed in front of how it is done: `async_read` gives "read asynchronously"."""
    how = {"async": ["asynchronously"], "maybe": ["if", "needed"]}.get(words[0])
    return [*words[1:], *how] if how and words[1:] and words[1] in VERBS else words


def _closed(words: list[str], entity: Entity) -> list[str]:
    """Words that end in a preposition, with the parameter that belongs to it; without it, if there is none."""
    if len(words) < 2 or not is_linking(words[-1]) or words[0] in ("test", "tests"):
        return words
    given = [each for one in _needed(entity) if (each := words_of(one.name)) and len("".join(each)) > 1]
    return [*words, *definite(given[0]).split()] if given else words[:-1]


def _needed(entity: Entity) -> list[Parameter]:
    return [
        one
        for one in entity.parameters
        if not one.default
        and not one.is_optional
        and not one.name.startswith("_")
        and one.name not in ("self", "cls")
    ]


def _by_first_word(first: str, rest: list[str], entity: Entity) -> str:
    """What names are for that begin with certain words; empty for others."""
    if first in WHETHER:
        return f"return {whether([first, *rest])}"
    if first == "new":
        return f"create a new {' '.join(rest or words_of(entity.owner)) or 'instance'}"
    if not rest:
        return "run the program" if first == "main" else ""
    text = " ".join(rest)
    said = {
        "test": _test(rest, entity.name),
        "tests": _test(rest, entity.name),
        "try": f"try to {text}",
        "iterator": f"iterate over {definite(rest)}",
        "on": _handle(rest),
        "when": _handle(rest),
        "with": f"return it with {text}",
        "to": f"convert to {text}",
        "as": f"return it as {text}",
        "into": f"return it as {text}",
        "from": f"create from {text}",
    }
    return said.get(first, "")


def _handle(rest: list[str]) -> str:
    is_event = tells_how(rest) or (len(rest) > 1 and rest[0] in VERBS)
    return f"handle {' '.join(rest) if is_event else definite(rest)}"


def _test(rest: list[str], name: str) -> str:
    text = " ".join(rest)
    if rest[0] in WHETHER:
        return f"test {name.partition('_')[2] or text}"
    if WHETHER.keys() & set(rest[1:]):
        return f"test that {text}"
    if rest[0] in VERBS:
        return f"test {' '.join([gerund(rest[0]), *rest[1:]])}"
    return f"test {text if rest[0].endswith('ing') else thing(rest)}"


def _object(verb: str, rest: list[str], entity: Entity) -> str:
    if rest[:1] == ["and"] and len(rest) > 2:
        return f"and {rest[1]} {thing(rest[2:])}"
    if not rest:
        return _object_given(verb, entity)
    if verb == "wait" and not is_preposition(rest[0]):
        return f"for {thing(rest)}"
    if tells_how(rest):
        return " ".join(rest)
    article = "a" if verb in _MAKING else "the"
    return noun_phrase(rest) if verb in _RETURNING or verb == "set" else thing(rest, article)


def _object_given(verb: str, entity: Entity) -> str:
    """What a deed is done to whose name does not tell: its parameters, or what it belongs to."""
    parameters = [
        words for one in _needed(entity) if (words := words_of(one.name)) and len("".join(words)) > 1
    ]
    if verb in _RETURNING:
        return f"the value for {definite(parameters[0])}" if parameters else "the value"
    if parameters and parameters[0][-1] in (f"{verb}r", f"{verb}er", f"{verb.removesuffix('e')}or"):
        return f"with {definite(parameters[0])}"
    if parameters and verb in _SEEKING and parameters[0][-1] in _IDENTIFYING:
        return f"by {' '.join(parameters[0])}"
    if verb in _ACTING_ON and parameters:
        return " and ".join(definite(words) for words in parameters[: 2 if len(parameters) == 2 else 1])
    return definite(words_of(entity.owner)) if verb in _OF_OWNER else ""
