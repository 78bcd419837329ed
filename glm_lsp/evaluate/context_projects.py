"""Whole projects to measure in: folders of sources that know of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glm_lsp.completion.prompt import LANGUAGE_NAMES
from glm_lsp.errors import InputError
from glm_lsp.evaluate.held_out import HeldOut, HeldOutFile
from glm_lsp.source_file import language_id, read_source


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with sources; the files' paths are relative to it."""

    root: Path
    files: tuple[HeldOutFile, ...]


def read_projects(roots: Sequence[Path]) -> list[Project]:
    """The sources below each folder, hidden ones left out.

    Raises:
        InputError: a folder is none, or has fewer than two files in a known language.
    """
    projects = []
    for root in roots:
        inside = (path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_file())
        paths = [path for path in inside if language_id(path) in LANGUAGE_NAMES]
        files = [
            HeldOutFile(path.as_posix(), language_id(path), read_source(root / path))
            for path in paths
            if not any(part.startswith(".") for part in path.parts)
        ]
        found = tuple(file for file in files if file.text.strip())
        if len(found) < 2:
            raise InputError(
                f"{root} is no folder with several source files", "Name the top folder of a project."
            )
        projects.append(Project(root.absolute(), found))
    return projects


def describe(projects: Sequence[Project]) -> HeldOut:
    """All files, as a report names its data."""
    files = [
        file._replace(path=f"{project.root.name}/{file.path}")
        for project in projects
        for file in project.files
    ]
    return HeldOut(files, ", ".join(project.root.name for project in projects))
