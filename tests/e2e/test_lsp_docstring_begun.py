"""Ghost text behind an opening mark, typed key by key, through the real server and the starter."""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.cli_process import make_home
from tests.e2e.lsp_client import NEOVIM, VSCODE, LspClient, insertion

pytestmark = pytest.mark.asyncio(loop_scope="module")

PYTHON = '''\
"""Sizes of things. 🙂"""


def area(width: float, height: float = 1.0) -> float:
    {}
    if width < 0:
        raise ValueError("a width is not negative")
    return width * height
'''
SCRIPT = "{}\nfunction area(width, height) {{\n  return width * height;\n}}\n\narea(1, 2);\n"


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["neovim", "vscode"])
async def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LspClient]:
    home = make_home(tmp_path_factory.mktemp("home"))
    environ = {**home.environ, "GLM_LSP_MODEL": "starter"}
    client = await LspClient.start([sys.executable, "-m", "glm_lsp", "serve"], environ)
    await client.initialize(NEOVIM if request.param == "neovim" else VSCODE)
    await client.ready(60)
    yield client
    await client.dispose()


async def typed(client: LspClient, uri: str, text: str, place: tuple[int, int], keys: str) -> list[Any]:
    """Types at a place, asking after each key as an editor does; the items after the last."""
    line, character = place
    items: list[Any] = []
    for number, key in enumerate(keys):
        client.change(uri, number + 2, insertion(line, character + number, key))
        items = (await asyncio.wait_for(client.ask(uri, line, character + number + 1), 30))["items"]
    return items


def accepted(text: str, place: tuple[int, int], item: dict[str, Any]) -> str:
    """The text with an item taken; it must be put in at the place, over nothing."""
    here = {"line": place[0], "character": place[1]}
    assert item["range"] == {"start": here, "end": here}
    lines = text.split("\n")
    line = lines[place[0]]
    lines[place[0]] = line[: place[1]] + item["insertText"] + line[place[1] :]
    return "\n".join(lines)


@pytest.mark.parametrize("closing", ["", '"""'])
async def test_three_quotes_below_a_signature(client: LspClient, closing: str) -> None:
    uri = f"file:///quotes{len(closing)}.py"
    text = PYTHON.format(closing)
    client.open(uri, text, "python")
    (item,) = await typed(client, uri, text, (4, 4), '"""')
    after = accepted(PYTHON.format(f'"""{closing}'), (4, 7), item)
    (_, function) = ast.parse(after).body
    assert isinstance(function, ast.FunctionDef)
    docstring = ast.get_docstring(function) or ""
    assert [name for name in ("width:", "height:", "ValueError:", "Returns:") if name in docstring] == [
        "width:",
        "height:",
        "ValueError:",
        "Returns:",
    ]
    # Nothing else has changed.
    function.body.pop(0)
    assert ast.dump(ast.parse(PYTHON.format("pass").replace("    pass\n", ""))) == ast.dump(
        ast.Module([ast.parse(after).body[0], function], [])
    )
    told = await client.request("glm/why", {"textDocument": {"uri": uri}})
    assert (told["source"], told["reason"], told["candidates"]) == ("docstring", "", [])
    # Typed through: the rest of it stays.
    first = item["insertText"][0]
    client.change(uri, 9, insertion(4, 7, first))
    (rest,) = (await client.ask(uri, 4, 8))["items"]
    assert rest["insertText"] == item["insertText"][1:]
    # Something else typed: it goes.
    client.change(uri, 10, insertion(4, 8, "§"))
    others = (await client.ask(uri, 4, 9))["items"]
    assert all("width:" not in other["insertText"] for other in others)


@pytest.mark.parametrize("closing", ["", " */"])
async def test_a_comment_above_a_function(client: LspClient, closing: str) -> None:
    uri = f"file:///comment{len(closing)}.js"
    text = SCRIPT.format(closing)
    client.open(uri, text, "javascript")
    (item,) = await typed(client, uri, text, (0, 0), "/**")
    after = accepted(SCRIPT.format(f"/**{closing}"), (0, 3), item)
    comment, _, code = after.partition("*/\n")
    assert code == SCRIPT.format("").removeprefix("\n")
    assert [name for name in ("@param", " width", " height", "@returns") if name in comment] == [
        "@param",
        " width",
        " height",
        "@returns",
    ]
    assert all(line.startswith(("/**", " *")) for line in f"{comment}*/".split("\n"))


@pytest.mark.parametrize("closing", ["", "\n */"])
async def test_enter_behind_the_mark_of_a_comment(client: LspClient, closing: str) -> None:
    """As editors put it in: a line with a star, and the closing mark below where they had put that already."""
    uri = f"file:///entered{len(closing)}.js"
    text = SCRIPT.format("/**")
    client.open(uri, text, "javascript")
    client.change(uri, 2, insertion(0, 3, f"\n * {closing}"))
    entered = SCRIPT.format(f"/**\n * {closing}")
    (item,) = (await client.ask(uri, 1, 3))["items"]
    after = accepted(entered, (1, 3), item)
    comment, _, code = after.partition("*/\n")
    assert code == SCRIPT.format("").removeprefix("\n")
    assert comment.startswith("/**\n * ")
    assert "@param width" in comment
    assert "@param height" in comment
    assert all(line.startswith(("/**", " *")) for line in f"{comment}*/".split("\n"))
    told = await client.request("glm/why", {"textDocument": {"uri": uri}})
    assert told["source"] == "docstring"


async def test_the_name_of_what_is_below_begins_a_comment_of_go(client: LspClient) -> None:
    uri = "file:///named.go"
    text = "package a\n\n{}\nfunc Area(width int) int {{\n\treturn width * width\n}}\n"
    client.open(uri, text.format(""), "go")
    (item,) = await typed(client, uri, text.format(""), (2, 0), "// Area")
    after = accepted(text.format("// Area"), (2, 7), item)
    line = after.split("\n")[2]
    assert line.startswith("// Area ")
    assert line.endswith(".")
    assert after == text.format(line)
    told = await client.request("glm/why", {"textDocument": {"uri": uri}})
    assert told["source"] == "docstring"


async def test_cancelled_while_it_is_written(client: LspClient) -> None:
    uri = "file:///cancelled.py"
    client.open(uri, PYTHON.format('"""'), "python")
    for pause_s in (0.0, 0.02, 0.1):
        answer = client.ask(uri, 4, 7)
        await asyncio.sleep(pause_s)
        client.cancel(answer)
        await asyncio.wait([answer], timeout=10)
    (item,) = (await client.ask(uri, 4, 7))["items"]
    assert "width:" in item["insertText"]


async def test_where_documentation_cannot_be_there_is_what_there_always_was(client: LspClient) -> None:
    uri = "file:///other.py"
    client.open(uri, 'def f(x):\n    y = x\n    """\n    return y\n', "python")
    items = (await client.ask(uri, 2, 7))["items"]
    assert all("Args:" not in item["insertText"] for item in items)
    told = await client.request("glm/why", {"textDocument": {"uri": uri}})
    assert told["source"] != "docstring"
