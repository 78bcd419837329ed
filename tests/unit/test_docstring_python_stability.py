"""Python docstrings are written once: a second run finds nothing to do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.inventory import State, inventory
from glm_lsp.docstring.plan import Plan
from glm_lsp.docstring.proposal import Source, propose

BARE = 'def bare_{0}(size, *rest):\n    """Do it."""\n    return size\n'
ONE_LINE = 'def line_{0}(size): """Do it."""\n'
UNDOCUMENTED = """\
def plain_{0}(size, mode=3, *, by=None):
    if size:
        raise ValueError(by)
    return mode
"""
NOTHING_TO_LIST = "def empty_{0}():\n    pass\n"
CLASS = """\
class Box{0}:
    size: int = 1

    def __init__(self, size):
        self.size = size

    def _grow(self): return self
"""
GOOGLE = (
    'def google_{0}(size, mode):\n    """Do it.\n\n    Args:\n        mode: It.\n    """\n    return size\n'
)
KEYWORDS = (
    'def by_{0}(size, *, by):\n    """Do it.\n\n    Keyword Args:\n        by: It.\n    """\n    raise A\n'
)
NUMPY = 'def numpy_{0}(size):\n    """Do it.\n\n    Returns\n    -------\n    int\n        It.\n    """\n    return 1\n'
SPHINX = 'def sphinx_{0}(size, mode):\n    """Do it.\n\n    :param mode: it\n    """\n    yield size\n'
EMPTY = 'def blank_{0}(size):\n    """"""\n'
PIECES = [BARE, ONE_LINE, UNDOCUMENTED, NOTHING_TO_LIST, CLASS, GOOGLE, KEYWORDS, NUMPY, SPHINX, EMPTY]


class Silent:
    """Has nothing to say, so that all sentences come from the names."""

    async def write(self, gap: Gap) -> None:
        del gap


def plans(source: Source, *, private: bool) -> list[Plan]:
    return [
        item.plan
        for item in inventory(source, private=private)
        if item.plan and item.is_wished and (private or item.state is State.UNDOCUMENTED)
    ]


def source_of(text: str, forced: Style | None) -> Source:
    snapshot = DocumentSnapshot(
        uri="file:///a.py", path="a.py", language_id="python", version=0, text=text, offset=0
    )
    return Source.of(snapshot, NoSurroundings(), forced)


async def assert_is_stable(text: str, forced: Style | None, *, private: bool) -> None:
    source = source_of(text, forced)
    wanted = plans(source, private=private)
    after = (await propose(source, wanted, Silent())).text if wanted else text
    again = source_of(after, forced)
    assert plans(again, private=private) == []


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("forced", [None, Style.GOOGLE, Style.NUMPY, Style.SPHINX, Style.PLAIN])
@pytest.mark.parametrize(
    "pieces",
    [
        [BARE] * 2 + [UNDOCUMENTED] * 5,
        [BARE] * 3 + [UNDOCUMENTED] * 9,
        [BARE] * 9 + [SPHINX] + [UNDOCUMENTED] * 9,
        [BARE] * 30 + [GOOGLE] + [UNDOCUMENTED] * 10,
        PIECES,
    ],
    ids=["nothing known", "prose", "hardly any", "nearly none", "all kinds"],
)
async def test_a_second_run_finds_nothing(pieces: list[str], forced: Style | None, private: bool) -> None:
    text = "\n\n".join(piece.format(number) for number, piece in enumerate(pieces))
    await assert_is_stable(text, forced, private=private)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14), st.booleans())
async def test_a_second_run_finds_nothing_whatever_there_is(pieces: list[str], private: bool) -> None:
    text = "\n\n".join(piece.format(number) for number, piece in enumerate(pieces))
    await assert_is_stable(text, None, private=private)


def test_prose_alone_is_followed() -> None:
    text = "\n\n".join(piece.format(n) for n, piece in enumerate([BARE, BARE, BARE, UNDOCUMENTED]))
    found = plans(source_of(text, None), private=True)
    assert [(plan.entity.name, plan.num_slots) for plan in found] == [("plain_3", 1)]
