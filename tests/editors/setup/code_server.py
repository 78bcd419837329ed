"""VS Code: code-server with playwright-core, both pinned, and the host's Chromium to show it in."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.editors.setup import debian
from tests.editors.setup.cache import SetupError, cache_folder, part
from tests.editors.setup.node import Node, node

_SPECIFICATION = Path(__file__).with_name("vscode")
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_BUILD_TOOLS = ("build-essential", "pkg-config", "python3", "libkrb5-dev")
"""Native modules of code-server are compiled when it is installed."""


@dataclass(frozen=True)
class CodeServer:
    """What a test of VS Code needs.

    Attributes:
        modules: the folder `node_modules` with code-server and playwright-core.
        chromium: the browser's program.
    """

    node: Node
    modules: Path
    chromium: Path


def code_server(*, install: bool = False) -> CodeServer:
    """VS Code and a browser.

    Args:
        install: fetch and build what is missing; packages of Debian only as `debian.install` may.

    Raises:
        SetupError: they cannot be had here.
    """
    lock = (_SPECIFICATION / "package-lock.json").read_bytes()
    name = f"vscode-{hashlib.sha256(lock).hexdigest()[:12]}"
    if install:
        _have_packages(is_built=(cache_folder() / name).exists())
    modules = part(name, _make, install=install) / "node_modules"
    return CodeServer(node(install=install), modules, _chromium())


def _have_packages(is_built: bool) -> None:
    """All that the host lacks is asked for at once, and before anything is fetched."""
    browser = () if _found() else ("chromium",)
    debian.install(*(() if is_built else _BUILD_TOOLS), *browser)


def _make(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_SPECIFICATION / name, folder)
    node(install=True).npm("ci", cwd=folder)


def _chromium() -> Path:
    found = _found()
    if found is None:
        raise SetupError("no Chromium was found; name its program in GLM_LSP_CHROMIUM")
    return found


def _found() -> Path | None:
    if chosen := os.environ.get("GLM_LSP_CHROMIUM"):
        return Path(chosen)
    paths = (shutil.which(name) for name in _CHROMIUM)
    return next((Path(path) for path in paths if path), None)
