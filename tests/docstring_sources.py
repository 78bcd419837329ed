"""What tests of docstrings ask of a source: its entities, and the source with a documentation for each of them."""

from __future__ import annotations

from glm_lsp.docstring.edit import TextInsertion, inserted, line_break_of
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.proof import touches_code
from glm_lsp.docstring.source_tree import parse


def entities_of(language_id: str, source: str) -> tuple[Entity, ...]:
    """All entities of a source that has a grammar."""
    tree = parse(language_id, source)
    assert tree is not None
    return find_entities(tree)


def entity_of(language_id: str, source: str, name: str) -> Entity:
    """The one entity of that name."""
    [found] = [entity for entity in entities_of(language_id, source) if entity.name == name]
    return found


def documented(language_id: str, source: str, comment: str, *names: str) -> str:
    """The source with a comment at the place of each entity of these names."""
    insertions = []
    for name in names:
        place = entity_of(language_id, source, name).place
        assert place is not None, f"no place for {name}"
        text = (place.before + comment + place.after).replace("\n", line_break_of(source))
        insertions.append(TextInsertion(place.offset, text))
    return inserted(source, insertions)


def comes_back(language_id: str, source: str, comments: tuple[str, str]) -> bool:
    """Whether documentation put in wherever there is none is found again as such, all else being as it was.

    Args:
        comments: for a module, and for anything else.
    """
    before = entities_of(language_id, source)
    new: dict[int, str] = {}
    insertions = []
    for number, entity in enumerate(before):
        if entity.place is not None and entity.documentation is None:
            new[number] = comments[0] if number == 0 else comments[1]
            text = entity.place.before + new[number] + entity.place.after
            insertions.append(TextInsertion(entity.place.offset, text.replace("\n", line_break_of(source))))
    text = inserted(source, insertions)
    after = entities_of(language_id, text)
    found = {number: one.documentation.text for number, one in enumerate(after) if one.documentation}
    kept = {number: one.documentation.text for number, one in enumerate(before) if one.documentation}
    same = [(one.name, one.parameters, one.returns, one.raises) for one in before] == [
        (one.name, one.parameters, one.returns, one.raises) for one in after
    ]
    return same and found == kept | new and not touches_code(language_id, source, text)
