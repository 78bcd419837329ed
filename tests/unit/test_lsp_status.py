"""When the editor is told what."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from glm_lsp.lsp import status as module
from glm_lsp.lsp.status import State, StatusDisplay


@pytest.fixture
def sent() -> list[dict[str, Any]]:
    return []


NONE_YET = {
    "numPromptTokens": 0, "numCachedTokens": 0, "hitRate": None, "reuse": None, "p50Ms": None, "p95Ms": None,
    "shown": 0, "accepted": 0, "acceptedChars": 0,
}  # fmt: skip


@pytest.fixture
def display(sent: list[dict[str, Any]]) -> StatusDisplay:
    return StatusDisplay(sent.append)


async def test_changes_are_sent_once(display: StatusDisplay, sent: list[dict[str, Any]]) -> None:
    display.show(State.READY, model="m")
    display.show(State.READY)
    assert sent == [{"state": "ready", "message": "", "model": "m", "lastMs": None} | NONE_YET]


async def test_figures_are_rounded_and_throttled(
    display: StatusDisplay, sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FIGURES_EVERY_S", 0.1)
    display.show(State.READY)
    for number in range(50):
        display.measured(number + 0.12345, 300, 200 + number)
    assert len(sent) == 1
    await asyncio.sleep(0.2)
    assert len(sent) == 2
    assert sent[-1] | {"lastMs": 49.1, "numPromptTokens": 300, "numCachedTokens": 249} == sent[-1]


async def test_a_change_takes_waiting_figures_along(
    display: StatusDisplay, sent: list[dict[str, Any]]
) -> None:
    display.show(State.READY)
    display.measured(5.0, 0, 0)
    display.show(State.ERROR, "GLM-1")
    assert sent[-1]["lastMs"] == 5.0
    assert display._figures is None


async def test_busy_shows_after_a_while_and_ends_with_the_last(
    display: StatusDisplay, sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BUSY_AFTER_S", 0.02)
    display.show(State.READY)
    with display.busy():
        pass
    await asyncio.sleep(0.05)
    assert len(sent) == 1
    with display.busy():
        with display.busy():
            await asyncio.sleep(0.05)
        assert display.status.state is State.BUSY
    assert [status["state"] for status in sent] == ["ready", "busy", "ready"]


async def test_busy_does_not_hide_trouble(display: StatusDisplay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUSY_AFTER_S", 0.01)
    display.show(State.ERROR, "GLM-1")
    with display.busy():
        await asyncio.sleep(0.03)
        assert display.status.state is State.ERROR
    assert display.status.state is State.ERROR
