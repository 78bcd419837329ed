"""What is offered at a cursor, and what is planned when it is taken."""

from __future__ import annotations

import pytest

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.extent import Extent
from glm_lsp.docstring.offer import Offer, Survey
from glm_lsp.docstring.proposal import Source
from glm_lsp.errors import NothingToDocumentError

TEXT = '''\
"""Sizes."""


def area(width, height):
    return width * height


class Box:
    """A box."""

    def _grow(self, by):
        self.size = by
        return self

    def volume(self, depth):
        """Return it.

        Args:
            depth: How deep.

        Returns:
            The volume.
        """
        return depth
'''
FILE = Offer(Extent.FILE, "Generate docstrings for 1 definition")


def survey(text: str) -> Survey:
    snapshot = DocumentSnapshot(
        uri="file:///a.py", path="a.py", language_id="python", version=1, text=text, offset=0
    )
    return Survey.of(Source.of(snapshot, NoSurroundings()))


def offers(text: str, at: str) -> list[Offer]:
    place = text.index(at)
    return list(survey(text).offers(place, place))


def test_the_definition_under_the_cursor_alone_is_not_offered_as_a_file() -> None:
    assert offers(TEXT, "return width") == [Offer(Extent.DEFINITION, "Generate docstring for `area`")]


def test_private_ones_are_offered_under_the_cursor_only() -> None:
    assert offers(TEXT, "self.size") == [Offer(Extent.DEFINITION, "Generate docstring for `_grow`"), FILE]


def test_where_nothing_is_missing_only_the_file_is_offered() -> None:
    assert offers(TEXT, "How deep") == [FILE]


def test_what_is_missing_is_completed() -> None:
    text = TEXT.replace("volume(self, depth)", "volume(self, depth, unit)")
    found = offers(text, "How deep")
    assert found[0] == Offer(Extent.DEFINITION, "Complete the docstring of `volume`")


def test_a_selection_is_offered_as_a_block_where_there_are_statements() -> None:
    start = TEXT.index("self.size")
    block = Offer(Extent.BLOCK, "Comment this block")
    assert survey(TEXT).offers(start, start + 10)[-1] == block
    blank = TEXT.index("\n\n\nclass")
    assert block not in survey(TEXT).offers(blank + 1, blank + 2)


def test_a_syntax_error_is_a_reason() -> None:
    text = "def f(a):\n    return (a +\n"
    found = offers(text, "f(a)")
    assert found == [] or all(offer.reason for offer in found)
    with pytest.raises(NothingToDocumentError):
        survey(text).plans(Extent.DEFINITION, 0, 0)


def test_plans() -> None:
    found = survey(TEXT)
    (area,) = found.plans(Extent.FILE, 0, 0)
    assert area.entity.name == "area"
    place = TEXT.index("_grow")
    (grow,) = found.plans(Extent.DEFINITION, place, place)
    assert grow.entity.name == "_grow"
    assert len(found.plans(Extent.BLOCK, place, TEXT.index("return self"))) >= 1


@pytest.mark.parametrize(
    ("text", "extent", "about"),
    [
        (TEXT, Extent.DEFINITION, "nothing is missing"),
        ('"""Text."""\n', Extent.FILE, "every public definition"),
        ("x = 1\n\n\n\n\ny = 2\n", Extent.BLOCK, "selection"),
    ],
)
def test_nothing_to_do_is_an_error_with_a_reason(text: str, extent: Extent, about: str) -> None:
    start = 7 if extent is Extent.BLOCK else 0
    with pytest.raises(NothingToDocumentError, match=about):
        survey(text).plans(extent, start, start)
