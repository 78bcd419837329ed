"""`initialize`: what is advertised, what is agreed on, and that odd editors are served, too."""

from __future__ import annotations

from typing import Any

import pytest

from glm_lsp import __version__
from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import VSCODE, ReplyError

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_capabilities(lab: Lab) -> None:
    client = await lab.spawn()
    result = await client.initialize(VSCODE)
    assert result["serverInfo"] == {"name": "glm-lsp", "version": __version__}
    capabilities = result["capabilities"]
    assert capabilities["inlineCompletionProvider"] == {}
    commands = ["glm.accepted", "glm.generateDocstring", "glm.restartEngine"]
    assert capabilities["executeCommandProvider"]["commands"] == commands
    sync = capabilities["textDocumentSync"]
    assert (sync["openClose"], sync["change"], sync["save"]) == (True, 2, {"includeText": False})
    offered = {key for key, value in capabilities.items() if value}
    assert offered == {
        "codeActionProvider",
        "executeCommandProvider",
        "positionEncoding",
        "textDocumentSync",
        "workspace",
    }


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        (["utf-8", "utf-16", "utf-32"], "utf-8"),
        (["utf-16"], "utf-16"),
        (["utf-32", "utf-8"], "utf-32"),
        (["utf-7", "utf-8"], "utf-8"),
        (["utf-7"], "utf-16"),
        ([], "utf-16"),
        (None, "utf-16"),
    ],
)
async def test_position_encoding(lab: Lab, offered: list[str] | None, agreed: str) -> None:
    client = await lab.spawn()
    general = {} if offered is None else {"general": {"positionEncodings": offered}}
    result = await client.initialize({"capabilities": general})
    assert result["capabilities"]["positionEncoding"] == agreed


@pytest.mark.parametrize(
    "params",
    [
        {"capabilities": {}},
        {},
        {"processId": None, "capabilities": None},
        {
            "processId": "seven",
            "rootUri": 5,
            "capabilities": {"textDocument": 5, "window": {"workDoneProgress": True}},
        },
        {"processId": 2**40, "capabilities": {"general": {"positionEncodings": "utf-8"}}},
        {
            "capabilities": {
                "textDocument": {"completion": {"completionItem": {"tagSupport": {"valueSet": [99]}}}}
            }
        },
        {"capabilities": {"unheardOf": {"a": [1]}}, "workspaceFolders": "none", "trace": "loud", "more": 1},
        {"capabilities": {}, "workspaceFolders": None, "rootPath": "/home/me/proj"},
        {"capabilities": {}, "initializationOptions": ["not", "an", "object"]},
    ],
)
async def test_an_odd_greeting_is_answered(lab: Lab, params: dict[str, Any]) -> None:
    client = await lab.spawn()
    result = await client.request("initialize", params)
    assert result["capabilities"]["inlineCompletionProvider"] == {}
    client.notify("initialized", None)
    assert (await client.request("glm/status"))["state"] in ("starting", "ready")


async def test_an_odd_editor_gets_completions(lab: Lab) -> None:
    client = await lab.spawn()
    await client.request(
        "initialize", {"processId": "seven", "capabilities": {"textDocument": 5}, "trace": "loud"}
    )
    client.notify("initialized", None)
    await client.ready()
    client.open("file:///a.py", "x = 1")
    assert [item["insertText"] for item in await client.complete("file:///a.py", 0, 5)] == ["echo(x = 1)"]


@pytest.mark.parametrize("params", [None, [], [1]])
async def test_a_greeting_that_is_no_object_is_refused_and_may_be_repeated(lab: Lab, params: Any) -> None:
    client = await lab.spawn()
    with pytest.raises(ReplyError) as error:
        await client.request("initialize", params)
    assert error.value.code == -32602
    with pytest.raises(ReplyError) as error:
        await client.request("glm/status")
    assert error.value.code == -32002
    await client.initialize()


async def test_initialize_is_sent_once(lab: Lab) -> None:
    client = await lab.spawn()
    await client.initialize()
    with pytest.raises(ReplyError) as error:
        await client.request("initialize", {"capabilities": {}})
    assert error.value.code == -32600
    await client.ready()


async def test_an_editor_without_the_capability_is_served(lab: Lab) -> None:
    client = await lab.start(editor={"capabilities": {}})
    client.open("file:///a.py", "y = 2")
    assert len(await client.complete("file:///a.py", 0, 5)) == 1
    assert client.server_requests == []
