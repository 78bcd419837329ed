"""Pictures of the editors, for README.md and the documentation: made by tests, small enough for a repository."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

VARIABLE = "GLM_LSP_EDITORS_PICTURES"
_NUM_COLOURS = 64


def picture_folder(artefacts: Path) -> Path:
    """Where pictures go: the folder that is named in the variable, else the artefacts; never the tree unasked."""
    folder = Path(os.environ.get(VARIABLE) or artefacts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def shrink(path: Path) -> None:
    """Keeps only as many colours of a PNG as a screenshot of text needs."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(_NUM_COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
