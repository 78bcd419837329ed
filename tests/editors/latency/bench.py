"""What every editor is given: files to type in, and a server that notes when it is asked and answers."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.editors.latency import stamping
from tests.editors.latency.passages import Passage


@dataclass(frozen=True)
class Bench:
    """A folder for one editor.

    Attributes:
        project: the folder with the files of the passages.
        state: an empty folder with a short name, for the editor.
        server: the language server's program.
        stamps: where it notes its times.
        environ: variables with which it finds its engine in a home of its own.
        gap_s: between two keys.
    """

    project: Path
    state: Path
    server: Path
    stamps: Path
    passages: Sequence[Passage]
    environ: Mapping[str, str]
    gap_s: float

    @classmethod
    def make(cls, folder: Path, passages: Sequence[Passage], gap_s: float) -> Bench:
        """Fills an empty folder with a short name."""
        project, state, home = folder / "project", folder / "state", folder / "home"
        for each in (project / ".git", state, home):
            each.mkdir(parents=True)
        for passage in passages:
            (project / passage.name).write_text(passage.text, encoding="utf-8")
        server, stamps, programs = folder / "server", folder / "stamps", Path(sys.executable).parent
        stamps.touch()
        command = [sys.executable, stamping.__file__, str(stamps), str(programs / "glm-lsp")]
        server.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
        server.chmod(0o755)
        searched = f"{programs}{os.pathsep}{os.environ['PATH']}"
        environ = {"PATH": searched, "GLM_LSP_HOME": str(home), "GLM_LSP_LINGER_S": "2"}
        return cls(project, state, server, stamps, passages, environ, gap_s)
