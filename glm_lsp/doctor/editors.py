"""The program that editors start, the editors on the PATH, and whether they can show inline completions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from glm_lsp.doctor.finding import Finding, ok, warn

MIN_NEOVIM = (0, 11)
PROGRAM = "glm-lsp"
EXTENSION = "glm-lsp.glm-lsp-"
"""What the folder of the extension for VS Code is called, before its version."""

_EXTENSION_HOMES = (".vscode", ".vscode-oss", ".vscode-insiders", ".vscode-server")
_TIMEOUT_S = 5.0


def program() -> Iterator[Finding]:
    """Which program an editor starts that is told no other: the first on the PATH."""
    found = shutil.which(PROGRAM)
    own = _own_program()
    if found is None and own is None:
        yield warn(f"no {PROGRAM} is on the PATH: editors do not find it", "make install, in the checkout")
    elif found is None:
        yield warn(
            f"no {PROGRAM} is on the PATH: editors that are told no other do not find it; this one is {own}",
            f"Put {Path(str(own)).parent} on the PATH, or give the editor this path "
            "(VS Code: `glm.serverPath`; Neovim: `cmd`).",
        )
    elif own is not None and os.path.realpath(found) != os.path.realpath(own):
        yield warn(
            f"editors start {found}, which is not the program that is looked at here, {own}",
            f"{found} doctor",
        )
    else:
        yield ok(f"editors that are told no other start {found}, which is this one")


def neovim() -> Iterator[Finding]:
    """Neovim, in a version that the plugin works with."""
    path = shutil.which("nvim")
    if path is None:
        yield ok("not on the PATH")
        return
    version = _first_line([path, "--version"])
    match = re.search(r"v(\d+)\.(\d+)", version)
    if match is None:
        yield warn(f"{path} does not tell its version", f"{path} --version")
    elif (int(match[1]), int(match[2])) < MIN_NEOVIM:
        least = ".".join(map(str, MIN_NEOVIM))
        yield warn(f"{version} at {path} is older than {least}", f"Install Neovim {least} or newer.")
    else:
        yield ok(f"{version} at {path}; `:checkhealth glm` looks at the plugin")


def vs_code() -> Iterator[Finding]:
    """VS Code or a build of it, and whether it has the extension."""
    path = shutil.which("code") or shutil.which("codium")
    if path is None:
        yield ok("not on the PATH")
        return
    found = f"{_first_line([path, '--version'])} at {path}"
    extensions = _extensions()
    if extensions:
        yield ok(f"{found}, with {', '.join(extensions)}")
    else:
        yield ok(f"{found}; the extension is not installed, README.md has the command")


def _own_program() -> str | None:
    """Where the program lies that belongs to this interpreter."""
    return shutil.which(PROGRAM, path=sysconfig.get_path("scripts"))


def _extensions() -> list[str]:
    """Folders of our extension in the homes of VS Code and its builds."""
    found: set[str] = set()
    for home in _EXTENSION_HOMES:
        try:
            folders = list((Path.home() / home / "extensions").iterdir())
        except (OSError, RuntimeError):
            continue
        found.update(folder.name for folder in folders if folder.name.startswith(EXTENSION))
    return sorted(found)


def _first_line(command: list[str]) -> str:
    try:
        result = subprocess.run(  # noqa: S603  # a fixed command, found on the PATH
            command, capture_output=True, timeout=_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown version"
    lines = result.stdout.decode("utf-8", "replace").splitlines()
    return lines[0].strip() if lines else "unknown version"
