"""Names that mean the same wherever they are met: dunders, operators, what standard libraries ask for."""

from __future__ import annotations

import re

from glm_lsp.docstring.entity import Entity, EntityKind, Parameter
from glm_lsp.docstring.words.name_words import words_of
from glm_lsp.docstring.words.phrases import definite, indefinite, sentence

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
    "__attrs_post_init__": "Finish the initialization.",
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
_METHODS = {
    "MarshalJSON": "Return it as JSON.",
    "UnmarshalJSON": "Read it from JSON.",
    "ServeHTTP": "Answer the HTTP request.",
    "aclose": "Close it asynchronously.",
    "clone": "Return a copy.",
    "compareTo": "Compare it with the other.",
    "componentDidMount": "Run after the component was mounted.",
    "componentDidUpdate": "Run after the component was updated.",
    "componentWillUnmount": "Run before the component is unmounted.",
    "equals": "Return whether both are equal.",
    "getDerivedStateFromProps": "Return the state that follows from the properties.",
    "hashCode": "Return the hash code.",
    "into_iter": "Turn it into an iterator over the items.",
    "off": "Remove a listener.",
    "on": "Add a listener.",
    "once": "Add a listener that is called once.",
    "shouldComponentUpdate": "Return whether the component should be updated.",
    "toString": "Return it as text.",
    "to_string": "Return it as text.",
    "to_owned": "Return an owned copy.",
}
"""Of methods, whatever they take."""
_PLAIN_METHODS = {
    "Error": "Return the message of the error.",
    "GoString": "Return it as Go source.",
    "Len": "Return the number of items.",
    "String": "Return it as text.",
    "Unwrap": "Return the wrapped error.",
    "begin": "Return an iterator to the first item.",
    "cbegin": "Return an iterator to the first item.",
    "cend": "Return an iterator behind the last item.",
    "default": "Return the default value.",
    "empty": "Return whether it is empty.",
    "end": "Return an iterator behind the last item.",
    "hasNext": "Return whether there is a next item.",
    "iter": "Return an iterator over the items.",
    "iter_mut": "Return an iterator over the items, which may be changed.",
    "iterator": "Return an iterator over the items.",
    "len": "Return the number of items.",
    "next": "Return the next item.",
    "size_hint": "Return the bounds of the number of items left.",
    "valueOf": "Return the primitive value.",
    "what": "Return the message of the error.",
}
"""Of methods without parameters that give something back."""
_OF_TRAITS = {
    "as_mut": "Return a reference to it that allows changes.",
    "as_ref": "Return a reference to it.",
    "borrow": "Return a reference to it.",
    "cmp": "Compare it with the other.",
    "deref": "Return what it refers to.",
    "deref_mut": "Return what it refers to, which may be changed.",
    "drop": "Clean up before it is dropped.",
    "eq": "Return whether both are equal.",
    "fmt": "Write it to the formatter.",
    "from_str": "Create it from a string.",
    "ge": "Return whether it is at least the other.",
    "gt": "Return whether it is greater than the other.",
    "hash": "Feed it into the hasher.",
    "index": "Return the item at the index.",
    "index_mut": "Return the item at the index, which may be changed.",
    "into": "Convert it.",
    "le": "Return whether it is at most the other.",
    "lt": "Return whether it is less than the other.",
    "ne": "Return whether the two differ.",
    "neg": "Return the negation.",
    "next_back": "Return the next item from the end.",
    "not": "Return the complement.",
    "nth": "Return the item at the position.",
    "partial_cmp": "Compare it with the other, if that is possible.",
    "try_into": "Convert it, if that is possible.",
}
"""Of methods that a trait asks for; elsewhere the names can mean anything."""
_ARITHMETIC = {
    "add": "sum", "sub": "difference", "mul": "product", "div": "quotient", "rem": "remainder", "pow": "power",
    "neg": "negation", "abs": "absolute value", "bitand": "conjunction of the bits",
    "bitor": "disjunction of the bits",
    "bitxor": "exclusive disjunction of the bits", "shl": "left shift", "shr": "right shift",
}  # fmt: skip
_OVERFLOWING = {
    "checked": "or nothing where that is not possible",
    "wrapping": "wrapped around on overflow",
    "saturating": "limited to what the type can hold",
    "overflowing": "and whether it overflows",
}
_BINARY = {
    "==": "Return whether both are equal.", "!=": "Return whether the two differ.",
    "<": "Return whether the first is less than the second.",
    ">": "Return whether the first is greater than the second.",
    "<=": "Return whether the first is at most the second.", ">=": "Return whether the first is at least the second.",
    "<=>": "Compare the order of the two.", "+": "Return the sum.", "-": "Return the difference.",
    "*": "Return the product.", "/": "Return the quotient.", "%": "Return the remainder.", "+=": "Add to it.",
    "-=": "Subtract from it.", "*=": "Multiply it.", "/=": "Divide it.", "%=": "Replace it by the remainder.",
    "&": "Return the conjunction of the bits.", "|": "Return the disjunction of the bits.",
    "^": "Return the exclusive disjunction of the bits.", "&&": "Return the logical conjunction.",
    "||": "Return the logical disjunction.", "[]": "Return the item at the index.",
}  # fmt: skip
_UNARY = {
    "+": "Return it unchanged.", "-": "Return the negation.", "*": "Return what it points to.",
    "->": "Access a member of what it points to.", "!": "Return whether it counts as false.",
    "~": "Return the complement of the bits.", "bool": "Return whether it counts as true.",
    "&": "Return the address.",
}  # fmt: skip
_OPERATORS_OF_ANY = {
    "++": "Increment it.", "--": "Decrement it.", "()": "Call it like a function.", "new": "Allocate memory.",
    "new[]": "Allocate memory.", "delete": "Free memory.", "delete[]": "Free memory.", "co_await": "Wait for it.",
}  # fmt: skip
_ORDERING = frozenset(["compareTo", "cmp", "__cmp__"])
_RETURN = "Return "
_DELETED = re.compile(r"\)[\w\s&]*=\s*delete\s*;?\s*\Z")
_OPERATOR = re.compile(r"operator\s*(\W.*|new|delete|new\[\]|delete\[\]|co_await)|operator\s+(.+)")


def summary(entity: Entity) -> str:
    """What a function of such a name does, in the imperative; empty for a name that means nothing by itself."""
    name = entity.name
    if name in _DUNDERS:
        return _DUNDERS[name]
    if found := _OPERATOR.fullmatch(name):
        return _of_operator((found[1] or found[2]).strip(), entity)
    if entity.kind is not EntityKind.METHOD:
        return ""
    said = _METHODS.get(name) or (_OF_TRAITS.get(name) if entity.overrides else None)
    if said is None and not entity.parameters and (entity.returns or entity.yields):
        said = _PLAIN_METHODS.get(name)
    return said or _of_numbers(name, entity) or _of_items(name, entity.parameters)


def result(entity: Entity) -> str:
    """What comes back from it, without a full stop; empty where the name does not tell."""
    if entity.kind is EntityKind.METHOD and entity.name in _ORDERING:
        return (
            "a number below, at or above zero, as it is less, equal or greater"
            if not _is_rust(entity)
            else "the order"
        )
    said = summary(entity)
    if not said.startswith(_RETURN):
        return ""
    given = said.removeprefix(_RETURN).rstrip(".")
    if given.startswith("it as "):
        what = given.removeprefix("it as ")
        return what if what.startswith(("a ", "an ")) else f"the {what}"
    return "" if given.startswith("it ") else given


def is_conventional(entity: Entity) -> bool:
    """Whether the name means something as a whole, so that its words do not."""
    return bool(summary(entity)) or (entity.name.startswith("__") and entity.name.endswith("__"))


def _is_rust(entity: Entity) -> bool:
    return bool(entity.returns and entity.returns.type.endswith("Ordering"))


def _of_operator(symbol: str, entity: Entity) -> str:
    given = entity.parameters
    owner = " ".join(words_of(entity.owner))
    if symbol in _OPERATORS_OF_ANY:
        return _OPERATORS_OF_ANY[symbol]
    if symbol == "=":
        if not given or not _is_same(given[0], entity.owner):
            return "Assign a value."
        verb = "Take over" if given[0].type.endswith("&&") else "Assign"
        return f"{verb} another {owner}."
    if symbol in ("<<", ">>") and given and "stream" in given[0].type:
        return "Write it to the stream." if symbol == "<<" else "Read it from the stream."
    num_operands = len(given) + bool(entity.owner)
    said = _UNARY.get(symbol) if num_operands == 1 else _BINARY.get(symbol)
    if said:
        return said
    words = words_of(symbol) if symbol[:1].isalpha() else []
    return sentence(f"convert to {' '.join(words)}") if words else "Apply the operator."


def constructor(entity: Entity) -> str:
    """What a C++ constructor does that takes nothing but another object of its type; empty for any other."""
    owner = " ".join(words_of(entity.owner))
    if len(entity.parameters) != 1 or not owner or not _is_same(entity.parameters[0], entity.owner):
        return ""
    how = (
        "from another one, which is moved"
        if entity.parameters[0].type.endswith("&&")
        else "as a copy of another one"
    )
    return f"Create {indefinite(owner)} {owner} {how}."


def deleted(entity: Entity, code: str) -> str:
    """What is said of a C++ function that is declared as deleted; empty for any other.

    Args:
        code: its declaration.
    """
    is_copying = entity.kind is EntityKind.CONSTRUCTOR or entity.name.replace(" ", "") == "operator="
    if not _DELETED.search(code):
        return ""
    if is_copying and len(entity.parameters) == 1 and _is_same(entity.parameters[0], entity.owner):
        return "Not movable." if entity.parameters[0].type.endswith("&&") else "Not copyable."
    return "Deleted."


def _is_same(one: Parameter, owner: str) -> bool:
    """Whether a parameter is a reference to the type that the function belongs to."""
    bare = one.type.removeprefix("const ").partition("<")[0]
    return one.type.endswith("&") and bare.rstrip("& ").rpartition("::")[2] == owner


def _of_numbers(name: str, entity: Entity) -> str:
    """Arithmetic as Rust calls it."""
    how, _, what = name.partition("_")
    if how in _OVERFLOWING and what in _ARITHMETIC:
        return f"Return the {_ARITHMETIC[what]}, {_OVERFLOWING[how]}."
    if not entity.overrides:
        return ""
    if name in _ARITHMETIC:
        return f"Return the {_ARITHMETIC[name]}."
    changed = _ARITHMETIC.get(name.removesuffix("_assign"), "")
    return f"Replace it by the {changed}." if changed and name.endswith("_assign") else ""


def _of_items(name: str, given: tuple[Parameter, ...]) -> str:
    """What sorting, reading and converting ask for, with the names of the parameters."""
    names = [each.name for each in given]
    if name == "Less" and len(names) == 2:
        return f"Return whether the item at {names[0]} comes before the item at {names[1]}."
    if name == "Swap" and len(names) == 2:
        return f"Swap the items at {names[0]} and {names[1]}."
    if len(names) != 1:
        return ""
    words = words_of(names[0]) if len(names[0]) > 1 else ["value"]
    said = {
        "from": f"Create it from {definite(words)}.",
        "try_from": f"Create it from {definite(words)}.",
        "swap": "Swap the contents with the other.",
    }
    if given[0].type == "[]byte":
        said |= {"Read": f"Read bytes into {names[0]}.", "Write": f"Write the bytes of {names[0]}."}
    return said.get(name, "")
