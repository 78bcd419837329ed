"""Where the files of a trace come from: named ones, packages, the program's own."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from glm_lsp.bench.trace.draw import draw_trace
from glm_lsp.bench.trace.material import choose_files, chosen_trace, package_files
from glm_lsp.bench.trace.trace import own_trace, store_trace
from glm_lsp.errors import InputError, SourceNotFoundError
from glm_lsp.evaluate.held_out import HeldOutFile

CODE = "".join(f"def number_{n}(value: int) -> int:\n    return value + {n}\n\n\n" for n in range(60))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Pip:
    """Takes pip's place: puts a wheel where it would, or says what it would."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, wheel: dict[str, str] | bytes | None, says: str = ""
    ) -> None:
        self.commands: list[list[str]] = []
        self.wheel = wheel
        self.says = says
        monkeypatch.setattr(subprocess, "run", self)

    def __call__(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        target = Path(command[command.index("--dest") + 1]) / "flask-3.0.0-py3-none-any.whl"
        if isinstance(self.wheel, bytes):
            target.write_bytes(self.wheel)
        elif self.wheel is not None:
            with zipfile.ZipFile(target, "w") as archive:
                for name, text in self.wheel.items():
                    archive.writestr(name, text)
        return subprocess.CompletedProcess(command, int(bool(self.says)), stdout="", stderr=self.says)


def test_package_gives_its_own_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [
        "flask/app.py",
        "flask/b.py",
        "flask/tests/test_app.py",
        "flask/readme.md",
        "flask-3.dist-info/METADATA",
    ]
    pip = Pip(monkeypatch, dict.fromkeys(names, CODE))
    files = package_files("flask==3.0.0")
    assert [(file.path, file.language) for file in files] == [
        ("flask/app.py", "python"),
        ("flask/b.py", "python"),
    ]
    assert files[0].text == CODE
    command = pip.commands[0]
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert command[command.index("--only-binary") + 1] == ":all:", (
        "a source distribution would be built, that is run"
    )
    assert command[-1] == "flask==3.0.0"


def test_package_is_fetched_once(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    pip = Pip(monkeypatch, {"flask/app.py": CODE})
    assert package_files("flask==3.0.0") == package_files("flask==3.0.0")
    assert len(pip.commands) == 1
    assert [path.name for path in (home / "cache" / "packages").iterdir()] == ["flask-3.0.0.whl"]


@pytest.mark.parametrize(
    "name", ["flask", "flask>=3", "flask==", "--help", "../x==1", "x==1; import os", "a b==1", ""]
)
def test_package_is_named_with_its_version(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    pip = Pip(monkeypatch, {})
    with pytest.raises(InputError, match="does not name a package and its version"):
        package_files(name)
    assert pip.commands == []


def test_what_pip_says_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Pip(monkeypatch, None, says="WARNING: x\nERROR: No matching distribution found for nothing==1\n")
    with pytest.raises(InputError, match="could not fetch nothing==1: No matching distribution found"):
        package_files("nothing==1")


def test_pip_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Pip(monkeypatch, None, says="/usr/bin/python3: No module named pip")
    with pytest.raises(InputError, match="No module named pip"):
        package_files("flask==3.0.0")


def test_network_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: list[str], **options: Any) -> None:
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(InputError, match="did not come"):
        package_files("flask==3.0.0")


def test_damaged_wheel_is_told_and_not_kept(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    Pip(monkeypatch, b"no archive")
    with pytest.raises(InputError, match="cannot be read"):
        package_files("flask==3.0.0")
    assert list((home / "cache" / "packages").iterdir()) == []


def test_package_without_modules_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Pip(monkeypatch, {"flask/data.json": "{}"})
    with pytest.raises(InputError, match="has no Python modules"):
        package_files("flask==3.0.0")


def test_nothing_named_is_the_programs_own_modules() -> None:
    files, description = choose_files([], [], limit=20, seed=1)
    assert len(files) == 20
    assert all(file.path.startswith("glm_lsp/") for file in files)
    assert description.startswith("20 files of glm-lsp ")


def test_choice_depends_on_the_seed_alone() -> None:
    chosen = [choose_files([], [], limit=5, seed=seed)[0] for seed in (1, 1, 2)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_short_files_are_only_taken_when_there_are_no_others(tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text(CODE[:400])
    assert len(choose_files([tmp_path], [], limit=9, seed=1)[0]) == 1
    (tmp_path / "long.py").write_text(CODE)
    files, _ = choose_files([tmp_path], [], limit=9, seed=1)
    assert [Path(file.path).name for file in files] == ["long.py"]


def test_files_and_packages_go_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Pip(monkeypatch, {"flask/app.py": CODE})
    (tmp_path / "mine.py").write_text(CODE)
    files, description = choose_files([tmp_path / "mine.py"], ["flask==3.0.0"], limit=9, seed=1)
    assert {Path(file.path).name for file in files} == {"app.py", "mine.py"}
    assert "flask==3.0.0" in description


def test_trace_of_nothing_named_is_the_one_that_ships() -> None:
    assert chosen_trace([], [], are_files=False, seed=1).digest == own_trace().digest


def test_trace_of_files_is_drawn_over_them(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CODE)
    trace = chosen_trace([tmp_path], [], are_files=True, seed=4)
    assert trace.final_texts() == [CODE]
    assert trace.seed == 4


def test_trace_that_is_stored_is_read(tmp_path: Path) -> None:
    trace = draw_trace([HeldOutFile("a.py", "python", CODE)], seed=1, description="", keys=100)
    store_trace(trace, tmp_path / "trace.xz")
    assert chosen_trace([tmp_path / "trace.xz"], [], are_files=False, seed=9).digest == trace.digest


@pytest.mark.parametrize(
    ("paths", "packages", "are_files", "message"),
    [
        (["a.xz", "b.xz"], [], False, "a stored trace is one file"),
        (["a.xz"], ["flask==3.0.0"], False, "a stored trace is one file"),
        ([], [], True, "--files names no files"),
        ([], ["flask==3.0.0"], True, "--files names no files"),
    ],
)
def test_contradictions_are_refused(
    tmp_path: Path, paths: list[str], packages: list[str], are_files: bool, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        chosen_trace([tmp_path / name for name in paths], packages, are_files=are_files, seed=1)


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError):
        chosen_trace([tmp_path / "none.py"], [], are_files=True, seed=1)
