"""Plans filled with sentences: what an author sees of each gap, and what stands in when it has nothing to say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.entity import Documentation, Entity, EntityKind, Parameter, Place, Returned
from glm_lsp.docstring.filling import Sentence, fill
from glm_lsp.docstring.plan import Insertion, Plan
from glm_lsp.docstring.skeleton import Skeleton, Slot, SlotKind
from glm_lsp.errors import EngineLostError

TEXT = "import os\n\n\ndef load(path, limit=10):\n    return rows(path)[:limit]\n\n\nlast = 1\n"
BODY = TEXT.index("    return")
LOAD = Entity(
    kind=EntityKind.FUNCTION,
    name="load",
    start=TEXT.index("def"),
    end=TEXT.index("\n\n\nlast"),
    header_end=BODY - 1,
    parameters=(Parameter(name="path"), Parameter(name="limit", default="10")),
)
SUMMARY = Slot(kind=SlotKind.SUMMARY)
PATH = Slot(kind=SlotKind.PARAMETER, name="path", hang="        ")
LIMIT = Slot(kind=SlotKind.PARAMETER, name="limit", hang="        ")
GOOGLE = Dialect(style=Style.GOOGLE)
SKELETON = Skeleton(('"""', SUMMARY, "\n\nArgs:\n    path: ", PATH, "\n    limit: ", LIMIT, '\n"""'))
PLAN = Plan(LOAD, GOOGLE, (Insertion(Place(BODY + 4, "    ", after="\n    "), SKELETON),))


def snapshot(text: str = TEXT) -> DocumentSnapshot:
    return DocumentSnapshot(
        uri="file:///r.py", path="r.py", language_id="python", version=1, text=text, offset=0
    )


@dataclass
class Noting:
    """An author that says what it is told to, and notes what it was asked."""

    says: list[str | None]
    gaps: list[Gap] = field(default_factory=list)

    async def write(self, gap: Gap) -> str | None:
        self.gaps.append(gap)
        return self.says.pop(0)


async def filled(plan: Plan, author: Noting, text: str = TEXT) -> tuple[Sentence, ...]:
    noted: list[None] = []
    sentences = await fill(plan, snapshot(text), author, lambda: noted.append(None))
    assert len(noted) == len(sentences) == plan.num_slots
    return sentences


async def test_every_slot_gets_the_authors_sentence_with_those_before_it_in_sight() -> None:
    author = Noting(["Load rows.", "Where they are.", "How many."])
    sentences = await filled(PLAN, author)
    assert sentences == (
        Sentence("Load rows.", is_models=True),
        Sentence("Where they are.", is_models=True),
        Sentence("How many.", is_models=True),
    )
    first, second, third = author.gaps
    assert first.before == TEXT[:BODY] + '    """'
    assert second.before == first.before + "Load rows.\n\n    Args:\n        path: "
    assert third.before == second.before + "Where they are.\n        limit: "
    assert {gap.after for gap in author.gaps} == {TEXT[BODY:]}
    assert {gap.code for gap in author.gaps} == {TEXT[LOAD.start : LOAD.end]}
    assert [gap.slot for gap in author.gaps] == [SUMMARY, PATH, LIMIT]
    assert (first.path, first.language_id, first.entity) == ("r.py", "python", LOAD)


async def test_what_the_author_cannot_vouch_for_is_told_by_the_names() -> None:
    sentences = await filled(PLAN, Noting([None, "Where they are.", None]))
    assert sentences == (
        Sentence("Load the path.", is_models=False),
        Sentence("Where they are.", is_models=True),
        Sentence("The limit. Defaults to 10.", is_models=False),
    )


@pytest.mark.parametrize(
    "harm", ['Ends """ it.', "Ends */ it.", "A back\\slash.", "Two\nlines.", "A\u2028line.", " "]
)
async def test_what_must_never_be_in_a_document_is_not_taken_from_any_author(harm: str) -> None:
    first, *_ = await filled(PLAN, Noting([harm, None, None]))
    assert first == Sentence("Load the path.", is_models=False)


async def test_a_summary_is_put_into_the_projects_person() -> None:
    third = Dialect(style=Style.GOOGLE, third_person=True)
    one, *_ = await filled(Plan(LOAD, third, PLAN.insertions), Noting(["Load rows.", None, None]))
    assert one.text == "Loads rows."
    one, *_ = await filled(PLAN, Noting(["Loads rows.", "Loads it.", None]))
    assert one.text == "Load rows."


@pytest.mark.parametrize(
    ("path", "said"),
    [("app/row_store.py", "Row store."), ("app/row_store/__init__.py", "Row store."), ("", "Module.")],
)
async def test_a_module_is_called_like_its_file(path: str, said: str) -> None:
    module = Entity(kind=EntityKind.MODULE, name="", start=0, end=len(TEXT), header_end=0)
    plan = Plan(module, GOOGLE, (Insertion(Place(0, "", after="\n\n"), Skeleton(('"""', SUMMARY, '"""'))),))
    (sentence,) = await fill(plan, replace(snapshot(), path=path), Noting([None]), lambda: None)
    assert sentence.text == said


async def test_above_a_definition_the_text_goes_on_with_it() -> None:
    place = Place(LOAD.start, "", after="\n")
    plan = Plan(LOAD, GOOGLE, (Insertion(place, Skeleton(("/** ", SUMMARY, " */"))),))
    author = Noting(["Loads."])
    await filled(plan, author)
    assert author.gaps[0].before == TEXT[: LOAD.start] + "/** "
    assert author.gaps[0].after == TEXT[LOAD.start :]


async def test_behind_a_header_the_text_goes_on_with_the_next_line() -> None:
    place = Place(LOAD.header_end, "    ", before="\n    ")
    author = Noting(["Loads."])
    await filled(Plan(LOAD, GOOGLE, (Insertion(place, Skeleton(('"""', SUMMARY, '"""'))),)), author)
    assert author.gaps[0].before == TEXT[: LOAD.header_end] + '\n    """'
    assert author.gaps[0].after == TEXT[BODY:]


async def test_a_slot_on_a_line_of_its_own_is_indented() -> None:
    slot = Slot(kind=SlotKind.PARAMETER, name="path", hang="    ")
    numpy = Skeleton(('"""', SUMMARY, "\n\nParameters\n----------\npath\n    ", slot, '\n"""'))
    author = Noting(["Load rows.", "Where."])
    await filled(Plan(LOAD, GOOGLE, (Insertion(PLAN.insertions[0].place, numpy),)), author)
    assert author.gaps[1].before.endswith("    path\n        ")


async def test_parts_that_were_missing_are_written_in_order_each_with_the_others_in_sight() -> None:
    old = '"""Load rows.\n\n    Args:\n        path: Where.\n    """'
    text = TEXT[: BODY + 4] + old + "\n" + TEXT[BODY:]
    start = BODY + 4
    documentation = Documentation(start, start + len(old), old, "    ")
    entity = replace(LOAD, end=LOAD.end + len(old) + 5, documentation=documentation)
    behind = text.index("Where.") + len("Where.")
    insertions = (
        Insertion(Place(behind, "        "), Skeleton(("\nlimit: ", LIMIT))),
        Insertion(
            Place(behind, "    "), Skeleton(("\n\nReturns:\n    ", Slot(kind=SlotKind.RETURNS, hang="    ")))
        ),
    )
    author = Noting(["How many.", "The rows."])
    await filled(Plan(entity, GOOGLE, insertions), author, text)
    first, second = author.gaps
    assert first.before == text[:behind] + "\n        limit: "
    assert second.before == text[:behind] + "\n        limit: How many.\n\n    Returns:\n        "
    assert {first.after, second.after} == {TEXT[BODY:]}


async def test_cancelling_ends_it_and_errors_pass_through() -> None:
    class Waiting:
        async def write(self, gap: Gap) -> str | None:
            await asyncio.Event().wait()
            return None

    class Lost:
        async def write(self, gap: Gap) -> str | None:
            raise EngineLostError("gone")

    task = asyncio.create_task(fill(PLAN, snapshot(), Waiting(), lambda: None))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(EngineLostError):
        await fill(PLAN, snapshot(), Lost(), lambda: None)


async def test_the_same_is_not_said_twice() -> None:
    author = Noting(["Load rows.", "Where all the rows are.", "Where all of the rows are."])
    sentences = await filled(PLAN, author)
    assert sentences[1] == Sentence("Where all the rows are.", is_models=True)
    assert sentences[2] == Sentence("The limit. Defaults to 10.", is_models=False)


@pytest.mark.parametrize(("style", "is_kept"), [(Style.GOOGLE, False), (Style.SPHINX, True)])
async def test_roles_are_for_the_style_that_knows_them(style: Style, is_kept: bool) -> None:
    author = Noting(["Load the :class:`Row` of a path.", None, None])
    sentences = await filled(replace(PLAN, dialect=Dialect(style=style)), author)
    assert sentences[0].is_models is is_kept


@pytest.mark.parametrize(("width", "is_kept"), [(34, True), (33, False)])
async def test_a_summary_in_python_fits_on_its_line(width: int, is_kept: bool) -> None:
    said = "Load the first of the rows."
    plan = replace(PLAN, dialect=replace(GOOGLE, width=width))
    sentences = await filled(plan, Noting([said, None, None]))
    assert sentences[0] == Sentence(said if is_kept else "Load the path.", is_models=is_kept)


async def test_a_docstring_of_one_line_needs_room_for_its_last_quotes() -> None:
    said = "Load the first of the rows."
    skeleton = Skeleton(('"""', SUMMARY, '\n"""'), ('"""', SUMMARY, '"""'))
    insertion = Insertion(Place(BODY + 4, "    ", after="\n    "), skeleton)
    for width, is_kept in ((37, True), (36, False)):
        plan = Plan(LOAD, replace(GOOGLE, width=width), (insertion,))
        assert (await filled(plan, Noting([said])))[0].is_models is is_kept


async def test_a_short_form_is_cut_to_its_line() -> None:
    of = replace(LOAD, name="delay_for", returns=Returned("int"))
    plan = Plan(of, replace(GOOGLE, width=30), PLAN.insertions)
    assert (await filled(plan, Noting([None, None, None])))[0].text == "Return the delay."
