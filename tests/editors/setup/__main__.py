"""`python -m tests.editors.setup EDITOR...`: brings what is named, or says why it cannot."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from tests.editors.setup.cache import SetupError, say
from tests.editors.setup.code_server import code_server
from tests.editors.setup.emacs import emacs
from tests.editors.setup.extension import extension
from tests.editors.setup.helix import helix
from tests.editors.setup.neovim import neovim
from tests.editors.setup.plugins import plugins

_PARTS: dict[str, tuple[Callable[[], object], ...]] = {
    "neovim": (partial(neovim, install=True), plugins),
    "vscode": (partial(code_server, install=True), extension),
    "extension": (extension,),
    "emacs": (partial(emacs, install=True),),
    "helix": (partial(helix, install=True),),
}


def main(names: list[str]) -> int:
    """Brings the parts of these names; returns the exit status."""
    unknown = [name for name in names if name not in _PARTS]
    if unknown or not names:
        say(f"name any of: {' '.join(_PARTS)}" + (f" (not {' '.join(unknown)})" if unknown else ""))
        return 2
    status = 0
    for name in names:
        try:
            for bring in _PARTS[name]:
                outcome = bring()
            say(f"{name}: {outcome}")
        except SetupError as error:
            say(f"{name} cannot be set up: {error}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
