"""What an editor says of the opened folder, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from glm_lsp.lsp.trust import stated_trust
from tests.unit.test_lsp_front import Room, room

__all__ = ["room"]


@pytest.mark.parametrize(
    ("options", "left", "is_trusted"),
    [
        (None, None, True),
        ([], [], True),
        ({"threads": 2}, {"threads": 2}, True),
        ({"workspaceTrusted": True, "threads": 2}, {"threads": 2}, True),
        ({"workspaceTrusted": None}, {}, True),
        ({"workspaceTrusted": False}, {}, False),
        ({"workspaceTrusted": "yes"}, {}, False),
        ({"workspaceTrusted": 1}, {}, False),
        ({"glm": {"workspaceTrusted": False, "threads": 2}}, {"glm": {"threads": 2}}, False),
        ({"glm": {"workspaceTrusted": True}, "workspaceTrusted": False}, {"glm": {}}, False),
        ({"glm": 5, "workspaceTrusted": True}, {"glm": 5}, True),
    ],
)
def test_statement_is_taken_out_of_the_greeting(options: Any, left: Any, is_trusted: bool) -> None:
    assert stated_trust(options) == (left, is_trusted)


async def test_untrusted_folder_gets_the_engine_of_the_person(room: Room) -> None:
    room.front.is_trusted = False
    await room.front.configure({"model": "theirs", "engineUrl": "http://127.0.0.1:1", "debounceMs": 9})
    await room.state("ready")
    settings = room.engines[0].settings
    assert (settings.model, settings.engine_url, settings.debounce_ms) == ("starter", None, 9)
    (message,) = room.messages
    assert message.startswith("GLM-105: ")
    assert "not trusted" in message


async def test_thinking_again_takes_effect_both_ways(room: Room) -> None:
    room.front.is_trusted = False
    await room.front.trust(False)
    assert room.engines == []
    await room.front.configure({"model": "theirs"})
    await room.state("ready")
    await room.front.trust(True)
    await room.until(lambda: len(room.engines) == 2)
    await room.front.trust(False)
    await room.until(lambda: len(room.engines) == 3)
    assert [engine.settings.model for engine in room.engines] == ["starter", "theirs", "starter"]


async def test_what_changes_nothing_leaves_the_engine_alone(room: Room) -> None:
    await room.front.configure({"debounceMs": 9})
    await room.state("ready")
    await room.front.trust(False)
    await room.front.trust(True)
    assert len(room.engines) == 1
    assert room.messages == []
