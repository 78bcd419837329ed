"""Docstrings in a real VS Code, with the real server: what the window shows, and what is on the disk."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.editors.engines import LateEngine, SlowEngine
from tests.editors.project import SOURCE, Project, assert_documented
from tests.editors.vscode import VSCode

pytestmark = pytest.mark.editors

_MODEL_S = 60.0


def opened(vscode: VSCode, project: Project, line: int = 4) -> VSCode:
    vscode.open(project.folder, project.source.name)
    assert text(vscode) == SOURCE
    vscode.go_to(line)
    return vscode


def text(vscode: VSCode) -> str:
    return "\n".join(vscode.lines)


def wait_for_change(vscode: VSCode) -> str:
    vscode.until(lambda: text(vscode) != SOURCE, "a change", _MODEL_S)
    time.sleep(0.3)  # a longer edit may be painted in two frames
    return text(vscode)


def wait_for(vscode: VSCode, wanted: str) -> None:
    vscode.until(lambda: text(vscode) == wanted, f"this to be shown:\n{wanted}", 10)


def documents_with_undo_and_redo(vscode: VSCode, project: Project, *names: str) -> None:
    after = wait_for_change(vscode)
    assert_documented(SOURCE, after, *names)
    assert project.source.read_text() == SOURCE
    vscode.save()
    assert project.source.read_text() == after
    vscode.press("Control+z")
    wait_for(vscode, SOURCE)
    vscode.save()
    assert project.source.read_text() == SOURCE
    vscode.press("Control+Shift+z")
    wait_for(vscode, after)
    assert vscode.notifications == []


def test_the_command_documents_the_definition_at_the_cursor(vscode: VSCode, project: Project) -> None:
    opened(vscode, project)
    vscode.command("GLM: Generate Docstring")
    documents_with_undo_and_redo(vscode, project, "discounted")


def test_the_command_for_files_documents_all_of_it(vscode: VSCode, project: Project) -> None:
    opened(vscode, project)
    vscode.command("GLM: Generate Docstrings in File")
    documents_with_undo_and_redo(vscode, project, "discounted", "total")


def test_the_code_action_documents_the_definition_at_the_cursor(vscode: VSCode, project: Project) -> None:
    opened(vscode, project, line=11)
    vscode.code_action("Generate docstring for `total`")
    documents_with_undo_and_redo(vscode, project, "total")


def test_selected_statements_get_a_comment(vscode: VSCode, project: Project) -> None:
    opened(vscode, project, line=13)
    vscode.press("Shift+ArrowDown", "Shift+End")
    vscode.command("GLM: Comment Selection")
    before, after = SOURCE.split("\n"), wait_for_change(vscode).split("\n")
    added = after[12 : 12 + len(after) - len(before)]
    assert added
    assert all(line.startswith("    # ") for line in added)
    assert [*after[:12], *after[12 + len(added) :]] == before


def test_a_file_with_dos_line_breaks_keeps_them(vscode: VSCode, project: Project) -> None:
    before = SOURCE.replace("\n", "\r\n").encode()
    project.source.write_bytes(before)
    opened(vscode, project)
    vscode.command("GLM: Generate Docstring")
    assert_documented(SOURCE, wait_for_change(vscode), "discounted")
    vscode.save()
    written = project.source.read_bytes()
    assert written.count(b"\r\n") == written.count(b"\n") == written.count(b"\r") == len(vscode.lines) - 1
    vscode.press("Control+z")
    wait_for(vscode, SOURCE)
    vscode.save()
    assert project.source.read_bytes() == before


def test_cancelling_leaves_the_file_and_its_history_as_they_were(
    vscode: VSCode, project: Project, slow: SlowEngine
) -> None:
    choose(project, engineUrl=slow.url)
    opened(vscode, project)
    vscode.command("GLM: Generate Docstring")
    job = slow.job()
    vscode.button("Cancel")
    slow.assert_cancelled(job)
    time.sleep(0.5)
    assert text(vscode) == SOURCE
    assert not vscode.is_dirty
    vscode.press("Control+z")
    time.sleep(0.5)
    assert text(vscode) == SOURCE
    assert not vscode.is_dirty
    assert project.source.read_text() == SOURCE
    vscode.until(lambda: vscode.notifications == [], "the notification to go")


def test_a_document_edited_meanwhile_is_left_to_the_person(
    vscode: VSCode, project: Project, slow: SlowEngine
) -> None:
    choose(project, engineUrl=slow.url)
    opened(vscode, project)
    vscode.command("GLM: Generate Docstring")
    slow.job()
    vscode.go_to(2)
    vscode.type("# mine")
    vscode.until(lambda: any("changed" in message for message in vscode.notifications), "a message", _MODEL_S)
    time.sleep(0.5)
    wanted = SOURCE.replace("\n", "\n# mine", 1)
    assert text(vscode) == wanted
    vscode.save()
    assert project.source.read_text() == wanted


def test_documentation_that_was_begun_is_offered_as_ghost_text(vscode: VSCode, project: Project) -> None:
    wait_for_engine(opened(vscode, project))
    vscode.go_to(11)
    vscode.press("End")
    vscode.until(lambda: is_indented_by_enter(vscode), "VS Code to know Python")
    vscode.type('"""')
    vscode.until(vscode.ghost_text, "ghost text", _MODEL_S)
    vscode.press("Tab")
    # What follows it is painted a moment later.
    vscode.until(
        lambda: (
            "shipping: " in text(vscode).partition("def total")[2].partition("\n")[2]
            and "return amount" in text(vscode)
        ),
        "the whole docstring",
    )
    after = text(vscode)
    assert_documented(SOURCE, after, "total")
    vscode.save()
    assert project.source.read_text() == after


def test_ghost_text_asked_for_before_the_engine_is_there_comes_with_it(
    vscode: VSCode, project: Project, late: LateEngine
) -> None:
    choose(project, engineUrl=late.url)
    opened(vscode, project, line=11)
    vscode.until(lambda: vscode.notifications, "the server to miss its engine")
    vscode.press("End")
    vscode.until(lambda: is_indented_by_enter(vscode), "VS Code to know Python")
    vscode.type('"""')
    time.sleep(2)
    assert vscode.ghost_text() == ""
    late.come()
    vscode.until(vscode.ghost_text, "ghost text", _MODEL_S)
    vscode.press("Tab")
    vscode.until(lambda: "shipping:" in text(vscode), "the whole docstring")


def test_ghost_text_asked_for_by_hand_before_the_engine_is_there_comes_with_it(
    vscode: VSCode, project: Project, late: LateEngine
) -> None:
    choose(project, engineUrl=late.url)
    opened(vscode, project, line=11)
    vscode.until(lambda: vscode.notifications, "the server to miss its engine")
    vscode.press("End")
    vscode.until(lambda: is_indented_by_enter(vscode), "VS Code to know Python")
    vscode.type('"""')
    vscode.command("Trigger Inline Suggestion")
    time.sleep(2)
    assert vscode.ghost_text() == ""
    late.come()
    vscode.until(vscode.ghost_text, "ghost text", _MODEL_S)


def test_a_server_that_cannot_be_found_is_told_of_once(vscode: VSCode, project: Project) -> None:
    program = project.folder / "none"
    choose(project, serverPath=str(program))
    opened(vscode, project)
    vscode.until(lambda: vscode.notifications, "a message")
    time.sleep(2)
    assert [message.splitlines()[0] for message in vscode.notifications] == [
        f"GLM: {program} is not a program."
    ]


def test_a_server_that_ends_at_once_is_told_of_once_and_ran_outside_of_the_project(
    vscode: VSCode, project: Project
) -> None:
    program, ran = project.folder / "broken", project.folder / "ran"
    program.write_text(f'#!/bin/sh\necho "$(pwd) $*" >> {ran}\nexit 3\n')
    program.chmod(0o755)
    choose(project, serverPath="./broken")
    opened(vscode, project)
    vscode.until(lambda: vscode.notifications, "a message")
    time.sleep(3)
    (message,) = vscode.notifications
    assert message.startswith(f"GLM: {program} could not be started: it ended with status 3.")
    calls = [call.rpartition(" ") for call in ran.read_text().splitlines()]
    assert [argument for _, _, argument in calls] == ["--version", "serve"]
    for folder, _, _ in calls:
        assert not Path(folder).is_relative_to(project.folder)


def wait_for_engine(vscode: VSCode) -> None:
    """A command waits for the engine; ghost text that is asked for before it is there never comes."""
    vscode.command("GLM: Generate Docstring")
    wait_for_change(vscode)
    vscode.press("Control+z")
    wait_for(vscode, SOURCE)


def is_indented_by_enter(vscode: VSCode) -> bool:
    """Breaks the line; takes that back where VS Code has not loaded yet what it knows of the language."""
    vscode.press("Enter")
    time.sleep(0.5)
    if vscode.lines[11] == "    ":
        return True
    vscode.press("Control+z")
    return False


def choose(project: Project, **settings: str) -> None:
    file = project.folder / ".vscode" / "settings.json"
    file.parent.mkdir()
    file.write_text(json.dumps({f"glm.{name}": value for name, value in settings.items()}), encoding="utf-8")
