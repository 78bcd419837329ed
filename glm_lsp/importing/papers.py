"""The papers that come with a checkpoint: its licence and notices.

They are copied into the model folder, which may be passed on. So a link is followed only where a checkpoint's own files
lie: in its folder, or among the blobs of the hub cache whose snapshot the folder is.
"""

from __future__ import annotations

import re
from pathlib import Path

from glm_lsp.importing.hub_files import is_licence

MAX_PAPER_BYTES = 1 << 20
_CARD = "README.md"
_LICENCE_LINE = re.compile(r"^(license(?:_name)?):\s*['\"]?([^'\"\n]+?)['\"]?\s*$", re.MULTILINE)


def papers_of(checkpoint: Path) -> dict[str, Path]:
    """Licence and notice files by their names."""
    return {
        path.name: path
        for path in sorted(checkpoint.iterdir())
        if is_licence(path.name) and _is_its_own(path, checkpoint)
    }


def licence_of(checkpoint: Path) -> str:
    """What the head of the model card calls the licence; else the name of a licence file; else nothing."""
    card = checkpoint / _CARD
    if _is_its_own(card, checkpoint):
        text = card.read_text(encoding="utf-8", errors="replace")
        if text.startswith("---"):
            found = dict(_LICENCE_LINE.findall(text[3:].partition("\n---")[0]))
            # "other" says that the name is the next field.
            licence = found.get("license", "")
            if named := found.get("license_name", "") if licence in ("", "other") else licence:
                return str(named)
    files = [name for name in papers_of(checkpoint) if "NOTICE" not in name.upper()]
    return f"see {files[0]}" if files else ""


def _is_its_own(path: Path, checkpoint: Path) -> bool:
    """Whether it is a file of the size of a paper and belongs to the checkpoint."""
    try:
        real = path.resolve(strict=True)
        if not real.is_file() or real.stat().st_size > MAX_PAPER_BYTES:
            return False
    except (OSError, RuntimeError):  # it leads nowhere, or round in a circle
        return False
    folder = checkpoint.resolve()
    homes = [folder]
    if folder.parent.name == "snapshots":
        homes.append(folder.parent.parent / "blobs")
    return any(real.is_relative_to(home) for home in homes)
