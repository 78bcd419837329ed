"""Settings: in the greeting, changed on the way, asked for, and saved in the file."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli_process import make_home
from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import LspClient, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
URI = "file:///a.py"


def popups(client: LspClient) -> list[str]:
    return [params["message"] for method, params in client.notifications if method == "window/showMessage"]


def last_state(client: LspClient) -> str:
    return str([params["state"] for method, params in client.notifications if method == "glm/status"][-1])


def change_settings(client: LspClient, settings: Any) -> None:
    client.notify("workspace/didChangeConfiguration", {"settings": settings})


async def test_languages_can_be_left_alone(lab: Lab) -> None:
    client = await lab.start(initializationOptions={"disabledIn": ["markdown"]})
    client.open(URI, "x = a", "python")
    client.open("file:///a.md", "x = a", "markdown")
    assert len(await client.complete(URI, 0, 5)) == 1
    assert await client.complete("file:///a.md", 0, 5) == []


async def until_answers(client: LspClient, num_items: int) -> None:
    """New settings are read in a thread, so that they count a little later."""
    deadline = time.monotonic() + 10
    while len(await client.complete(URI, 0, 5)) != num_items:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("nested", [True, False])
async def test_a_change_takes_effect_without_a_restart(lab: Lab, nested: bool) -> None:
    client = await lab.start()
    client.open(URI, "x = a")
    num_before = len(client.notifications)
    options = {"disabledIn": ["plaintext"]}
    change_settings(client, {"glm": options, "editor": {"fontSize": 9}} if nested else options)
    await until_answers(client, 0)
    change_settings(client, {"glm": {}})
    await until_answers(client, 1)
    assert {method for method, _ in client.notifications[num_before:]} <= {"glm/status", "$/progress"}
    assert len({line["pid"] for line in lab.record("started")}) == len(lab.record("started"))


async def test_switching_off_and_on(lab: Lab) -> None:
    client = await lab.start()
    change_settings(client, {"glm": {"enable": False}})
    await client.wait_for(lambda: last_state(client) == "inactive")
    client.open(URI, "x = a")
    assert await client.complete(URI, 0, 5) == []
    change_settings(client, {"glm": {"enable": True}})
    await client.ready()
    assert len(await client.complete(URI, 0, 5)) == 1


async def test_settings_are_asked_for_when_none_come_along(lab: Lab) -> None:
    client = await lab.start()
    client.open(URI, "x = a")
    client.settings = {"disabledIn": ["plaintext"]}
    change_settings(client, None)
    await client.wait_for(lambda: "workspace/configuration" in client.server_requests)
    await until_answers(client, 0)


async def test_settings_of_others_are_none_of_our_business(lab: Lab) -> None:
    client = await lab.start(initializationOptions={"disabledIn": ["plaintext"]})
    client.open(URI, "x = a")
    for settings in ({"python": {"analysis": {}}}, 5, [], {"glm": None}, {"glm": {"logLevel": "warning"}}):
        change_settings(client, settings)
    await client.pong()
    await client.pong()
    assert await client.complete(URI, 0, 5) == []
    assert popups(client) == []


async def test_a_completion_under_way_survives_a_change_of_the_engine(own_lab: Lab) -> None:
    client = await own_lab.start()
    client.open(URI, "#slow\nx = a")
    answer = client.ask(URI, 1, 5)
    await asyncio.sleep(0.2)
    change_settings(client, {"glm": {"lingerS": 2}})
    assert await asyncio.wait_for(answer, 10) == {"items": []}
    client.change(URI, 2, {"text": "x = a"})
    await client.ready()
    assert len(await client.complete(URI, 0, 5)) == 1
    assert popups(client) == []


async def test_wrong_settings_are_told_of_and_left_out(lab: Lab) -> None:
    client = await lab.start(initializationOptions={"debounce": 5, "threads": "many"})
    client.open(URI, "x = a")
    assert len(await client.complete(URI, 0, 5)) == 1
    (popup,) = popups(client)
    assert popup.startswith("GLM-105: ")
    assert "did you mean 'debounceMs'" in popup
    assert "threads" in popup


async def test_saving_the_settings_file_makes_it_take_effect(own_lab: Lab) -> None:
    client = await own_lab.start()
    client.open(URI, "x = a")
    path = own_lab.home / "config.toml"
    path.write_text('disabledIn = ["plaintext"]\n', encoding="utf-8")
    client.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    await client.pong()
    assert len(await client.complete(URI, 0, 5)) == 1
    client.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})
    await until_answers(client, 0)


async def test_untrusted_folder_cannot_send_code_elsewhere(own_lab: Lab) -> None:
    """The engine named by the folder does not exist: where it counts, there are no answers."""
    options = {"workspaceTrusted": False, "engineUrl": "http://127.0.0.1:9"}
    client = await own_lab.start(initializationOptions=options)
    client.open(URI, "x = a")
    assert len(await client.complete(URI, 0, 5)) == 1
    assert "not trusted" in popups(client)[0]
    change_settings(client, {"glm": {"workspaceTrusted": True, "engineUrl": "http://127.0.0.1:9"}})
    await client.pong()
    assert len(await client.complete(URI, 0, 5)) == 1
    client.notify("glm/didChangeTrust", {"trusted": True})
    await client.wait_for(lambda: last_state(client) == "error")
    for params in ({"trusted": "yes"}, {}, None, []):
        client.notify("glm/didChangeTrust", params)
    await client.ready()
    assert len(await client.complete(URI, 0, 5)) == 1


HOT = [
    {"suggest": "eager"},
    {"disabledIn": ["markdown"]},
    {"debounceMs": 1},
    {"docstringStyle": "numpy"},
    {"logLevel": "info"},
    {},
]


async def test_most_settings_take_effect_without_another_engine_and_with_its_cache(tmp_path: Path) -> None:
    """With a real engine: its process stays, and the next answer finds the document in the KV cache."""
    home = make_home(tmp_path)
    command = [sys.executable, "-m", "glm_lsp", "serve"]
    client = await LspClient.start(command, home.environ)
    try:
        await client.initialize(initializationOptions={"logLevel": "error"})
        await client.ready(60)
        text = "def read_numbers(path):\n    with open(path) as file:\n        numbers = "
        client.open(URI, text)
        await client.complete(URI, 2, 18)
        engines = {engine_pid(tmp_path)}
        version = 1
        for options in HOT:
            start = time.monotonic()
            change_settings(client, {"glm": options})
            await asyncio.sleep(0.2)
            last: dict[str, Any] = {}
            while last.get("source") != "model":
                version += 1
                text += "xyz_"[version % 4]
                client.change(URI, version, {"text": text})
                await client.complete(URI, 2, len(text.rpartition("\n")[2]))
                last = await client.request("glm/lastRequest", {"textDocument": {"uri": URI}})
                assert time.monotonic() - start < 1, (options, last)
            assert last["numCachedTokens"] > last["numPromptTokens"] / 2 > 0, (options, last)
            engines.add(engine_pid(tmp_path))
        assert len(engines) == 1
    finally:
        await client.dispose()


def engine_pid(home: Path) -> int:
    """The process of the one engine below a home folder."""
    states = [
        json.loads(path.read_bytes()) for path in home.glob("**/*.json") if path.with_suffix(".lock").exists()
    ]
    (state,) = states
    return int(state["pid"])


async def test_the_wait_for_the_next_key(own_lab: Lab) -> None:
    """Of ten keys typed without a pause only the last is taken to the engine; what is asked for by hand is not held."""
    client = await own_lab.start(initializationOptions={"debounceMs": 1500})
    client.open(URI, "")
    await until(lambda: own_lab.record("finished"))  # the document was read in advance
    num_before = len(own_lab.record("finished")) + len(own_lab.record("cancelled"))
    answers = []
    for number in range(10):
        client.change(URI, number + 2, {"text": "x" * number + " = a"})
        answers.append(client.ask(URI, 0, number + 4))
    results = [(await answer)["items"] for answer in answers]
    assert [len(items) for items in results] == [0] * 9 + [1]
    num_jobs = len(own_lab.record("finished")) + len(own_lab.record("cancelled")) - num_before
    assert num_jobs == 1
