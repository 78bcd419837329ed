"""`textDocument/inlineCompletion`, as Neovim and as VS Code ask. The fake engine says `echo(LINE UP TO THE CURSOR)`."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import LspClient, ReplyError, insertion

pytestmark = pytest.mark.asyncio(loop_scope="module")
_numbers = itertools.count()


@pytest.fixture
def uri() -> str:
    """A document that no other test has opened."""
    return f"file:///home/me/proj/document{next(_numbers)}.py"


def texts(items: list[dict[str, Any]]) -> list[str]:
    return [item["insertText"] for item in items]


def cursor_range(line: int, character: int) -> dict[str, Any]:
    place = {"line": line, "character": character}
    return {"start": place, "end": place}


async def test_an_item_is_a_plain_string_with_an_empty_range_at_the_cursor(
    neovim: LspClient, uri: str
) -> None:
    neovim.open(uri, "def f():\n    x = 1\n")
    items = await neovim.complete(uri, 1, 9)
    assert items == [{"insertText": "echo(x = 1)", "range": cursor_range(1, 9)}]


async def test_nothing_to_show_is_an_empty_list_never_null(neovim: LspClient, uri: str) -> None:
    neovim.open(uri, "wordword\n")
    assert await neovim.ask(uri, 0, 4) == {"items": []}  # inside a word
    assert await neovim.ask("file:///never/opened.py", 0, 0) == {"items": []}
    assert await neovim.ask("untitled:Untitled-1", 0, 0) == {"items": []}


async def test_a_document_that_was_never_opened_is_not_read_from_disk(
    neovim: LspClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("disk") / "a.py"
    path.write_text("x = 1")
    assert await neovim.complete(path.as_uri(), 0, 5) == []


async def test_an_untitled_document_is_completed(vscode: LspClient) -> None:
    vscode.open("untitled:Untitled-7", "x = 1")
    assert texts(await vscode.complete("untitled:Untitled-7", 0, 5)) == ["echo(x = 1)"]


@pytest.mark.parametrize("editor", ["neovim", "vscode"])
async def test_columns_are_in_the_agreed_unit(
    neovim: LspClient, vscode: LspClient, editor: str, uri: str
) -> None:
    client, codec, size = (neovim, "utf-8", 1) if editor == "neovim" else (vscode, "utf-16-le", 2)
    client.open(uri, "😀\ns = '😀é'; x = 1\n")
    column = len("s = '😀é'; x = 1".encode(codec)) // size
    assert await client.complete(uri, 1, column) == [
        {"insertText": "echo(s = '😀é'; x = 1)", "range": cursor_range(1, column)}
    ]


async def test_positions_beyond_the_text_are_cut_to_it(neovim: LspClient, uri: str) -> None:
    neovim.open(uri, "a = 1\nb = 2")
    (item,) = await neovim.complete(uri, 0, 2**31 - 1)
    assert item == {"insertText": "echo(a = 1)", "range": cursor_range(0, 5)}
    (item,) = await neovim.complete(uri, 2**31 - 1, 0)
    assert item == {"insertText": "echo(b = 2)", "range": cursor_range(1, 5)}


async def test_windows_line_ends_come_back_as_line_feeds(neovim: LspClient, uri: str) -> None:
    neovim.open(uri, "a = 1\r\nb = 2\r\n")
    (item,) = await neovim.complete(uri, 1, 5)
    assert item["range"] == cursor_range(1, 5)
    assert "\r" not in item["insertText"]


COUNTING_ENGINE = """
from tests.fakes import fake_engine
fake_engine.echo_script = lambda request: [f"asked_for_{request.n}"]
raise SystemExit(fake_engine.main())
"""


async def test_one_candidate_while_typing_and_three_when_asked(own_lab: Lab) -> None:
    client = await own_lab.spawn(engine=["-c", COUNTING_ENGINE])
    await client.initialize()
    await client.ready()
    client.open("file:///a.py", "x = ")
    assert texts(await client.complete("file:///a.py", 0, 4, 2)) == ["asked_for_1"]
    assert texts(await client.complete("file:///a.py", 0, 4, 1)) == ["asked_for_3"]


async def test_trigger_kinds_counted_from_zero(neovim: LspClient, uri: str) -> None:
    neovim.open(uri, "x = 1")
    assert len(await neovim.complete(uri, 0, 5, 0)) == 1
    with pytest.raises(ReplyError) as error:
        await neovim.complete(uri, 0, 5, 3)
    assert error.value.code == -32602


async def test_the_item_selected_in_the_popup_is_extended(vscode: LspClient, uri: str) -> None:
    vscode.open(uri, "import os\nos.pa")
    selected = {
        "range": {"start": {"line": 1, "character": 3}, "end": {"line": 1, "character": 5}},
        "text": "path",
    }
    (item,) = await vscode.complete(uri, 1, 5, selectedCompletionInfo=selected)
    assert item == {"insertText": "pathecho(os.path)", "range": selected["range"]}


@pytest.mark.parametrize(
    ("start", "end"), [((0, 0), (1, 5)), ((1, 0), (1, 2)), ((0, 0), (0, 3)), ((1, 5), (1, 3))]
)
async def test_a_popup_that_is_not_at_the_cursor_gives_nothing(
    vscode: LspClient, uri: str, start: tuple[int, int], end: tuple[int, int]
) -> None:
    vscode.open(uri, "import os\nos.pa")
    places = [{"line": line, "character": character} for line, character in (start, end)]
    selected = {"range": {"start": places[0], "end": places[1]}, "text": "path"}
    assert await vscode.complete(uri, 1, 5, selectedCompletionInfo=selected) == []


async def test_a_newer_request_ends_the_older_with_an_empty_list(neovim: LspClient, uri: str) -> None:
    """Neovim does not cancel: without this its late answers would replace newer ones."""
    neovim.open(uri, "#hang 1\nx = 1")
    first = neovim.ask(uri, 0, 7)
    second = neovim.ask(uri, 0, 7)
    third = neovim.ask(uri, 1, 5)
    assert [await first, await second] == [{"items": []}] * 2
    neovim.cancel(third)
    with pytest.raises(ReplyError):
        await third


async def test_requests_for_different_documents_do_not_disturb_each_other(own_lab: Lab) -> None:
    client = await own_lab.start("--delay-ms", "20")
    client.open("file:///a.py", "a = 1")
    client.open("file:///b.py", "b = 1")
    answers = await asyncio.gather(client.ask("file:///a.py", 0, 5), client.ask("file:///b.py", 0, 5))
    assert [texts(answer["items"]) for answer in answers] == [["echo(a = 1)"], ["echo(b = 1)"]]


async def test_the_snapshot_is_taken_before_the_edits_that_follow(neovim: LspClient, uri: str) -> None:
    """Request and edit arrive in one piece; the edit is elsewhere, so the answer no longer fits."""
    neovim.open(uri, "a = 1\nb = 2")
    answer = neovim.ask(uri, 1, 5)
    neovim.change(uri, 2, insertion(0, 0, "# "))
    assert await answer == {"items": []}
    assert texts(await neovim.complete(uri, 1, 5)) == ["echo(b = 2)"]


async def test_typing_what_is_suggested_leaves_the_rest(own_lab: Lab) -> None:
    client = await own_lab.start("--delay-ms", "20")
    client.open("file:///a.py", "x = 1")
    answer = client.ask("file:///a.py", 0, 5)
    client.change("file:///a.py", 2, insertion(0, 5, "ec"))
    assert (await answer)["items"] == [{"insertText": "ho(x = 1)", "range": cursor_range(0, 7)}]
    client.open("file:///b.py", "y = 1")
    answer = client.ask("file:///b.py", 0, 5)
    client.change("file:///b.py", 2, insertion(0, 5, "X"))
    assert await answer == {"items": []}


async def test_closing_the_document_takes_the_answer_back(own_lab: Lab) -> None:
    client = await own_lab.start("--delay-ms", "20")
    client.open("file:///a.py", "x = 1")
    answer = client.ask("file:///a.py", 0, 5)
    client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///a.py"}})
    assert await answer == {"items": []}
    assert await client.complete("file:///a.py", 0, 5) == []


async def test_a_document_has_several_addresses_and_one_memory(own_lab: Lab) -> None:
    client = await own_lab.start("--delay-ms", "20")
    client.open("file:///a%2Bb.py", "x = 1")
    answer = client.ask("file:///a%2Bb.py", 0, 5)
    client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///a+b.py"}})
    assert await answer == {"items": []}
    client.open("file:///a+b.py", "x = 1", version=1)
    assert len(await client.complete("file:///a%2Bb.py", 0, 5)) == 1
    told = await client.request("glm/lastRequest", {"textDocument": {"uri": "file:///a+b.py"}})
    assert told["source"] == "model", "nothing is known of what was closed"
    # Opened again without having been closed, and counted from the beginning.
    client.open("file:///a+b.py", "x = 1", version=0)
    await client.complete("file:///a+b.py", 0, 5)
    told = await client.request("glm/lastRequest", {"textDocument": {"uri": "file:///a+b.py"}})
    assert (told["source"], told["version"]) == ("model", 0)


async def test_typing_and_cancelling_like_vscode(vscode: LspClient, uri: str) -> None:
    """Request, cancel, request, cancel ... one for each key; the last one is answered."""
    vscode.open(uri, "")
    line = "value = 1"
    last = None
    for number, char in enumerate(line):
        if last is not None:
            vscode.cancel(last)
        vscode.change(uri, number + 2, insertion(0, number, char))
        last = vscode.ask(uri, 0, number + 1)
        await asyncio.sleep(0.005)
    assert last is not None
    assert texts((await last)["items"]) == [f"echo({line})"]


async def test_typing_like_neovim(neovim: LspClient, uri: str) -> None:
    """Nothing is cancelled; every request gets an answer, and the last one is about the last key."""
    neovim.open(uri, "")
    line = "value = 2"
    answers = []
    for number, char in enumerate(line):
        neovim.change(uri, number + 2, insertion(0, number, char))
        answers.append(neovim.ask(uri, 0, number + 1))
    results = await asyncio.gather(*answers)
    assert texts(results[-1]["items"]) == [f"echo({line})"]
    for number, result in enumerate(results[:-1]):
        assert all(item["range"]["start"]["character"] >= number + 1 for item in result["items"])
