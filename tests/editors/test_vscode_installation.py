"""The extension installs the server of this tree by itself, with pip, into an environment of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from tests.editors.fake_vscode.driver import FakeVSCode
from tests.editors.project import Project
from tests.editors.setup.cache import SetupError
from tests.editors.setup.extension import bundle, node_with_modules
from tests.fakes.fake_server import wait_until

pytestmark = [pytest.mark.editors, pytest.mark.timeout(900)]

_CHECKOUT = Path(__file__).parents[2]


def test_a_checkout_is_installed_and_serves(
    project: Project, tmp_path: Path, server_environ: dict[str, str]
) -> None:
    try:
        node = node_with_modules()
    except SetupError as error:
        pytest.skip(str(error))
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve().parent
    storage = tmp_path / "Ümlaut folder"
    checkout = tmp_path / "a; b [c]"
    checkout.symlink_to(_CHECKOUT, target_is_directory=True)
    environ = {**server_environ, "PATH": f"{base}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(tmp_path)}
    vscode = FakeVSCode(node, bundle(), storage, environ)
    try:
        vscode.activate(project.folder)
        vscode.until(lambda: vscode.seen("messages"))
        vscode.ask("answers", answers=["A checkout of glm-lsp…", {"path": str(checkout)}])
        vscode.ask("command", name="glm-lsp.install")
        wait_until(lambda: any(each["isDone"] for each in vscode.seen("progress")), 600)
        lines = vscode.seen("progress")[0]["lines"]
        assert lines[-1].startswith("glm-lsp "), vscode.seen("messages")
        vscode.until(lambda: vscode.ask("isServedAtAll"))
        assert vscode.seen("messages")[-1] == ["information", "GLM: glm-lsp was installed."]
        programs = [" ".join(child.cmdline()) for child in psutil.Process(vscode.pid).children()]
        assert any(str(storage) in program and "serve" in program for program in programs)
        vscode.ask("command", name="glm-lsp.uninstall")
        removed = ["information", "GLM: the installed server was removed."]
        vscode.until(lambda: removed in vscode.seen("messages"))
        assert not list(storage.glob("server-*"))
        vscode.until(lambda: vscode.seen("statusBar")[0].startswith("$(error)"))
        # It is not offered to who has just removed it.
        assert vscode.seen("messages")[-1] == removed
    finally:
        vscode.close()
