"""The folder that a file of the command line belongs to, where no editor names a workspace."""

from __future__ import annotations

import os
from pathlib import Path


def project_root(file: Path) -> Path:
    """The top of the file's repository; without one the topmost folder up to the home folder with a `.glmignore`.

    Args:
        file: an absolute path.
    """
    repository = next((folder for folder in file.parents if os.path.lexists(folder / ".git")), None)
    if repository is not None:
        return repository
    top, home = file.parent, Path(os.path.realpath(Path("~").expanduser()))
    for folder in file.parents:
        if os.path.lexists(folder / ".glmignore"):
            top = folder
        if folder == home:
            break
    return top
