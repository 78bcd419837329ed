"""Neovim 0.12, whichever Debian's unstable suite has; 0.11 comes with the extra `editors`."""

from __future__ import annotations

import platform
from pathlib import Path

from tests.editors.setup.cache import SetupError, part, run
from tests.editors.setup.debian import unpack

_SERIES = "0.12"
_PACKAGES = [
    *("neovim", "neovim-runtime", "libc6", "libgcc-s1", "libluajit-5.1-2", "libtree-sitter0.26"),
    *("libunibilium4", "libutf8proc3", "libuv1t64", "lua-lpeg", "lua-luv"),
]
_LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}
_WRAPPER = """\
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
libraries=$here/usr/lib/{machine}-linux-gnu
export VIMRUNTIME="$here/usr/share/nvim/runtime"
exec "$libraries/{loader}" --library-path "$libraries" "$here/usr/bin/nvim" "$@"
"""
"""Runs the program with the libc it was built for, whatever the host has."""


def neovim(*, install: bool = False) -> Path:
    """The program.

    Args:
        install: fetch it where it is missing.

    Raises:
        SetupError: it cannot be had here; also when the suite has gone on to another series.
    """
    return part(f"neovim-{_SERIES}", _make, install=install) / "nvim"


def _make(folder: Path) -> None:
    machine = platform.machine()
    if machine not in _LOADERS:
        raise SetupError(f"Neovim {_SERIES} is not fetched for {machine or 'this machine'}")
    unpack("unstable", _PACKAGES, folder)
    program = folder / "nvim"
    program.write_text(_WRAPPER.format(machine=machine, loader=_LOADERS[machine]), encoding="utf-8")
    program.chmod(0o755)
    version = run([str(program), "--version"]).splitlines()[0]
    if not version.startswith(f"NVIM v{_SERIES}."):
        raise SetupError(f"Debian's unstable suite has {version}; these tests are for {_SERIES}")
