"""Plugins that many people have in Neovim, each at a commit that was tried: menus, and a plugin manager."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from tests.editors.setup.cache import SetupError, part, run

_REPOSITORIES = {
    "blink.cmp": (
        "https://github.com/saghen/blink.cmp",
        "78336bc89ee5365633bcf754d93df01678b5c08f",
    ),  # v1.10.2
    "nvim-cmp": ("https://github.com/hrsh7th/nvim-cmp", "a1d504892f2bc56c2e79b65c6faded2fd21f3eca"),
    "lazy.nvim": (
        "https://github.com/folke/lazy.nvim",
        "85c7ff3711b730b4030d03144f6db6375044ae82",
    ),  # v11.17.5
}


def plugin(name: str, *, install: bool = False) -> Path:
    """The folder of a plugin.

    Args:
        install: fetch it where it is missing.

    Raises:
        SetupError: it cannot be had here.
    """
    address, commit = _REPOSITORIES[name]
    return part(f"{name}-{commit[:12]}", partial(_make, address, commit), install=install)


def plugins() -> str:
    """Brings all of them; where one cannot be had it says so, and the tests with it are skipped."""
    outcomes = []
    for name in _REPOSITORIES:
        try:
            outcomes.append(str(plugin(name, install=True)))
        except SetupError as error:
            outcomes.append(f"{name} cannot be had, its tests are skipped: {error}")
    return "\n".join(outcomes)


def _make(address: str, commit: str, folder: Path) -> None:
    git = ("git", "-C", str(folder))
    run([*git, "init", "--quiet"])
    run([*git, "fetch", "--quiet", "--depth", "1", address, commit], environ={"GIT_TERMINAL_PROMPT": "0"})
    run([*git, "checkout", "--quiet", "FETCH_HEAD"])
    shutil.rmtree(folder / ".git")
