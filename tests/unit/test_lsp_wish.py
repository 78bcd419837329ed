"""What an editor wants documented, read from anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.extent import Extent
from glm_lsp.lsp.positions import MAX_UINTEGER
from glm_lsp.lsp.wish import Wish

HERE = {"line": 3, "character": 4}


@pytest.mark.parametrize(
    "wish",
    [
        Wish("file:///a.py", Extent.DEFINITION, (3, 4), (3, 4)),
        Wish("file:///a.py", Extent.FILE, (0, 0), (0, 0), Style.NUMPY, 7),
        Wish("file:///a.py", Extent.BLOCK, (1, 0), (3, 4), None, -1),
    ],
)
def test_there_and_back(wish: Wish) -> None:
    assert Wish.of(json.loads(json.dumps(wish.to_wire()))) == wish


def test_what_may_be_left_out() -> None:
    assert Wish.of({"uri": "a", "position": HERE}) == Wish("a", Extent.DEFINITION, (3, 4), (3, 4))
    assert Wish.of({"uri": "a", "scope": "file"}) == Wish("a", Extent.FILE, (0, 0), (0, 0))
    assert Wish.of({"uri": "a", "position": HERE, "style": "auto"}).style is None


def test_a_selection_may_be_turned_round_and_run_past_the_end() -> None:
    end = {"line": 2**63, "character": 1e308}
    wish = Wish.of({"uri": "a", "scope": "block", "range": {"start": end, "end": HERE}})
    assert (wish.start, wish.end) == ((3, 4), (MAX_UINTEGER, MAX_UINTEGER))


@pytest.mark.parametrize(
    ("wire", "about"),
    [
        (None, "uri"),
        ({"uri": 1, "position": HERE}, "uri"),
        ({"uri": "a"}, "position"),
        ({"uri": "a", "scope": "everything"}, "scope"),
        ({"uri": "a", "scope": ["file"]}, "scope"),
        ({"uri": "a", "scope": "block", "position": HERE}, "range"),
        ({"uri": "a", "position": {"line": "3", "character": 4}}, "numbers"),
        ({"uri": "a", "position": {"line": float("nan"), "character": 4}}, "numbers"),
        ({"uri": "a", "position": HERE, "style": "epytext"}, "style"),
        ({"uri": "a", "position": HERE, "version": "1"}, "version"),
    ],
)
def test_what_does_not_fit_is_named(wire: Any, about: str) -> None:
    with pytest.raises(ValueError, match=about):
        Wish.of(wire)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["uri", "scope", "position", "range", "start", "end", "line", "character", "style"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(ANYTHING)
def test_anything_is_read_or_refused(wire: Any) -> None:
    try:
        wish = Wish.of(wire)
    except ValueError as error:
        assert str(error)
    else:
        assert wish.start <= wish.end
        assert Wish.of(wish.to_wire()) == wish
