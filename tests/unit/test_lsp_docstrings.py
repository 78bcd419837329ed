"""Documentation for one window, on a scripted engine: what is parsed when, who waits for what, what is left alone."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from glm_lsp.completion.documenting import opening_before
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.extent import Extent
from glm_lsp.docstring.plan import Plan
from glm_lsp.docstring.proposal import Source
from glm_lsp.engine.client.client import EngineClient
from glm_lsp.errors import EngineStartError, NothingToDocumentError, UnknownGrammarError
from glm_lsp.lsp import project_memory
from glm_lsp.lsp.docstrings import Docstrings
from glm_lsp.lsp.reference_notes import ReferenceNotes
from tests.fakes.scripted_client import ScriptedClient

TEXT = "def area(width, height):\n    return width * height\n"
HERE = 5


def document(text: str = TEXT, uri: str = "file:///w/a.py", language_id: str = "python") -> DocumentSnapshot:
    return DocumentSnapshot(
        uri=uri, path=uri.rpartition("/")[2], language_id=language_id, version=1, text=text, offset=HERE
    )


class Room:
    """Documentation with everything around it, and what was parsed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, roots: tuple[Path, ...] = ()) -> None:
        self.client = ScriptedClient.saying("no sentence at all")
        self.error: Exception | None = None
        self.notes = ReferenceNotes()
        self.notes.folders([root.as_uri() for root in roots])
        self.docstrings = Docstrings(self.notes, self.connected)
        self.parsed: list[str] = []
        self.widths: list[int] = []
        self.planned: list[tuple[str, threading.Thread]] = []
        self.done: list[tuple[int, int]] = []
        of, plan = Source.of, Source.plan

        def noted(snapshot: DocumentSnapshot, *rest: object) -> Source:
            self.parsed.append(snapshot.text)
            source = of(snapshot, *rest)  # type: ignore[arg-type]
            self.widths.append(source.dialect.width)
            return source

        def noted_plan(source: Source, entity: Entity) -> Plan | None:
            self.planned.append((entity.name, threading.current_thread()))
            return plan(source, entity)

        monkeypatch.setattr(Source, "of", noted)
        monkeypatch.setattr(Source, "plan", noted_plan)

    async def connected(self) -> EngineClient:
        if self.error is not None:
            raise self.error
        return self.client  # type: ignore[return-value]

    async def written(
        self, snapshot: DocumentSnapshot, extent: Extent = Extent.DEFINITION, style: Style | None = None
    ) -> str:
        def note(done: int, total: int) -> None:
            self.done.append((done, total))

        return (await self.docstrings.write(snapshot, extent, HERE, HERE, style, note)).text


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    return Room(monkeypatch)


async def test_a_text_is_parsed_once_whatever_is_asked_about_it(room: Room) -> None:
    for place in (0, HERE, len(TEXT)):
        assert await room.docstrings.offers(document(), place, place)
    await room.written(document())
    assert room.parsed == [TEXT]
    await room.docstrings.offers(document(f"{TEXT}\n"), 0, 0)
    await room.docstrings.offers(document(uri="file:///w/b.py"), 0, 0)
    assert room.parsed == [TEXT, f"{TEXT}\n", TEXT]
    room.docstrings.forget("file:///w/a.py")
    await room.docstrings.offers(document(f"{TEXT}\n"), 0, 0)
    assert len(room.parsed) == 4


async def test_who_asks_at_the_same_time_shares_the_parse_and_one_may_give_up(room: Room) -> None:
    await room.docstrings.offers(document("x = 1\n"), 0, 0)
    waiting = [asyncio.create_task(room.docstrings.offers(document(), HERE, HERE)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    found = await asyncio.gather(*waiting[1:])
    assert found[0] == found[1] != ()
    assert room.parsed == ["x = 1\n", TEXT]


async def test_texts_that_are_given_up_while_another_is_parsed_are_not_parsed(room: Room) -> None:
    await room.docstrings.offers(document("x = 1\n"), 0, 0)
    tasks = []
    for number in range(20):
        tasks.append(asyncio.create_task(room.docstrings.offers(document(TEXT + "\n" * number), 0, 0)))
        await asyncio.sleep(0)
        if number:
            tasks[-2].cancel()
    assert await tasks[-1]
    # Of 21; how many come through before they are given up is up to the machine.
    assert 2 <= len(room.parsed) <= 12


async def test_planning_is_done_once_and_never_on_the_loop(room: Room) -> None:
    text = f'{TEXT}\n\ndef told(a):\n    """Tell."""\n    return a\n'
    for _ in range(3):
        for place in (HERE, text.index("Tell")):
            assert await room.docstrings.offers(document(text), place, place)
    assert sorted(name for name, _ in room.planned) == ["area", "told"]
    assert threading.main_thread() not in {thread for _, thread in room.planned}


async def test_progress_is_told_and_ends_with_the_last(room: Room) -> None:
    text = await room.written(document())
    assert "width:" in text
    total = room.done[-1][1]
    assert room.done == [(number, total) for number in range(total + 1)]


async def test_the_style_of_the_request_wins_over_that_of_the_settings(room: Room) -> None:
    room.docstrings.style = Style.NUMPY
    assert "Parameters\n    ------" in await room.written(document())
    assert ":param width:" in await room.written(document(), style=Style.SPHINX)
    # One that the language does not have is nobody's.
    assert "Args:" in await room.written(document(), style=Style.JAVADOC)


async def test_without_an_engine_offers_are_made_and_nothing_is_written(room: Room) -> None:
    room.error = EngineStartError("it does not start")
    assert await room.docstrings.offers(document(), HERE, HERE)
    with pytest.raises(EngineStartError):
        await room.written(document())


async def test_languages_and_files_that_are_left_alone(room: Room) -> None:
    assert await room.docstrings.offers(document(language_id="markdown"), 0, 0) == ()
    with pytest.raises(UnknownGrammarError):
        await room.written(document(language_id="markdown"))
    secret = document(uri="file:///w/.env")
    assert await room.docstrings.offers(secret, 0, 0) == ()
    with pytest.raises(NothingToDocumentError):
        await room.written(secret)
    assert room.parsed == []


async def test_very_long_documents_are_looked_at_only_by_hand(room: Room) -> None:
    long = document(TEXT + "x = 1\n" * 40_000)
    assert await room.docstrings.offers(long, HERE, HERE, is_by_hand=False) == ()
    assert await room.docstrings.offers(long, HERE, HERE)


async def test_files_beside_show_the_style_where_they_may_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    beside = 'def volume(a):\n    """Return it.\n\n    :param a: One.\n    :return: The volume.\n    """\n'
    (tmp_path / "beside.py").write_text(beside * 5)
    mine = document(uri=(tmp_path / "a.py").as_uri())
    room = Room(monkeypatch, roots=(tmp_path,))
    assert ":param width:" in await room.written(mine)
    untrusted = Room(monkeypatch, roots=(tmp_path,))
    untrusted.notes.trusted(False)
    assert ":param width:" not in await untrusted.written(mine)


async def test_a_file_that_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".glmignore").write_text("a.py\n")
    room = Room(monkeypatch, roots=(tmp_path,))
    assert await room.docstrings.offers(document(uri=(tmp_path / "a.py").as_uri()), 0, 0) == ()
    assert await room.docstrings.offers(document(uri=(tmp_path / "b.py").as_uri()), 0, 0) != ()


async def test_what_the_project_wants_is_asked_anew_after_a_while(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    room, mine = Room(monkeypatch, roots=(tmp_path,)), document(uri=(tmp_path / "a.py").as_uri())
    settings = tmp_path / "ruff.toml"
    for width in (70, 60):
        settings.write_text(f"line-length = {width}\n")
        await room.docstrings.offers(mine, HERE, HERE)
    assert room.widths == [70]
    monkeypatch.setattr(project_memory, "HOLDS_S", -1.0)
    await room.docstrings.offers(mine, HERE, HERE)
    assert room.widths == [70, 60]


def typed(text: str) -> DocumentSnapshot:
    return replace(document(text), offset=len(text))


async def finished(room: Room, snapshot: DocumentSnapshot) -> str | None:
    opening = opening_before(snapshot)
    assert opening is not None
    return await room.docstrings.finish(snapshot, opening)


async def test_begun_documentation_is_looked_at_once_and_not_in_very_long_documents(room: Room) -> None:
    begun = typed('def area(width):\n    """')
    waiting = [asyncio.create_task(finished(room, begun)) for _ in range(3)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()
    assert all("width: " in (rest or "") for rest in await asyncio.gather(*waiting[1:]))
    assert "width: " in (await finished(room, begun) or "")
    assert len(room.parsed) == 1
    assert await finished(room, typed("x = 1\n" * 40_000 + begun.text)) is None
    assert len(room.parsed) == 1
