"""What can be documented, as the parse tells it: names, parameters, what comes back, what is raised.

All offsets count code points of the document's text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class EntityKind(Enum):
    """What an entity is, whatever its language calls it."""

    MODULE = auto()
    CLASS = auto()
    """Also a struct, an interface, a trait, an enumeration, a type alias with a body."""
    FUNCTION = auto()
    METHOD = auto()
    CONSTRUCTOR = auto()
    PROPERTY = auto()
    """Read like an attribute: a getter, a setter, a decorated method."""
    BLOCK = auto()
    """Statements that somebody selected; they get a comment."""


class ParameterKind(Enum):
    """How a parameter takes its arguments."""

    PLAIN = auto()
    VARIADIC = auto()
    """Takes any number of arguments: `*args`, `...rest`, `int...`; the name is without the marks."""
    KEYWORDS = auto()
    """`**kwargs`; the name is without the marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter that a caller gives; `self`, `this` and receivers are none.

    Attributes:
        name: as it is documented. A parameter without a name of its own cannot be documented and is left out,
            but for JavaScript's patterns, which JSDoc calls by what they stand for.
        type, default: source text on one line; empty where there is none.
        is_by_name: it cannot be given by position.
        parts: names that a pattern takes out of its argument, in order.
        optional_parts: those of them that have a default.
        is_described: a comment in the signature says what it is, as Doxygen reads `int a /**< ... */`.
    """

    name: str
    type: str = ""
    default: str = ""
    kind: ParameterKind = ParameterKind.PLAIN
    is_optional: bool = False
    is_by_name: bool = False
    parts: tuple[str, ...] = ()
    optional_parts: tuple[str, ...] = ()
    is_described: bool = False


ITSELF = "this"
"""The name of what comes back from a method that returns the object it belongs to."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What comes back, or is yielded.

    Attributes:
        type: source text on one line, empty where nothing says it.
        name: of a variable or an attribute, if that is what comes back wherever something does; `ITSELF` for
            `return this`; else empty.
    """

    type: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where new documentation goes: `before`, its lines each behind `indent` but the first, and `after`.

    Attributes:
        offset: where it is put in.
        indent: blanks that its second and further lines begin with.
        before, after: line breaks (as \\n) and blanks that part it from what is there already.
    """

    offset: int
    indent: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Documentation:
    """What already documents an entity: a string with its quotes, or comments with their marks.

    Attributes:
        start, end: the whole of it; several line comments one below the other are one documentation.
        text: the source from `start` to `end`.
        indent: blanks before `start` on its line; behind a signature those that a body's own line would have.
    """

    start: int
    end: int
    text: str
    indent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One thing that can be documented.

    Attributes:
        name: its own name; empty for a module, but for Go's packages.
        owner: the type it belongs to; empty for none.
        start, end: the definition with decorators, annotations, `export` and `template<...>`.
        header_end: where the signature ends: behind Python's colon, before an opening brace or a semicolon; of a
            module where its first statement begins.
        parameters: in order; of a class those of its primary constructor where the language has one (Java's
            records), else none.
        type_parameters: names of generic parameters.
        returns: None where nothing comes back.
        yields: what a generator yields; such a function has no `returns`.
        raises: names of the exceptions that the body lets out, in order, each once, as the source writes them;
            those declared (Java's `throws`) first.
        attributes: of a Python class: its annotated public attributes, in order.
        may_panic, is_unsafe, is_fallible: of a Rust function: it panics by itself, is `unsafe`, returns a `Result`.
        is_public: whether others may use it, by the language's own rule (Python: no leading underscore anywhere on
            the way, dunders are public).
        is_overload: one of several declarations, of which another one is documented: that with the body; in C and
            C++ the prototype, if the definition is in the same document.
        overrides: whether it says that it overrides something: such methods inherit their documentation.
        is_nested: stands within a function's body.
        is_sound: no syntax error within the definition (of a class in C and C++: in its head); others are never
            documented.
        place: where new documentation goes; None where there is no room for it without changing a line.
        documentation: what is there already.
    """

    kind: EntityKind
    name: str
    start: int
    end: int
    header_end: int
    owner: str = ""
    parameters: tuple[Parameter, ...] = ()
    type_parameters: tuple[str, ...] = ()
    returns: Returned | None = None
    yields: Returned | None = None
    raises: tuple[str, ...] = ()
    attributes: tuple[Parameter, ...] = ()
    may_panic: bool = False
    is_unsafe: bool = False
    is_fallible: bool = False
    is_public: bool = True
    is_async: bool = False
    is_overload: bool = False
    overrides: bool = False
    is_nested: bool = False
    is_sound: bool = True
    place: Place | None = None
    documentation: Documentation | None = None

    @property
    def qualified_name(self) -> str:
        """With the owner's name, as people write it."""
        return f"{self.owner}.{self.name}" if self.owner else self.name

    @property
    def num_names(self) -> int:
        """Names that its documentation may have to list."""
        parts = sum(len(parameter.parts) for parameter in self.parameters)
        named = (self.parameters, self.type_parameters, self.raises, self.attributes)
        return parts + sum(map(len, named))
