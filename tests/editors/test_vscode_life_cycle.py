"""What happens while the extension's server or its engine is not there yet, in Node.js without VS Code."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from tests.editors.engines import LateEngine, SlowEngine
from tests.editors.fake_vscode.driver import FakeVSCode
from tests.editors.fake_vscode.fixtures import StartVSCode, opened, program_of, servers
from tests.editors.project import SOURCE, Project, assert_documented

pytestmark = pytest.mark.timeout(300)

_TRIGGER = ["editor.action.inlineSuggest.trigger"]
_SERVER = Path(sys.executable).with_name("glm-lsp")


def gated(folder: Path) -> tuple[str, Path]:
    """A program that becomes the server when a file is there: the program, and that file."""
    gate = folder / "gate"
    waiting = f"while ! [ -e '{gate}' ]; do sleep 0.1; done"
    lines = f'[ "$1" = --version ] || {waiting}\nexec "{_SERVER}" "$@"'
    return str(program_of(folder, lines)), gate


def triggers(vscode: FakeVSCode) -> int:
    return int(vscode.seen("executed").count(_TRIGGER))


def starts(vscode: FakeVSCode) -> list[str]:
    """The programs that were started, one after the other."""
    return [line.partition("starting ")[2] for line in vscode.seen("log") if "info starting /" in line]


def is_ready(vscode: FakeVSCode) -> bool:
    return vscode.seen("statusBar")[0].startswith(("$(sparkle)", "$(circle-slash)"))


def test_documentation_asked_for_while_the_server_starts_is_written(
    start: StartVSCode, project: Project, tmp_path: Path
) -> None:
    program, gate = gated(tmp_path)
    vscode = start(serverPath=program)
    vscode.open(project.source)
    vscode.until(lambda: servers(vscode))
    vscode.ask("select", line=3, character=0)
    vscode.ask("command", name="glm-lsp.generateDocstring")
    vscode.ask("select", line=10, character=0)
    vscode.until(lambda: vscode.seen("progress"))
    assert not vscode.seen("progress")[0]["isDone"]
    gate.touch()
    vscode.until(lambda: vscode.seen("progress")[0]["isDone"])
    assert vscode.seen("messages") == []
    assert_documented(SOURCE, vscode.text, "discounted")


def test_documentation_cancelled_while_the_server_starts_is_not_written(
    start: StartVSCode, project: Project, tmp_path: Path, slow: SlowEngine
) -> None:
    program, gate = gated(tmp_path)
    vscode = start(serverPath=program, engineUrl=slow.url)
    vscode.open(project.source)
    vscode.until(lambda: servers(vscode))
    vscode.ask("select", line=3, character=0)
    vscode.ask("command", name="glm-lsp.generateDocstring")
    vscode.until(lambda: vscode.seen("progress"))
    vscode.ask("cancelProgress")
    vscode.until(lambda: vscode.seen("progress")[0]["isDone"])
    gate.touch()
    vscode.until(lambda: vscode.ask("isServed"))
    assert [job for job in slow.engine.jobs if not job.request.glm.warm_up] == []
    assert vscode.text == SOURCE
    assert vscode.seen("messages") == []


def test_documentation_asked_for_in_vain_tells_why(
    start: StartVSCode, project: Project, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    waiting = f"while ! [ -e '{gate}' ]; do sleep 0.1; done"
    vscode = start(serverPath=str(program_of(tmp_path, f'[ "$1" = --version ] || {waiting}\nexit 4')))
    vscode.open(project.source)
    vscode.until(lambda: servers(vscode))
    vscode.ask("command", name="glm-lsp.generateDocstring")
    vscode.until(lambda: vscode.seen("progress"))
    gate.touch()
    vscode.until(lambda: vscode.seen("progress")[0]["isDone"])
    (message,) = vscode.seen("messages")
    assert "ended with status 4" in message[1]


def initialized_with(folder: Path) -> tuple[str, Path]:
    """A program that is the server, and where it keeps what it is told first: the program, and that file."""
    told = folder / "told"
    line = f'[ "$1" = --version ] || exec tee -a "{told}" | exec "{_SERVER}" "$@"'
    return str(program_of(folder, f'{line}\nexec "{_SERVER}" "$@"')), told


def test_a_server_that_comes_back_knows_what_was_chosen_meanwhile(
    start: StartVSCode, project: Project, tmp_path: Path
) -> None:
    program, told = initialized_with(tmp_path)
    vscode = opened(start(serverPath=program, trusted=False), project)
    vscode.ask("trust")
    vscode.ask("set", name="glm.enable", value=False)
    vscode.until(lambda: '"enable":false' in told.read_text())
    told.write_text("")
    (server,) = servers(vscode)
    for process in [*server.children(recursive=True), server]:
        process.kill()
    vscode.until(lambda: '"initialize"' in told.read_text())
    first = told.read_text().partition('"method":"initialized"')[0]
    assert '"enable":false' in first
    assert '"workspaceTrusted":true' in first


def test_a_program_that_only_closes_its_output_is_ended(start: StartVSCode, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    waiting = f"echo $$ > {pid}; exec sleep 600 >&- 2>&-"
    program = program_of(tmp_path, f'[ "$1" = --version ] && echo glm-lsp 99 && exit\n{waiting}')
    vscode = start(serverPath=str(program))
    vscode.until(lambda: vscode.seen("messages"))
    vscode.until(lambda: not psutil.pid_exists(int(pid.read_text())))


def test_a_python_extension_that_never_wakes_keeps_nobody_waiting(
    start: StartVSCode, project: Project, tmp_path: Path
) -> None:
    def with_python(vscode: FakeVSCode) -> None:
        vscode.ask("installPython", interpreter=str(tmp_path / "python"))
        vscode.open(project.source)

    vscode = start(prepare=with_python)
    vscode.until(lambda: vscode.ask("wakes"))
    vscode.ask("command", name="glm-lsp.restart")
    vscode.until(lambda: vscode.ask("isServed"))
    assert len(starts(vscode)) == 1


def missed(vscode: FakeVSCode, project: Project) -> FakeVSCode:
    """Types where no engine answers yet."""
    opened(vscode, project)
    vscode.ask("select", line=15, character=len("    return amount"))
    vscode.ask("type", text="\n    am")
    return vscode


def test_what_was_typed_before_the_engine_came_is_asked_about_once_it_is_there(
    start: StartVSCode, project: Project, late: LateEngine
) -> None:
    vscode = missed(start(engineUrl=late.url), project)
    assert triggers(vscode) == 0
    late.come()
    vscode.until(lambda: is_ready(vscode))
    vscode.until(lambda: triggers(vscode) == 1)


@pytest.mark.parametrize(
    "setting",
    [
        {"name": "editor.inlineSuggest.enabled", "value": False},
        {"name": "glm.disabledIn", "value": ["python"]},
    ],
)
def test_who_wants_no_ghost_text_is_shown_none_when_the_engine_comes(
    start: StartVSCode, project: Project, late: LateEngine, setting: dict[str, object]
) -> None:
    vscode = missed(start(engineUrl=late.url), project)
    vscode.ask("set", **setting)
    late.come()
    vscode.until(lambda: is_ready(vscode))
    assert triggers(vscode) == 0


def test_nothing_is_asked_about_a_place_that_was_left(
    start: StartVSCode, project: Project, late: LateEngine
) -> None:
    vscode = missed(start(engineUrl=late.url), project)
    vscode.ask("select", line=0, character=0)
    late.come()
    vscode.until(lambda: is_ready(vscode))
    assert triggers(vscode) == 0


def test_who_asked_by_hand_before_the_engine_came_is_asked_for_as_another_source(
    start: StartVSCode, project: Project, late: LateEngine
) -> None:
    vscode = missed(start(engineUrl=late.url), project)
    vscode.ask("set", name="editor.inlineSuggest.enabled", value=False)
    before = vscode.ask("source")
    assert vscode.ask("complete", triggerKind=0) == []
    assert vscode.ask("source") == before
    late.come()
    vscode.until(lambda: triggers(vscode) == 1)
    assert vscode.ask("source") != before
    assert vscode.ask("isServed")


def test_an_untrusted_folder_does_not_have_documents_logged(start: StartVSCode, project: Project) -> None:
    def logged(*, trusted: bool) -> str:
        vscode = start(
            trusted=trusted,
            prepare=lambda it: it.ask("logLevel", level=1),
            **{"trace.server": "verbose"},
        )
        opened(vscode, project)
        vscode.until(lambda: is_ready(vscode))
        log = "\n".join(vscode.seen("log"))
        vscode.ask("deactivate")
        return log

    assert "below the minimum" not in logged(trusted=False)
    assert "below the minimum" in logged(trusted=True)


def interpreter(folder: Path) -> Path:
    """A Python with a server of its own beside it."""
    programs = folder / "own" / "bin"
    programs.mkdir(parents=True)
    (programs / "glm-lsp").write_text(f'#!/bin/sh\nexec "{_SERVER}" "$@"\n')
    (programs / "glm-lsp").chmod(0o755)
    return programs / "python"


def test_the_server_of_a_python_that_becomes_known_late_takes_over(
    start: StartVSCode, project: Project, tmp_path: Path
) -> None:
    python = interpreter(tmp_path)
    vscode = start(prepare=lambda it: it.ask("installPython", interpreter=str(python)))
    vscode.until(lambda: vscode.ask("isServedAtAll"))
    assert vscode.ask("wakes") == 0
    assert str(python.with_name("glm-lsp")) not in starts(vscode)
    opened(vscode, project)
    vscode.ask("wakePython")
    vscode.until(lambda: starts(vscode)[1:] == [str(python.with_name("glm-lsp"))])
    vscode.until(lambda: vscode.ask("isServed") and len(servers(vscode)) == 1)
    assert vscode.seen("messages") == []


def test_a_python_that_changes_nothing_starts_nothing(
    start: StartVSCode, project: Project, tmp_path: Path
) -> None:
    python = interpreter(tmp_path)
    other = tmp_path / "elsewhere" / "python"

    def prepare(vscode: FakeVSCode) -> None:
        vscode.ask("installPython", interpreter=str(python))
        vscode.open(project.source)

    vscode = start(prepare=prepare)
    vscode.until(lambda: vscode.ask("wakes"))
    vscode.ask("wakePython")
    vscode.until(lambda: vscode.ask("isServed") and is_ready(vscode))
    vscode.ask("choosePython", interpreter=str(python))
    assert starts(vscode) == [str(python.with_name("glm-lsp"))]
    # That it listens at all:
    vscode.ask("choosePython", interpreter=str(other))
    vscode.until(lambda: len(starts(vscode)) == 2)
