"""Programs of a newer suite, run with the libc they were built for, whatever the host has."""

from __future__ import annotations

import platform
from pathlib import Path

from tests.editors.setup.cache import SetupError

_LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}


def libraries(what: str) -> str:
    """Where unpacked packages have their libraries, from their folder on.

    Raises:
        SetupError: this machine is not of a kind for which `what` is fetched.
    """
    machine = platform.machine()
    if machine not in _LOADERS:
        raise SetupError(f"{what} is not fetched for {machine or 'this machine'}")
    return f"usr/lib/{machine}-linux-gnu"


def write_wrapper(file: Path, what: str, command: str, *exports: str) -> None:
    """Makes a script that runs an unpacked program.

    Args:
        what: the program's name, for the error.
        command: it and its first arguments, from the packages' folder on; `$here` is that folder.
        exports: assignments for its environment, of the same form.

    Raises:
        SetupError: as `libraries` does.
    """
    folder = libraries(what)
    loader = _LOADERS[platform.machine()]
    lines = ["#!/bin/sh", 'here=$(dirname "$(readlink -f "$0")")']
    lines += [f"export {assignment}" for assignment in exports]
    lines.append(f'exec "$here/{folder}/{loader}" --library-path "$here/{folder}" {command} "$@"')
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    file.chmod(0o755)
