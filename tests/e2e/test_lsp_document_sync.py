"""`didOpen`, `didChange`, `didClose`: seen through completions, as the fake engine echoes the line it is shown."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from tests.e2e.lsp_client import LspClient, insertion

pytestmark = pytest.mark.asyncio(loop_scope="module")
_numbers = itertools.count()


@pytest.fixture
def uri() -> str:
    return f"file:///home/me/sync{next(_numbers)}.py"


def replacement(start: tuple[Any, Any], end: tuple[Any, Any], text: str) -> dict[str, Any]:
    places = [{"line": line, "character": character} for line, character in (start, end)]
    return {"range": {"start": places[0], "end": places[1]}, "text": text}


async def echoed(client: LspClient, uri: str, line: int) -> str:
    """What the engine was shown of a line."""
    (item,) = await client.complete(uri, line, 2**31 - 1)
    text: str = item["insertText"]
    return text.removeprefix("echo(").removesuffix(")")


async def test_open_change_close(neovim: LspClient, uri: str) -> None:
    neovim.open(uri, "a = 1\n")
    neovim.change(uri, 2, insertion(1, 0, "b = 2"), replacement((0, 4), (0, 5), "3"))
    assert await echoed(neovim, uri, 0) == "a = 3"
    assert await echoed(neovim, uri, 1) == "b = 2"
    neovim.change(uri, 3, {"text": "c = 4"})
    assert await echoed(neovim, uri, 0) == "c = 4"
    neovim.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert await neovim.complete(uri, 0, 5) == []
    neovim.change(uri, 4, insertion(0, 0, "x"))
    assert await neovim.complete(uri, 0, 5) == []


@pytest.mark.parametrize("end", [2**31 - 1, 2**31, 2**63, 1e308, 1e18])
async def test_huge_ranges_mean_the_end(neovim: LspClient, uri: str, end: float) -> None:
    """Editors write "all of it" in many ways; pygls alone would lose such an edit altogether."""
    neovim.open(uri, "a = 1\nb = 2\n")
    neovim.change(uri, 2, replacement((0, 0), (end, end), "c = 3"))
    assert await echoed(neovim, uri, 0) == "c = 3"
    neovim.change(uri, 3, replacement((0, 2), (0, end), "+= 4"))
    assert await echoed(neovim, uri, 0) == "c += 4"


async def test_negative_and_reversed_ranges(neovim: LspClient, uri: str) -> None:
    neovim.open(uri, "a = 1\nb = 2")
    neovim.change(uri, 2, replacement((0, 5), (0, -7), "c = 3"))
    assert await echoed(neovim, uri, 0) == "c = 3"
    neovim.change(uri, 3, replacement((-1, 0), (0, 1), "d"))
    assert await echoed(neovim, uri, 0) == "d = 3"


async def test_separators_that_are_no_line_ends(neovim: LspClient, uri: str) -> None:
    neovim.open(uri, "s = 'a\u2028b\x0cc'\nt = 1")
    assert await echoed(neovim, uri, 1) == "t = 1"
    neovim.change(uri, 2, insertion(1, 5, "0"))
    assert await echoed(neovim, uri, 1) == "t = 10"


async def test_old_macintosh_line_ends(neovim: LspClient, uri: str) -> None:
    neovim.open(uri, "a = 1\rb = 2\rc = 3")
    neovim.change(uri, 2, insertion(1, 5, "5"))
    assert await echoed(neovim, uri, 1) == "b = 25"


async def test_odd_versions_do_not_cost_an_edit(neovim: LspClient, uri: str) -> None:
    neovim.open(uri, "", version=7)
    for version, char in zip((7, 3, None, "x", 8), "v = 12", strict=False):
        document = {"uri": uri, "version": version}
        edit = replacement((0, 2**31), (0, 2**31), char)
        neovim.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [edit]})
    neovim.change(uri, 9, replacement((0, 0), (0, 0), ""))
    assert await echoed(neovim, uri, 0) == "v = 1"


@pytest.mark.parametrize("editor", ["neovim", "vscode"])
async def test_typing_astral_characters(neovim: LspClient, vscode: LspClient, editor: str, uri: str) -> None:
    client, codec, size = (neovim, "utf-8", 1) if editor == "neovim" else (vscode, "utf-16-le", 2)
    rng = random.Random(3)
    line = ""
    client.open(uri, "")
    for version in range(2, 22):
        column = rng.randrange(len(line) + 1)
        new = rng.choice(["x", "é", "中", "😀", "👨\u200d👩"])
        client.change(uri, version, insertion(0, len(line[:column].encode(codec)) // size, new))
        line = line[:column] + new + line[column:]
    client.change(uri, 22, insertion(0, len(line.encode(codec)) // size, " = 1"))
    (item,) = await client.complete(uri, 0, 2**31 - 1)
    assert item["range"]["start"]["character"] == len((line + " = 1").encode(codec)) // size
    # Joiners are not shown, so they are not compared.
    assert item["insertText"] == f"echo({line} = 1)".replace("\u200d", "")
