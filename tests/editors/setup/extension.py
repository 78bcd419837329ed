"""This project's extension for VS Code, packed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from tests.editors.setup.cache import say
from tests.editors.setup.node import node
from tests.editors.setup.notices import notices

_FOLDER = Path(__file__).parents[3] / "editors" / "vscode"
_LICENSE = _FOLDER.parents[1] / "LICENSE"
_SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "README.md", ".vscodeignore")


def extension() -> Path:
    """The package; made anew when its sources differ from those it was made of.

    Raises:
        SetupError: it cannot be built.
    """
    version = json.loads((_FOLDER / "package.json").read_text(encoding="utf-8"))["version"]
    package = _FOLDER / "dist" / f"glm-lsp-{version}.vsix"
    stamp = package.with_suffix(".sources")
    sources = [*(_FOLDER / name for name in _SOURCES), *sorted((_FOLDER / "src").glob("*.ts")), _LICENSE]
    checksum = _checksum(sources)
    if not package.exists() or not stamp.exists() or stamp.read_text(encoding="utf-8") != checksum:
        say(f"{package.name} is built ...")
        _build()
        stamp.write_text(checksum, encoding="utf-8")
    return package


def _build() -> None:
    npm, dist = node(install=True).npm, _FOLDER / "dist"
    _install_modules()
    npm("run", "check", cwd=_FOLDER)
    npm("run", "bundle", cwd=_FOLDER)
    text = notices(_FOLDER, dist / "bundle.json")
    (dist / "THIRD-PARTY-NOTICES.txt").write_text(text, encoding="utf-8")
    shutil.copy(_LICENSE, _FOLDER)
    npm("run", "package", cwd=_FOLDER)


def _install_modules() -> None:
    stamp = _FOLDER / "node_modules" / ".installed"
    checksum = _checksum([_FOLDER / "package-lock.json"])
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != checksum:
        node(install=True).npm("ci", cwd=_FOLDER)
        stamp.write_text(checksum, encoding="utf-8")


def _checksum(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return whole.hexdigest()
