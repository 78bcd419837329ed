"""What the extension adds to VS Code beside ghost text: status bar, menu, pausing, reports, restarts."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.editors.project import Project
from tests.editors.vscode import VSCode

pytestmark = pytest.mark.editors

_STATUS = '.statusbar-item[id="glm-lsp.glm-lsp.glm"]'
_MODEL_S = 90.0
_DIALOG = ".quick-input-widget .monaco-button, .quick-input-widget .monaco-text-button"
_MENU = (
    "Pause for python",
    "Resume for python",
    "Pause",
    "Resume",
    "Why is there no suggestion here?",
    "Generate docstring",
    "Choose model…",
    "Import a model…",
    "Restart server",
    "Restart engine",
    "Show log",
    "Run the doctor",
    "Show benchmark page",
    "Settings",
)


def opened(vscode: VSCode, project: Project, **settings: object) -> VSCode:
    choose(project, suggest="eager", **settings)
    vscode.open(project.folder, project.source.name)
    return vscode


def choose(project: Project, **settings: object) -> None:
    file = settings_file(project)
    file.parent.mkdir(exist_ok=True)
    content = {f"glm.{name}": value for name, value in settings.items()}
    content["terminal.integrated.gpuAcceleration"] = "off"  # else terminals are painted, and have no text
    file.write_text(json.dumps(content), encoding="utf-8")


def chosen(project: Project, name: str) -> object:
    return json.loads(settings_file(project).read_text(encoding="utf-8")).get(f"glm.{name}")


def settings_file(project: Project) -> Path:
    return project.folder / ".vscode" / "settings.json"


def status(vscode: VSCode) -> str:
    """The entry's words and what a screen reader says, without padding."""
    words = [*vscode.texts(_STATUS), *vscode.texts(f"{_STATUS} a", "aria-label")]
    return re.sub(r"\s+", " ", " ".join(words))


def wait_for_status(vscode: VSCode, wanted: str) -> None:
    vscode.until(lambda: re.search(wanted, status(vscode)), f"{wanted} in the status bar", _MODEL_S)


def type_a_known_name(vscode: VSCode) -> None:
    """The last name of the file again, its first two letters."""
    vscode.go_to(15)
    vscode.press("End", "Control+Backspace")
    vscode.type("am")
    vscode.until(lambda: vscode.lines[14] == "    return am", "what was typed")


def wait_for_ghost_text(vscode: VSCode) -> None:
    vscode.until(lambda: vscode.ghost_text() == "ount", "ghost text", _MODEL_S)


def pick(vscode: VSCode, entry: str) -> None:
    """Takes an entry of the menu behind the status bar."""
    vscode.click(_STATUS)
    vscode.until(lambda: entry in labels(vscode), f"{entry} in the menu")
    vscode.choose(entry)


def labels(vscode: VSCode) -> list[str]:
    """The entries without what is written behind them."""
    return [next((entry for entry in _MENU if row.startswith(entry)), row) for row in rows(vscode)]


def rows(vscode: VSCode) -> list[str]:
    return [" ".join(choice.split()) for choice in vscode.choices]


def report(vscode: VSCode, name: str) -> str:
    """What is shown of a document beside the editor."""
    lines = f'.editor-group-container:has(.tab[data-resource-name="{name}.txt"]) .view-lines > .view-line'
    return "\n".join(vscode.texts(lines)).replace("\u00a0", " ")


def servers(environ: dict[str, str]) -> set[int]:
    """The processes of language servers that this test run's editors have started."""
    home = f"GLM_LSP_HOME={environ['GLM_LSP_HOME']}".encode()
    found = set()
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"serve" in words and home in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
        except (OSError, ValueError):  # gone meanwhile, or no process
            continue
    return found


def test_the_status_bar_shows_model_and_figures_after_typing(vscode: VSCode, project: Project) -> None:
    opened(vscode, project)
    wait_for_status(vscode, r"starter.*GLM: ready")
    type_a_known_name(vscode)
    wait_for_ghost_text(vscode)
    wait_for_status(vscode, r"starter \d+ ms \d+ %")
    assert not vscode.texts(f"{_STATUS}.has-background-color")


def test_the_menu_pauses_and_resumes(vscode: VSCode, project: Project) -> None:
    opened(vscode, project, enable=True)
    wait_for_status(vscode, "GLM: ready")
    type_a_known_name(vscode)
    wait_for_ghost_text(vscode)
    vscode.click(_STATUS)
    vscode.until(lambda: "Settings" in labels(vscode), "the menu")
    assert set(_MENU) - set(labels(vscode)) == {"Resume", "Resume for python"}
    vscode.choose("Pause")
    vscode.until(lambda: vscode.ghost_text() == "", "the ghost text to go")
    wait_for_status(vscode, "GLM: paused")
    assert chosen(project, "enable") is False
    vscode.type("o")
    vscode.until(lambda: vscode.lines[14] == "    return amo", "the keys to be the editor's again")
    time.sleep(1)  # more than an answer takes
    assert vscode.ghost_text() == ""
    pick(vscode, "Resume")
    wait_for_status(vscode, "GLM: ready")
    vscode.until(lambda: vscode.ghost_text() == "unt", "ghost text", _MODEL_S)
    assert chosen(project, "enable") is not False


def test_the_menu_pauses_and_resumes_for_a_language(vscode: VSCode, project: Project) -> None:
    opened(vscode, project, disabledIn=["go"])
    wait_for_status(vscode, "GLM: ready")
    type_a_known_name(vscode)
    wait_for_ghost_text(vscode)
    pick(vscode, "Pause for python")
    vscode.until(lambda: vscode.ghost_text() == "", "the ghost text to go")
    wait_for_status(vscode, "GLM: paused for python")
    assert chosen(project, "disabledIn") == ["go", "python"]
    pick(vscode, "Resume for python")
    wait_for_ghost_text(vscode)
    vscode.until(lambda: chosen(project, "disabledIn") == ["go"], "the rest of the list")


def test_why_tells_of_the_last_answer_and_of_the_next_one(vscode: VSCode, project: Project) -> None:
    opened(vscode, project)
    wait_for_status(vscode, "GLM: ready")
    type_a_known_name(vscode)
    wait_for_ghost_text(vscode)
    vscode.command("GLM: Why Is There No Suggestion Here?")
    vscode.until(lambda: "15:14" in report(vscode, "GLM why"), "the story")
    vscode.type("o")  # the keys are the editor's still
    vscode.until(lambda: vscode.ghost_text() == "unt", "ghost text")
    vscode.command("GLM: Why Is There No Suggestion Here?")
    vscode.until(lambda: "15:15" in report(vscode, "GLM why"), "the next story")


def test_the_server_is_restarted_by_command(
    vscode: VSCode, project: Project, server_environ: dict[str, str]
) -> None:
    opened(vscode, project)
    wait_for_status(vscode, "GLM: ready")
    before = servers(server_environ)
    vscode.command("GLM: Restart Server")
    vscode.until(
        lambda: servers(server_environ) - before and before - servers(server_environ), "another server"
    )
    wait_for_status(vscode, "GLM: ready")
    type_a_known_name(vscode)
    wait_for_ghost_text(vscode)
    assert len(servers(server_environ)) == len(before)
    assert vscode.notifications == []


def test_a_killed_server_comes_back_without_a_word(
    vscode: VSCode, project: Project, server_environ: dict[str, str]
) -> None:
    opened(vscode, project)
    wait_for_status(vscode, "GLM: ready")
    killed = servers(server_environ)
    assert killed
    for process in killed:
        os.kill(process, signal.SIGKILL)
    vscode.until(lambda: servers(server_environ) - killed, "another server")
    wait_for_status(vscode, "GLM: ready")
    type_a_known_name(vscode)
    wait_for_ghost_text(vscode)
    assert vscode.notifications == []


def test_another_program_is_started_without_a_reload(vscode: VSCode, project: Project) -> None:
    missing = project.folder / "none"
    opened(vscode, project, serverPath=str(missing))
    vscode.until(lambda: vscode.notifications, "a message")
    assert vscode.notifications[0].startswith(f"GLM: {missing} is not a program.")
    assert vscode.texts(f"{_STATUS}.has-background-color")
    wait_for_status(vscode, "does not run")
    choose(project, suggest="eager")
    wait_for_status(vscode, "GLM: ready")
    type_a_known_name(vscode)
    wait_for_ghost_text(vscode)


def test_the_doctor_s_findings_are_shown(vscode: VSCode, project: Project) -> None:
    opened(vscode, project)
    wait_for_status(vscode, "GLM: ready")
    pick(vscode, "Run the doctor")
    vscode.until(lambda: "Completions work" in report(vscode, "GLM doctor"), "the verdict", _MODEL_S)


def test_models_are_listed_and_the_one_in_use_is_marked(vscode: VSCode, project: Project) -> None:
    opened(vscode, project, model="starter")
    wait_for_status(vscode, "starter.*GLM: ready")
    pick(vscode, "Choose model…")
    vscode.until(lambda: any(row.startswith("starter") for row in rows(vscode)), "the models", _MODEL_S)
    (row,) = [row for row in rows(vscode) if row.startswith("starter")]
    assert "in use" in row
    assert "built in" in row
    vscode.press("Escape")


def test_the_log_is_shown(vscode: VSCode, project: Project) -> None:
    opened(vscode, project)
    wait_for_status(vscode, "GLM: ready")
    pick(vscode, "Show log")
    words = ".part.panel .view-lines > .view-line"
    vscode.until(
        lambda: any(
            "the\u00a0server\u00a0answered" in line.replace(" ", "\u00a0") for line in vscode.texts(words)
        ),
        "the log",
    )


def test_what_is_measured_is_shown_as_a_page(vscode: VSCode, project: Project) -> None:
    opened(vscode, project)
    wait_for_status(vscode, "GLM: ready")
    pick(vscode, "Show benchmark page")
    vscode.until(lambda: vscode.notifications, "the offer to measure")
    vscode.button("Measure")
    vscode.until(lambda: any("p95" in words for words in vscode.frames), "the page", 8 * _MODEL_S)
    vscode.until(lambda: vscode.notifications == [], "the progress to go")


def test_why_an_import_failed_is_told(vscode: VSCode, project: Project) -> None:
    checkpoint = project.folder / "no checkpoint (1)"
    checkpoint.mkdir()
    opened(vscode, project)
    wait_for_status(vscode, "GLM: ready")
    pick(vscode, "Import a model…")
    vscode.until(lambda: any(row.startswith("From a folder") for row in rows(vscode)), "the origins")
    vscode.choose("From a folder…")
    vscode.until(lambda: any("Import" in text for text in vscode.texts(_DIALOG)), "the choice of a folder")
    vscode.press("Control+a")
    vscode.type(f"{checkpoint}/")
    # Nothing but the way out: before, it lists another folder, and Enter would take that.
    vscode.until(lambda: rows(vscode) == [".."], "what is in the folder")
    vscode.press("Enter")
    vscode.until(
        lambda: "name of the model" in " ".join(vscode.texts(".quick-input-title")), "the question for a name"
    )
    vscode.press("Enter")
    told = "GLM: importing no checkpoint (1) failed. GLM-"
    vscode.until(
        lambda: any(told in " ".join(message.split()) for message in vscode.notifications),
        "why it failed",
        _MODEL_S,
    )


def test_a_server_that_keeps_ending_is_told_of_once_and_comes_back_by_command(
    vscode: VSCode, project: Project, server_environ: dict[str, str]
) -> None:
    opened(vscode, project)
    wait_for_status(vscode, "GLM: ready")
    for _ in range(5):
        vscode.until(lambda: re.search("GLM: ready", status(vscode)), "the server to be back", _MODEL_S)
        killed = servers(server_environ)
        for process in killed:
            os.kill(process, signal.SIGKILL)
        vscode.until(lambda gone=killed: not gone & servers(server_environ), "the end of the server")
        vscode.until(lambda: not re.search("GLM: ready", status(vscode)), "the status bar to know of it")
    vscode.until(lambda: vscode.notifications, "a message")
    (message,) = vscode.notifications
    ending = "GLM: the server has ended, and could not be started again: it was ended by SIGKILL"
    assert message.startswith(ending)
    wait_for_status(vscode, "does not run")
    vscode.command("GLM: Restart Server")
    wait_for_status(vscode, "GLM: ready")
    type_a_known_name(vscode)
    wait_for_ghost_text(vscode)
