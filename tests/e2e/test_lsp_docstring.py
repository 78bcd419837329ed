"""Documentation on demand in an editor: actions, the edit they make, the command, progress, and all ways to cancel."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import NEOVIM, VSCODE, LspClient, ReplyError, insertion, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

AREA = (
    '"""Sizes."""\n'
    "def area(width, height=1):\n    if width < 0:\n        raise ValueError(width)\n    return width * height\n"
)
TWO = f"{AREA}\n\ndef volume(width, depth):\n    return area(width) * depth\n"
KIND = "refactor.rewrite"
COMMAND = "glm.generateDocstring"


async def actions(
    client: LspClient, uri: str, start: tuple[int, int], end: tuple[int, int] | None = None, **context: Any
) -> list[dict[str, Any]]:
    (line, character), (last, column) = start, end or start
    selected = {
        "start": {"line": line, "character": character},
        "end": {"line": last, "character": column},
    }
    params = {
        "textDocument": {"uri": uri},
        "range": selected,
        "context": {"diagnostics": [], "triggerKind": 1, **context},
    }
    found: list[dict[str, Any]] = await client.request("textDocument/codeAction", params)
    return found


def titles(found: list[dict[str, Any]]) -> list[str]:
    return [action["title"] for action in found]


def run(client: LspClient, **argument: Any) -> asyncio.Future[Any]:
    return client.send("workspace/executeCommand", {"command": COMMAND, "arguments": [argument]})


def text_edits(edit: dict[str, Any], uri: str, version: int | None) -> list[dict[str, Any]]:
    """The edits of the one document; with its version where the editor takes that."""
    if version is None:
        assert list(edit) == ["changes"]
        assert list(edit["changes"]) == [uri]
        return list(edit["changes"][uri])
    assert list(edit) == ["documentChanges"]
    (change,) = edit["documentChanges"]
    assert change["textDocument"] == {"uri": uri, "version": version}
    return list(change["edits"])


def applied(text: str, edits: list[dict[str, Any]], codec: str) -> str:
    """The text after edits as an editor makes them: all places are those before the first."""
    width = 2 if codec == "utf-16-le" else 1
    lines = text.split("\n")
    offsets = []
    for edit in edits:
        start, end = edit["range"]["start"], edit["range"]["end"]
        assert start == end, "it only inserts"
        line = lines[start["line"]]
        column = len(line.encode(codec)[: start["character"] * width].decode(codec))
        offsets.append((sum(len(each) + 1 for each in lines[: start["line"]]) + column, edit["newText"]))
    for offset, new in sorted(offsets, key=lambda each: each[0], reverse=True):
        text = text[:offset] + new + text[offset:]
    return text


def messages(client: LspClient) -> list[str]:
    return [params["message"] for method, params in client.notifications if method == "window/showMessage"]


def progress(client: LspClient, token: object) -> list[dict[str, Any]]:
    values = [params for method, params in client.notifications if method == "$/progress"]
    return [params["value"] for params in values if params["token"] == token]


async def failed(future: asyncio.Future[Any], within_s: float = 10) -> ReplyError:
    with pytest.raises(ReplyError) as error:
        await asyncio.wait_for(future, within_s)
    return error.value


async def test_it_is_advertised(lab: Lab) -> None:
    client = await lab.spawn()
    capabilities = (await client.initialize())["capabilities"]
    assert capabilities["codeActionProvider"] == {"codeActionKinds": [KIND], "resolveProvider": True}
    assert COMMAND in capabilities["executeCommandProvider"]["commands"]


async def test_what_is_offered_where(vscode: LspClient) -> None:
    uri = "file:///offers.py"
    vscode.open(uri, TWO, "python")
    many = "Generate docstrings for 2 definitions"
    at_area = await actions(vscode, uri, (1, 6))
    assert titles(at_area) == ["Generate docstring for `area`", many]
    assert {action["kind"] for action in at_area} == {KIND}
    assert titles(await actions(vscode, uri, (8, 0))) == ["Generate docstring for `volume`", many]
    block = await actions(vscode, uri, (2, 0), (4, 10))
    assert titles(block)[-1] == "Comment this block"
    vscode.open("file:///offers.md", TWO, "markdown")
    assert await actions(vscode, "file:///offers.md", (1, 6)) == []
    assert await actions(vscode, "file:///never-opened.py", (1, 6)) == []


async def test_only_what_is_missing_is_offered(vscode: LspClient) -> None:
    uri = "file:///missing.py"
    text = '"""Module."""\ndef f(a, b):\n    """Do it.\n\n    Args:\n        a: The a.\n    """\n    print(a, b)\n'
    vscode.open(uri, text, "python")
    (action,) = await actions(vscode, uri, (1, 5))
    assert action["title"] == "Complete the docstring of `f`"
    edit = (await vscode.request("codeAction/resolve", action))["edit"]
    after = applied(text, text_edits(edit, uri, 1), "utf-16-le")
    assert after.index("a: The a.") < after.index("        b: ") < after.index("    print(")
    vscode.change(uri, 2, {"text": after})
    assert await actions(vscode, uri, (1, 5)) == []


@pytest.mark.parametrize(
    ("only", "is_offered"),
    [
        (None, True),
        ([KIND], True),
        (["refactor"], True),
        ([""], True),
        (["quickfix", "refactor"], True),
        ([], True),
        (["quickfix"], False),
        (["source.fixAll"], False),
        (["refactor.rewrite.more"], False),
        (["refac"], False),
    ],
)
async def test_only_kinds_that_are_wanted(
    vscode: LspClient, only: list[str] | None, is_offered: bool
) -> None:
    vscode.open("file:///only.py", AREA, "python")
    context = {} if only is None else {"only": only}
    assert bool(await actions(vscode, "file:///only.py", (0, 0), **context)) == is_offered


@pytest.mark.parametrize("editor", [NEOVIM, VSCODE], ids=["neovim", "vscode"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
async def test_resolving_gives_one_edit_of_the_document(
    lab: Lab, editor: dict[str, Any], line_break: str
) -> None:
    client = await lab.start(editor=editor)
    uri = "file:///resolve.py"
    text = TWO.replace("Sizes.", "Sizes. 🙂🙂").replace("\n", line_break)
    client.open(uri, text, "python", version=7)
    found = await actions(client, uri, (1, 2))
    action = found[0]
    assert "edit" not in action
    assert "command" not in action
    resolved = await client.request("codeAction/resolve", action)
    assert {key: value for key, value in resolved.items() if key != "edit"} == action
    codec = "utf-16-le" if editor is VSCODE else "utf-8"
    edits = text_edits(resolved["edit"], uri, 7 if editor is VSCODE else None)
    after = applied(text, edits, codec)
    lines = after.split(line_break)
    assert lines[2].startswith('    """')
    assert [name for name in ("width:", "height:", "ValueError:") if name in after] == [
        "width:",
        "height:",
        "ValueError:",
    ]
    assert after.replace("\r\n", "").count("\r") == 0
    assert "\n" not in after.replace(line_break, "")
    compile(after, "resolve.py", "exec")


async def test_places_count_as_the_editor_counts(lab: Lab) -> None:
    for editor, codec in ((NEOVIM, "utf-8"), (VSCODE, "utf-16-le")):
        client = await lab.start(editor=editor)
        uri = "file:///units.py"
        text = "def f(a='🙂🙂ä'): return a  # 🙂\ndef g(a='🙂🙂ä'):  # 🙂\n    return a\n"
        client.open(uri, text, "python")
        action = next(each for each in await actions(client, uri, (1, 3)) if "`g`" in each["title"])
        edit = (await client.request("codeAction/resolve", action))["edit"]
        edits = edit["changes"][uri] if editor is NEOVIM else edit["documentChanges"][0]["edits"]
        after = applied(text, edits, codec)
        assert after.split("\n")[1] == "def g(a='🙂🙂ä'):  # 🙂"
        assert after.split("\n")[2].startswith('    """')
        compile(after, "units.py", "exec")


async def test_an_editor_that_cannot_resolve_gets_a_command(lab: Lab) -> None:
    editor = {"capabilities": {"textDocument": {"codeAction": {"codeActionLiteralSupport": {
        "codeActionKind": {"valueSet": []}}}}, "workspace": {"applyEdit": True}}}  # fmt: skip
    client = await lab.start(editor=editor)
    client.open("file:///command.py", AREA, "python")
    (action,) = await actions(client, "file:///command.py", (1, 0))
    assert (action["kind"], "data" in action) == (KIND, False)
    assert await client.request("workspace/executeCommand", action["command"]) is True
    (params,) = client.edits
    assert params["label"]
    after = applied(AREA, text_edits(params["edit"], "file:///command.py", None), "utf-16-le")
    assert '"""' in after
    assert messages(client) == []


async def test_an_editor_of_old_gets_commands_alone(lab: Lab) -> None:
    client = await lab.start(editor={"capabilities": {}})
    client.open("file:///old.py", AREA, "python")
    (command,) = await actions(client, "file:///old.py", (1, 0))
    assert command["command"] == COMMAND
    assert command["arguments"] == [
        {"uri": "file:///old.py", "scope": "definition", "position": {"line": 1, "character": 0}}
    ]


async def test_the_whole_file_is_one_edit(vscode: LspClient) -> None:
    uri = "file:///whole.py"
    vscode.open(uri, TWO, "python", version=3)
    vscode.edits.clear()
    assert await asyncio.wait_for(run(vscode, uri=uri, scope="file"), 20) is True
    (params,) = vscode.edits
    edits = text_edits(params["edit"], uri, 3)
    assert len(edits) == 2
    after = applied(TWO, edits, "utf-16-le")
    assert after.count('"""') == 6
    vscode.change(uri, 4, {"text": after})
    assert titles(await actions(vscode, uri, (1, 0))) == []


async def test_a_style_can_be_forced(lab: Lab) -> None:
    client = await lab.start(editor=VSCODE, initializationOptions={"docstringStyle": "numpy"})
    uri = "file:///style.py"
    client.open(uri, AREA, "python")
    (action,) = await actions(client, uri, (1, 0))
    resolved = await client.request("codeAction/resolve", action)
    assert "Parameters\n    ----------\n" in resolved["edit"]["documentChanges"][0]["edits"][0]["newText"]
    await run(client, uri=uri, position={"line": 1, "character": 0}, style="sphinx")
    assert ":param width:" in client.edits[0]["edit"]["documentChanges"][0]["edits"][0]["newText"]
    client.settings = {"docstringStyle": "google"}
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    await asyncio.sleep(0.3)
    (action,) = await actions(client, uri, (1, 0))
    resolved = await client.request("codeAction/resolve", action)
    assert "Args:\n" in resolved["edit"]["documentChanges"][0]["edits"][0]["newText"]


async def test_a_selection_gets_a_comment(vscode: LspClient) -> None:
    uri = "file:///block.py"
    vscode.open(uri, AREA, "python")
    found = await actions(vscode, uri, (2, 0), (4, 0))
    action = next(each for each in found if each["title"] == "Comment this block")
    edit = (await vscode.request("codeAction/resolve", action))["edit"]
    after = applied(AREA, text_edits(edit, uri, 1), "utf-16-le")
    assert after.split("\n")[2].startswith("    # ")
    assert [line for line in after.split("\n") if not line.lstrip().startswith("#")] == AREA.split("\n")


# --- nothing to be had ------------------------------------------------------------------------------------------


async def test_broken_code_is_left_alone_and_says_why_where_the_editor_can_show_it(vscode: LspClient) -> None:
    uri = "file:///broken.py"
    vscode.open(uri, "def f(a:\n    return (a\n", "python")
    found = await actions(vscode, uri, (0, 5))
    assert all("disabled" in action for action in found)
    assert await actions(vscode, uri, (0, 5), triggerKind=2) == []
    assert await actions(vscode, uri, (0, 5), triggerKind=None) == []
    vscode.notifications.clear()
    assert await run(vscode, uri=uri, position={"line": 0, "character": 5}) is False
    (message,) = messages(vscode)
    assert message.startswith("GLM-106")


@pytest.mark.parametrize("language", ["markdown", "", "klingon"])
async def test_an_unknown_language_is_told(vscode: LspClient, language: str) -> None:
    uri = f"file:///unknown.{language}"
    vscode.open(uri, AREA, language)
    vscode.notifications.clear()
    assert await run(vscode, uri=uri, position={"line": 0, "character": 5}) is False
    (message,) = messages(vscode)
    assert message.startswith("GLM-107")


async def test_secret_files_and_switched_off(lab: Lab) -> None:
    client = await lab.start(editor=VSCODE)
    client.open("file:///home/me/.ssh/a.py", AREA, "python")
    assert await actions(client, "file:///home/me/.ssh/a.py", (1, 0)) == []
    off = await lab.spawn()
    await off.initialize(VSCODE, initializationOptions={"enable": False})
    await off.wait_for(
        lambda: any(p.get("state") == "inactive" for m, p in off.notifications if m == "glm/status")
    )
    off.open("file:///off.py", AREA, "python")
    assert await actions(off, "file:///off.py", (1, 0)) == []
    assert await run(off, uri="file:///off.py", position={"line": 1, "character": 0}) is False
    (message,) = messages(off)
    assert "`enable`" in message


async def test_ignored_files_are_left_alone(lab: Lab, tmp_path: Any) -> None:
    (tmp_path / ".glmignore").write_text("private.py\n")
    client = await lab.start(editor=VSCODE, rootUri=tmp_path.as_uri())
    for name, is_offered in (("private.py", False), ("public.py", True)):
        uri = (tmp_path / name).as_uri()
        client.open(uri, AREA, "python")
        assert bool(await actions(client, uri, (0, 0))) is is_offered


HOSTILE: list[Any] = [
    None, 1, "x", [], {}, {"uri": 1}, {"uri": ""}, {"uri": "file:///hostile.py", "scope": "planet"},
    {"uri": "file:///hostile.py"}, {"uri": "file:///hostile.py", "position": [1, 2]},
    {"uri": "file:///hostile.py", "position": {"line": "1", "character": 2}},
    {"uri": "file:///hostile.py", "position": {"line": True, "character": None}},
    {"uri": "file:///hostile.py", "scope": "block"},
    {"uri": "file:///hostile.py", "position": {"line": 0, "character": 0}, "style": "epytext"},
    {"uri": "file:///hostile.py", "position": {"line": 0, "character": 0}, "style": ["google"]},
    {"uri": "file:///hostile.py", "position": {"line": 0, "character": 0}, "version": 1.5},
    {"uri": "file:///hostile.py", "position": {"line": 0, "character": 0}, "version": {"a": 1}},
    {"uri": "file:///hostile.py", "scope": {}, "position": {"line": 0, "character": 0}},
]  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE)
async def test_odd_data_and_arguments_are_refused(vscode: LspClient, data: Any) -> None:
    vscode.open("file:///hostile.py", AREA, "python")
    for future in (
        vscode.send("codeAction/resolve", {"title": "x", "data": data}),
        vscode.send("workspace/executeCommand", {"command": COMMAND, "arguments": [data]}),
        vscode.send("workspace/executeCommand", {"command": COMMAND, "arguments": []}),
    ):
        error = await failed(future)
        assert error.code == -32602
        assert "Traceback" not in error.message


@pytest.mark.parametrize("token", [{"a": 1}, [], 1.5])
async def test_odd_tokens_are_refused(vscode: LspClient, token: Any) -> None:
    uri = "file:///tokens.py"
    vscode.open(uri, AREA, "python")
    arguments = [{"uri": uri, "position": {"line": 0, "character": 0}}]
    params = {"command": COMMAND, "arguments": arguments, "workDoneToken": token}
    error = await failed(vscode.send("workspace/executeCommand", params))
    assert error.code == -32602


@pytest.mark.parametrize("place", [2**31, 2**63, 1e308, -5, 0.5])
async def test_any_number_is_a_place(vscode: LspClient, place: float) -> None:
    uri = "file:///places.py"
    vscode.open(uri, AREA.partition("\n")[2], "python")
    data = {"uri": uri, "position": {"line": place, "character": place}}
    action = {"title": "x", "data": data}
    if place < 1:
        assert "edit" in await vscode.request("codeAction/resolve", action)
    else:
        with pytest.raises(ReplyError):  # behind the last line there is nothing
            await vscode.request("codeAction/resolve", {**action, "data": {**data, "scope": "block"}})


# --- changed meanwhile, cancelled, slow -------------------------------------------------------------------------

SLOW = AREA.replace("Sizes.", "Sizes #hang.")


async def test_a_document_of_another_version_is_refused(vscode: LspClient) -> None:
    uri = "file:///version.py"
    vscode.open(uri, AREA, "python")
    (action,) = await actions(vscode, uri, (1, 0))
    vscode.change(uri, 2, insertion(0, 0, "\n"))
    error = await failed(vscode.send("codeAction/resolve", action))
    assert (error.code, error.data["code"]) == (-32801, "GLM-109")
    vscode.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    error = await failed(vscode.send("codeAction/resolve", action))
    assert (error.code, error.data["code"]) == (-32801, "GLM-109")


async def test_an_edit_meanwhile_ends_it(own_lab: Lab) -> None:
    client = await own_lab.start("--delay-ms", "60", editor=VSCODE)
    uri = "file:///meanwhile.py"
    client.open(uri, TWO, "python")
    found = await actions(client, uri, (1, 0))
    resolving = client.send("codeAction/resolve", found[0])
    await asyncio.sleep(0.15)
    client.change(uri, 2, insertion(0, 0, "\n"))
    error = await failed(resolving)
    assert (error.code, error.data["code"]) == (-32801, "GLM-109")
    running = run(client, uri=uri, scope="file")
    await asyncio.sleep(0.15)
    client.change(uri, 3, insertion(0, 0, "\n"))
    assert await asyncio.wait_for(running, 10) is False
    (message,) = messages(client)
    assert message.startswith("GLM-109")
    assert client.edits == []


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.2, 0.6])
@pytest.mark.parametrize("way", ["request", "bar"])
async def test_cancelled_at_any_moment_nothing_is_changed(own_lab: Lab, after_s: float, way: str) -> None:
    client = await own_lab.start(editor=VSCODE)
    uri = "file:///cancel.py"
    client.open(uri, SLOW, "python")
    (action,) = await actions(client, uri, (1, 0))
    for is_command in (False, True):
        num_before = len(own_lab.record("cancelled"))
        if is_command:
            work = {"workDoneToken": "mine", "command": COMMAND}
            argument = {"uri": uri, "position": {"line": 1, "character": 0}}
            answer = client.send("workspace/executeCommand", {**work, "arguments": [argument]})
        else:
            client.tokens.clear()
            answer = client.send("codeAction/resolve", action)
        await asyncio.sleep(after_s)
        if way == "request":
            client.cancel(answer)
        else:
            if not is_command:
                await client.wait_for(lambda: client.tokens)
                await client.wait_for(lambda: progress(client, client.tokens[0]))
            token = "mine" if is_command else client.tokens[0]
            client.notify("window/workDoneProgress/cancel", {"token": token})
        start = time.perf_counter()
        if way == "bar" and is_command:
            assert await asyncio.wait_for(answer, 5) is False
        else:
            assert (await failed(answer, 5)).code == -32800
        assert time.perf_counter() - start < 1.5
        if after_s >= 0.2:
            await until(lambda least=num_before: len(own_lab.record("cancelled")) > least)
        if is_command:
            await client.wait_for(lambda: progress(client, "mine"))
            await client.wait_for(lambda: progress(client, "mine")[-1]["kind"] == "end")
    assert client.edits == []
    assert messages(client) == []


async def test_the_bar_tells_how_far_it_is(own_lab: Lab) -> None:
    client = await own_lab.start("--delay-ms", "25", editor=VSCODE)
    uri = "file:///bar.py"
    client.open(uri, TWO, "python")
    await run(client, uri=uri, scope="file")
    (token,) = [
        token
        for token in client.tokens
        if any("of" in str(v.get("message")) for v in progress(client, token))
    ]
    begin, *reports, end = progress(client, token)
    assert (begin["kind"], begin["title"], begin["cancellable"]) == ("begin", "Writing documentation", True)
    assert end["kind"] == "end"
    numbers = [int(report["message"].partition(" of ")[0]) for report in reports]
    total = int(reports[-1]["message"].partition(" of ")[2])
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == total
    assert reports[-1]["percentage"] == 100
    assert len(client.edits) == 1


async def test_of_two_for_one_document_the_newer_wins(own_lab: Lab) -> None:
    client = await own_lab.start(editor=VSCODE)
    uri = "file:///newer.py"
    client.open(uri, f"{AREA}\n\n# #hang\ndef hung(a):\n    return a\n", "python")
    older = run(client, uri=uri, position={"line": 9, "character": 0})
    await asyncio.sleep(0.3)
    data = {"uri": uri, "version": 1, "position": {"line": 9, "character": 0}}
    resolving = client.send("codeAction/resolve", {"title": "x", "data": data})
    assert await asyncio.wait_for(older, 5) is False
    await asyncio.sleep(0.3)
    newer = run(client, uri=uri, position={"line": 1, "character": 0})
    assert (await failed(resolving, 5)).code == -32800
    assert await asyncio.wait_for(newer, 20) is True
    assert len(client.edits) == 1
    assert messages(client) == []


async def test_a_completion_is_neither_starved_nor_cancelled(own_lab: Lab) -> None:
    client = await own_lab.start("--delay-ms", "10", editor=VSCODE)
    uri, other = "file:///busy.py", "file:///typed.py"
    client.open(uri, TWO, "python")
    client.open(other, "x = 1")
    running = run(client, uri=uri, scope="file")
    await asyncio.sleep(0.1)
    start = time.perf_counter()
    items = await client.complete(other, 0, 5)
    assert len(items) >= 1
    assert time.perf_counter() - start < 3
    assert not running.done()
    assert await asyncio.wait_for(running, 30) is True
    assert len(client.edits) == 1


async def test_an_editor_that_does_not_make_the_edit_is_told(lab: Lab) -> None:
    client = await lab.start(editor=VSCODE)
    client.applied = {"applied": False, "failureReason": "the buffer is locked"}
    client.open("file:///locked.py", AREA, "python")
    assert await run(client, uri="file:///locked.py", scope="file") is False
    (message,) = messages(client)
    assert "the buffer is locked" in message


async def test_it_waits_for_an_engine_that_is_coming_up(own_lab: Lab) -> None:
    client = await own_lab.spawn("--load-s", "1.5")
    await client.initialize(VSCODE)
    client.open("file:///early.py", AREA, "python")
    found = await actions(client, "file:///early.py", (1, 0))
    assert titles(found) == ["Generate docstring for `area`"]
    resolved = await client.request("codeAction/resolve", found[0], timeout_s=30)
    assert "edit" in resolved


async def test_without_an_engine_there_is_the_usual_error(own_lab: Lab) -> None:
    client = await own_lab.spawn("--broken", "model")
    await client.initialize(VSCODE)
    client.open("file:///none.py", AREA, "python")
    (action,) = await actions(client, "file:///none.py", (1, 0))
    error = await failed(client.send("codeAction/resolve", action), 30)
    assert error.data["code"].startswith("GLM-")
    assert await asyncio.wait_for(run(client, uri="file:///none.py", scope="file"), 30) is False
