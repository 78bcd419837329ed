"""README.md's settings table, commands and file list are written from the code; `make docs` runs this file to do so."""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from glm_lsp.cli import app
from glm_lsp.config import InitializationOptions, Settings

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def settings_table() -> str:
    """One row for each setting: name, default, meaning."""
    about = dict(re.findall(r"^    (\w+): (.+?)\.$", " ".join_lines(Settings.__doc__ or ""), re.MULTILINE))
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    for wire in msgspec.structs.fields(InitializationOptions):
        rows.append(f"| `{wire.encode_name}` | {shown_default(fields[wire.name].default)} | {about[wire.name]} |")
    return "\n".join(rows)
