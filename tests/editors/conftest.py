"""Editors, projects and homes for tests in real editors; every server finds its engine in a home of the session."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.editors.engines import SlowEngine, slow_engine
from tests.editors.neovim import Neovim
from tests.editors.project import Project
from tests.fakes.fake_server import short_folder

StartNeovim = Callable[..., Neovim]


@pytest.fixture(scope="session")
def server_environ() -> Iterator[dict[str, str]]:
    """Variables with which an editor finds this tree's server, and the server a home of its own."""
    with short_folder() as home:
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        yield {"PATH": programs, "GLM_LSP_HOME": str(home), "GLM_LSP_LINGER_S": "2"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A small project, new for each test."""
    return Project.make(tmp_path / "project")


@pytest.fixture
def slow() -> Iterator[SlowEngine]:
    """An engine that is still writing when a test wants it to be."""
    with slow_engine() as engine:
        yield engine


@pytest.fixture
def start_neovim(
    neovim_program: Path, project: Project, server_environ: dict[str, str]
) -> Iterator[StartNeovim]:
    """Starts Neovim in the project: `start_neovim(init)`, with what `init.lua` has besides enabling the server."""
    running: list[Neovim] = []

    def start(init: str = "") -> Neovim:
        neovim = Neovim(
            neovim_program, folder, f"{init}\nvim.lsp.enable('glm')\n", project.folder, server_environ
        )
        running.append(neovim)
        return neovim

    with short_folder() as folder:
        yield start
        for neovim in running:
            neovim.close()
