"""What a document has, what of it is wished, and what is said to be missing."""

from __future__ import annotations

import pytest

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.extent import Extent
from glm_lsp.docstring.inventory import Item, State, inventory, title
from glm_lsp.docstring.offer import Survey
from glm_lsp.docstring.proposal import Source
from glm_lsp.errors import NothingToDocumentError

SOURCE = '''def area(radius): return radius


def _hidden(a):
    """Does it.

    Args:
        a: what.
    """


def name_of(a, b):
    """Names it.

    Args:
        a: what.
    """
    if not a:
        raise ValueError(b)
    return b


def broken():
    return 1 +* 2
'''


def items(language: str = "python", text: str = SOURCE, *, private: bool = False) -> dict[str, Item]:
    snapshot = DocumentSnapshot(uri="f:///a", path="a", language_id=language, version=0, text=text, offset=0)
    source = Source.of(snapshot, NoSurroundings())
    return {title(item.entity): item for item in inventory(source, private=private)}


def test_everything_is_listed_with_its_state() -> None:
    assert {name: item.state for name, item in items().items()} == {
        "module": State.UNDOCUMENTED,
        "area": State.UNDOCUMENTED,
        "_hidden": State.DOCUMENTED,
        "name_of": State.INCOMPLETE,
        "broken": State.UNDOCUMENTED,
    }


def test_what_is_missing_is_named() -> None:
    found = items()
    assert found["area"].lack == "no documentation"
    assert found["_hidden"].lack == ""
    assert found["name_of"].lack == "lacks parameters b, returns, raises ValueError"


def test_a_whole_file_means_what_is_public_and_be_it_in_vain() -> None:
    assert [name for name, item in items().items() if item.is_wished] == ["area", "name_of", "broken"]
    assert [name for name, item in items(private=True).items() if item.is_wished] == [
        "area",
        "_hidden",
        "name_of",
        "broken",
    ]


def test_what_cannot_be_documented_says_why() -> None:
    reasons = {name: item.reason for name, item in items().items() if item.reason}
    assert reasons == dict.fromkeys(["module", "broken"], "there is a syntax error in it")
    assert items()["broken"].lack == "no documentation: there is a syntax error in it"


@pytest.mark.parametrize(
    ("text", "with_room", "without"),
    [
        ("const obj = { a() {}, b(x) {}, c: x => x }\n", ["obj.a"], ["obj.b", "obj.c"]),
        ("const a = x => x, two = y => y\n", ["a"], ["two"]),
    ],
)
def test_what_has_no_line_of_its_own_is_listed_with_the_reason(
    text: str, with_room: list[str], without: list[str]
) -> None:
    found = items("javascript", text)
    assert [name for name, item in found.items() if item.plan] == with_room
    reason = "there is no room for documentation without changing its line"
    assert [name for name, item in found.items() if item.reason == reason] == without


def test_a_signature_that_nobody_can_list_says_so() -> None:
    names = ", ".join(f"a{number}" for number in range(600))
    assert items(text=f"def f({names}):\n    return a0\n")["f"].reason == "its signature is too long"


def test_a_module_and_what_begins_where_it_does_are_told_apart() -> None:
    found = items(text="def f(a):\n    return a\n")
    assert found["module"].entity.start == found["f"].entity.start
    assert (found["module"].is_wished, found["f"].is_wished) == (False, True)


@pytest.mark.parametrize(
    ("language", "text", "lack"),
    [
        ("java", "class A {\n    /**\n     * F.\n     * @return a\n     */\n    int f(int a) { return a; }\n}\n",
         "lacks parameters a"),
        ("rust", "/// F.\npub fn f() -> Result<(), E> { g() }\n", "lacks raises"),
    ],
)  # fmt: skip
def test_other_languages(language: str, text: str, lack: str) -> None:
    found = items(language, text)
    assert lack in {item.lack for item in found.values()}


def test_a_stub_is_documented_at_named_places_only() -> None:
    path = "pkg/area.pyi"
    text = (
        "def area(radius: float) -> float: ...\n\n"
        'def size(a):\n    """Do it.\n\n    Returns:\n        b\n    """\n'
    )
    snapshot = DocumentSnapshot(uri="f:///a", path=path, language_id="python", version=0, text=text, offset=0)
    source = Source.of(snapshot, NoSurroundings())
    found = inventory(source, private=True)
    assert [(item.is_wished, item.plan is not None) for item in found[1:]] == [(False, True)] * 2
    survey = Survey.of(source)
    assert survey.of_file == ()
    assert [plan.entity.name for plan in survey.plans(Extent.DEFINITION, 0, 0)] == ["area"]
    with pytest.raises(NothingToDocumentError):
        survey.plans(Extent.FILE, 0, 0)
