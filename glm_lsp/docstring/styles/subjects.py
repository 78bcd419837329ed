"""What a doc comment has to speak of besides the summary, in the order of its tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, Returned
from glm_lsp.docstring.harmless import is_harmless
from glm_lsp.docstring.skeleton import SlotKind

_SIGNED = frozenset([EntityKind.CLASS, EntityKind.FUNCTION, EntityKind.METHOD, EntityKind.CONSTRUCTOR])
_RETURNING = frozenset([EntityKind.FUNCTION, EntityKind.METHOD])


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing that a tag speaks of.

    Attributes:
        name: of a parameter, a type parameter, an exception; of a part of a parameter its own.
        path: of a parameter, as its tag calls it: a part behind what it is taken from.
        parameter: of a part, one of that name.
        returned: of what is returned or yielded.
    """

    kind: SlotKind
    name: str = ""
    path: str = ""
    parameter: Parameter | None = None
    returned: Returned | None = None

    @property
    def is_part(self) -> bool:
        """Whether it is taken out of a parameter by a pattern."""
        return "." in self.path


def subjects(entity: Entity, *, with_parts: bool = False) -> tuple[Subject, ...]:
    """What tags of an entity speak of: type parameters, parameters, what comes back, exceptions.

    Properties are documented like attributes, and have none.

    Args:
        with_parts: parts of patterns are listed behind their parameter.
    """
    if entity.kind not in _SIGNED:
        return ()
    every = _subjects(entity, with_parts)
    return tuple(each for each in every if each.returned or is_harmless(each.name))


def _subjects(entity: Entity, with_parts: bool) -> Iterator[Subject]:
    for name in entity.type_parameters:
        yield Subject(kind=SlotKind.TYPE_PARAMETER, name=name)
    for parameter in entity.parameters:
        if parameter.is_described:
            continue
        name = parameter.name
        yield Subject(kind=SlotKind.PARAMETER, name=name, path=name, parameter=parameter)
        for part in parameter.parts if with_parts and is_harmless(name) else ():
            own = Parameter(name=part, is_optional=part in parameter.optional_parts)
            yield Subject(kind=SlotKind.PARAMETER, name=part, path=f"{name}.{part}", parameter=own)
    if entity.kind in _RETURNING and entity.yields:
        yield Subject(kind=SlotKind.YIELDS, returned=entity.yields)
    elif entity.kind in _RETURNING and entity.returns:
        yield Subject(kind=SlotKind.RETURNS, returned=entity.returns)
    for name in entity.raises:
        yield Subject(kind=SlotKind.RAISES, name=name)
