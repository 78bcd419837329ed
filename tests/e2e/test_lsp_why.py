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


async def test_the_story_as_text(neovim: LspClient) -> None:
    uri = "file:///w/told.py"
    question = {"textDocument": {"uri": uri}, "withText": True}
    neovim.open(uri, "x = 1\nword = 2\n", "python")
    assert await neovim.request("glm/why", question) is None
    items = await neovim.complete(uri, 0, 5)
    told = await neovim.request("glm/why", question)
    lines = told["text"].split("\n")
    assert (told["asked"]["line"], told["asked"]["column"]) == (1, 6)
    assert lines[0] == "asked        told.py:1:6, just now"
    assert [line for line in lines if line.startswith("shown ")] == [
        f"{'shown':<12} {item['insertText']!r}" for item in items
    ]
    assert "trigger      automatic, language python" in lines
    assert "candidate 1" in lines
    assert "text" not in await neovim.request("glm/why", {"textDocument": {"uri": uri}})


async def test_the_text_says_where_it_was_asked_and_that_there_are_newer_keys(neovim: LspClient) -> None:
    uri = "file:///w/elsewhere.py"
    neovim.open(uri, "x = '🎉'\r\nword = 2\r\n", version=1)
    await neovim.complete(uri, 1, 2)
    neovim.change(uri, 2, {"text": "x = '🎉'\r\nword = 22\r\n"})
    told = await neovim.request("glm/why", {"textDocument": {"uri": uri}, "withText": True})
    assert told["text"].split("\n")[:2] == [
        "asked        elsewhere.py:2:3, just now; the text has changed since",
        "nothing      inside_word: the cursor stands inside a word",
    ]
