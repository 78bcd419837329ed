"""What a result says about the machine, the program and the model."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

import msgspec
import pytest

import glm_lsp
from glm_lsp.bench import environment
from glm_lsp.bench.environment import BUSY_SHARE, busy_share, commit, look_around
from glm_lsp.engine.description import EngineDescription

MODEL = EngineDescription(
    model="tiny", model_hash="abc", precision="int8", device="cpu", threads=2, context_length=512
)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false")
    result = subprocess.run(
        [str(which("git")), *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return result.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_everything_is_told() -> None:
    found = look_around(MODEL)
    assert found.processor
    assert found.cores >= 1
    assert found.glm_lsp == glm_lsp.__version__
    assert (found.model, found.model_hash, found.precision, found.threads) == ("tiny", "abc", "int8", 2)
    assert found.date.endswith("+00:00")
    assert found.busy_share is None or 0 <= found.busy_share <= 1
    assert msgspec.json.decode(msgspec.json.encode(found), type=environment.Environment) == found


def test_the_commit_and_whether_files_differ(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    assert commit(checkout) == head
    (checkout / "untracked.txt").write_text("b")
    assert commit(checkout) == head
    (checkout / "a.txt").write_text("changed")
    assert commit(checkout) == f"{head}+changes"


def test_a_package_inside_another_checkout_has_no_commit(checkout: Path, tmp_path: Path) -> None:
    inside = checkout / "site-packages"
    inside.mkdir()
    assert commit(inside) is None


def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout / "nothing"))
    assert commit(checkout) is None


def test_processor_time_of_others_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([(1000, 800), (1200, 850)])
    monkeypatch.setattr(environment, "_processor_ticks", lambda: next(ticks))
    assert busy_share(lambda _: None) == 0.75


def test_nobody_tells_how_busy_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_processor_ticks", lambda: None)
    assert busy_share(lambda _: None) is None


@pytest.mark.parametrize(("share", "warned"), [(None, False), (BUSY_SHARE / 2, False), (0.75, True)])
def test_a_busy_machine_is_warned_of(share: float | None, warned: bool) -> None:
    found = msgspec.structs.replace(look_around(MODEL), busy_share=share)
    assert ("75%" in found.warning) == bool(found.warning) == warned
