"""Packages of Debian: installed on the host if somebody wants that, or unpacked from a newer suite beside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.editors.setup.cache import SetupError, run, say

CONSENT = "GLM_LSP_EDITORS_APT"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_OLD_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.pgp")


def install(*packages: str) -> None:
    """Has packages on the host: installs what is missing with root's rights and consent, else says how to.

    Raises:
        SetupError: packages are missing and apt is not here, or may not be used, or does not have them.
    """
    missing = [package for package in packages if not _is_installed(package)]
    if not missing:
        return
    command = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if not shutil.which("apt-get"):
        raise SetupError(f"this machine has no apt-get; install what Debian calls {', '.join(missing)}")
    if os.geteuid() != 0 or os.environ.get(CONSENT) != "1":
        raise SetupError(
            f"packages are missing. As root, type: {command}\n"
            f"or have it done: as root, with {CONSENT}=1 in the environment"
        )
    say(f"{command} ...")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "--quiet", "update"], environ=quiet)
    run([*command.split(), "--yes", "--quiet"], environ=quiet)


def unpack(suite: str, packages: list[str], folder: Path) -> None:
    """Unpacks packages of another suite into a folder; nothing of the host is changed.

    Raises:
        SetupError: the host is no Debian, or its mirror does not have the suite or the packages.
    """
    keyring = next((path for path in (_KEYRING, _OLD_KEYRING) if path.exists()), None)
    if not shutil.which("apt-get") or keyring is None:
        raise SetupError("packages of Debian can only be fetched where apt and debian-archive-keyring are")
    state = folder.parent / "apt"
    for name in ("lists/partial", "archives/partial"):
        (state / name).mkdir(parents=True)
    sources = state / "sources.list"
    sources.write_text(f"deb [signed-by={keyring}] {_mirror()} {suite} main\n", encoding="utf-8")
    options = [
        *("-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-"),
        *("-o", f"Dir::State::lists={state}/lists", "-o", f"Dir::Cache={state}"),
        *("-o", "APT::Get::List-Cleanup=false", "-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User="),
    ]
    run(["apt-get", *options, "--quiet", "update"])
    run(["apt-get", *options, "--quiet", "download", *packages], cwd=state)
    for package in sorted(state.glob("*.deb")):
        run(["dpkg-deb", "--extract", str(package), str(folder)])
    (folder / "packages.txt").write_text(
        "".join(f"{package.name}\n" for package in sorted(state.glob("*.deb"))), encoding="utf-8"
    )


def _is_installed(package: str) -> bool:
    try:
        return "install ok installed" in run(["dpkg-query", "--show", "--showformat=${Status}", package])
    except (SetupError, FileNotFoundError):
        return False


def _mirror() -> str:
    """Where the host gets Debian from."""
    if chosen := os.environ.get("GLM_LSP_DEBIAN_MIRROR"):
        return chosen
    targets = run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)"])
    for line in targets.splitlines():
        origin, _, rest = line.partition(" ")
        label, _, address = rest.partition(" ")
        if origin == label == "Debian":
            return address
    raise SetupError("no mirror of Debian is known here; name one in GLM_LSP_DEBIAN_MIRROR")
