"""The extension imports models, in Node.js without VS Code, with the real program and with one that fails."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from tests.editors.fake_vscode.driver import FakeVSCode
from tests.editors.fake_vscode.fixtures import StartVSCode, program_of
from tests.official.checkpoints import write_official_folder

pytestmark = pytest.mark.timeout(300)

_SERVER = Path(sys.executable).with_name("glm-lsp")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny official one."""
    folder = tmp_path_factory.mktemp("official") / "codegeex4-tiny"
    write_official_folder(folder, "codegeex4")
    return folder


def import_from(vscode: FakeVSCode, folder: Path, *answers: str) -> None:
    vscode.until(lambda: vscode.ask("isServedAtAll"))
    vscode.ask("answers", answers=["$(folder) From a folder…", {"path": str(folder)}, *answers])
    vscode.ask("command", name="glm-lsp.importModel")


def test_a_model_is_imported_without_trust_or_a_terminal_and_used(
    start: StartVSCode, checkpoint: Path, own_home: dict[str, str]
) -> None:
    vscode = start(environ=own_home, trusted=False)
    import_from(vscode, checkpoint, "Import", "Use It")
    there = (
        "GLM: codegeex4-tiny is there. As long as you do not trust this folder, it has the built-in model."
    )
    vscode.until(lambda: ["information", there, "Use It"] in vscode.seen("messages"))
    messages = vscode.seen("messages")
    assert ["information", "Import codegeex4-tiny?", "Import"] in messages
    (told,) = vscode.seen("details")
    assert "to run it" in told
    assert "licence" in told
    assert "dry run" not in told
    vscode.ask("trust")
    vscode.until(lambda: any("codegeex4-tiny" in text for text in vscode.seen("statusBar")))
    # Once more: there is one of that name now, and that is said.
    import_from(vscode, checkpoint)
    vscode.until(lambda: vscode.seen("messages")[-1][0] == "error")
    assert "GLM: importing codegeex4-tiny failed." in vscode.seen("messages")[-1][1]
    assert "exists" in vscode.seen("messages")[-1][1]


def test_an_import_that_is_not_wanted_after_all_does_nothing(
    start: StartVSCode, checkpoint: Path, own_home: dict[str, str]
) -> None:
    vscode = start(environ=own_home)
    import_from(vscode, checkpoint)
    vscode.until(lambda: ["information", "Import codegeex4-tiny?", "Import"] in vscode.seen("messages"))
    vscode.ask("command", name="glm-lsp.chooseModel")
    vscode.until(lambda: vscode.seen("messages")[-1][0] == "pick")
    assert "codegeex4-tiny" not in vscode.seen("messages")[-1]


def failing_program(folder: Path, importing: str) -> Path:
    """A program that is the real one, but for what it does to import a model."""
    return program_of(
        folder,
        f"""case "$*" in
*--dry-run*) echo "to run it  1 MiB" >&2 ;;
*import*) {importing} ;;
*) exec "{_SERVER}" "$@" ;;
esac""",
    )


def test_why_an_import_failed_halfway_is_told(
    start: StartVSCode, checkpoint: Path, own_home: dict[str, str], tmp_path: Path
) -> None:
    program = failing_program(tmp_path, "echo 'GLM-206: the disk is full' >&2; exit 1")
    vscode = start(environ=own_home, serverPath=str(program))
    import_from(vscode, checkpoint, "Import")
    told = "GLM: importing codegeex4-tiny failed. GLM-206: the disk is full"
    vscode.until(lambda: ["error", told] in vscode.seen("messages"))


def test_a_cancelled_import_ends_with_all_it_has_started(
    start: StartVSCode, checkpoint: Path, own_home: dict[str, str], tmp_path: Path
) -> None:
    told = tmp_path / "pids"
    # The shell goes on when it is interrupted, as long as its child lives.
    program = failing_program(tmp_path, f"trap '' INT; sleep 600 & echo $$ $! > {told}; wait; wait")
    vscode = start(environ=own_home, serverPath=str(program))
    import_from(vscode, checkpoint, "Import")
    vscode.until(lambda: told.exists() and told.read_text().split())
    vscode.ask("cancelProgress")
    pids = [int(pid) for pid in told.read_text().split()]
    vscode.until(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    kept = (
        "GLM: codegeex4-tiny was not imported. What has been done is kept; import it again to go on with it."
    )
    vscode.until(lambda: ["information", kept] in vscode.seen("messages"))


def test_without_a_program_nobody_is_asked_what_to_import(start: StartVSCode, tmp_path: Path) -> None:
    vscode = start(serverPath=str(tmp_path / "none"))
    vscode.until(lambda: vscode.seen("messages"))
    vscode.ask("command", name="glm-lsp.importModel")
    vscode.until(lambda: len(vscode.seen("messages")) == 2)
    assert "is not a program" in vscode.seen("messages")[-1][1]
