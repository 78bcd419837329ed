"""`glm/lastRequest`: what the last completion of a document was."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import LspClient, ReplyError, insertion

pytestmark = pytest.mark.asyncio(loop_scope="module")
_numbers = itertools.count()


def new_uri() -> str:
    return f"file:///last/{next(_numbers)}.py"


async def last(client: LspClient, uri: str, **more: Any) -> Any:
    return await client.request("glm/lastRequest", {"textDocument": {"uri": uri}, **more})


async def test_nothing_before_the_first(neovim: LspClient) -> None:
    uri = new_uri()
    assert await last(neovim, uri) is None
    neovim.open(uri, "x = ")
    assert await last(neovim, uri) is None


async def test_model_then_typed_through_then_cache(neovim: LspClient) -> None:
    uri = new_uri()
    neovim.open(uri, "x = ", version=7)
    items = await neovim.complete(uri, 0, 4)
    told = await last(neovim, uri)
    assert (told["version"], told["source"], told["reason"], told["mode"]) == (7, "model", "", "LINE")
    assert told["numPromptTokens"] > 0
    assert told["numCompletionTokens"] > 0
    assert told["timingMs"]["total"] >= 0
    assert told["ms"] > 0
    neovim.change(uri, 8, insertion(0, 4, items[0]["insertText"][0]))
    await neovim.complete(uri, 0, 5)
    told = await last(neovim, uri)
    assert (told["version"], told["source"], told["numPromptTokens"]) == (8, "typed-through", 0)
    assert told["timingMs"] is None


async def test_reason_when_nothing_is_shown(neovim: LspClient) -> None:
    uri = new_uri()
    neovim.open(uri, "word = 1")
    assert await neovim.complete(uri, 0, 2) == []
    told = await last(neovim, uri)
    assert (told["source"], told["reason"], told["score"]) == (None, "inside_word", None)


async def test_text_is_what_the_editor_has(neovim: LspClient) -> None:
    uri = new_uri()
    neovim.open(uri, "é = 1\n")
    await neovim.complete(uri, 1, 0)
    neovim.change(uri, 2, insertion(1, 0, "y"))
    told = await last(neovim, uri, withText=True)
    assert told["textSha256"] == hashlib.sha256("é = 1\ny".encode()).hexdigest()
    assert "textSha256" not in await last(neovim, uri)


async def test_closing_forgets(neovim: LspClient) -> None:
    uri = new_uri()
    neovim.open(uri, "x = ")
    await neovim.complete(uri, 0, 4)
    neovim.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert await last(neovim, uri) is None
    neovim.open(uri, "x = ")
    assert await last(neovim, uri) is None


@pytest.mark.parametrize("params", [None, {}, [], {"textDocument": None}, {"textDocument": {"uri": 5}}, "x"])
async def test_parameters_that_name_no_document_are_refused(neovim: LspClient, params: Any) -> None:
    with pytest.raises(ReplyError) as refused:
        await neovim.request("glm/lastRequest", params)
    assert refused.value.code == -32602


async def test_switched_off(lab: Lab) -> None:
    client = await lab.spawn()
    await client.initialize(initializationOptions={"enable": False})
    await client.wait_for(lambda: any(method == "glm/status" for method, _ in client.notifications))
    uri = new_uri()
    client.open(uri, "x = ")
    await client.complete(uri, 0, 4)
    assert (await last(client, uri))["reason"] == "switched_off"
