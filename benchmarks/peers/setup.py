"""Installs peers, each into an environment of its own: `python benchmarks/peers/setup.py [NAME...]`.

Without names it lists them. The environments are `.venv-peer-NAME` in the checkout; `glm-lsp bench compare` finds them
there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
CHECKOUT = FOLDER.parents[1]
STAMP = "installed"
BIN = "Scripts" if os.name == "nt" else "bin"


def main(names: list[str]) -> int:
    peers = {
        path.parent.name: tomllib.loads(path.read_text("utf-8"))
        for path in sorted(FOLDER.glob("*/peer.toml"))
    }
    names = [name.replace("-", "_") for name in names]
    if unknown := [name for name in names if name not in peers]:
        print(f"there is no peer {unknown[0]}; these are: {', '.join(peers)}", file=sys.stderr)
        return 2
    if not names:
        for name, peer in peers.items():
            print(f"{name:<20} {peer['title']} (takes {peer['takes']})")
    for name in names:
        install(name, peers[name])
    return 0


def install(name: str, peer: dict[str, Any]) -> None:
    home = CHECKOUT / f".venv-peer-{name}"
    python = home / BIN / "python"
    print(f"installing {peer['title']} into {home.name} (takes {peer['takes']}) ...", file=sys.stderr)
    # Written last: what was interrupted does not count as installed.
    stamp = home / STAMP
    stamp.unlink(missing_ok=True)
    if not python.exists():
        venv.create(home, with_pip=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    environment = os.environ | peer.get("environment", {})
    subprocess.run([*pip, *peer["requirements"]], check=True, env=environment)  # noqa: S603
    if "after" in peer:
        subprocess.run([python, "-c", peer["after"]], check=True)  # noqa: S603
    stamp.touch()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
