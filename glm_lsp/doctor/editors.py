"""Editors on the PATH, and whether they can show inline completions."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

from glm_lsp.doctor.finding import Finding, ok, warn

MIN_NEOVIM = (0, 12)
_TIMEOUT_S = 5.0


def neovim() -> Iterator[Finding]:
    """Neovim, from 0.12 on with inline completion built in."""
    path = shutil.which("nvim")
    if path is None:
        yield ok("not on the PATH")
        return
    version = _first_line([path, "--version"])
    match = re.search(r"v(\d+)\.(\d+)", version)
    if match is None:
        yield warn(f"{path} does not tell its version", f"{path} --version")
    elif (int(match[1]), int(match[2])) < MIN_NEOVIM:
        yield warn(f"{version} has no inline completion", "Install Neovim 0.12 or newer.")
    else:
        yield ok(f"{version} at {path}; README.md has its configuration")


def vs_code() -> Iterator[Finding]:
    """VS Code or a build of it."""
    path = shutil.which("code") or shutil.which("codium")
    if path is None:
        yield ok("not on the PATH")
    else:
        yield ok(f"{_first_line([path, '--version'])} at {path}; there is no extension for it yet")


def _first_line(command: list[str]) -> str:
    try:
        result = subprocess.run(  # noqa: S603  # a fixed command, found on the PATH
            command, capture_output=True, timeout=_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown version"
    lines = result.stdout.decode("utf-8", "replace").splitlines()
    return lines[0].strip() if lines else "unknown version"
