"""Emacs 30 without a window system and lsp-mode 10, whichever Debian's unstable suite has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.editors.setup.cache import SetupError, part, run
from tests.editors.setup.debian import unpack
from tests.editors.setup.loader import libraries, write_wrapper

_NAME = "emacs-30"
_PACKAGES = [
    *("emacs-nox", "emacs-bin-common", "emacs-common", "emacs-el", "elpa-lsp-mode", "elpa-dash", "elpa-f"),
    *("elpa-ht", "elpa-s", "elpa-spinner", "elpa-markdown-mode", "elpa-lv"),
    *("libacl1", "libasound2t64", "libattr1", "libc6", "libcap2", "libdbus-1-3", "libffi8", "libgcc-s1"),
    *("libgccjit15", "libgmp10", "libgnutls30t64", "libgpm2", "libhogweed6t64", "libidn2-0", "libisl23"),
    *("liblcms2-2", "liblzma5", "libmpc3", "libmpfr6", "libnettle8t64", "libp11-kit0", "libpcre2-8-0"),
    *("libselinux1", "libsqlite3-0", "libstdc++6", "libsystemd0", "libtasn1-6", "libtinfo6"),
    *("libtree-sitter0.26", "libunistring5", "libxml2-16", "libzstd1", "zlib1g"),
]
_EXPECTED = re.compile(r"GNU Emacs 30\.")


@dataclass(frozen=True)
class EmacsTools:
    """An unpacked Emacs.

    Attributes:
        folder: of the packages; the scripts `emacs` and `emacsclient` lie in it.
    """

    folder: Path

    @property
    def program(self) -> Path:
        """Emacs itself."""
        return self.folder / "emacs"

    @property
    def client(self) -> Path:
        """What asks a running Emacs."""
        return self.folder / "emacsclient"

    @property
    def packages(self) -> list[Path]:
        """The folders of lsp-mode and what it needs, for `load-path`."""
        return sorted((self.folder / "usr/share/emacs/site-lisp/elpa-src").iterdir())


def emacs(*, install: bool = False) -> EmacsTools:
    """Emacs with lsp-mode.

    Args:
        install: fetch it where it is missing.

    Raises:
        SetupError: it cannot be had here; also when the suite has gone on to other versions.
    """
    return EmacsTools(part(_NAME, _make, install=install))


def _make(folder: Path) -> None:
    libraries("Emacs")  # before anything is fetched
    unpack("unstable", _PACKAGES, folder)
    dumped = next(iter(sorted(folder.glob("usr/libexec/emacs/*/*/emacs-*.pdmp"))), None)
    share = next(iter(sorted(folder.glob("usr/share/emacs/[0-9]*"))), None)
    if dumped is None or share is None:
        raise SetupError("Debian's unstable suite has laid out Emacs anew; these tests know the old layout")
    inside, dump = share.relative_to(folder), dumped.relative_to(folder)
    write_wrapper(
        folder / "emacs",
        "Emacs",
        f'"$here/usr/bin/emacs-nox" --dump-file "$here/{dump}"',
        f'EMACSLOADPATH="$here/{inside}/lisp"',
        f'EMACSDATA="$here/{inside}/etc" EMACSDOC="$here/{inside}/etc"',
        f'EMACSPATH="$here/{dump.parent}"',
        "TERMINFO_DIRS=/etc/terminfo:/lib/terminfo:/usr/share/terminfo",
    )
    write_wrapper(folder / "emacsclient", "Emacs", '"$here/usr/bin/emacsclient.emacs"')
    found = run([str(folder / "emacs"), "--version"]).splitlines()[0]
    lsp_mode = [path.name for path in folder.glob("usr/share/emacs/site-lisp/elpa-src/lsp-mode-10.*")]
    if not _EXPECTED.match(found) or not lsp_mode:
        raise SetupError(
            f"Debian's unstable suite has {found}, lsp-mode {lsp_mode}; these tests are for 30 and 10"
        )
