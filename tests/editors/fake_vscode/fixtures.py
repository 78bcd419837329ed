"""The extension in the fake editor, for tests; and what they look at beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.editors.fake_vscode.driver import FakeVSCode
from tests.editors.project import Project
from tests.editors.setup.cache import SetupError
from tests.editors.setup.extension import bundle, node_with_modules
from tests.editors.setup.node import Node
from tests.fakes.fake_server import short_folder

StartVSCode = Callable[..., FakeVSCode]


@pytest.fixture(scope="session")
def node() -> Node:
    """Node.js, and beside the extension what it is made with."""
    try:
        return node_with_modules()
    except SetupError as error:
        pytest.skip(str(error))


@pytest.fixture
def start(
    node: Node, project: Project, tmp_path: Path, server_environ: dict[str, str]
) -> Iterator[StartVSCode]:
    """Starts the extension in the project: `start(trusted=False, model="other")`.

    `environ` are variables besides the server's; `prepare` is called with the editor before the extension is started;
    `hurried`: the extension has no patience.
    """
    running: list[FakeVSCode] = []

    def begin(
        *,
        environ: dict[str, str] | None = None,
        hurried: bool = False,
        prepare: Callable[[FakeVSCode], object] = lambda _: None,
        **options: Any,
    ) -> FakeVSCode:
        whole = {**server_environ, **(environ or {})}
        vscode = FakeVSCode(node, bundle(), tmp_path / "storage", whole)
        running.append(vscode)
        if hurried:
            vscode.ask("hurry")
        prepare(vscode)
        vscode.activate(project.folder, **options)
        return vscode

    yield begin
    for vscode in running:
        vscode.close()


def opened(vscode: FakeVSCode, project: Project) -> FakeVSCode:
    """Shows the project's file, and waits for the server to have said what it can do."""
    vscode.open(project.source)
    vscode.until(lambda: vscode.ask("isServed"))
    return vscode


def servers(vscode: FakeVSCode) -> list[psutil.Process]:
    """The children that serve; others come and go."""
    found = []
    for child in psutil.Process(vscode.pid).children():
        with suppress(psutil.NoSuchProcess):
            if "serve" in child.cmdline():
                found.append(child)
    return found


def program_of(folder: Path, lines: str) -> Path:
    """A program that stands in for the server."""
    program = folder / "stand-in"
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def own_home() -> Iterator[dict[str, str]]:
    """A place for models that no other test sees."""
    with short_folder() as home:
        yield {"GLM_LSP_HOME": str(home)}
