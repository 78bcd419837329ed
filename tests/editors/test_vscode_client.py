"""The extension's bundle and its language client, in Node.js without VS Code, with the real server and model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.editors.engines import SlowEngine
from tests.editors.fake_vscode.driver import FakeVSCode
from tests.editors.fake_vscode.fixtures import StartVSCode, opened, program_of, servers
from tests.editors.project import SOURCE, Project, assert_documented
from tests.fakes.fake_engine import FakeJob

pytestmark = pytest.mark.timeout(300)

_DOCUMENTED = ["setContext", "glm-lsp.documented", True]


def jobs(slow: SlowEngine) -> list[FakeJob]:
    return [job for job in slow.engine.jobs if not job.request.glm.warm_up]


def test_ghost_text_follows_what_is_typed_until_the_extension_ends(
    start: StartVSCode, project: Project
) -> None:
    vscode = opened(start(suggest="eager"), project)
    vscode.ask("select", line=15, character=len("    return amount"))
    vscode.ask("type", text="\n\n\ndef average(prices: list[float]) -> float:\n    return ")
    vscode.until(vscode.complete)
    item = vscode.complete()[0]
    assert item["text"].strip()
    line, start_character, end_line, end_character = item["range"]
    assert line == end_line == 19
    assert start_character <= end_character == len("    return ")
    vscode.until(lambda: any("starter" in text for text in vscode.seen("statusBar")))
    wanted = whole(vscode, item)
    vscode.ask("type", text=wanted[end_character])
    vscode.until(vscode.complete)
    assert whole(vscode, vscode.complete()[0]) == wanted
    (server,) = servers(vscode)
    vscode.ask("deactivate")
    vscode.until(lambda: not server.is_running())


def whole(vscode: FakeVSCode, item: dict[str, Any]) -> str:
    """The line as it is after an item has been taken."""
    line, character, _, end_character = item["range"]
    before = vscode.text.split("\n")[line]
    return before[:character] + str(item["text"]) + before[end_character:]


def test_the_command_s_edit_is_applied(start: StartVSCode, project: Project) -> None:
    vscode = opened(start(), project)
    vscode.ask("select", line=3, character=0)
    vscode.ask("command", name="glm-lsp.generateDocstring")
    vscode.until(lambda: vscode.text != SOURCE)
    assert_documented(SOURCE, vscode.text, "discounted")
    vscode.until(lambda: vscode.seen("progress")[-1]["isDone"])
    assert vscode.seen("messages") == []
    vscode.until(lambda: _DOCUMENTED in vscode.seen("executed"))


def test_a_step_is_not_done_where_nothing_was_written(start: StartVSCode, project: Project) -> None:
    vscode = opened(start(enable=False), project)
    vscode.ask("select", line=3, character=0)
    vscode.ask("command", name="glm-lsp.generateDocstring")
    vscode.until(lambda: vscode.seen("progress") and vscode.seen("progress")[-1]["isDone"])
    vscode.until(lambda: vscode.seen("messages"))
    assert _DOCUMENTED not in vscode.seen("executed")


def test_a_request_that_is_withdrawn_ends_at_the_engine(
    start: StartVSCode, project: Project, slow: SlowEngine
) -> None:
    vscode = opened(start(engineUrl=slow.url), project)
    vscode.ask("select", line=15, character=len("    return amount"))
    vscode.ask("type", text="\n    amount = ")
    vscode.until(lambda: vscode.ask("begin") or jobs(slow))
    job = slow.job()
    assert vscode.ask("cancel") == []
    slow.assert_cancelled(job)


def test_cancelling_the_command_leaves_the_document(
    start: StartVSCode, project: Project, slow: SlowEngine
) -> None:
    vscode = opened(start(engineUrl=slow.url), project)
    vscode.ask("select", line=3, character=0)
    vscode.ask("command", name="glm-lsp.generateDocstring")
    job = slow.job()
    vscode.ask("cancelProgress")
    slow.assert_cancelled(job)
    vscode.until(lambda: vscode.seen("progress")[-1]["isDone"])
    assert vscode.text == SOURCE
    assert vscode.seen("messages") == []


def test_a_setting_counts_at_once(start: StartVSCode, project: Project) -> None:
    vscode = opened(start(suggest="eager"), project)
    vscode.ask("select", line=11, character=len("    amount = shipping"))
    vscode.ask("type", text="\n    ")
    vscode.until(vscode.complete)
    vscode.ask("set", name="glm.enable", value=False)
    vscode.until(lambda: vscode.complete() == [])
    vscode.ask("set", name="glm.enable", value=True)
    vscode.until(vscode.complete)


def test_resuming_takes_back_what_pausing_has_written(
    start: StartVSCode, project: Project, own_home: dict[str, str]
) -> None:
    config = Path(own_home["GLM_LSP_HOME"]) / "config.toml"
    config.write_text('disabledIn = ["go"]\n')
    vscode = opened(start(environ=own_home), project)
    vscode.until(lambda: any("starter" in text for text in vscode.seen("statusBar")))
    vscode.ask("command", name="glm-lsp.pause")
    vscode.until(
        lambda: any("paused" in str(text) or "debug-pause" in text for text in vscode.seen("statusBar"))
    )
    assert vscode.seen("settings") == {"glm.enable": False}
    vscode.ask("command", name="glm-lsp.resume")
    vscode.until(lambda: vscode.seen("settings") == {})
    vscode.ask("command", name="glm-lsp.pauseForLanguage")
    vscode.until(lambda: vscode.seen("settings") == {"glm.disabledIn": ["go", "python"]})
    vscode.ask("command", name="glm-lsp.pauseForLanguage")
    # What the file says counts again, also when it says something else one day.
    vscode.until(lambda: vscode.seen("settings") == {})


def test_resuming_counts_for_more_than_the_file_s_pause(
    start: StartVSCode, project: Project, own_home: dict[str, str]
) -> None:
    config = Path(own_home["GLM_LSP_HOME"]) / "config.toml"
    config.write_text("enable = false\n")
    vscode = opened(start(environ=own_home), project)
    vscode.until(lambda: any("debug-pause" in text for text in vscode.seen("statusBar")))
    vscode.ask("command", name="glm-lsp.resume")
    vscode.until(lambda: vscode.seen("settings") == {"glm.enable": True})
    vscode.until(lambda: all("debug-pause" not in text for text in vscode.seen("statusBar")))


def test_a_missing_server_is_offered_and_never_again_after_not_now(
    start: StartVSCode, tmp_path: Path
) -> None:
    vscode = start(environ={"PATH": str(tmp_path), "HOME": str(tmp_path)})
    vscode.until(lambda: vscode.seen("messages"))
    vscode.ask("answers", answers=["Not Now"])
    vscode.ask("command", name="glm-lsp.restart")
    vscode.until(lambda: vscode.seen("memory").get("glm.isInstallationDeclined"))
    vscode.ask("command", name="glm-lsp.restart")
    vscode.until(lambda: sum("not installed" in line for line in vscode.seen("log")) == 3)
    vscode.ask("deactivate")
    first, second = vscode.seen("messages")
    assert first == second
    kind, message, *buttons = first
    assert kind == "information"
    assert message.startswith("GLM needs the program glm-lsp: glm-lsp is not installed, or not on the PATH. ")
    assert "pip downloads some" in message
    assert buttons == ["Install…", "Choose Program…", "Not Now"]


def test_a_folder_chooses_the_server_when_it_is_trusted_only(start: StartVSCode, project: Project) -> None:
    own = project.folder / ".venv" / "bin" / "glm-lsp"
    own.parent.mkdir(parents=True)
    ran = project.folder / "ran"
    own.write_text(f'#!/bin/sh\necho "$*" >> "{ran}"\nexit 3\n')
    own.chmod(0o755)
    vscode = opened(start(trusted=False), project)
    assert not ran.exists()
    vscode.ask("trust")
    vscode.until(ran.exists)


def test_a_server_that_is_too_old_is_told_of(start: StartVSCode, project: Project, tmp_path: Path) -> None:
    old = tmp_path / "glm-lsp"
    old.write_text("#!/bin/sh\necho glm-lsp 0.0.9\n")
    old.chmod(0o755)
    vscode = start(serverPath=str(old))
    vscode.until(lambda: vscode.seen("messages"))
    (message,) = vscode.seen("messages")
    assert message[1] == (f"GLM: {old} is version 0.0.9; 0.1.0 or newer is needed, install that one.")


def test_a_setting_that_names_a_broken_program_can_be_forgotten(
    start: StartVSCode, project: Project, tmp_path: Path
) -> None:
    vscode = start(serverPath=str(program_of(tmp_path, "exit 3")))
    vscode.until(lambda: vscode.seen("messages"))
    (message,) = vscode.seen("messages")
    # Whatever is installed, the setting would count.
    assert message[2:] == ["Forget the Setting", "Choose Program…", "Show Log"]
    vscode.ask("answers", answers=["Forget the Setting"])
    vscode.ask("command", name="glm-lsp.restart")
    opened(vscode, project)


def test_what_would_not_be_used_is_installed_only_by_who_wants_that(
    start: StartVSCode, tmp_path: Path
) -> None:
    program = program_of(tmp_path, "exit 3")
    vscode = start(serverPath=str(program))
    vscode.until(lambda: vscode.seen("messages"))
    vscode.ask("command", name="glm-lsp.install")
    vscode.until(lambda: len(vscode.seen("messages")) == 2)
    kind, message, *buttons = vscode.seen("messages")[-1]
    assert kind == "warning"
    assert f"{program} comes first, as the setting glm.serverPath names it" in message
    assert buttons == ["Install Nevertheless"]


def test_how_a_server_ended_is_told(start: StartVSCode, tmp_path: Path) -> None:
    program = program_of(tmp_path, "echo 'first' >&2\necho 'GLM-101: no such model' >&2\nexit 3")
    vscode = start(serverPath=str(program))
    vscode.until(lambda: vscode.seen("messages"))
    (message,) = vscode.seen("messages")
    assert message[:2] == [
        "error",
        f"GLM: {program} could not be started: it ended with status 3: GLM-101: no such model.",
    ]


def test_a_server_that_does_not_answer_is_ended_and_told_of(start: StartVSCode, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    program = program_of(
        tmp_path, f'[ "$1" = --version ] && echo glm-lsp 99 && exit\necho $$ > {told}\nexec sleep 600'
    )
    vscode = start(hurried=True, serverPath=str(program))
    vscode.until(lambda: vscode.seen("messages"))
    (message,) = vscode.seen("messages")
    assert message[1] == f"GLM: {program} could not be started: it did not answer within 60 s."
    vscode.until(lambda: not psutil.pid_exists(int(told.read_text())))


def test_another_program_takes_over_from_one_that_hangs_when_asked_for_its_version(
    start: StartVSCode, project: Project, tmp_path: Path
) -> None:
    told = tmp_path / "pid"
    program = program_of(tmp_path, f"echo $$ > {told}\nexec sleep 600")
    vscode = start(serverPath=str(program))
    vscode.until(told.exists)
    vscode.ask("set", name="glm.serverPath", value="")
    vscode.open(project.source)
    vscode.until(lambda: vscode.ask("isServed"))
    vscode.until(lambda: not psutil.pid_exists(int(told.read_text())))
    assert len(servers(vscode)) == 1
    assert vscode.seen("messages") == []


def test_restarts_in_quick_succession_leave_one_server(start: StartVSCode, project: Project) -> None:
    vscode = opened(start(), project)
    for _ in range(5):
        vscode.ask("command", name="glm-lsp.restart")
    answered = "the server answered"
    vscode.until(lambda: sum(answered in line for line in vscode.seen("log")) >= 2)
    vscode.until(lambda: len(servers(vscode)) == 1 and vscode.ask("isServed"))
    assert vscode.seen("messages") == []


def test_a_folder_s_broken_program_is_told_of_once_when_the_folder_is_trusted(
    start: StartVSCode, project: Project
) -> None:
    own = project.folder / ".venv" / "bin" / "glm-lsp"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\necho 'bad interpreter' >&2\nexit 5\n")
    own.chmod(0o755)
    vscode = opened(start(trusted=False), project)
    vscode.ask("trust")
    vscode.until(lambda: vscode.seen("messages"))
    vscode.ask("command", name="glm-lsp.showLog")
    (message,) = vscode.seen("messages")
    assert message[1] == f"GLM: {own} could not be started: it ended with status 5: bad interpreter."


def test_the_walkthrough_opens_at_the_first_start_only(start: StartVSCode) -> None:
    vscode = start()
    walkthrough = ["workbench.action.openWalkthrough", "glm-lsp.glm-lsp#start", False]
    vscode.until(lambda: walkthrough in vscode.seen("executed"))
    vscode.ask("deactivate")
    vscode.ask("activate", folder="/", settings={}, trusted=True)
    vscode.until(lambda: vscode.ask("isServedAtAll"))
    assert vscode.seen("executed").count(walkthrough) == 1
