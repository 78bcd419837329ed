"""The papers that come with a checkpoint: its licence and notices."""

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
        if is_licence(path.name) and path.is_file() and path.stat().st_size <= MAX_PAPER_BYTES
    }


def licence_of(checkpoint: Path) -> str:
    """What the head of the model card calls the licence; else the name of a licence file; else nothing."""
    card = checkpoint / _CARD
    if card.is_file() and card.stat().st_size <= MAX_PAPER_BYTES:
        text = card.read_text(encoding="utf-8", errors="replace")
        if text.startswith("---"):
            found = dict(_LICENCE_LINE.findall(text[3:].partition("\n---")[0]))
            # "other" says that the name is the next field.
            licence = found.get("license", "")
            if named := found.get("license_name", "") if licence in ("", "other") else licence:
                return str(named)
    files = [name for name in papers_of(checkpoint) if "NOTICE" not in name.upper()]
    return f"see {files[0]}" if files else ""
