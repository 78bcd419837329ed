"""Progress bars: shown when it takes longer or the editor made one, and each can be cancelled."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.lsp import work_done
from glm_lsp.lsp.work_done import WorkDone


class Editor:
    """What the server tells of progress, and how the editor answers."""

    def __init__(self, *, can: bool = True, refuses: bool = False) -> None:
        self.client_capabilities = types.ClientCapabilities(
            window=types.WindowClientCapabilities(work_done_progress=can)
        )
        self.told: list[tuple[object, Any]] = []
        self.created: list[str] = []
        self._refuses = refuses
        self.work_done_progress = SimpleNamespace(
            begin=self.note, report=self.note, end=self.note, create_async=self.create, tokens={}
        )

    def note(self, token: object, value: Any) -> None:
        self.told.append((token, value))

    async def create(self, token: str) -> None:
        if self._refuses:
            raise JsonRpcException("no")
        self.created.append(token)

    @property
    def kinds(self) -> list[str]:
        return [value.kind for _, value in self.told]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_done, "_SHOWN_AFTER_S", 0.01)


def nothing() -> None:
    """Nobody cancels."""


async def test_what_is_done_soon_needs_no_bar() -> None:
    editor = Editor()
    async with WorkDone(editor).bar("Work", None, nothing) as bar:  # type: ignore[arg-type]
        bar.report(1, 1)
    await asyncio.sleep(0.03)
    assert (editor.told, editor.created) == ([], [])


async def test_a_bar_begins_with_what_is_known_and_ends() -> None:
    editor = Editor()
    async with WorkDone(editor).bar("Work", None, nothing) as bar:  # type: ignore[arg-type]
        bar.report(1, 4)
        await asyncio.sleep(0.05)
        bar.report(2, 4)
    assert editor.kinds == ["begin", "report", "end"]
    begin, report = editor.told[0][1], editor.told[1][1]
    assert (begin.title, begin.message, begin.percentage, begin.cancellable) == ("Work", "1 of 4", 25, True)
    assert (report.message, report.percentage) == ("2 of 4", 50)
    assert {token for token, _ in editor.told} == set(editor.created)


async def test_the_editors_own_bar_is_used_at_once() -> None:
    editor = Editor(can=False)
    async with WorkDone(editor).bar("Work", "mine", nothing) as bar:  # type: ignore[arg-type]
        bar.report(0, 0)
    assert editor.kinds == ["begin", "report", "end"]
    assert {token for token, _ in editor.told} == {"mine"}
    assert editor.created == []


@pytest.mark.parametrize("editor", [Editor(can=False), Editor(refuses=True)])
async def test_an_editor_without_bars_is_not_told(editor: Editor) -> None:
    async with WorkDone(editor).bar("Work", None, nothing) as bar:  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        bar.report(1, 2)
    assert editor.told == []


async def test_cancelling_reaches_the_work_of_that_bar_while_it_lasts() -> None:
    editor, cancelled = Editor(), []
    bars = WorkDone(editor)  # type: ignore[arg-type]
    async with bars.bar("One", 1, lambda: cancelled.append("one")):
        # A token that is in use already is nobody else's.
        async with bars.bar("Two", 1, lambda: cancelled.append("two")):
            for token in (1, "1", None, [], {}, 2.5):
                bars.cancel(token)
        assert cancelled == ["one"]
    bars.cancel(1)
    assert cancelled == ["one"]
