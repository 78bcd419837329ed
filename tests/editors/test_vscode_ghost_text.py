"""Ghost text in a real VS Code, with the real server and the starter: what the window shows, what is on the disk."""

from __future__ import annotations

import ast
import json
import os
import signal
import time

import psutil
import pytest

from tests.editors.engines import SlowEngine
from tests.editors.project import SOURCE, Project
from tests.editors.vscode import VSCode

pytestmark = pytest.mark.editors

_PATIENCE_S = 60.0
_LOOP = "\n\ndef average(prices: list[float]) -> float:\n    amount = 0.0\n    for price in prices:\n        "
_AFTER = "\n\n\nTAXES = 3\n"


def opened(
    vscode: VSCode, project: Project, before: str = SOURCE + _LOOP, after: str = "", typed: str = "am"
) -> str:
    """Types between two parts of a file; returns the ghost text that the last key brings, the engine being there."""
    project.source.write_bytes((before + after).encode())
    vscode.open(project.folder, project.source.name)
    go_behind(vscode, before)
    return vscode.type_until_ghost_text(typed)


def go_behind(vscode: VSCode, before: str) -> None:
    """Puts the cursor behind a text that is all of its last line."""
    vscode.go_to(line_behind(before))
    vscode.press("End")


def line_behind(before: str) -> int:
    """The line, from 1, that is written behind a text."""
    return before.count("\n") + 1


def text(vscode: VSCode) -> str:
    return "\n".join(vscode.lines)


def type_and_wait(vscode: VSCode, typed: str) -> str:
    """Types, waits for ghost text, returns it."""
    vscode.type(typed)
    vscode.until(vscode.ghost_text, f"ghost text behind {typed!r}", _PATIENCE_S)
    return vscode.ghost_text()


def wait_for(vscode: VSCode, wanted: str) -> None:
    vscode.until(lambda: text(vscode) == wanted, f"this to be shown:\n{wanted}", 20)


def save_and_compare(vscode: VSCode, project: Project, wanted: str) -> None:
    wait_for(vscode, wanted)
    vscode.save()
    assert project.source.read_bytes() == wanted.encode()


def test_tab_takes_what_appears_while_typing_and_one_undo_takes_it_back(
    vscode: VSCode, project: Project
) -> None:
    ghost = opened(vscode, project, after=_AFTER)
    assert ghost.startswith("ount")
    assert text(vscode) == SOURCE + _LOOP + "am" + _AFTER
    vscode.press("Tab")
    save_and_compare(vscode, project, SOURCE + _LOOP + "am" + ghost + _AFTER)
    vscode.press("Control+z")
    save_and_compare(vscode, project, SOURCE + _LOOP + "am" + _AFTER)
    vscode.press("Control+Shift+z")
    save_and_compare(vscode, project, SOURCE + _LOOP + "am" + ghost + _AFTER)


def test_a_word_is_taken_and_the_rest_stays(vscode: VSCode, project: Project) -> None:
    ghost = opened(vscode, project)
    vscode.press("Control+ArrowRight")
    wait_for(vscode, SOURCE + _LOOP + "amount")
    vscode.until(lambda: vscode.ghost_text() == ghost.removeprefix("ount"), "the rest to stay")
    vscode.press("Tab")
    save_and_compare(vscode, project, SOURCE + _LOOP + "am" + ghost)


def test_a_line_is_taken_of_several(vscode: VSCode, project: Project) -> None:
    before, after = SOURCE.split("    reduced =", 1)
    opened(vscode, project)
    break_line(vscode, 4)
    first, *others = type_and_wait(vscode, '"""').split("\n")
    assert others
    assert first
    vscode.press("Control+Alt+ArrowRight")
    wanted = f'{before}    """{first}\n'
    vscode.until(lambda: text(vscode).startswith(wanted.rstrip()), f"the first line:\n{wanted}")
    assert text(vscode).endswith("    reduced =" + after + _LOOP + "am")
    shown = "\n".join(line.rstrip() for line in vscode.lines)
    assert others[-1].strip() == '"""'
    assert [line for line in others if line.strip() and line.rstrip() in shown.split("\n")] == []


def test_several_lines_are_put_into_the_middle_of_a_file(vscode: VSCode, project: Project) -> None:
    before, after = SOURCE.split("    reduced =", 1)
    opened(vscode, project)
    break_line(vscode, 4)
    ghost = type_and_wait(vscode, '"""')
    vscode.press("Tab")
    wanted = f'{before}    """{ghost}\n    reduced ={after}{_LOOP}am'
    save_and_compare(vscode, project, wanted)
    ast.parse(wanted)


def test_it_goes_on_behind_what_is_chosen_in_a_list_of_words(vscode: VSCode, project: Project) -> None:
    choose(project, editor={"wordBasedSuggestions": "currentDocument"})
    ghost = opened(vscode, project)
    vscode.press("Control+Space")
    vscode.until(vscode.is_list_shown, "the list of words")
    vscode.until(lambda: vscode.ghost_text() == ghost, "ghost text beside the list")
    vscode.press("Tab")
    wait_for(vscode, SOURCE + _LOOP + "amount")
    vscode.until(lambda: vscode.ghost_text() == ghost.removeprefix("ount"), "the rest to stay")
    vscode.press("Tab")
    save_and_compare(vscode, project, SOURCE + _LOOP + "am" + ghost)


def test_what_is_cycled_through_can_be_taken(vscode: VSCode, project: Project) -> None:
    first = opened(vscode, project)
    vscode.press("Alt+BracketRight")
    vscode.until(lambda: vscode.ghost_text() not in ("", first), "another candidate")
    second = vscode.ghost_text()
    vscode.press("Alt+BracketLeft")
    vscode.until(lambda: vscode.ghost_text() == first, "the first candidate")
    vscode.press("Alt+BracketRight")
    vscode.until(lambda: vscode.ghost_text() == second, "the second candidate")
    vscode.press("Tab")
    save_and_compare(vscode, project, SOURCE + _LOOP + "am" + second)


def test_typing_what_is_suggested_does_not_flicker(vscode: VSCode, project: Project) -> None:
    ghost = opened(vscode, project)
    line = "        am" + ghost
    with vscode.recorded() as record:
        vscode.type(ghost[:-1], delay_ms=70)
        vscode.until(lambda: vscode.lines[-1] == line[:-1], "all of it to be there")
    shown = [(frame.lines[-1], frame.ghost) for frame in record.frames]
    assert len({typed for typed, _ in shown}) > len(ghost) // 2
    assert [each for each in shown if "".join(each) != line] == []


def test_escape_hides_it_until_the_text_changes(vscode: VSCode, project: Project) -> None:
    opened(vscode, project)
    with vscode.recorded() as record:
        vscode.press("Escape")
        vscode.until(lambda: not vscode.ghost_text(), "it to go")
        time.sleep(2)
    assert vscode.ghost_text() == ""
    assert len({frame.ghost for frame in record.frames}) <= 2
    assert text(vscode) == SOURCE + _LOOP + "am"
    ghost = type_and_wait(vscode, "o")
    vscode.press("Tab")
    save_and_compare(vscode, project, SOURCE + _LOOP + "amo" + ghost)


def test_an_edit_during_a_request_ends_it(vscode: VSCode, project: Project, slow: SlowEngine) -> None:
    choose(project, glm={"engineUrl": slow.url})
    project.source.write_text(SOURCE + _LOOP)
    vscode.open(project.folder, project.source.name)
    go_behind(vscode, SOURCE + _LOOP)
    vscode.type("a")
    vscode.until(lambda: asks(vscode, slow), "the engine to be asked", _PATIENCE_S)
    job = slow.job()
    with vscode.recorded() as record:
        vscode.type("# mine")
        slow.assert_cancelled(job)
    assert {frame.ghost for frame in record.frames} <= {""}
    save_and_compare(vscode, project, SOURCE + _LOOP + "am# mine")


def test_dos_line_breaks_stay_on_the_disk(vscode: VSCode, project: Project) -> None:
    line = opened(vscode, project, (SOURCE + _LOOP).replace("\n", "\r\n"))
    vscode.press("Tab")
    wait_for(vscode, SOURCE + _LOOP + "am" + line)
    break_line(vscode, 11)
    block = type_and_wait(vscode, '"""')
    assert "\n" in block
    vscode.press("Tab")
    head, tail = SOURCE.split("    amount =", 1)
    wanted = f'{head}    """{block}\n    amount ={tail}{_LOOP}am{line}'
    wait_for(vscode, wanted)
    vscode.save()
    assert project.source.read_bytes() == wanted.replace("\n", "\r\n").encode()


def test_emoji_before_the_cursor(vscode: VSCode, project: Project) -> None:
    before = SOURCE + '\n\nPARTY = "🎉👍🏽 below the minimum"\nPRIZE = "🎉👍🏽 below the '
    ghost = opened(vscode, project, before, _AFTER, typed="mi")
    vscode.press("Tab")
    save_and_compare(vscode, project, before + "mi" + ghost + _AFTER)


def test_brackets_and_quotes_that_vscode_closes_are_not_doubled(vscode: VSCode, project: Project) -> None:
    before = SOURCE + "\n\ndef average(price: float) -> float:\n    if price < 1:\n        "
    project.source.write_text(before + _AFTER)
    vscode.open(project.folder, project.source.name)
    go_behind(vscode, before)
    closes_brackets(vscode, before + _AFTER, before + "raise ValueError()" + _AFTER)
    ghost = vscode.ghost_text()
    vscode.press("Tab")
    vscode.until(lambda: text(vscode) != before + "raise ValueError()" + _AFTER, "it to be taken")
    line = vscode.lines[line_behind(before) - 1]
    assert line.count("(") == line.count(")") == 1
    assert line.count('"') % 2 == 0
    assert line.startswith("        raise ValueError(" + ghost.rstrip(")"))
    save_and_compare(vscode, project, before + line.strip() + _AFTER)
    ast.parse(text(vscode))


def test_a_server_that_was_killed_comes_back(
    vscode: VSCode, project: Project, server_environ: dict[str, str]
) -> None:
    opened(vscode, project)
    (killed,) = servers(server_environ)
    os.kill(killed, signal.SIGKILL)
    vscode.until(lambda: servers(server_environ) not in ([], [killed]), "another server", _PATIENCE_S)
    vscode.press("Escape")
    ghost = vscode.type_until_ghost_text("ount")
    vscode.press("Tab")
    save_and_compare(vscode, project, SOURCE + _LOOP + "amount" + ghost)
    assert len(servers(server_environ)) == 1


def test_a_file_of_50_kb(vscode: VSCode, project: Project) -> None:
    pieces = [
        SOURCE.replace("discounted", f"discounted_{n}").replace("total", f"total_{n}") for n in range(100)
    ]
    before, after = "\n\n".join(pieces[:50]) + _LOOP, "\n\n\n" + "\n\n".join(pieces[50:])
    assert len(before + after) > 40_000
    ghost = opened(vscode, project, before, after)
    vscode.press("Tab")
    vscode.until(lambda: "        am" + ghost in vscode.lines, "it to be taken")
    vscode.save()
    assert project.source.read_text() == before + "am" + ghost + after


def asks(vscode: VSCode, slow: SlowEngine) -> bool:
    """Types one more letter; takes it back if that asks for nothing, as the server may not be there yet."""
    vscode.type("m")
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        if any(not job.request.glm.warm_up for job in slow.engine.jobs):
            return True
        time.sleep(0.05)
    vscode.press("Escape", "Backspace")
    return False


def break_line(vscode: VSCode, line: int) -> None:
    """A new line below another; takes that back where VS Code has not loaded yet what it knows of the language."""

    def is_indented() -> bool:
        vscode.go_to(line)
        vscode.press("End", "Enter")
        time.sleep(0.5)
        if vscode.lines[line] == "    ":
            return True
        vscode.press("Control+z")
        return False

    vscode.until(is_indented, "VS Code to know Python", _PATIENCE_S)


def closes_brackets(vscode: VSCode, before: str, wanted: str) -> None:
    """Types a call; takes it back while VS Code does not know the language yet, or the engine is not there."""

    def is_closed() -> bool:
        vscode.type("raise ValueError(")
        time.sleep(2)
        if text(vscode) == wanted and vscode.ghost_text():
            return True
        vscode.press("Escape")
        for _ in range(len("raise ValueError(")):
            vscode.press("Backspace")
        wait_for(vscode, before)
        return False

    vscode.until(is_closed, "VS Code to close a bracket", _PATIENCE_S)


def servers(environ: dict[str, str]) -> list[int]:
    """Language servers of these tests, by their process ids."""
    found = []
    for process in psutil.process_iter():
        try:
            is_server = process.cmdline()[-1:] == ["serve"]
            if is_server and process.environ().get("GLM_LSP_HOME") == environ["GLM_LSP_HOME"]:
                found.append(process.pid)
        except psutil.Error:  # it has ended meanwhile
            continue
    return sorted(found)


def choose(project: Project, **settings: dict[str, str]) -> None:
    """Settings of the folder: `glm={"engineUrl": ...}`."""
    file = project.folder / ".vscode" / "settings.json"
    file.parent.mkdir()
    chosen = {
        f"{section}.{name}": value for section, each in settings.items() for name, value in each.items()
    }
    file.write_text(json.dumps(chosen), encoding="utf-8")
