"""This project's extension for VS Code, packed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.editors.setup.cache import say
from tests.editors.setup.node import node

_FOLDER = Path(__file__).parents[3] / "editors" / "vscode"
_SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "README.md", ".vscodeignore")


def extension() -> Path:
    """The package; made anew when its sources differ from those it was made of.

    Raises:
        SetupError: it cannot be built.
    """
    version = json.loads((_FOLDER / "package.json").read_text(encoding="utf-8"))["version"]
    package = _FOLDER / "dist" / f"glm-lsp-{version}.vsix"
    stamp, checksum = package.with_suffix(".sources"), _checksum([_FOLDER / name for name in _SOURCES])
    checksum += _checksum(sorted((_FOLDER / "src").glob("*.ts")))
    if not package.exists() or not stamp.exists() or stamp.read_text(encoding="utf-8") != checksum:
        say(f"{package.name} is built ...")
        _install_modules()
        node(install=True).npm("run", "package", cwd=_FOLDER)
        stamp.write_text(checksum, encoding="utf-8")
    return package


def _install_modules() -> None:
    stamp = _FOLDER / "node_modules" / ".installed"
    checksum = _checksum([_FOLDER / "package-lock.json"])
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != checksum:
        node(install=True).npm("ci", cwd=_FOLDER)
        stamp.write_text(checksum, encoding="utf-8")


def _checksum(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.name.encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()
