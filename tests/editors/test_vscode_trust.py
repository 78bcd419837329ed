"""A folder that is not trusted, in a real VS Code: what lies in it is not started, and what it sets does not count."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.engines import SlowEngine
from tests.editors.project import Project
from tests.editors.setup.cache import SetupError
from tests.editors.setup.code_server import code_server
from tests.editors.setup.extension import extension
from tests.editors.vscode import CodeServerProcess, VSCode

pytestmark = pytest.mark.editors

_READY = '.statusbar-item[id="glm-lsp.glm-lsp.glm"] a[aria-label*="GLM: ready"]'
_RESTRICTED = '.statusbar-item[id="status.workspaceTrust"]'
_TRUST = '.workspace-trust-editor .monaco-button:text-is("Trust")'
_MODEL_S = 90.0


@pytest.fixture
def distrustful(
    server_environ: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest, artefacts: Path
) -> Iterator[VSCode]:
    """A VS Code that trusts no folder yet."""
    try:
        tools, package = code_server(), extension()
    except SetupError as error:
        pytest.skip(str(error))
    process = CodeServerProcess(tools, tmp_path / "vscode", package, server_environ, trusts=False)
    browser = VSCode(process)
    yield browser
    browser.screenshot(artefacts / f"{request.node.name}.png")
    browser.close()
    process.close()


def telling(program: Path) -> Path:
    """Writes a program that notes how it was started, and is the server then; returns the place of its notes."""
    program.parent.mkdir(parents=True, exist_ok=True)
    ran = program.with_name("ran")
    server = Path(sys.executable).with_name("glm-lsp")
    program.write_text(f'#!/bin/sh\necho "$*" >> "{ran}"\nexec "{server}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return ran


@pytest.mark.timeout(600)
def test_nothing_of_a_folder_is_started_before_it_is_trusted(
    distrustful: VSCode, project: Project, slow: SlowEngine
) -> None:
    vscode = distrustful
    of_environment = telling(project.folder / ".venv" / "bin" / "glm-lsp")
    of_settings = telling(project.folder / "tools" / "server")
    settings = project.folder / ".vscode" / "settings.json"
    settings.parent.mkdir()
    hostile = {"glm.engineUrl": slow.url, "glm.model": "none", "glm.logLevel": "debug"}
    settings.write_text(json.dumps({**hostile, "glm.serverPath": "tools/server"}), encoding="utf-8")
    vscode.open(project.folder, project.source.name)
    vscode.until(lambda: vscode.texts(_RESTRICTED), "the window to be restricted")
    vscode.until(lambda: vscode.texts(_READY), "the server to be ready", _MODEL_S)
    vscode.go_to(15)
    vscode.press("End", "Control+Backspace")
    assert vscode.type_until_ghost_text("am") == "ount"
    assert not of_environment.exists()
    assert not of_settings.exists()
    assert slow.engine.jobs == []
    assert vscode.notifications == []
    # What is taste may be the folder's still; nothing of this is.
    settings.write_text("{}", encoding="utf-8")
    vscode.command("Workspaces: Manage Workspace Trust")
    vscode.until(lambda: vscode.texts(_TRUST), "the button")
    vscode.click(_TRUST)
    vscode.until(of_environment.exists, "the folder's own program to be started", _MODEL_S)
    vscode.until(lambda: "serve" in of_environment.read_text(encoding="utf-8"), "it to serve", _MODEL_S)
    vscode.until(lambda: vscode.texts(_READY), "the server to be ready", _MODEL_S)
    assert of_environment.read_text(encoding="utf-8").split("\n").count("serve") == 1
    assert not of_settings.exists()
    assert vscode.notifications == []
