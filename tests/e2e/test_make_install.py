"""`make install` and `make neovim`, as a newcomer types them: what they put where, and what they leave alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MAKE = shutil.which("make") or ""

pytestmark = pytest.mark.skipif(not MAKE or os.name == "nt", reason="needs make")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "a home"
    folder.mkdir()
    return folder


def make(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "XDG_DATA_HOME"}
    return subprocess.run(
        [MAKE, "--silent", *arguments],
        cwd=ROOT,
        env={**inherited, "HOME": str(home), "GLM_LSP_HOME": str(home / "glm")},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_installs_a_program_that_completes_and_takes_it_away_again(home: Path) -> None:
    for _ in range(2):  # the second time it is brought up to date
        done = make("install", home=home)
        assert done.returncode == 0, done.stderr
        assert f"{home}/.local/bin is not on the PATH" in done.stdout
    source = home / "table.py"
    source.write_text("first = rows[0].name\nsecond = rows[1].name\nthird = rows[2].", encoding="utf-8")
    program = home / ".local" / "bin" / "glm-lsp"
    environ = {"HOME": str(home), "PATH": os.defpath, "GLM_LSP_HOME": str(home / "glm")}
    command = [program, "complete", f"{source}:3"]
    text = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=300, check=True
    ).stdout
    assert text.strip() == "name"
    assert make("uninstall", home=home).returncode == 0
    assert not program.is_symlink()
    assert not (home / ".local" / "lib" / "glm-lsp").exists()


@pytest.mark.parametrize(
    ("extra", "there", "leaves"),
    [("gpu", "onnxruntime", True), ("gpu", "onnxruntime-gpu", False), ("cpu", "onnxruntime-gpu", True)],
)
def test_the_other_onnx_runtime_leaves_before_one_comes(
    home: Path, extra: str, there: str, leaves: bool
) -> None:
    """With an environment that writes down what it is asked, and has one of the two wheels."""
    programs = home / ".local" / "lib" / "glm-lsp" / "bin"
    programs.mkdir(parents=True)
    log = home / "asked"
    has_it = f'case "$*" in *"show --quiet {there}") ;; *"show --quiet"*) exit 1 ;; esac'
    for name in ("python", "glm-lsp"):
        (programs / name).write_text(f'#!/bin/sh\necho "$*" >>"{log}"\n{has_it}\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    done = make("install", f"EXTRA={extra}", home=home)
    assert done.returncode == 0, done.stderr
    asked = log.read_text(encoding="utf-8").splitlines()
    removed = [line for line in asked if line.startswith("-m pip uninstall")]
    assert removed == ["-m pip uninstall --quiet --yes onnxruntime onnxruntime-gpu"] * leaves
    assert asked[-2].endswith(f"--upgrade .[{extra}]")


def test_a_program_of_somebody_elses_is_left_alone(home: Path) -> None:
    program = home / ".local" / "bin" / "glm-lsp"
    program.parent.mkdir(parents=True)
    program.write_text("theirs", encoding="utf-8")
    done = make("install", home=home)
    assert done.returncode != 0
    assert f"{program} is there already" in done.stderr
    assert make("uninstall", home=home).returncode == 0
    assert program.read_text(encoding="utf-8") == "theirs"


def test_the_plugin_is_linked_where_neovim_finds_it(home: Path) -> None:
    link = home / ".local" / "share" / "nvim" / "site" / "pack" / "glm" / "start" / "glm"
    for _ in range(2):
        done = make("neovim", home=home)
        assert done.returncode == 0, done.stderr
    assert (link / "lua" / "glm").is_dir()
    assert "helptags" in done.stdout or (link / "doc" / "tags").exists()
    assert not (ROOT / "editors" / "neovim" / "neovim").exists()  # no link within the first one
    assert make("uninstall", home=home).returncode == 0
    assert not link.is_symlink()
    assert (ROOT / "editors" / "neovim" / "lua").is_dir()
