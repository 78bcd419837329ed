"""JSDoc: `@param {type} name - text`, `@returns {type} text`; types only where the project gives them.

A type that nothing tells is left out. The `{*}` that some write there is no blank: checkers that read JSDoc take it for
`any`, in place of what they would have found out.
"""

from __future__ import annotations

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, ParameterKind
from glm_lsp.docstring.harmless import is_harmless
from glm_lsp.docstring.skeleton import SlotKind
from glm_lsp.docstring.styles.subjects import Subject
from glm_lsp.docstring.styles.tagged import TaggedStyling

_LONGEST_DEFAULT = 30
_PAIRS = (("{", "}"), ("[", "]"), ("(", ")"))


class JSDoc(TaggedStyling):
    """Of JavaScript and, without types, of TypeScript."""

    with_parts = True
    bare_exceptions = False

    def lead(self, entity: Entity, dialect: Dialect) -> str:
        """Files have a tag for their summary."""
        return "@file " if entity.kind is EntityKind.MODULE else ""

    def head(self, subject: Subject, dialect: Dialect) -> str:
        """See `TaggedStyling`."""
        dash = "- " if dialect.dash else ""
        match subject.kind:
            case SlotKind.TYPE_PARAMETER:
                return f"@template {subject.name} {dash}"
            case SlotKind.RETURNS:
                return f"@returns {_returned(subject) if dialect.types else ''}"
            case SlotKind.YIELDS:
                return f"@yields {_returned(subject) if dialect.types else ''}"
            case SlotKind.RAISES:
                return f"@throws {{{subject.name}}} "
        if not dialect.types:
            return f"@param {subject.path} {dash}"
        return f"@param {_type(subject.parameter)}{_name(subject)} {dash}"


def _type(parameter: Parameter | None) -> str:
    """In braces, with a blank behind them; nothing where the signature has none."""
    source = parameter.type if parameter and _is_balanced(parameter.type) else ""
    if source and parameter and parameter.kind is ParameterKind.VARIADIC:
        return f"{{...{source.removesuffix('[]')}}} "
    return f"{{{source}}} " if source else ""


def _returned(subject: Subject) -> str:
    source = subject.returned.type if subject.returned else ""
    return f"{{{source}}} " if source and _is_balanced(source) else ""


def _name(subject: Subject) -> str:
    """In brackets where it may be left out."""
    parameter = subject.parameter
    if parameter is None or not (parameter.default or parameter.is_optional):
        return subject.path
    default = parameter.default
    if not default or len(default) > _LONGEST_DEFAULT or not _is_balanced(default):
        return f"[{subject.path}]"
    return f"[{subject.path}={default}]"


def _is_balanced(source: str) -> bool:
    """Whether source text can stand in braces or brackets and be told from what follows."""
    return is_harmless(source) and all(source.count(one) == source.count(other) for one, other in _PAIRS)
