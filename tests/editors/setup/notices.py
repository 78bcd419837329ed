"""The licences of what is bundled into the extension; each wants its text to go along."""

from __future__ import annotations

import json
from pathlib import Path

from tests.editors.setup.cache import SetupError

_MARK = "node_modules/"
_RULE = "\n" + "-" * 80 + "\n\n"


def notices(folder: Path, metafile: Path) -> str:
    """The text of all of them.

    Args:
        folder: the extension's.
        metafile: esbuild's account of the bundle.

    Raises:
        SetupError: something in the bundle comes without a licence.
    """
    inputs = json.loads(metafile.read_text(encoding="utf-8"))["inputs"]
    packages = sorted({_package(path) for path in inputs if _MARK in path})
    return _RULE.join(_notice(folder / package) for package in packages)


def _package(path: str) -> str:
    """The folder of the package that a file belongs to, from the extension's on."""
    head, _, tail = path.rpartition(_MARK)
    num_parts = 2 if tail.startswith("@") else 1
    return head + _MARK + "/".join(tail.split("/")[:num_parts])


def _notice(package: Path) -> str:
    manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
    name = f"{manifest['name']} {manifest['version']}"
    files = [file for file in sorted(package.iterdir()) if file.name.lower().startswith(("licen", "notice"))]
    if not files:
        raise SetupError(f"{name} is part of the extension and has no licence with it")
    return "\n".join([f"{name}\n", *(file.read_text(encoding="utf-8").strip() + "\n" for file in files)])
