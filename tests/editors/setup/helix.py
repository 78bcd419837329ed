"""Helix, whichever Debian's unstable suite has."""

from __future__ import annotations

from pathlib import Path

from tests.editors.setup.cache import part, run, say
from tests.editors.setup.debian import unpack
from tests.editors.setup.loader import libraries, write_wrapper

_PACKAGES = ["hx", "libc6", "libgcc-s1"]


def helix(*, install: bool = False) -> Path:
    """The program.

    Args:
        install: fetch it where it is missing.

    Raises:
        SetupError: it cannot be had here.
    """
    return part("helix", _make, install=install) / "hx"


def _make(folder: Path) -> None:
    libraries("Helix")  # before anything is fetched
    unpack("unstable", _PACKAGES, folder)
    write_wrapper(folder / "hx", "Helix", '"$here/usr/lib/hx/hx"', 'HELIX_RUNTIME="$here/usr/lib/hx/runtime"')
    say(run([str(folder / "hx"), "--version"]).strip())
