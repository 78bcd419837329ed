"""`glm/why`: the story of the last completion of a document."""

from __future__ import annotations

import pytest

from tests.e2e.lsp_client import LspClient, ReplyError

pytestmark = pytest.mark.asyncio(loop_scope="module")
URI = "file:///why.py"
QUESTION = {"textDocument": {"uri": URI}}


async def test_the_story_of_the_last_answer(neovim: LspClient) -> None:
    assert await neovim.request("glm/why", QUESTION) is None
    neovim.open(URI, "x = 1\nword = 2\n", version=3)
    assert await neovim.request("glm/why", QUESTION) is None
    items = await neovim.complete(URI, 0, 5)
    told = await neovim.request("glm/why", QUESTION)
    assert (told["version"], told["trigger"], told["source"]) == (3, "automatic", "model")
    assert told["shown"] == [item["insertText"] for item in items]
    assert told["context"]["prefixChars"] == 5
    assert told["candidates"][0]["modelText"]
    await neovim.complete(URI, 1, 2)
    told = await neovim.request("glm/why", QUESTION)
    assert (told["shown"], told["reason"], told["candidates"]) == ([], "inside_word", [])
    assert told["explanation"] == "the cursor stands inside a word"


@pytest.mark.parametrize("params", [None, [], {}, {"textDocument": 1}, {"textDocument": {}}])
async def test_a_question_about_nothing_is_refused(neovim: LspClient, params: object) -> None:
    with pytest.raises(ReplyError) as caught:
        await neovim.request("glm/why", params)
    assert caught.value.code == -32602
