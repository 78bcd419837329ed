"""This project's extension for VS Code, packed."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from pathlib import Path

from tests.editors.setup.cache import say
from tests.editors.setup.node import Node, any_node
from tests.editors.setup.notices import notices

_FOLDER = Path(__file__).parents[3] / "editors" / "vscode"
_LICENSE = _FOLDER.parents[1] / "LICENSE"
_SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "README.md", ".vscodeignore")
_PATIENT_BUT_NOT_FOR_EVER = ("--prefer-offline", "--fetch-timeout=20000", "--fetch-retries=1")


def extension() -> Path:
    """The package; made anew when its sources differ from those it was made of.

    Raises:
        SetupError: it cannot be built.
    """
    version = json.loads((_FOLDER / "package.json").read_text(encoding="utf-8"))["version"]
    package = _FOLDER / "dist" / f"glm-lsp-{version}.vsix"
    stamp = package.with_suffix(".sources")
    media = sorted((_FOLDER / "media").iterdir())
    checksum = _checksum([*(_FOLDER / name for name in _SOURCES), *_own_sources(), *media, _LICENSE])
    if not package.exists() or not stamp.exists() or stamp.read_text(encoding="utf-8") != checksum:
        say(f"{package.name} is built ...")
        _build()
        pack_alike(package)
        stamp.write_text(checksum, encoding="utf-8")
    return package


def bundle() -> Path:
    """What VS Code loads of it, `dist/extension.js`; made anew when the sources differ from those it was made of.

    Raises:
        SetupError: it cannot be made, as the packages it needs cannot be fetched, or as it is wrong.
    """
    program = _FOLDER / "dist" / "extension.js"
    stamp = program.with_suffix(".sources")
    checksum = _checksum([_FOLDER / "package.json", _FOLDER / "package-lock.json", *_own_sources()])
    if not program.exists() or not stamp.exists() or stamp.read_text(encoding="utf-8") != checksum:
        _bundle(node_with_modules())
        stamp.write_text(checksum, encoding="utf-8")
    return program


def node_with_modules() -> Node:
    """A Node.js, and beside the extension the packages it is made with.

    Raises:
        SetupError: they cannot be fetched.
    """
    node = any_node(install=True)
    stamp = _FOLDER / "node_modules" / ".installed"
    checksum = _checksum([_FOLDER / "package-lock.json"])
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != checksum:
        node.npm("ci", *_PATIENT_BUT_NOT_FOR_EVER, cwd=_FOLDER)
        stamp.write_text(checksum, encoding="utf-8")
    return node


def _build() -> None:
    node, dist = node_with_modules(), _FOLDER / "dist"
    node.npm("run", "check", cwd=_FOLDER)
    bundle()
    text = notices(_FOLDER, dist / "bundle.json")
    (dist / "THIRD-PARTY-NOTICES.txt").write_text(text, encoding="utf-8")
    shutil.copy(_LICENSE, _FOLDER)
    node.npm("run", "package", cwd=_FOLDER)


def pack_alike(package: Path) -> None:
    """Packs a package anew so that the same files give the same bytes: in order, with no times of their own."""
    with zipfile.ZipFile(package) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    packing = package.with_suffix(".packing")
    with zipfile.ZipFile(packing, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    packing.replace(package)


def _bundle(node: Node) -> None:
    dist = _FOLDER / "dist"
    dist.mkdir(exist_ok=True)
    # Another run may be reading the one that is there.
    with tempfile.TemporaryDirectory(prefix=".making-", dir=dist) as making:
        made, account = Path(making) / "extension.js", Path(making) / "bundle.json"
        node.npm("run", "bundle", "--", f"--outfile={made}", f"--metafile={account}", cwd=_FOLDER)
        for file in (made, account):
            file.replace(dist / file.name)


def _own_sources() -> list[Path]:
    return sorted((_FOLDER / "src").glob("*.ts"))


def _checksum(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return whole.hexdigest()
